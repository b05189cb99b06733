"""Record every layer and loss of `nn_rows.py` in PyTorch: results, gradients, and where five steps lead.

Run from the repository root:  python tests/recorded/record_torch_steps.py
Writes tests/recorded/torch_steps.npz. A case's loss is Σ (out² / 2 + cotangent · out) / n over its results, each of n
elements (a loss's is its mean); the five steps are plain gradient descent on parameters and inputs.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import torch
from nn_rows import ROWS, Row
from recording import Recording, grid, rng_for
from torch import nn

RATE = 0.25


class Sinusoidal(nn.Module):
    """A. Vaswani et al., Attention Is All You Need (arXiv:1706.03762), section 3.5."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length, width = x.shape[-2:]
        table = torch.zeros(length, width, dtype=x.dtype)
        for position in range(length):
            for k in range(0, width, 2):
                angle = torch.tensor(position / 10000 ** (k / width), dtype=torch.float64)
                table[position, k], table[position, k + 1] = angle.sin(), angle.cos()
        return x + table


class Learned(nn.Module):
    """A vector per position, as in GPT-2."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[: x.shape[-2]]


class Rotary(nn.Module):
    """J. Su et al., RoFormer (arXiv:2104.09864), section 3.2: pairs as complex numbers, turned."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length, width = x.shape[-2:]
        angle = torch.arange(length)[:, None] * 10000.0 ** (-2 * torch.arange(width // 2, dtype=torch.float64) / width)
        turn = torch.polar(torch.ones_like(angle), angle)
        return torch.view_as_real(torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * turn).flatten(-2)


class Residual(nn.Module):
    """K. He et al., Deep Residual Learning for Image Recognition (arXiv:1512.03385), equation 1."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class _Elements(nn.Module):
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def reduced(self, loss: torch.Tensor) -> torch.Tensor:
        return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[self.reduction]()


class LogCosh(_Elements):
    """Keras's log_cosh: log(cosh(d))."""

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.reduced(torch.log(torch.cosh(input - target)))


class Focal(_Elements):
    """T.-Y. Lin et al., Focal Loss for Dense Object Detection (arXiv:1708.02002), equation 5."""

    def __init__(self, alpha: float, gamma: float, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.alpha, self.gamma = alpha, gamma

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        p = torch.sigmoid(input)
        right = torch.where(target == 1, p, 1 - p)
        weight = self.alpha * target + (1 - self.alpha) * (1 - target)
        return self.reduced(-weight * (1 - right) ** self.gamma * torch.log(right))


PAPERS = [Sinusoidal, Learned, Rotary, Residual, LogCosh, Focal]
OURS = {cls.__name__: cls for cls in PAPERS}


def value(stream: np.random.Generator, given: Any) -> np.ndarray:
    """An input: distinct multiples of 1/64 around 0, so that no two tie, or what its kind asks for."""
    if isinstance(given, list):
        return np.array(given)
    kind, shape, *bound = given
    if kind == "ints":
        return stream.integers(0, bound[0], shape)
    if kind in ("sign", "bits"):
        bits = stream.integers(0, 2, shape).astype("float64")
        return bits if kind == "bits" else 2 * bits - 1
    size = int(np.prod(shape))
    # Halves of 1/64 besides, so that no value is 0, where functions have kinks.
    distinct = (stream.permutation(4 * size)[:size] - 2 * size + 0.5).reshape(shape) / (size if size > 32 else 32)
    if kind == "real":
        return np.round(distinct * 128) / 128 + 1 / 256
    if kind == "positive":
        return np.exp(np.float32(distinct / 4)).astype("float64")
    shares = np.exp(distinct)
    shares = np.float32(shares / shares.sum(-1, keepdims=True)).astype("float64")
    return np.float32(np.log(shares)).astype("float64") if kind == "logs" else shares


def made(row: Row, **options: Any) -> nn.Module:
    expression = row.theirs
    if options:
        inside = expression[:-1] + (", " if expression[-2] != "(" else "")
        expression = inside + ", ".join(f"{k}={v!r}" for k, v in options.items()) + ")"
    return eval(expression, {**vars(nn), **OURS})  # rows of this folder, no one else's


def floats(out: Any) -> list[torch.Tensor]:
    if isinstance(out, torch.Tensor):
        return [out] if out.is_floating_point() else []
    return [] if out is None else [t for part in out for t in floats(part)]


def called(module: nn.Module, row: Row, tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    options = {"need_weights": False} if isinstance(module, nn.MultiheadAttention) else {}
    first, *rest = tensors.values()
    return floats(module(torch.log_softmax(first, -1) if row.scores else first, *rest, **options))


def total(row: Row, outs: list[torch.Tensor], cotangents: list[np.ndarray]) -> torch.Tensor:
    if row.loss:
        return outs[0]
    return sum(((o * o / 2 + torch.from_numpy(c) * o).mean() for o, c in zip(outs, cotangents)), torch.zeros(()))


def record(rec: Recording, name: str, row: Row) -> None:
    stream = rng_for(name)
    arrays = {k: value(stream, given) for k, given in row.inputs.items()}
    module = made(row).train(row.training).double()
    starts = {k: grid(stream, tuple(p.shape), -1, 1) for k, p in module.named_parameters()}
    source = type(module).__doc__.split("\n")[0] if type(module).__name__ in OURS else ""
    rec.case(name, module=" ".join(repr(module).split()), rate=RATE, **({"source": source} if source else {}))
    for k, a in arrays.items():
        rec.put(f"{name}/in/{k}", a)
    for k, a in starts.items():
        rec.put(f"{name}/start/{k}", a)
    trained = {next(iter(arrays)), *row.more}
    module = made(row).train(row.training).double()
    with torch.no_grad():
        for k, p in module.named_parameters():
            p.copy_(torch.from_numpy(starts[k]))
    tensors = {k: torch.from_numpy(a.copy()) for k, a in arrays.items()}
    leaves = dict(module.named_parameters())
    leaves |= {k: t.requires_grad_() for k, t in tensors.items() if k in trained and t.is_floating_point()}
    cotangents: list[np.ndarray] = []
    for step in range(5):
        outs = called(module, row, tensors)
        if step == 0 and not row.loss:
            cotangents = [grid(rng_for(f"{name} {i}"), tuple(o.shape), -1, 1) for i, o in enumerate(outs)]
            for i, c in enumerate(cotangents):
                rec.put(f"{name}/cotangent{i}", c)
        loss = total(row, outs, cotangents)
        grads = torch.autograd.grad(loss, list(leaves.values()))
        if step == 0:
            for i, o in enumerate(outs):
                rec.put(f"{name}/out{i}", o.detach().numpy().copy())
            for k, g in zip(leaves, grads):
                rec.put(f"{name}/grad/{k}", g.numpy())
        with torch.no_grad():
            for p, g in zip(leaves.values(), grads):
                p -= RATE * g
    for k, p in leaves.items():
        rec.put(f"{name}/end/{k}", p.detach().numpy().copy())
    if row.loss and "reduction" in inspect.signature(type(module).__init__).parameters:
        for reduction in ("none", "sum"):
            tensors = {k: torch.from_numpy(a) for k, a in arrays.items()}
            rec.put(f"{name}/{reduction}", called(made(row, reduction=reduction), row, tensors)[0].numpy())


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    rec = Recording("record_torch_steps.py", ["torch"])
    for name, row in ROWS.items():
        record(rec, name, row)
    rec.save("torch_steps.npz")


if __name__ == "__main__":
    main()
