"""Record PyTorch's recurrent, attention, transformer and convolution modules, a two-layer GPT, and short trainings.

Run from the repository root:  python tests/recorded/record_torch_sequence.py
Writes tests/recorded/torch_sequence.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from recording import Recording, grid, rng_for
from recording_torch import record_module
from sequence_papers import papers
from sequence_training import gpt, trainings
from torch import nn

# The cases recorded in float32 too: one of each kind.
IN_SINGLE = set(
    [
        "rnn/one",
        "gru/one",
        "lstm/two_bidirectional",
        "attention/causal",
        "encoder_layer/pre_norm/gelu",
        "decoder_layer/pre_norm",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "group_norm",
        "rms_norm",
    ]
)


def module(rec: Recording, name: str, made: nn.Module, inputs: dict[str, Any], fn: Any = None, **options: Any) -> None:
    record_module(rec, name, made, inputs, single=name in IN_SINGLE, **({"via": fn} if fn else {}), **options)


def recurrent(rec: Recording) -> None:
    stream = rng_for("recurrent")
    x = grid(stream, (3, 4, 2))
    kinds: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
    shapes: dict[str, dict[str, Any]] = {
        "one": {},
        "two": {"num_layers": 2},
        "bidirectional": {"bidirectional": True},
        "two_bidirectional": {"num_layers": 2, "bidirectional": True},
        "no_bias": {"bias": False},
    }
    for kind, cls in kinds.items():
        flat = (lambda inner, *at: flatten(inner(*at))) if kind == "lstm" else (lambda inner, *at: inner(*at))
        for shape, options in shapes.items():
            made = cls(2, 3, batch_first=True, **options)
            module(rec, f"{kind}/{shape}", made, {"x": x}, flat, batch_first=True, **options)
        state = {"h0": grid(stream, (1, 3, 3), -1, 1)}
        if kind == "lstm":
            state["c0"] = grid(stream, (1, 3, 3), -1, 1)
            flat = lambda inner, x, h, c: flatten(inner(x, (h, c)))
        module(rec, f"{kind}/state", cls(2, 3, batch_first=True), {"x": x, **state}, flat, batch_first=True)

        def packed(inner: Any, x: torch.Tensor, lengths: torch.Tensor) -> Any:
            rows = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            out, last = inner(rows)
            return nn.utils.rnn.pad_packed_sequence(out, batch_first=True)[0], *(
                last if isinstance(last, tuple) else (last,)
            )

        made = cls(2, 3, batch_first=True, bidirectional=True)
        lengths = {"x": x, "lengths": np.array([2, 4, 1])}
        module(rec, f"{kind}/lengths", made, lengths, packed, batch_first=True, bidirectional=True)
    relu = nn.RNN(2, 3, nonlinearity="relu", batch_first=True)
    module(rec, "rnn/relu", relu, {"x": x}, batch_first=True, nonlinearity="relu")
    rows, state = grid(stream, (3, 2)), grid(stream, (3, 3), -1, 1)
    module(rec, "rnn_cell", nn.RNNCell(2, 3), {"x": rows, "h": state})
    module(rec, "gru_cell", nn.GRUCell(2, 3), {"x": rows, "h": state})
    cell = {"x": rows, "h": state, "c": grid(stream, (3, 3), -1, 1)}
    module(rec, "lstm_cell", nn.LSTMCell(2, 3), cell, lambda inner, x, h, c: inner(x, (h, c)))


def flatten(found: Any) -> tuple[torch.Tensor, ...]:
    out, (h, c) = found
    return out, h, c


def attention(rec: Recording) -> None:
    stream = rng_for("attention")
    x, memory = grid(stream, (2, 4, 6)), grid(stream, (2, 5, 6))
    causal = np.triu(np.ones((4, 4), bool), 1)
    padding = np.array([[False] * 4, [False, False, True, True]])
    weighty = np.where(causal, -1e4, grid(stream, (4, 4), -1, 1))

    def with_weights(average: bool) -> Any:
        return lambda inner, x: inner(x, x, x, need_weights=True, average_attn_weights=average)

    def attend(inner: Any, q: Any, k: Any, v: Any, **options: Any) -> torch.Tensor:
        return inner(q, k, v, need_weights=False, **options)[0]

    def build(**options: Any) -> nn.Module:
        return nn.MultiheadAttention(6, 2, batch_first=True, **options)

    module(rec, "attention/self", build(), {"x": x}, lambda inner, x: attend(inner, x, x, x), heads=2)
    module(rec, "attention/no_bias", build(bias=False), {"x": x}, lambda inner, x: attend(inner, x, x, x), heads=2)
    module(rec, "attention/weights", build(), {"x": x}, with_weights(False), heads=2)
    module(rec, "attention/mean_weights", build(), {"x": x}, with_weights(True), heads=2)
    module(
        rec,
        "attention/causal",
        build(),
        {"x": x, "mask": causal},
        lambda inner, x, mask: attend(inner, x, x, x, attn_mask=mask),
        heads=2,
    )
    module(
        rec,
        "attention/padding",
        build(),
        {"x": x, "padding": padding},
        lambda inner, x, padding: attend(inner, x, x, x, key_padding_mask=padding),
        heads=2,
    )
    module(
        rec,
        "attention/both_masks",
        build(),
        {"x": x, "mask": causal, "padding": padding},
        lambda inner, x, mask, padding: attend(inner, x, x, x, attn_mask=mask, key_padding_mask=padding),
        heads=2,
    )
    module(
        rec,
        "attention/added_mask",
        build(),
        {"x": x, "mask": weighty},
        lambda inner, x, mask: attend(inner, x, x, x, attn_mask=mask),
        heads=2,
        constant=("mask",),
    )
    module(
        rec,
        "attention/cross",
        build(),
        {"x": x, "memory": memory},
        lambda inner, x, memory: attend(inner, x, memory, memory),
        heads=2,
    )
    module(
        rec,
        "attention/widths",
        build(kdim=3, vdim=4),
        {"q": x, "k": grid(stream, (2, 5, 3)), "v": grid(stream, (2, 5, 4))},
        attend,
        heads=2,
        kdim=3,
        vdim=4,
    )


def transformers(rec: Recording) -> None:
    stream = rng_for("transformers")
    x, memory = grid(stream, (2, 4, 6)), grid(stream, (2, 5, 6))
    causal = np.triu(np.ones((4, 4), bool), 1)
    padding = np.array([[False] * 4, [False, True, False, True]])
    for norm_first in (False, True):
        tag = "pre_norm" if norm_first else "post_norm"
        for activation in ("relu", "gelu"):
            options: dict[str, Any] = {"dropout": 0.0, "activation": activation, "norm_first": norm_first}
            encoder = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, **options)
            module(rec, f"encoder_layer/{tag}/{activation}", encoder, {"x": x}, heads=2, **options)
        options = {"dropout": 0.0, "norm_first": norm_first}
        masked = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, **options)
        module(
            rec,
            f"encoder_layer/{tag}/masked",
            masked,
            {"x": x, "mask": causal, "padding": padding},
            lambda inner, x, mask, padding: inner(x, src_mask=mask, src_key_padding_mask=padding),
            heads=2,
            **options,
        )
        decoder = nn.TransformerDecoderLayer(6, 2, 8, batch_first=True, **options)
        module(
            rec,
            f"decoder_layer/{tag}",
            decoder,
            {"x": x, "memory": memory, "mask": causal},
            lambda inner, x, memory, mask: inner(x, memory, tgt_mask=mask),
            heads=2,
            **options,
        )


def images(rec: Recording) -> None:
    stream = rng_for("images")
    x1, x2, x3 = grid(stream, (2, 4, 7)), grid(stream, (2, 4, 5, 6)), grid(stream, (1, 2, 3, 4, 3))
    module(rec, "conv1d", nn.Conv1d(4, 3, 3, stride=2, padding=1), {"x": x1})
    module(rec, "conv2d", nn.Conv2d(4, 3, 3, padding=1), {"x": x2})
    module(rec, "conv2d/groups", nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2), bias=False), {"x": x2})
    module(rec, "conv2d/reflect", nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), {"x": x2})
    module(rec, "conv3d", nn.Conv3d(2, 3, 2, padding=(1, 0, 1)), {"x": x3})
    module(rec, "conv_transpose1d", nn.ConvTranspose1d(4, 3, 3, stride=2, output_padding=1), {"x": x1})
    module(rec, "conv_transpose2d", nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1), {"x": x2})
    module(rec, "conv_transpose3d", nn.ConvTranspose3d(2, 2, 2, stride=2), {"x": x3})
    module(rec, "group_norm", nn.GroupNorm(2, 4), {"x": x2})
    module(rec, "instance_norm2d", nn.InstanceNorm2d(4, affine=True), {"x": x2})
    module(rec, "rms_norm", nn.RMSNorm(6, eps=1e-6), {"x": x2})
    module(rec, "rms_norm/default_eps", nn.RMSNorm(6), {"x": x2})
    module(rec, "pixel_shuffle", nn.PixelShuffle(2), {"x": x2})
    for name in ("nearest", "bilinear"):
        options = {} if name == "nearest" else {"align_corners": False}
        module(rec, f"upsample/{name}", nn.Upsample(scale_factor=2, mode=name, **options), {"x": x2})


def main() -> None:
    torch.set_num_threads(1)
    rec = Recording("record_torch_sequence.py", ["torch"])
    recurrent(rec)
    attention(rec)
    transformers(rec)
    images(rec)
    gpt(rec)
    trainings(rec)
    papers(rec)
    rec.save("torch_sequence.npz")


if __name__ == "__main__":
    main()
