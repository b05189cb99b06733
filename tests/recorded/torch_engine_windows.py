"""Convolutions, pools and windows for record_torch_engine.py. Channels come second, windows (out, in / groups, ...)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch.nn.functional as F
from recording import Recording, grid, rng_for
from recording_torch import record_call

# Name: dimensions of x, of the weight, whether there is a bias, options.
Row = tuple[tuple[int, ...], tuple[int, ...], bool, dict[str, Any]]
CONVOLUTIONS: dict[str, Row] = {
    "conv1d/plain": ((2, 3, 7), (4, 3, 3), True, {}),
    "conv1d/stride": ((2, 3, 8), (4, 3, 3), True, {"stride": 2, "padding": 1}),
    "conv1d/dilation": ((2, 2, 9), (3, 2, 3), False, {"dilation": 3, "padding": 2}),
    "conv1d/groups": ((2, 4, 7), (6, 2, 3), True, {"groups": 2, "padding": 1}),
    "conv1d/same": ((2, 2, 6), (3, 2, 4), True, {"padding": "same"}),
    "conv1d/skips": ((1, 2, 9), (2, 2, 2), True, {"stride": 4}),
    "conv2d/plain": ((2, 2, 5, 4), (3, 2, 3, 2), True, {}),
    "conv2d/one": ((2, 3, 3, 3), (2, 3, 1, 1), True, {}),
    "conv2d/stride": ((1, 2, 6, 5), (3, 2, 3, 3), True, {"stride": [2, 1], "padding": [1, 2]}),
    "conv2d/dilation": ((1, 2, 7, 6), (2, 2, 3, 2), False, {"dilation": [2, 3], "padding": 1}),
    "conv2d/groups": ((2, 4, 4, 4), (6, 2, 3, 3), True, {"groups": 2, "padding": 1, "stride": 2}),
    "conv2d/depthwise": ((1, 3, 4, 5), (6, 1, 3, 3), True, {"groups": 3, "padding": 1}),
    "conv2d/same": ((1, 2, 4, 5), (2, 2, 2, 3), True, {"padding": "same", "dilation": 2}),
    "conv2d/left_over": ((1, 1, 6, 6), (2, 1, 3, 3), True, {"stride": 2}),
    "conv3d/plain": ((1, 2, 4, 3, 4), (3, 2, 2, 2, 3), True, {}),
    "conv3d/options": (
        (1, 2, 5, 4, 4),
        (2, 1, 2, 3, 2),
        True,
        {"stride": [2, 1, 2], "padding": [1, 1, 0], "dilation": [1, 1, 2], "groups": 2},
    ),
    "conv_transpose1d/plain": ((2, 3, 4), (3, 2, 3), True, {}),
    "conv_transpose1d/stride": ((2, 3, 4), (3, 2, 3), True, {"stride": 2, "padding": 1, "output_padding": 1}),
    "conv_transpose1d/groups": ((1, 4, 4), (4, 2, 3), False, {"stride": 3, "groups": 2, "dilation": 2}),
    "conv_transpose2d/plain": ((1, 2, 3, 4), (2, 3, 2, 3), True, {}),
    "conv_transpose2d/stride": (
        (1, 2, 3, 3),
        (2, 3, 3, 3),
        True,
        {"stride": 2, "padding": 1, "output_padding": [1, 0]},
    ),
    "conv_transpose2d/groups": (
        (1, 4, 3, 2),
        (4, 1, 2, 3),
        True,
        {"stride": [1, 3], "groups": 2, "dilation": [2, 1], "output_padding": [0, 2]},
    ),
    "conv_transpose3d/plain": ((1, 2, 2, 3, 2), (2, 2, 2, 2, 3), True, {}),
    "conv_transpose3d/stride": (
        (1, 2, 2, 2, 3),
        (2, 2, 3, 2, 2),
        True,
        {"stride": [2, 1, 2], "padding": [1, 0, 0], "output_padding": [1, 0, 1]},
    ),
}
POOLS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "1d/plain": ((2, 2, 6), {"kernel_size": 2}),
    "1d/stride": ((2, 2, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "1d/ceil": ((1, 2, 8), {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    "2d/plain": ((2, 2, 4, 6), {"kernel_size": [2, 3]}),
    "2d/overlap": ((1, 2, 5, 5), {"kernel_size": 3, "stride": 1}),
    "2d/padding": ((1, 2, 5, 6), {"kernel_size": 3, "stride": 2, "padding": 1}),
    "2d/ceil": ((1, 2, 6, 5), {"kernel_size": [3, 2], "stride": [2, 3], "padding": 1, "ceil_mode": True}),
    "3d/plain": ((1, 2, 4, 2, 4), {"kernel_size": 2}),
    "3d/ceil": ((1, 1, 4, 5, 4), {"kernel_size": [2, 3, 3], "stride": 2, "padding": 1, "ceil_mode": True}),
}


def convolutions(rec: Recording) -> None:
    warnings.filterwarnings("ignore", message="Using padding='same'")
    for name, (x, weight, bias, options) in CONVOLUTIONS.items():
        stream = rng_for(name)
        inputs = {"x": grid(stream, x), "weight": grid(stream, weight, -1, 1)}
        if bias:
            channels = weight[1] * options.get("groups", 1) if "transpose" in name else weight[0]
            inputs["bias"] = grid(stream, (channels,), -1, 1)
        fn = getattr(F, name.split("/")[0])
        record_call(
            rec,
            name,
            lambda x, weight, bias=None, fn=fn, options=options: fn(x, weight, bias, **options),
            inputs,
            second=True,
            **options,
        )


def distinct(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """No two elements alike, so that each maximum is one element."""
    size = int(np.prod(shape))
    return (rng_for(name).permutation(size).reshape(shape) - size // 2) / 16


def pools(rec: Recording) -> None:
    for name, (shape, options) in POOLS.items():
        dims = name.split("/")[0]
        x = {"x": distinct(name, shape)}
        most, mean = getattr(F, f"max_pool{dims}"), getattr(F, f"avg_pool{dims}")
        record_call(rec, f"max_pool{name}", lambda x, f=most, o=options: f(x, **o), x, second=True, **options)
        record_call(rec, f"avg_pool{name}", lambda x, f=mean, o=options: f(x, **o), x, second=True, **options)
        if options.get("padding"):
            inner = {**options, "count_include_pad": False}
            record_call(rec, f"avg_pool{name}/inner", lambda x, f=mean, o=inner: f(x, **o), x, second=True, **inner)
    x = {"x": distinct("dilated", (1, 2, 6, 7))}
    dilated = {"kernel_size": 2, "stride": 1, "dilation": [2, 3]}
    record_call(rec, "max_pool2d/dilation", lambda x: F.max_pool2d(x, **dilated), x, second=True, **dilated)
    for size in ([2, 3], [1, 1], [4, 5]):
        tag = "x".join(map(str, size))
        record_call(
            rec, f"adaptive_avg_pool2d/{tag}", lambda x, s=size: F.adaptive_avg_pool2d(x, s), x, output_size=size
        )
        record_call(
            rec, f"adaptive_max_pool2d/{tag}", lambda x, s=size: F.adaptive_max_pool2d(x, s), x, output_size=size
        )


def windows(rec: Recording) -> None:
    x = {"x": grid(rng_for("unfold"), (2, 2, 4, 5))}
    options: dict[str, Any] = {"kernel_size": [2, 3], "stride": [2, 1], "padding": 1, "dilation": [1, 2]}
    record_call(rec, "unfold", lambda x: F.unfold(x, **options), x, **options)
    columns = {"x": grid(rng_for("fold"), (1, 8, 9))}
    sums: dict[str, Any] = {"output_size": [4, 4], "kernel_size": 2, "stride": 1}
    record_call(rec, "fold", lambda x: F.fold(x, **sums), columns, **sums)
    small = {"x": grid(rng_for("pad"), (1, 2, 3, 4))}
    pad = [1, 2, 2, 1]
    for mode in ("constant", "reflect", "replicate", "circular"):
        extra = {"value": 0.5} if mode == "constant" else {}
        call = lambda x, mode=mode, extra=extra: F.pad(x, pad, mode, **extra)
        record_call(rec, f"pad/{mode}", call, small, pad=pad, mode=mode, **extra)
