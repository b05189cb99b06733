"""How each library hands back numbers, waits for its device, keeps to float32 and is held to a number of threads.

Imports no library until its adapter is made, and nothing of this project.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.peers import PeerError


class Adapter:
    """A library whose values NumPy understands and which computes at once; the others say what differs."""

    def __init__(self, threads: int) -> None:
        """Load the library, using no more than ``threads`` threads."""

    def devices(self) -> tuple[str, ...]:
        """Which of ``"cpu"`` and ``"gpu"`` it can compute on here."""
        return ("cpu",)

    def to_numpy(self, value: Any) -> np.ndarray:
        """One result as a NumPy array."""
        return np.asarray(value)

    def synchronize(self, value: Any, backend: str) -> None:
        """Wait until ``value`` is computed."""

    def release(self) -> None:
        """Give back what the library keeps of the GPU's memory: the other libraries of this process need it, too."""


class Xpgrad(Adapter):
    """This project."""

    def __init__(self, threads: int) -> None:
        import backends

        self._backends = backends
        self._used: set[str] = set()

    def to_numpy(self, value: Any) -> np.ndarray:
        value = getattr(value, "data", value) if hasattr(value, "requires_grad") else value
        return np.asarray(self._backends.of(value).to_numpy(value))

    def synchronize(self, value: Any, backend: str) -> None:
        self._backends.get(backend).synchronize()
        self._used.add(backend)

    def release(self) -> None:
        for name in self._used:
            self._backends.get(name).release_memory()


class Torch(Adapter):
    """PyTorch."""

    def __init__(self, threads: int) -> None:
        import torch

        self._torch = torch
        torch.set_num_threads(threads)
        # On GPUs its convolutions would round their inputs to TF32, which has ten bits where float32 has 23.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
        # Shapes stay the same, so it may try cuDNN's algorithms and keep the quickest, as JAX does when it compiles.
        torch.backends.cudnn.benchmark = True

    def devices(self) -> tuple[str, ...]:
        return ("cpu", "gpu") if self._torch.cuda.is_available() else ("cpu",)

    def to_numpy(self, value: Any) -> np.ndarray:
        return value.detach().cpu().numpy()

    def synchronize(self, value: Any, backend: str) -> None:
        if self._torch.cuda.is_available():
            self._torch.cuda.synchronize()

    def release(self) -> None:
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()


class Jax(Adapter):
    """JAX, which sizes its thread pool by the cores it may run on."""

    def __init__(self, threads: int) -> None:
        import jax

        self._jax = jax
        # On GPUs its default is TF32; CuPy's and PyTorch's products are float32.
        jax.config.update("jax_default_matmul_precision", "highest")

    def devices(self) -> tuple[str, ...]:
        return ("cpu", "gpu") if any(device.platform == "gpu" for device in self._jax.devices()) else ("cpu",)

    def synchronize(self, value: Any, backend: str) -> None:
        self._jax.block_until_ready(value)


class Keras(Adapter):
    """Keras on TensorFlow."""

    def __init__(self, threads: int) -> None:
        import tensorflow

        # What it has for the GPU is not compared here; placed there unasked, small steps would be slower.
        tensorflow.config.set_visible_devices([], "GPU")
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)


class Tinygrad(Adapter):
    """tinygrad; its tensors are computed when asked for, by kernels that Clang compiles."""

    def __init__(self, threads: int) -> None:
        compiler = os.environ.get("CC", "clang")
        if shutil.which(compiler) is None:
            raise PeerError(
                f"tinygrad: expected {compiler}, which compiles its kernels, on PATH; it is not there. "
                "Install Clang (apt install clang), or name one in CC."
            )

    def to_numpy(self, value: Any) -> np.ndarray:
        return value.numpy()

    def synchronize(self, value: Any, backend: str) -> None:
        from tinygrad import Device

        Device[Device.DEFAULT].synchronize()


class Micrograd(Adapter):
    """micrograd, whose values are Python floats in an object."""

    def to_numpy(self, value: Any) -> np.ndarray:
        return np.asarray(getattr(value, "data", value))


ADAPTERS: dict[str, type[Adapter]] = {
    "xpgrad": Xpgrad,
    "torch": Torch,
    "jax": Jax,
    "keras": Keras,
    "tinygrad": Tinygrad,
    "micrograd": Micrograd,
}


def leaves(value: Any) -> Iterator[Any]:
    """The arrays in nested lists, tuples and dicts, in order.

    >>> list(leaves({"a": [1, (2, None)], "b": 3}))
    [1, 2, 3]
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif value is not None:
        yield value
