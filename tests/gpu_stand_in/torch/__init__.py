"""Stands for a PyTorch with CUDA: this project's Tensors under PyTorch's names, as far as a few workloads use them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3]))

import cupy

import backends as arrays
from autograd import Tensor
from tests.simulated_gpu import gpu
from tests.strict_array import HOOKS, MemoryHook

__version__ = "0.0"


def tensor(data: Any, device: str = "cpu", requires_grad: bool = False) -> Tensor:
    backend = arrays.get("cupy" if device == "cuda" else "numpy")
    return Tensor(backend.asarray(np.array(data)), requires_grad=requires_grad)


def from_numpy(data: np.ndarray) -> Tensor:
    return tensor(data)


Tensor.cuda = lambda self: self.to("cupy")
exp, tanh = Tensor.exp, Tensor.tanh


def set_num_threads(count: int) -> None: ...


class _Count(MemoryHook):
    held = most = 0

    def malloc_postprocess(self, *, mem_size: int, **more: Any) -> None:
        self.held += mem_size
        self.most = max(self.most, self.held)

    def free_postprocess(self, *, mem_size: int, **more: Any) -> None:
        self.held -= mem_size


_count = _Count()
HOOKS.append(_count)
cuda = SimpleNamespace(
    is_available=cupy.cuda.is_available,
    synchronize=gpu.wait,
    empty_cache=lambda: None,
    memory_allocated=lambda: _count.held,
    max_memory_allocated=lambda: _count.most,
    reset_peak_memory_stats=lambda: setattr(_count, "most", _count.held),
)
_switches = SimpleNamespace(allow_tf32=True)
backends = SimpleNamespace(cudnn=_switches, cuda=SimpleNamespace(matmul=_switches))
