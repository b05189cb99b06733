"""Layers, activations and initialisers for record_torch_nn.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from recording import Recording, grid, rng_for
from recording_torch import record_call, record_module

ACTIVATIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "relu": (F.relu, {}),
    "relu6": (F.relu6, {}),
    "leaky_relu": (F.leaky_relu, {"negative_slope": 0.2}),
    "elu": (F.elu, {"alpha": 1.5}),
    "selu": (F.selu, {}),
    "celu": (F.celu, {"alpha": 1.5}),
    "gelu": (F.gelu, {"approximate": "none"}),
    "gelu_tanh": (F.gelu, {"approximate": "tanh"}),
    "silu": (F.silu, {}),
    "mish": (F.mish, {}),
    "softplus": (F.softplus, {"beta": 1.5, "threshold": 20}),
    "softsign": (F.softsign, {}),
    "tanh": (torch.tanh, {}),
    "sigmoid": (torch.sigmoid, {}),
    "hardtanh": (F.hardtanh, {"min_val": -1.5, "max_val": 1.25}),
    "hardsigmoid": (F.hardsigmoid, {}),
    "hardswish": (F.hardswish, {}),
    "logsigmoid": (F.logsigmoid, {}),
    "tanhshrink": (F.tanhshrink, {}),
    "softshrink": (F.softshrink, {"lambd": 0.75}),
    "hardshrink": (F.hardshrink, {"lambd": 0.75}),
    "threshold": (F.threshold, {"threshold": 0.4, "value": -2.0}),
}
SMOOTH = ["elu", "selu", "celu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign", "tanh", "sigmoid"]
SMOOTH += ["logsigmoid", "tanhshrink"]


def activations(rec: Recording) -> None:
    for name, (fn, options) in ACTIVATIONS.items():
        x = grid(rng_for(name), (3, 7), -5, 5)
        record_call(rec, f"activation/{name}", lambda x, fn=fn, options=options: fn(x, **options), {"x": x}, **options)
        if name in SMOOTH:
            # Far out, where exp overflows or cancels in a formula written without care.
            far = np.array([-800.0, -100.0, -40.0, -12.0, 12.0, 40.0, 100.0, 800.0])
            record_call(
                rec, f"activation/{name}/far", lambda x, fn=fn, options=options: fn(x, **options), {"x": far}, **options
            )
    x = grid(rng_for("softmax"), (2, 3, 5), -5, 5)
    for axis in (-1, 1):
        record_call(rec, f"activation/softmax/{axis}", lambda x, axis=axis: F.softmax(x, axis), {"x": x}, axis=axis)
        record_call(
            rec, f"activation/log_softmax/{axis}", lambda x, axis=axis: F.log_softmax(x, axis), {"x": x}, axis=axis
        )
    spread = np.array([[-800.0, 0.0, 800.0], [1000.0, 1000.0, 999.0], [-1e6, -1e6, -1e6]])
    record_call(rec, "activation/softmax/far", lambda x: F.softmax(x, -1), {"x": spread}, axis=-1)
    record_call(rec, "activation/log_softmax/far", lambda x: F.log_softmax(x, -1), {"x": spread}, axis=-1)
    wide = grid(rng_for("glu"), (3, 6), -3, 3)
    record_call(rec, "activation/glu", lambda x: F.glu(x, -1), {"x": wide}, axis=-1)
    record_module(rec, "activation/prelu", torch.nn.PReLU(), {"x": wide})
    record_module(rec, "activation/prelu/channels", torch.nn.PReLU(3), {"x": grid(rng_for("prelu"), (2, 3, 4))})


def layers(rec: Recording) -> None:
    nn = torch.nn
    stream = rng_for("layers")
    record_module(rec, "layer/linear", nn.Linear(4, 3), {"x": grid(stream, (5, 4))})
    record_module(rec, "layer/linear/no_bias", nn.Linear(4, 3, bias=False), {"x": grid(stream, (2, 5, 4))})
    record_module(rec, "layer/bilinear", nn.Bilinear(3, 2, 4), {"x1": grid(stream, (5, 3)), "x2": grid(stream, (5, 2))})
    index = np.array([[1, 4, 1], [0, 6, 4]])
    record_module(rec, "layer/embedding", nn.Embedding(7, 3), {"x": index})
    # The row at padding_idx is used but gets no gradient.
    padded = nn.Embedding(7, 3, padding_idx=4)
    record_module(rec, "layer/embedding/padding", padded, {"x": index}, smooth=False, padding_idx=4)
    batch, images = grid(stream, (6, 3), -3, 3), grid(stream, (2, 3, 4, 2), -3, 3)
    steps = grid(stream, (4, 3, 5), -3, 3)
    for training in (True, False):
        mode = "train" if training else "eval"
        record_module(rec, f"layer/batch_norm1d/{mode}", nn.BatchNorm1d(3), {"x": batch}, training=training)
        record_module(rec, f"layer/batch_norm1d/3d/{mode}", nn.BatchNorm1d(3), {"x": steps}, training=training)
        record_module(
            rec,
            f"layer/batch_norm2d/{mode}",
            nn.BatchNorm2d(3, eps=1e-3, momentum=0.3),
            {"x": images},
            training=training,
        )
    record_module(rec, "layer/batch_norm1d/cumulative", nn.BatchNorm1d(3, momentum=None), {"x": batch}, training=True)
    record_module(rec, "layer/batch_norm1d/plain", nn.BatchNorm1d(3, affine=False), {"x": batch}, training=True)
    record_module(
        rec, "layer/batch_norm1d/untracked", nn.BatchNorm1d(3, track_running_stats=False), {"x": batch}, training=False
    )
    record_module(rec, "layer/layer_norm", nn.LayerNorm(4), {"x": grid(stream, (2, 3, 4), -3, 3)})
    record_module(rec, "layer/layer_norm/two_axes", nn.LayerNorm((3, 4), eps=1e-3), {"x": grid(stream, (2, 3, 4))})
    record_module(rec, "layer/layer_norm/no_bias", nn.LayerNorm(4, bias=False), {"x": grid(stream, (2, 4))})
    record_module(rec, "layer/layer_norm/plain", nn.LayerNorm(4, elementwise_affine=False), {"x": grid(stream, (2, 4))})
    record_module(rec, "layer/dropout/eval", nn.Dropout(0.4), {"x": batch})
    record_module(rec, "layer/flatten", nn.Flatten(), {"x": images})
    record_module(rec, "layer/flatten/part", nn.Flatten(1, 2), {"x": images})
    mlp = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.LayerNorm(5), nn.Linear(5, 3), nn.Tanh())
    record_module(rec, "layer/sequential", mlp, {"x": grid(stream, (6, 4))})


def initialisers(rec: Recording) -> None:
    """Formulas and the numbers they give for a few shapes; drawn values are nobody's to compare."""
    init = torch.nn.init
    gains = {n: init.calculate_gain(n) for n in ("linear", "sigmoid", "tanh", "relu", "selu")}
    gains["leaky_relu(0.2)"] = init.calculate_gain("leaky_relu", 0.2)
    shapes: dict[str, Any] = {}
    for shape in ((5, 3), (8, 4, 3), (6, 4, 3, 2)):
        # Weights as PyTorch lays them out: (out, in, *window).
        fan_in, fan_out = init._calculate_fan_in_and_fan_out(torch.empty(shape))
        shapes["x".join(map(str, shape))] = {
            "shape": shape,
            "fan_in": fan_in,
            "fan_out": fan_out,
            "glorot": {"bound": math.sqrt(6 / (fan_in + fan_out)), "std": math.sqrt(2 / (fan_in + fan_out))},
            "he": {"bound": math.sqrt(6 / fan_in), "std": math.sqrt(2 / fan_in)},
            "lecun": {"bound": math.sqrt(3 / fan_in), "std": math.sqrt(1 / fan_in)},
        }
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    mass = math.erf(2 / math.sqrt(2))
    rec.about["initialisers"] = {
        "formulas": {
            "glorot_uniform": "U(-b, b), b = sqrt(6 / (fan_in + fan_out)); variance 2 / (fan_in + fan_out)",
            "glorot_normal": "variance 2 / (fan_in + fan_out)",
            "he_uniform": "U(-b, b), b = sqrt(6 / fan_in); variance 2 / fan_in (PyTorch: gain^2 / fan)",
            "he_normal": "variance 2 / fan_in (PyTorch: gain^2 / fan)",
            "lecun_uniform": "U(-b, b), b = sqrt(3 / fan_in); variance 1 / fan_in",
            "lecun_normal": "variance 1 / fan_in",
            "truncated_normal": "N(0, s^2) cut at +-2s; its standard deviation is `truncated_at_2` times s",
            "orthogonal": "W W^T = gain^2 I where rows <= columns, else W^T W = gain^2 I, as (shape[0], the rest)",
            "keras": "Keras draws its *_normal families from a normal cut at two deviations, of which it first divides "
            "the deviation by `truncated_at_2`, so that the variance is the one above; PyTorch does not cut",
        },
        "gains": gains,
        "shapes": shapes,
        "truncated_at_2": math.sqrt(1 - 4 * density / mass),
        "document_uniform": {"bound": math.sqrt(3), "mean": 0.0, "variance": 1.0},
    }
