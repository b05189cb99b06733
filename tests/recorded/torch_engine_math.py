"""Normalisations, reductions, selections, special functions and linear algebra for record_torch_engine.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from recording import Recording, grid, rng_for
from recording_torch import record_call
from torch_engine_windows import distinct


def case(rec: Recording, name: str, fn: Any, inputs: dict[str, Any], **options: Any) -> None:
    """Like record_call, with the function's options passed on, in both orders and in float64 alone."""
    constant, smooth = options.pop("constant", ()), options.pop("smooth", True)
    call = lambda **t: fn(*t.values(), **options)
    record_call(rec, name, call, inputs, constant=constant, single=False, second=True, smooth=smooth, **options)


def norms(rec: Recording) -> None:
    stream = rng_for("norms")
    x, images = grid(stream, (2, 3, 4), -3, 3), grid(stream, (2, 4, 3, 2), -3, 3)
    weight, bias = grid(stream, (4,)), grid(stream, (4,))

    def layer_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
        return F.layer_norm(x, weight.shape, weight, bias, eps)

    case(rec, "layer_norm", layer_norm, {"x": x, "weight": weight, "bias": bias}, eps=1e-5)
    two = {"x": x, "weight": grid(stream, (3, 4)), "bias": grid(stream, (3, 4))}
    case(rec, "layer_norm/two_axes", layer_norm, two, eps=1e-3)
    case(
        rec,
        "rms_norm",
        lambda x, weight, eps: F.rms_norm(x, weight.shape, weight, eps),
        {"x": x, "weight": weight},
        eps=1e-5,
    )

    def group_norm(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
        return F.group_norm(x, groups, weight, bias, eps)

    affine = {"x": images, "weight": weight, "bias": bias}
    for groups in (1, 2, 4):
        case(rec, f"group_norm/{groups}", group_norm, affine, groups=groups, eps=1e-5)

    def batch_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
        return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)

    case(rec, "batch_norm/images", batch_norm, affine, eps=1e-5)
    case(rec, "batch_norm/rows", batch_norm, {"x": grid(stream, (5, 4)), "weight": weight, "bias": bias}, eps=1e-3)

    def batch_norm_eval(x: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> Any:
        return F.batch_norm(x, mean, var, weight, bias, training=False, eps=eps)

    running = {
        "x": images,
        "mean": grid(stream, (4,)),
        "var": grid(stream, (4,), 0.5, 2),
        "weight": weight,
        "bias": bias,
    }
    case(rec, "batch_norm/eval", batch_norm_eval, running, eps=1e-5, constant=("mean", "var"))
    case(rec, "instance_norm", lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias), affine)
    index = {"index": np.array([[1, 4, 1], [0, 6, 4]]), "weight": grid(stream, (7, 3))}
    case(rec, "embedding", F.embedding, index)
    logits = grid(stream, (5, 4), -3, 3)
    labels = {"input": logits, "target": np.array([0, 3, 1, 1, 2])}
    case(rec, "cross_entropy", F.cross_entropy, labels)
    case(rec, "cross_entropy/smoothing", F.cross_entropy, labels, label_smoothing=0.1)
    for axis in (0, 1):
        case(rec, f"softmax/{axis}", F.softmax, {"x": logits}, dim=axis)
        case(rec, f"log_softmax/{axis}", F.log_softmax, {"x": logits}, dim=axis)
    attention = {k: grid(stream, (2, 2, n, 4)) for k, n in (("q", 3), ("k", 5), ("v", 5))}
    case(rec, "attention", F.scaled_dot_product_attention, attention)
    square = {k: grid(stream, (1, 2, 4, 3)) for k in "qkv"}
    case(rec, "attention/causal", F.scaled_dot_product_attention, square, is_causal=True)


def reductions(rec: Recording) -> None:
    stream = rng_for("reductions")
    x = grid(stream, (3, 4))
    zeros = {"none": x, "one": np.where(x == x[1, 2], 0.0, x), "two": x.copy(), "row": x.copy()}
    zeros["two"][0, 1] = zeros["two"][0, 3] = zeros["two"][2, 1] = 0.0
    zeros["row"][1] = 0.0
    for tag, value in zeros.items():
        case(rec, f"prod/{tag}", torch.prod, {"x": value})
        for axis in (0, 1):
            case(rec, f"prod/{tag}/{axis}", torch.prod, {"x": value}, dim=axis)
            case(rec, f"cumprod/{tag}/{axis}", torch.cumprod, {"x": value}, dim=axis)
    for axis in (0, 1):
        case(rec, f"cumsum/{axis}", torch.cumsum, {"x": x}, dim=axis)
        case(rec, f"logcumsumexp/{axis}", torch.logcumsumexp, {"x": x}, dim=axis)
        case(rec, f"logsumexp/{axis}", torch.logsumexp, {"x": x}, dim=axis)
        for correction in (0, 1):
            case(rec, f"var/{axis}/{correction}", torch.var, {"x": x}, dim=axis, correction=correction)
            case(rec, f"std/{axis}/{correction}", torch.std, {"x": x}, dim=axis, correction=correction)
    tied = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.5, -1.0, -1.0]])
    case(rec, "amax/ties", torch.amax, {"x": tied}, dim=1, smooth=False)
    case(rec, "amin/ties", torch.amin, {"x": tied}, dim=1, smooth=False)
    case(rec, "amax/ties/all", torch.amax, {"x": tied}, dim=[0, 1], smooth=False)
    case(rec, "quantile", torch.quantile, {"x": distinct("quantile", (3, 5)), "q": np.array([0.1, 0.5, 0.85])}, dim=1,
         constant=("q",))  # fmt: skip
    case(rec, "cov", torch.cov, {"x": x})
    case(rec, "corrcoef", torch.corrcoef, {"x": x})
    case(rec, "trapezoid", torch.trapezoid, {"y": x, "x": np.array([0.0, 0.5, 2.0, 2.25])}, dim=1)
    case(rec, "diff", torch.diff, {"x": x}, n=2, dim=1)


