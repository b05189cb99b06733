"""Calls recorded from PyTorch and Keras, repeated on a backend: results and gradients compared."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd.numpy as anp
import backends
from autograd import Tensor
from tests.helpers import to_numpy

RECORDED = Path(__file__).parent / "recorded"


class Recording:
    """One npz file: its cases with their options, and the arrays of each."""

    def __init__(self, name: str) -> None:
        self.file = np.load(RECORDED / f"{name}.npz")
        self.cases: dict[str, dict[str, Any]] = json.loads(str(self.file["about"]))["cases"]
        self.about = json.loads(str(self.file["about"]))

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        return {name: self.file[name] for name in self.file.files if name != "about"}

    def names(self, *starts: str) -> list[str]:
        return [name for name in self.cases if name.startswith(starts)]

    def part(self, case: str, part: str) -> dict[str, np.ndarray]:
        """What stands under ``case/part/…``."""
        start = f"{case}/{part}/"
        return {name[len(start) :]: array for name, array in self.arrays.items() if name.startswith(start)}

    def get(self, name: str) -> np.ndarray | None:
        return self.arrays.get(name)


TORCH = Recording("torch_nn")
KERAS = Recording("keras_nn")


def place(array: np.ndarray, dtype: str) -> Any:
    """On the default backend; floats in ``dtype``."""
    return backends.default().asarray(array.astype(dtype) if array.dtype.kind == "f" else array)


def close(found: Any, expected: np.ndarray, tolerance: float, what: str) -> None:
    """Equal to ``tolerance`` of the largest expected number, shape included."""
    found = to_numpy(found)
    assert np.shape(found) == expected.shape, f"{what}: shape {np.shape(found)}, recorded {expected.shape}"
    scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def leaves(recording: Recording, case: str, dtype: str) -> dict[str, Any]:
    """The case's inputs: Tensors that ask for a gradient where one was recorded, arrays elsewhere."""
    wanted = recording.part(case, "grad")
    return {
        name: Tensor(place(array, dtype), requires_grad=name in wanted)
        for name, array in recording.part(case, "in").items()
    }


def repeat(
    recording: Recording, case: str, call: Callable[..., Any], dtype: str, tolerance: float, **given: Tensor
) -> None:
    """``call(**inputs)`` in ``dtype``: result and gradients are the recorded ones; all stay in ``dtype``.

    ``given`` replaces inputs (a layer's own parameters, set to the recorded values).
    """
    inputs = {**leaves(recording, case, dtype), **given}
    out = call(**inputs)
    single = dtype == "float32" and recording.get(f"{case}/float32/out") is not None
    prefix = f"{case}/float32" if single else case
    expected = recording.get(f"{prefix}/out")
    assert expected is not None
    assert str(out.dtype) == dtype, f"{case}: the result is {out.dtype}"
    close(out, expected, tolerance, f"{case}: result")
    grads = recording.part(prefix, "grad")
    if not grads:
        return
    cotangent = recording.get(f"{case}/cotangent")
    (out if cotangent is None else anp.sum(out * place(cotangent, dtype))).backward()
    for name, gradient in grads.items():
        found = inputs[name].grad
        assert found is not None, f"{case}: no gradient for {name}"
        assert str(found.dtype) == dtype, f"{case}: the gradient for {name} is {found.dtype}"
        close(found, gradient, tolerance, f"{case}: gradient for {name}")
