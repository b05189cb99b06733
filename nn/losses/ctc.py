"""Connectionist temporal classification. Imports ``losses.base``, ``autograd``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from nn.inputs import integers, like
from nn.losses.base import check_reduction, reduce
from nn.module import Module

# Stands for log 0: adding several keeps it finite, and its exponential is exactly 0.
NOTHING = -1e30


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """-log Σ over alignments of Π p: the probability of a label sequence, however stretched (Graves et al. 2006).

    Args:
        log_probs: (time, n, classes), logarithms of probabilities.
        targets: (n, longest) integers, without the blank; or (Σ target_lengths,), all rows one after the other.
        input_lengths, target_lengths: (n,) integers: how much of each row counts.
        blank: the class between repeated labels.
        reduction: ``"mean"`` divides each loss by its target's length first, as PyTorch does; ``"sum"``, ``"none"``.
        zero_infinity: 0 instead of ∞, gradient included, where a target is longer than its input allows.

    Raises:
        ValueError: the shapes don't fit, or the reduction is unknown.

    >>> logs = np.log(np.full((2, 1, 2), 0.5))
    >>> ctc_loss(logs, np.array([[1]]), np.array([2]), np.array([1]), reduction="none")
    array([0.28768207])
    """
    check_reduction("ctc_loss", reduction)
    time, n = log_probs.shape[:2]
    targets = integers("ctc_loss", targets, log_probs)
    ends, sizes = like(input_lengths, targets), like(target_lengths, targets)
    if len(targets.shape) == 1:
        targets = _rows(targets, sizes, n, blank)
    if len(targets.shape) != 2 or targets.shape[0] != n:
        raise ValueError(
            f"ctc_loss: expected targets of shape (n, longest) with n = {n}, or all rows one after the other; "
            f"got {tuple(targets.shape)}. Pad and stack them, or concatenate them."
        )
    longest = targets.shape[1]
    width = 2 * longest + 1
    # Labels with blanks between and around: blank, y1, blank, y2, …
    filled = np.stack([np.full_like(targets, blank), targets], axis=-1)
    states = np.concatenate([np.reshape(filled, (n, 2 * longest)), np.full_like(targets[:, :1], blank)], axis=1)
    # A label may follow the label before last directly where the two differ.
    jumps = np.logical_and(states[:, 2:] != blank, states[:, 2:] != states[:, :-2])
    edge = np.full_like(log_probs[0, :, :1], NOTHING)
    blocked = np.concatenate([edge, edge, np.where(jumps, 0 * edge, edge)], axis=1)
    place = np.expand_dims(like(range(width), targets), 0)
    scores = np.take_along_axis(log_probs, np.broadcast_to(states, (time, n, width)), axis=-1)
    alpha = np.where(place < 2, scores[0], edge)
    for t in range(1, time):
        one = np.concatenate([edge, alpha[:, :-1]], axis=1)
        two = np.concatenate([edge, edge, alpha[:, :-2]], axis=1) + blocked
        moved = np.maximum(np.logaddexp(np.logaddexp(alpha, one), two) + scores[t], NOTHING)
        alpha = np.where(np.expand_dims(t < ends, -1), moved, alpha)
    last = np.expand_dims(2 * sizes, -1)
    final = np.logical_or(place == last, place == last - 1)
    total = np.logsumexp(np.where(final, alpha, edge), axis=1)
    impossible = total < NOTHING / 2
    loss = np.where(impossible, math.inf, -np.where(impossible, 0, total))
    if zero_infinity:
        loss = np.where(impossible, 0, loss)
    if reduction == "mean":
        loss = loss / np.maximum(like(sizes, loss), 1)
    return reduce(loss, reduction)


def _rows(targets: Any, sizes: Any, n: int, blank: int) -> Any:
    """Targets that stand one after the other as rows, filled up with blanks."""
    total = int(np.sum(sizes))
    if tuple(sizes.shape) != (n,) or total != targets.shape[0]:
        raise ValueError(
            f"ctc_loss: expected concatenated targets of Σ target_lengths labels, with {n} lengths; got "
            f"{targets.shape[0]} labels and {tuple(sizes.shape)} lengths that sum up to {total}. Correct the lengths."
        )
    longest = max(1, int(np.max(sizes)))
    place = np.expand_dims(like(range(longest), targets), 0)
    first = np.expand_dims(np.cumsum(sizes) - sizes, -1)
    inside = place < np.expand_dims(sizes, -1)
    chosen = np.where(inside, np.minimum(first + place, max(0, total - 1)), 0)
    filled = targets if total else np.full((1,), blank, dtype=targets.dtype)
    return np.where(inside, np.take(filled, chosen, axis=0), blank)


class CTCLoss(Module):
    """``ctc_loss`` with its options; called with (log_probs, targets, input_lengths, target_lengths)."""

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        check_reduction("CTCLoss", reduction)
        self.blank = blank
        self.reduction = reduction
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )

    def describe(self) -> str:
        return f"blank={self.blank}, reduction={self.reduction!r}, zero_infinity={self.zero_infinity}"