def selection(rec: Recording) -> None:
    x = {"x": distinct("selection", (3, 5))}
    for axis in (0, 1):
        for descending in (False, True):
            tag = f"{axis}/{'down' if descending else 'up'}"
            case(rec, f"sort/{tag}", lambda x, **o: torch.sort(x, **o)[0], x, dim=axis, descending=descending)
    case(rec, "topk", lambda x, **o: torch.topk(x, **o)[0], x, k=2, dim=1)
    case(rec, "median", lambda x, **o: torch.median(x, **o)[0], x, dim=1)
    index = np.array([[4, 0], [1, 1], [2, 3]])
    case(rec, "take_along_dim", torch.take_along_dim, {**x, "index": index}, dim=1)
    source = grid(rng_for("scatter"), (3, 2))
    case(
        rec,
        "scatter_add",
        lambda x, index, source, dim: torch.scatter_add(x, dim, index, source),
        {**x, "index": index, "source": source},
        dim=1,
    )
    rows = {"x": x["x"], "index": np.array([2, 0, 2])}
    case(rec, "index_select", lambda x, index, dim: torch.index_select(x, dim, index), rows, dim=0)
    case(rec, "roll", torch.roll, x, shifts=[1, -2], dims=[0, 1])
    case(rec, "cummax", lambda x, dim: torch.cummax(x, dim)[0], x, dim=1)


def elementwise(rec: Recording) -> None:
    stream = rng_for("special")
    real, positive, unit = grid(stream, (7,), -3, 3), grid(stream, (7,), 0.25, 4), grid(stream, (7,), -0.9, 0.9)
    ranges: dict[str, tuple[np.ndarray, list[str]]] = {
        "real": (
            real,
            [
                "exp",
                "expm1",
                "sin",
                "cos",
                "tan",
                "sinh",
                "cosh",
                "tanh",
                "arctan",
                "arcsinh",
                "erf",
                "erfc",
                "sinc",
                "abs",
                "square",
                "sigmoid",
            ],
        ),
        "positive": (
            positive,
            ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "lgamma", "digamma", "arccosh"],
        ),
        "unit": (unit, ["arcsin", "arccos", "arctanh", "erfinv"]),
    }
    for values, names in ranges.values():
        for name in names:
            x = values + 1 if name == "arccosh" else values
            case(rec, f"elementwise/{name}", getattr(torch, name), {"x": x})
    case(rec, "elementwise/i0", torch.special.i0, {"x": real})
    case(rec, "elementwise/ndtr", torch.special.ndtr, {"x": real})
    case(rec, "elementwise/log_ndtr", torch.special.log_ndtr, {"x": real * 4})
    case(rec, "elementwise/logit", torch.logit, {"x": grid(stream, (7,), 0.1, 0.9)})
    case(rec, "elementwise/polygamma", lambda x, n: torch.polygamma(n, x), {"x": positive}, n=2)
    other = grid(stream, (7,), -3, 3)
    for name in ("arctan2", "hypot", "logaddexp", "logaddexp2", "copysign", "fmod", "remainder", "maximum", "fmin"):
        case(rec, f"elementwise/{name}", getattr(torch, name), {"x": real, "y": other})
    case(rec, "elementwise/pow", torch.pow, {"x": positive, "y": real})
    case(rec, "elementwise/xlogy", torch.xlogy, {"x": real, "y": positive})
    case(
        rec,
        "elementwise/maximum/ties",
        torch.maximum,
        {"x": np.array([1.0, 2.0]), "y": np.array([1.0, 0.5])},
        smooth=False,
    )
    far = np.array([-800.0, -745.0, 0.25, 700.0])
    # PyTorch's second derivative overflows out here.
    record_call(
        rec, "elementwise/logaddexp/far", torch.logaddexp, {"input": far, "other": far[::-1].copy()}, single=False
    )


