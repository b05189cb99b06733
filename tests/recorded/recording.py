"""Files of recorded arrays: names like `case/part` in a compressed npz, and an `about` entry that says whence."""

from __future__ import annotations

import importlib.metadata
import json
import pathlib
import platform
import zlib
from typing import Any

import numpy as np

HERE = pathlib.Path(__file__).parent


class Recording:
    """Arrays by name, and the options of each case; `save` writes both into one npz file.

    `about` is a JSON string: the command, the versions, and under "cases" the options each case was made with.
    """

    def __init__(self, script: str, libraries: list[str]) -> None:
        versions = {name: importlib.metadata.version(name) for name in [*libraries, "numpy"]}
        self.about: dict[str, Any] = {
            "made_by": f"python tests/recorded/{script}",
            "versions": {"python": platform.python_version(), **versions},
            "cases": {},
        }
        self.arrays: dict[str, np.ndarray] = {}

    def case(self, name: str, **options: Any) -> None:
        if name in self.about["cases"]:
            raise KeyError(f"two cases are called {name}")
        self.about["cases"][name] = options

    def put(self, name: str, value: Any) -> None:
        if name in self.arrays:
            raise KeyError(f"two arrays are called {name}")
        array = np.asarray(value)
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")
        self.arrays[name] = array

    def save(self, name: str) -> None:
        path = HERE / name
        np.savez_compressed(path, about=np.array(json.dumps(self.about)), **self.arrays)
        print(
            f"{name}: {len(self.about['cases'])} cases, {len(self.arrays)} arrays, {path.stat().st_size / 1e3:.0f} kB"
        )


def rng_for(name: str) -> np.random.Generator:
    """A stream of its own for each case, so that adding one leaves the others as they are."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def optimiser_setting(steps: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Two parameters and their gradients at each step; one element's gradient is always zero, another's once."""
    stream = rng_for("optimisers")
    start = {"w": grid(stream, (3, 2)), "b": grid(stream, (3,))}
    grads = {"w": grid(stream, (steps, 3, 2)), "b": grid(stream, (steps, 3))}
    grads["w"][:, 1, 1] = 0.0
    grads["b"][2, 0] = 0.0
    return start, grads


def grid(rng: np.random.Generator, shape: Any, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Random multiples of 1/64, which float32 and float64 hold alike; zero, where functions have kinks, is left out."""
    values = rng.integers(int(low * 64), int(high * 64), size=shape) / 64
    return np.where(values == 0, 1 / 64, values)
