"""One row for each layer and loss: its spelling in `nn` and in PyTorch, and inputs. The recorder and the tests read it.

A new layer gets a row here, and `python tests/recorded/record_torch_steps.py` records its values; where PyTorch has
nothing of the kind, the row's `torch` names a module of the recorder's, from the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Row:
    """`ours` is an expression of `nn`'s names, `torch` one of `torch.nn`'s (the same where it is left out).

    `inputs`: name -> (kind, shape, bound) with a kind of the recorder's (`real`, `prob`, `ints`, …), or numbers as they
    are. The first is trained together with the parameters, and `more` with it. `renamed`: the start of PyTorch's
    parameter names -> ours.
    """

    ours: str
    inputs: dict[str, Any]
    torch: str = ""
    more: tuple[str, ...] = ()
    training: bool = True
    renamed: dict[str, str] = field(default_factory=dict)
    loss: bool = False
    # Whether the first input goes through a log-softmax on its way.
    scores: bool = False

    @property
    def cls(self) -> str:
        return self.ours.partition("(")[0]

    @property
    def theirs(self) -> str:
        return self.torch or self.ours


def _x(*shape: int) -> dict[str, Any]:
    return {"x": ("real", shape)}


def _same(inputs: dict[str, Any], *layers: str) -> list[Row]:
    return [Row(layer, inputs) for layer in layers]


_UNWRAP = {"0.": ""}

ACTIVATIONS = [
    *_same(_x(3, 4), "CELU(0.75)", "ELU(1.3)", "GELU()", "GELU(approximate='tanh')", "GLU()", "Hardshrink(0.7)"),
    *_same(_x(3, 4), "Hardsigmoid()", "Hardswish()", "Hardtanh(-0.8, 1.1)", "Identity()", "LeakyReLU(0.1)"),
    *_same(_x(3, 4), "LogSigmoid()", "LogSoftmax(dim=-1)", "Mish()", "PReLU()", "ReLU()", "ReLU6()", "SELU()"),
    *_same(_x(3, 4), "SiLU()", "Sigmoid()", "Softmax(dim=-1)", "Softmin(dim=-1)", "Softplus()", "Softshrink(0.4)"),
    *_same(_x(3, 4), "Softsign()", "Tanh()", "Tanhshrink()", "Threshold(0.3, -1.0)"),
    Row("Activation('tanh')", _x(3, 4), "Tanh()"),
    Row("RReLU(0.1, 0.3)", _x(3, 4), training=False),
    Row("Softmax2d()", _x(2, 3, 2, 2)),
]

SHAPING = [
    *_same(_x(2, 3, 4), "Flatten()", "Unflatten(1, (3, 1))"),
    Row("Reshape((4, 3))", _x(2, 12), "Unflatten(1, (4, 3))"),
    Row("Dropout(0.5)", _x(3, 4), training=False),
    Row("AlphaDropout(0.5)", _x(3, 4), training=False),
    Row("Dropout1d(0.5)", _x(2, 3, 4), training=False),
    Row("Dropout2d(0.5)", _x(2, 3, 2, 2), training=False),
    Row("Dropout3d(0.5)", _x(2, 2, 2, 2, 2), training=False),
    # Keras's have channels last; in evaluation all are alike.
    Row("SpatialDropout1D(0.5)", _x(2, 3, 4), "Dropout1d(0.5)", training=False),
    Row("SpatialDropout2D(0.5)", _x(2, 2, 2, 3), "Dropout2d(0.5)", training=False),
    Row("SpatialDropout3D(0.5)", _x(2, 2, 2, 2, 2), "Dropout3d(0.5)", training=False),
    Row("PixelShuffle(2)", _x(1, 8, 2, 3)),
    Row("Upsample(scale_factor=2)", _x(1, 2, 2, 3)),
    Row("Upsample(size=(3, 7), mode='bilinear')", _x(1, 2, 4, 3)),
    Row("Upsample(size=7, mode='linear', align_corners=True)", _x(1, 2, 4)),
    Row("Upsample(scale_factor=2, mode='trilinear')", _x(1, 1, 2, 3, 2)),
]

DENSE = [
    Row("Linear(4, 3)", _x(5, 4)),
    Row(
        "Dense(3, activation='sigmoid', input_shape=(4,))",
        _x(5, 4),
        "Sequential(Linear(4, 3), Sigmoid())",
        renamed=_UNWRAP,
    ),
    Row("Bilinear(3, 2, 4)", {"x": ("real", (5, 3)), "x2": ("real", (5, 2))}, more=("x2",)),
    Row("Embedding(6, 3)", {"index": ("ints", (2, 4), 6)}),
    Row("Sequential(Linear(4, 6), ReLU(), Linear(6, 2))", _x(5, 4)),
    Row("Residual(Linear(4, 4), Tanh(), Linear(4, 4))", _x(5, 4)),
]

NORMS = [
    *_same(_x(5, 3), "BatchNorm1d(3)", "LayerNorm(3)"),
    *_same(_x(2, 4, 2, 3), "BatchNorm2d(4)", "GroupNorm(2, 4)"),
    Row("BatchNorm3d(2)", _x(2, 2, 2, 2, 2)),
    # The lazy one, and Keras's under its constants; channels last.
    Row("BatchNorm()", _x(5, 3), "BatchNorm1d(3)"),
    Row("BatchNormalization()", _x(5, 3), "BatchNorm1d(3, eps=1e-3)"),
    Row("LayerNormalization()", _x(5, 3), "LayerNorm(3, eps=1e-3)"),
    Row("RMSNorm(3, eps=1e-5)", _x(5, 3)),
    Row("InstanceNorm(3)", _x(2, 3, 4), "InstanceNorm1d(3)"),
    Row("InstanceNorm1d(3, affine=True)", _x(2, 3, 4)),
    Row("InstanceNorm2d(3, affine=True, track_running_stats=True)", _x(2, 3, 2, 3)),
    Row("InstanceNorm3d(2, eps=1e-3)", _x(2, 2, 2, 2, 2)),
]

CONVOLUTIONS = [
    *_same(_x(2, 3, 7), "Conv1d(3, 2, 3, stride=2, padding=1)", "ConvTranspose1d(3, 2, 3, stride=2, output_padding=1)"),
    *_same(_x(1, 2, 4, 5), "Conv2d(2, 2, (3, 2), padding=1)", "ConvTranspose2d(2, 2, 2, stride=2)"),
    *_same(_x(1, 2, 3, 3, 3), "Conv3d(2, 2, 2)", "ConvTranspose3d(2, 1, 2)"),
]

POOLS = [
    *_same(_x(2, 3, 8), "AvgPool1d(3, 2)", "MaxPool1d(3, 2, 1)", "AdaptiveAvgPool1d(3)", "AdaptiveMaxPool1d(3)"),
    *_same(_x(1, 2, 6, 5), "AvgPool2d(2)", "MaxPool2d(3, 2)", "AdaptiveAvgPool2d((2, 3))", "AdaptiveMaxPool2d((2, 3))"),
    *_same(_x(1, 1, 4, 4, 4), "AvgPool3d(2)", "MaxPool3d(2)", "AdaptiveAvgPool3d(2)", "AdaptiveMaxPool3d(2)"),
    Row("GlobalAveragePool1d()", _x(2, 3, 5), "Sequential(AdaptiveAvgPool1d(1), Flatten())"),
    Row("GlobalAveragePool2d()", _x(2, 3, 2, 3), "Sequential(AdaptiveAvgPool2d(1), Flatten())"),
    Row("GlobalAveragePool3d()", _x(1, 2, 2, 2, 3), "Sequential(AdaptiveAvgPool3d(1), Flatten())"),
    Row("GlobalMaxPool1d()", _x(2, 3, 5), "Sequential(AdaptiveMaxPool1d(1), Flatten())"),
    Row("GlobalMaxPool2d()", _x(2, 3, 2, 3), "Sequential(AdaptiveMaxPool2d(1), Flatten())"),
    Row("GlobalMaxPool3d()", _x(1, 2, 2, 2, 3), "Sequential(AdaptiveMaxPool3d(1), Flatten())"),
]

_STATES = _x(2, 4, 3)
_MEMORY = {"x": ("real", (2, 3, 4)), "memory": ("real", (2, 2, 4))}

SEQUENCES = [
    Row("SimpleRNN(3, 2)", _STATES, "RNN(3, 2, batch_first=True)"),
    Row("GRU(3, 2)", _STATES, "GRU(3, 2, batch_first=True)"),
    Row("LSTM(3, 2, num_layers=2)", _STATES, "LSTM(3, 2, num_layers=2, batch_first=True)"),
    *_same({"x": ("real", (4, 3)), "h": ("real", (4, 2))}, "RNNCell(3, 2, nonlinearity='relu')", "GRUCell(3, 2)"),
    Row("LSTMCell(3, 2)", _x(4, 3)),
    Row(
        "MultiHeadAttention(4, 2)",
        {"x": ("real", (2, 3, 4)), "key": ("real", (2, 2, 4)), "value": ("real", (2, 2, 4))},
        "MultiheadAttention(4, 2, batch_first=True)",
        more=("key", "value"),
    ),
    Row(
        "TransformerEncoderLayer(4, 2, 6, dropout=0.0, activation='gelu')",
        _x(2, 3, 4),
        "TransformerEncoderLayer(4, 2, 6, dropout=0.0, activation='gelu', batch_first=True)",
    ),
    Row(
        "TransformerDecoderLayer(4, 2, 6, dropout=0.0)",
        _MEMORY,
        "TransformerDecoderLayer(4, 2, 6, dropout=0.0, batch_first=True)",
        more=("memory",),
    ),
    Row(
        "TransformerEncoder(TransformerEncoderLayer(4, 2, 6, dropout=0.0), 2)",
        _x(2, 3, 4),
        "TransformerEncoder(TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True), 2)",
    ),
    Row(
        "TransformerDecoder(TransformerDecoderLayer(4, 2, 6, dropout=0.0), 2)",
        _MEMORY,
        "TransformerDecoder(TransformerDecoderLayer(4, 2, 6, dropout=0.0, batch_first=True), 2)",
        more=("memory",),
    ),
    Row("SinusoidalEncoding()", _x(2, 3, 4), "Sinusoidal()"),
    Row("LearnedEncoding(5, 4)", _x(2, 3, 4), "Learned(5, 4)"),
    Row("RotaryEmbedding()", _x(2, 3, 4), "Rotary()"),
]

LAYERS = [*ACTIVATIONS, *SHAPING, *DENSE, *NORMS, *CONVOLUTIONS, *POOLS, *SEQUENCES]


def _loss(ours: str, inputs: dict[str, Any], torch: str = "", more: tuple[str, ...] = ()) -> Row:
    return Row(ours, inputs, torch, more, loss=True)


_PAIR = {"input": ("real", (4, 3)), "target": ("real", (4, 3))}
_PROBABLE = {"input": ("prob", (4, 3)), "target": ("prob", (4, 3))}
_LABELS = {"input": ("real", (5, 4)), "target": [0, 3, 1, 1, 2]}
_SIGNS = {"input": ("real", (5, 4)), "target": ("sign", (5, 4))}
_BITS = {"input": ("real", (5, 4)), "target": ("bits", (5, 4))}
_TWO = {"input1": ("real", (4, 3)), "input2": ("real", (4, 3)), "target": [1.0, -1.0, -1.0, 1.0]}

LOSSES = [
    _loss("MSELoss()", _PAIR),
    _loss("L1Loss()", _PAIR),
    _loss("SmoothL1Loss(beta=0.5)", _PAIR),
    _loss("HuberLoss(delta=1.5)", _PAIR),
    _loss("LogCoshLoss()", _PAIR, "LogCosh()"),
    _loss("BCELoss()", _PROBABLE),
    _loss("BCEWithLogitsLoss()", _BITS),
    _loss("FocalLoss(alpha=0.3, gamma=1.5)", _BITS, "Focal(0.3, 1.5)"),
    _loss("CrossEntropyLoss(label_smoothing=0.1)", _LABELS),
    _loss("CrossEntropyLoss()", {"input": ("real", (5, 4)), "target": ("prob", (5, 4))}),
    _loss("NLLLoss()", {"input": ("logs", (5, 4)), "target": [0, 3, 1, 1, 2]}),
    _loss("KLDivLoss()", {"input": ("logs", (4, 3)), "target": ("prob", (4, 3))}),
    _loss("PoissonNLLLoss()", _PAIR),
    _loss("GaussianNLLLoss()", {**_PAIR, "var": ("positive", (4, 3))}, more=("var",)),
    _loss("SoftMarginLoss()", _SIGNS),
    _loss("HingeEmbeddingLoss(margin=2.5)", _SIGNS),
    _loss("MultiLabelSoftMarginLoss()", _BITS),
    _loss("MultiMarginLoss(margin=0.7)", _LABELS),
    _loss(
        "MultiLabelMarginLoss()", {"input": ("real", (3, 4)), "target": [[3, 0, -1, 1], [1, -1, 0, 2], [0, 1, 2, 3]]}
    ),
    _loss("CosineEmbeddingLoss(margin=0.3)", _TWO, more=("input2",)),
    _loss(
        "MarginRankingLoss(margin=0.4)",
        {"input1": ("real", (4,)), "input2": ("real", (4,)), "target": [1.0, -1.0, -1.0, 1.0]},
        more=("input2",),
    ),
    _loss(
        "TripletMarginLoss(margin=2.0)",
        {"anchor": ("real", (4, 3)), "positive": ("real", (4, 3)), "negative": ("real", (4, 3))},
        more=("positive", "negative"),
    ),
    # PyTorch's gradient of CTC is the one of the scores behind the log-softmax.
    Row(
        "CTCLoss()",
        {
            "scores": ("real", (6, 2, 4)),
            "targets": [[1, 2, 2], [3, 1, 0]],
            "input_lengths": [6, 5],
            "target_lengths": [3, 2],
        },
        loss=True,
        scores=True,
    ),
]

ROWS: dict[str, Row] = {f"{'loss' if row.loss else 'layer'}/{row.ours}": row for row in [*LAYERS, *LOSSES]}