def linalg(rec: Recording) -> None:
    la, stream = torch.linalg, rng_for("linalg")
    many = grid(stream, (2, 3, 3)) + 3 * np.eye(3)
    tall, wide = grid(stream, (5, 3)), grid(stream, (3, 5))
    symmetric = (many + many.swapaxes(-1, -2)) / 2
    definite = np.round((many @ many.swapaxes(-1, -2)) * 64) / 64
    case(rec, "linalg/det", la.det, {"a": many})
    case(rec, "linalg/slogdet", lambda a: la.slogdet(a)[1], {"a": many})
    case(rec, "linalg/inv", la.inv, {"a": many})
    case(rec, "linalg/pinv/tall", la.pinv, {"a": tall})
    case(rec, "linalg/pinv/wide", la.pinv, {"a": wide})
    case(rec, "linalg/solve/matrix", la.solve, {"a": many, "b": grid(stream, (2, 3, 2))})
    case(rec, "linalg/solve/vector", la.solve, {"a": many[0], "b": grid(stream, (3,))})
    lower = np.tril(many[0])
    triangular = {"a": lower, "b": grid(stream, (3, 2))}
    case(rec, "linalg/solve_triangular", lambda a, b: la.solve_triangular(a, b, upper=False), triangular)
    # The Cholesky factor and the eigenvalues are of the symmetric part, so that every element may vary by itself.
    case(rec, "linalg/cholesky", lambda a: la.cholesky((a + a.mT) / 2), {"a": definite})
    for name, a in (("square", many), ("tall", tall)):
        case(rec, f"linalg/qr/{name}", lambda a: tuple(la.qr(a)), {"a": a})
    case(rec, "linalg/svdvals/tall", la.svdvals, {"a": tall})
    case(rec, "linalg/svdvals/wide", la.svdvals, {"a": wide})

    def svd_free_of_signs(a: Any) -> Any:
        u, s, vh = la.svd(a, full_matrices=False)
        return (u * torch.tanh(s)) @ vh, u * u, vh * vh

    shown = ["u tanh(s) vh", "u*u", "vh*vh"]
    for name, a in (("tall", tall), ("wide", wide)):
        record_call(rec, f"linalg/svd/{name}", svd_free_of_signs, {"a": a}, single=False, second=True, outputs=shown)

    def eigh_free_of_signs(a: Any) -> Any:
        w, v = la.eigh((a + a.mT) / 2)
        return w, v * v, (v * torch.tanh(w)[..., None, :]) @ v.mT

    record_call(
        rec,
        "linalg/eigh",
        eigh_free_of_signs,
        {"a": symmetric},
        single=False,
        second=True,
        outputs=["w", "v*v", "v tanh(w) v^T"],
    )
    case(rec, "linalg/eigvalsh", lambda a: la.eigvalsh((a + a.mT) / 2), {"a": symmetric})
    case(rec, "linalg/lstsq", lambda a, b: la.lstsq(a, b)[0], {"a": tall, "b": grid(stream, (5, 2))})
    for power in (-2, 0, 1, 3):
        case(rec, f"linalg/matrix_power/{power}", la.matrix_power, {"a": many[0]}, n=power)
    case(rec, "linalg/multi_dot", lambda a, b, c: la.multi_dot([a, b, c]), {"a": tall, "b": many[0], "c": wide})
    case(rec, "linalg/matrix_exp", la.matrix_exp, {"a": many[0] / 4})
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        case(rec, f"linalg/matrix_norm/{order}", lambda a, o=order: la.matrix_norm(a, ord=o), {"a": tall})
    vector = distinct("vector", (3, 5)) + 1 / 64
    for order in (0.5, 1, 2, 3, np.inf, -np.inf):
        case(rec, f"linalg/vector_norm/{order}", lambda x, o=order: la.vector_norm(x, ord=o, dim=1), {"x": vector})
    record_call(
        rec, "linalg/vector_norm/zero", lambda x: la.vector_norm(x), {"x": np.zeros(3)}, single=False, smooth=False
    )
    case(rec, "linalg/cond", la.cond, {"a": many[0]})
    case(rec, "linalg/cross", la.cross, {"a": grid(stream, (4, 3)), "b": grid(stream, (4, 3))})
    case(rec, "linalg/kron", torch.kron, {"a": grid(stream, (2, 3)), "b": grid(stream, (3, 2))})
    for spec, shapes in (
        ("ij,jk->ik", ((2, 3), (3, 4))),
        ("bij,bjk,bk->bi", ((2, 2, 3), (2, 3, 2), (2, 2))),
        ("ii->i", ((3, 3),)),
        ("ij->", ((2, 3),)),
        ("...ij,...j->...i", ((2, 3, 3), (3,))),
    ):
        operands = {"abc"[k]: grid(stream, shape) for k, shape in enumerate(shapes)}
        record_call(
            rec,
            f"einsum/{spec}",
            lambda spec=spec, **t: torch.einsum(spec, *t.values()),
            operands,
            single=False,
            second=True,
            subscripts=spec,
        )
