"""docs/subgradients.md row by row: the gradient at each point is the documented one, finite one order up too."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import tensor
from autograd.scipy import special

PAGE = Path(__file__).resolve().parent.parent / "docs" / "subgradients.md"
CELL = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[str, list[str], list[str]]]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        if len(cells) == 4 and CODE.match(cells[0]):
            found.append((CODE.findall(cells[0])[0], CODE.findall(cells[1]), CODE.findall(cells[2])))
    return found


ROWS = rows()
NAMES: dict[str, Any] = {**vars(special), **vars(anp), "nan": np.nan, "inf": np.inf}


def arguments(at: list[str]) -> dict[str, Any]:
    found = {}
    for part in at:
        name, _, value = part.partition("=")
        value = eval(value, NAMES)
        found[name.strip()] = tensor(value if not isinstance(value, int) else float(value), requires_grad=True)
    return found


def test_the_table_is_read() -> None:
    assert len(ROWS) > 60


@pytest.mark.parametrize(("expression", "at", "gradient"), ROWS, ids=[f"{e} at {', '.join(a)}" for e, a, _ in ROWS])
def test_gradient_is_the_documented_one(expression: str, at: list[str], gradient: list[str]) -> None:
    xs = arguments(at)
    assert len(gradient) == len(xs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y = eval(expression, NAMES, xs)
        y.sum().backward(create_graph=True)
        got = [x.grad.detach().numpy() if x.grad is not None else np.zeros(x.shape) for x in xs.values()]
        for g, wanted in zip(got, gradient, strict=True):
            np.testing.assert_allclose(g, np.broadcast_to(eval(wanted, NAMES), g.shape), rtol=1e-12, atol=0)
        if not any(np.isnan(g).any() for g in got) and any(
            x.grad is not None and x.grad.requires_grad for x in xs.values()
        ):
            firsts = [x.grad for x in xs.values() if x.grad is not None and x.grad.requires_grad]
            for x in xs.values():
                x.zero_grad_()
            total = firsts[0].sum()
            for first in firsts[1:]:
                total = total + first.sum()
            (total if total.dtype.kind != "c" else total.real).backward()
            for x in xs.values():
                assert x.grad is None or not np.isnan(x.grad.numpy()).any(), "NaN at second order"
