"""What PyTorch lacks, from the papers' formulas in plain NumPy, for record_torch_sequence.py."""

from __future__ import annotations

import numpy as np
from recording import Recording, grid, rng_for


def sinusoidal(length: int, width: int) -> np.ndarray:
    """A. Vaswani et al., Attention Is All You Need (arXiv:1706.03762), section 3.5."""
    angle = np.arange(length)[:, None] / 10000 ** (2 * np.arange(width // 2) / width)
    out = np.empty((length, width))
    out[:, 0::2], out[:, 1::2] = np.sin(angle), np.cos(angle)
    return out


def rotary(x: np.ndarray, base: float, halves: bool) -> np.ndarray:
    """J. Su et al., RoFormer (arXiv:2104.09864), section 3.2; x is (..., positions, width).

    The paper turns the pairs (0, 1), (2, 3), ...; with `halves` the pairs are (k, k + width / 2), as in many models.
    """
    length, width = x.shape[-2:]
    angle = np.arange(length)[:, None] * base ** (-2 * np.arange(width // 2) / width)
    cos, sin = np.cos(angle), np.sin(angle)
    first, second = (x[..., : width // 2], x[..., width // 2 :]) if halves else (x[..., 0::2], x[..., 1::2])
    turned = first * cos - second * sin, first * sin + second * cos
    if halves:
        return np.concatenate(turned, axis=-1)
    return np.stack(turned, axis=-1).reshape(x.shape)


def focal(logits: np.ndarray, target: np.ndarray, alpha: float, gamma: float) -> np.ndarray:
    """T.-Y. Lin et al., Focal Loss for Dense Object Detection (arXiv:1708.02002), equation 5; targets are 0 or 1."""
    p = 1 / (1 + np.exp(-logits))
    right = np.where(target == 1, p, 1 - p)
    weight = np.where(target == 1, alpha, 1 - alpha)
    return -weight * (1 - right) ** gamma * np.log(right)


def papers(rec: Recording) -> None:
    for length, width in ((6, 8), (50, 4)):
        rec.case(f"sinusoidal/{length}x{width}", source=source(sinusoidal), length=length, width=width)
        rec.put(f"sinusoidal/{length}x{width}/out", sinusoidal(length, width))
    x = grid(rng_for("rotary"), (2, 5, 6))
    for name, halves in (("pairs", False), ("halves", True)):
        rec.case(f"rotary/{name}", source=source(rotary), base=10000.0, halves=halves)
        rec.put(f"rotary/{name}/in/x", x)
        rec.put(f"rotary/{name}/out", rotary(x, 10000.0, halves))
    logits = grid(rng_for("focal"), (4, 3), -3, 3)
    target = (grid(rng_for("focal target"), (4, 3)) > 0).astype("float64")
    for alpha, gamma in ((0.25, 2.0), (0.5, 0.5)):
        name = f"focal/{alpha}/{gamma}"
        rec.case(name, source=source(focal), alpha=alpha, gamma=gamma, reduction="none")
        rec.put(f"{name}/in/logits", logits)
        rec.put(f"{name}/in/target", target)
        rec.put(f"{name}/out", focal(logits, target, alpha, gamma))


def source(fn: object) -> str:
    return (fn.__doc__ or "").split("\n")[0]
