"""Rows for ``autograd.ops.index``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import index as ops
from autograd.ops.shape import transpose
from autograd.primitive import of
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
V = np.array([1.5, -0.75, 2.5])
T = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
ROWS_ = np.array([1, 0, 1])
MASK = np.array([[True, False, True], [False, True, True]])
ALONG = np.array([[2, 0], [1, 1]])
STEPS = ((of(ops.getitem), {"index": (slice(None), 1, ...)}),)
TURNED = ((of(transpose), {"axes": (1, 0)}), (of(ops.getitem), {"index": (slice(0, 2), ...)}))


def _getitem(x: np.ndarray, index: Any) -> np.ndarray:
    return x[index]


def _scatter(x: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def _update(a: np.ndarray, b: Any, index: Any) -> np.ndarray:
    out = a.copy()
    out[index] = b
    return out


def _scatter_along(x: np.ndarray, i: np.ndarray, axis: int, shape: tuple[int, ...], once: bool) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    for place in np.ndindex(*x.shape):
        to = list(place)
        to[axis] = np.broadcast_to(i, x.shape)[place]
        to = [0 if size == 1 and k != axis else t for k, (t, size) in enumerate(zip(to, shape))]
        out[tuple(to)] += x[place]
    return out


def _view_update(a: np.ndarray, b: np.ndarray, steps: Any) -> np.ndarray:
    out = a.copy()
    view = out
    for _, options in steps:
        view = view[options["index"]] if "index" in options else view.transpose(options["axes"])
    view[...] = b
    return out


SYNCS = "syncs: as many results as the mask has true values"
WINDOW = {"index": (slice(1, 3), ...), "shape": (4, 3)}
MARKED = {"index": (MASK,), "shape": (2, 3)}
CELLS = {"index": (np.array([0, 1]), np.array([2, 0]))}
ROWS = [
    Case("getitem", ops.getitem, (A,), {"index": (1, slice(None, None, -1), ...)}, _getitem, analytic=True),
    Case("getitem", ops.getitem, (A,), {"index": (0, 2, ...)}, _getitem, label="element"),
    Case("getitem", ops.getitem, (T,), {"index": (..., None, slice(3, 0, -2))}, _getitem, label="new axis"),
    Case("getitem", ops.getitem, (A,), {"index": (ROWS_,)}, _getitem, label="repeated rows"),
    Case("getitem", ops.getitem, (T,), {"index": (slice(None), ROWS_, 1)}, _getitem, label="integers between"),
    Case("getitem", ops.getitem, (A,), {"index": (MASK,)}, _getitem, label="mask", lacks=SYNCS),
    Case("getitem", ops.getitem, (A,), {"index": (np.array([[0], [-1]]), ROWS_)}, _getitem, label="crossed"),
    Case("scatter_index", ops.scatter_index, (A,), WINDOW, _scatter, analytic=True),
    Case("scatter_index", ops.scatter_index, (V,), {"index": (ROWS_,), "shape": (4,)}, _scatter, label="adds up"),
    Case("scatter_index", ops.scatter_index, (T.ravel()[:4],), MARKED, _scatter, label="mask", lacks=SYNCS),
    Case("index_update", ops.index_update, (A, V), {"index": (1, ...)}, _update, analytic=True),
    Case("index_update", ops.index_update, (A, V[:2]), CELLS, _update, label="integers"),
    Case("index_update", ops.index_update, (A, 0.5), {"index": (MASK,)}, _update, label="mask, number", lacks=SYNCS),
    Case("view_update", ops.view_update, (A, V[:2]), {"steps": STEPS}, _view_update, analytic=True),
    Case("view_update", ops.view_update, (A, A[:, :2]), {"steps": TURNED}, _view_update, label="transposed"),
    Case("take_along_axis", ops.take_along_axis, (A, ALONG), {"axis": 1}, np.take_along_axis, analytic=True),
    Case("take_along_axis", ops.take_along_axis, (A, ALONG[:1]), {"axis": 1}, np.take_along_axis, label="broadcast"),
    Case(
        "scatter_along", ops.scatter_along, (A[:, :2], ALONG), {"axis": 1, "shape": (2, 3), "once": False},
        _scatter_along, label="adds up",
    ),
    Case(
        "scatter_along", ops.scatter_along, (A[:, :2], ALONG), {"axis": 1, "shape": (1, 3), "once": False},
        _scatter_along, label="broadcast",
    ),
    Case(
        "scatter_along", ops.scatter_along, (T[:, :, :2], np.array([[[1, 0]] * 3] * 2)),
        {"axis": 2, "shape": (2, 3, 2), "once": True}, _scatter_along, analytic=True,
    ),
]  # fmt: skip
