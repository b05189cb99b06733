"""Losses for record_torch_nn.py, with each reduction."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from recording import Recording, grid, rng_for
from recording_torch import record_call


def loss(
    rec: Recording,
    name: str,
    fn: Any,
    inputs: dict[str, Any],
    constant: tuple[str, ...] = (),
    reductions: tuple[str, ...] = ("none", "mean", "sum"),
    single: bool = True,
    smooth: bool = True,
    **options: Any,
) -> None:
    for reduction in reductions:
        record_call(
            rec,
            f"loss/{name}/{reduction}",
            lambda reduction=reduction, **tensors: fn(**tensors, **options, reduction=reduction),
            inputs,
            constant=constant,
            single=single and reduction == "mean",
            smooth=smooth,
            reduction=reduction,
            **options,
        )


def losses(rec: Recording) -> None:
    warnings.filterwarnings("ignore", message="reduction: .mean. divides")
    regression(rec)
    classification(rec)
    embeddings(rec)
    likelihoods(rec)


def regression(rec: Recording) -> None:
    stream = rng_for("regression")
    pair = {"input": grid(stream, (4, 3)), "target": grid(stream, (4, 3))}
    loss(rec, "mse", F.mse_loss, pair)
    loss(rec, "l1", F.l1_loss, pair)
    loss(rec, "smooth_l1", F.smooth_l1_loss, pair)
    loss(rec, "smooth_l1/beta", F.smooth_l1_loss, pair, beta=0.5)
    loss(rec, "huber", F.huber_loss, pair)
    loss(rec, "huber/delta", F.huber_loss, pair, delta=1.5)


def classification(rec: Recording) -> None:
    stream = rng_for("classification")
    p = {"input": grid(stream, (4, 3), 0.1, 0.9), "target": grid(stream, (4, 3), 0.1, 0.9)}
    loss(rec, "bce", F.binary_cross_entropy, p)
    hard = {**p, "target": (p["target"] > 0.5).astype("float64")}
    loss(rec, "bce/hard", F.binary_cross_entropy, hard, constant=("target",))
    weighted = {**p, "weight": grid(stream, (3,), 0.5, 2)}
    loss(rec, "bce/weight", F.binary_cross_entropy, weighted, constant=("weight", "target"))
    ends = {"input": np.array([0.0, 0.0, 1.0, 1.0, 0.5]), "target": np.array([0.0, 1.0, 0.0, 1.0, 1.0])}
    loss(rec, "bce/ends", F.binary_cross_entropy, ends, constant=("target",), reductions=("none",), smooth=False)

    logits = {"input": grid(stream, (4, 3), -4, 4), "target": grid(stream, (4, 3), 0.1, 0.9)}
    loss(rec, "bce_with_logits", F.binary_cross_entropy_with_logits, logits)
    loss(
        rec,
        "bce_with_logits/pos_weight",
        F.binary_cross_entropy_with_logits,
        {**logits, "pos_weight": np.array([0.5, 2.0, 3.0]), "weight": grid(stream, (4, 1), 0.5, 2)},
        constant=("weight", "pos_weight", "target"),
    )
    far = {"input": np.array([-900.0, -60.0, -60.0, 60.0, 60.0, 900.0]), "target": np.array([0.0, 0, 1, 0, 1, 1])}
    loss(
        rec, "bce_with_logits/far", F.binary_cross_entropy_with_logits, far, constant=("target",), reductions=("none",)
    )

    x, labels = grid(stream, (5, 4), -3, 3), np.array([0, 3, 1, 1, 2])
    weight = np.array([0.5, 1.0, 2.0, 1.5])
    named = {"input": x, "target": labels}
    loss(rec, "cross_entropy", F.cross_entropy, named)
    loss(rec, "cross_entropy/smoothing", F.cross_entropy, named, label_smoothing=0.1)
    loss(rec, "cross_entropy/weight", F.cross_entropy, {**named, "weight": weight}, constant=("weight",))
    loss(rec, "cross_entropy/ignore", F.cross_entropy, named, ignore_index=1)
    ignored = {"input": x, "target": np.array([0, -100, 1, -100, 2]), "weight": weight}
    loss(rec, "cross_entropy/all", F.cross_entropy, ignored, constant=("weight",), label_smoothing=0.2)
    pixels = {"input": grid(stream, (2, 3, 2, 2)), "target": np.array([[[0, 1], [2, 2]], [[1, 1], [0, 2]]])}
    loss(rec, "cross_entropy/pixels", F.cross_entropy, pixels)
    loss(rec, "cross_entropy/far", F.cross_entropy, {"input": x * 400, "target": labels}, reductions=("none",))
    soft = grid(stream, (5, 4), 0.1, 1)
    soft /= soft.sum(1, keepdims=True)
    soft = np.float32(soft).astype("float64")
    loss(rec, "cross_entropy/probabilities", F.cross_entropy, {"input": x, "target": soft})
    loss(
        rec, "cross_entropy/probabilities/smoothing", F.cross_entropy, {"input": x, "target": soft}, label_smoothing=0.1
    )
    heavy = {"input": x, "target": soft, "weight": weight}
    loss(rec, "cross_entropy/probabilities/weight", F.cross_entropy, heavy, constant=("weight", "target"))

    log_p = {"input": np.float32(np.log(soft)).astype("float64"), "target": labels}
    loss(rec, "nll", F.nll_loss, log_p)
    loss(rec, "nll/weight", F.nll_loss, {**log_p, "weight": weight}, constant=("weight",), ignore_index=1)

    # No two scores exactly a margin apart, where the loss has a kink.
    apart = {"input": x + np.arange(4) / 256, "target": labels}
    loss(rec, "multi_margin", F.multi_margin_loss, apart)
    loss(
        rec,
        "multi_margin/squared",
        F.multi_margin_loss,
        {**apart, "weight": weight},
        constant=("weight",),
        p=2,
        margin=0.7,
    )
    sets = {
        "input": x,
        "target": np.array([[3, 0, -1, 1], [1, -1, 0, 2], [0, 1, 2, 3], [-1, 0, 1, 2], [2, -1, -1, -1]]),
    }
    loss(rec, "multilabel_margin", F.multilabel_margin_loss, sets)
    signs = {"input": x, "target": np.where(grid(stream, (5, 4)) > 0, 1.0, -1.0)}
    loss(rec, "soft_margin", F.soft_margin_loss, signs, constant=("target",))
    loss(rec, "hinge_embedding", F.hinge_embedding_loss, signs, constant=("target",))
    loss(rec, "hinge_embedding/margin", F.hinge_embedding_loss, signs, constant=("target",), margin=2.5)
    bits = {"input": x, "target": (signs["target"] > 0).astype("float64")}
    loss(rec, "multilabel_soft_margin", F.multilabel_soft_margin_loss, bits, constant=("target",))


def embeddings(rec: Recording) -> None:
    stream = rng_for("embeddings")
    a, b, c = (grid(stream, (4, 3)) for _ in range(3))
    sign = np.array([1.0, -1.0, -1.0, 1.0])
    pair = {"input1": a, "input2": b, "target": sign}
    loss(rec, "cosine_embedding", F.cosine_embedding_loss, pair, constant=("target",))
    loss(rec, "cosine_embedding/margin", F.cosine_embedding_loss, pair, constant=("target",), margin=0.3)
    ranks = {"input1": a[:, 0], "input2": b[:, 0], "target": sign}
    loss(rec, "margin_ranking", F.margin_ranking_loss, ranks, constant=("target",), margin=0.4)
    triple = {"anchor": a, "positive": b, "negative": c}
    loss(rec, "triplet_margin", F.triplet_margin_loss, triple)
    loss(rec, "triplet_margin/swap", F.triplet_margin_loss, triple, margin=2.0, p=1.5, swap=True)
    record_call(rec, "loss/cosine_similarity", lambda x1, x2: F.cosine_similarity(x1, x2, dim=-1), {"x1": a, "x2": b})
    record_call(
        rec, "loss/pairwise_distance", lambda x1, x2: F.pairwise_distance(x1, x2, p=2.0, eps=1e-6), {"x1": a, "x2": b}
    )


def likelihoods(rec: Recording) -> None:
    stream = rng_for("likelihoods")
    p = grid(stream, (4, 3), 0.1, 1)
    p = np.float32(p / p.sum(1, keepdims=True)).astype("float64")
    log_q = np.float32(np.log(p[::-1])).astype("float64")
    every = ("none", "mean", "sum", "batchmean")
    loss(rec, "kl_div", F.kl_div, {"input": log_q, "target": p}, reductions=every)
    logs = {"input": log_q, "target": np.float32(np.log(p)).astype("float64")}
    loss(rec, "kl_div/log_target", F.kl_div, logs, reductions=every, log_target=True)
    gaps = np.where(p < 0.2, 0.0, p)
    loss(rec, "kl_div/zeros", F.kl_div, {"input": log_q, "target": gaps}, constant=("target",))
    counts = {"input": grid(stream, (4, 3)), "target": stream.integers(0, 6, (4, 3)).astype("float64")}
    loss(rec, "poisson_nll", F.poisson_nll_loss, counts, constant=("target",))
    rates = {**counts, "input": grid(stream, (4, 3), 0.2, 3)}
    loss(rec, "poisson_nll/rate", F.poisson_nll_loss, rates, constant=("target",), log_input=False, full=True)
    normal = {"input": grid(stream, (4, 3)), "target": grid(stream, (4, 3)), "var": grid(stream, (4, 3), 0.2, 2)}
    loss(rec, "gaussian_nll", F.gaussian_nll_loss, normal)
    shared = {**normal, "var": grid(stream, (4, 1), 0.2, 2)}
    loss(rec, "gaussian_nll/full", F.gaussian_nll_loss, shared, full=True)
    ctc(rec)


def ctc(rec: Recording) -> None:
    """Connectionist temporal classification, from raw scores, so that the gradient is the whole one."""
    stream = rng_for("ctc")
    scores = grid(stream, (7, 3, 5))
    targets = np.array([[1, 2, 2, 4], [3, 3, 0, 0], [1, 4, 2, 0]])
    lengths = {"input_lengths": np.array([7, 6, 5]), "target_lengths": np.array([4, 2, 3])}

    def fn(scores: torch.Tensor, targets: torch.Tensor, **options: Any) -> torch.Tensor:
        return F.ctc_loss(F.log_softmax(scores, -1), targets, **options)

    loss(rec, "ctc", fn, {"scores": scores, "targets": targets, **lengths}, blank=0)
    last = np.where(targets == 0, 0, targets - 1)
    loss(rec, "ctc/last_blank", fn, {"scores": scores, "targets": last, **lengths}, blank=4)
    short = {"input_lengths": np.array([7, 2, 5]), "target_lengths": np.array([4, 2, 0])}
    loss(rec, "ctc/impossible", fn, {"scores": scores, "targets": targets, **short}, blank=0, zero_infinity=True)
