"""A two-layer GPT and short trainings, for record_torch_sequence.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from recording import Recording, grid, rng_for
from recording_torch import as_torch, record_module
from torch import nn


class GPT(nn.Module):
    """Token and position embeddings, pre-norm causal blocks, a last norm, and an output layer without bias."""

    def __init__(
        self, vocabulary: int = 11, context: int = 8, width: int = 16, heads: int = 2, layers: int = 2
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        block = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, index: torch.Tensor) -> torch.Tensor:
        length = index.shape[1]
        x = self.tokens(index) + self.positions(torch.arange(length))
        mask = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
        return self.head(self.blocks(x, mask=mask))


def gpt(rec: Recording) -> None:
    stream = rng_for("gpt")
    index = stream.integers(0, 11, (2, 8))
    record_module(rec, "gpt", GPT(), {"index": index}, scale=0.5)
    target = stream.integers(0, 11, (2, 8))
    options = {"lr": 0.01, "weight_decay": 0.1}
    train(
        rec,
        "train/gpt",
        GPT(),
        {"index": index, "target": target},
        lambda net, index, target: F.cross_entropy(net(index).flatten(0, 1), target.flatten()),
        lambda params: torch.optim.AdamW(params, **options),
        scale=0.5,
        optimizer="AdamW",
        **options,
    )


def train(
    rec: Recording,
    name: str,
    net: nn.Module,
    data: dict[str, Any],
    loss: Any,
    make: Any,
    scale: float = 1.0,
    **options: Any,
) -> None:
    """Five steps on one batch in float64: the loss before each, and the parameters after the last."""
    rec.case(name, module=repr(net), steps=5, **options)
    stream = rng_for(name)
    net = net.double().train()
    with torch.no_grad():
        for k, p in net.named_parameters():
            p.copy_(torch.from_numpy(grid(stream, tuple(p.shape), -1, 1) * scale))
            rec.put(f"{name}/start/{k}", p.numpy().copy())
    for k, v in data.items():
        rec.put(f"{name}/in/{k}", v)
    tensors = [as_torch(np.asarray(v), torch.float64) for v in data.values()]
    optimiser, losses = make(net.parameters()), []
    for _ in range(5):
        optimiser.zero_grad()
        value = loss(net, *tensors)
        value.backward()
        losses.append(value.item())
        optimiser.step()
    rec.put(f"{name}/losses", losses)
    for k, p in net.named_parameters():
        rec.put(f"{name}/end/{k}", p.detach().numpy())
    for k, b in net.named_buffers():
        if b.is_floating_point():
            rec.put(f"{name}/end/{k}", b.numpy())


def trainings(rec: Recording) -> None:
    stream = rng_for("trainings")
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4)
    )
    data = {"x": grid(stream, (5, 1, 6, 6)), "target": np.array([0, 3, 1, 2, 1])}
    fit = lambda net, x, target: F.cross_entropy(net(x), target)
    momentum = {"lr": 0.05, "momentum": 0.9}
    train(rec, "train/conv", net, data, fit, lambda p: torch.optim.SGD(p, **momentum), 0.5, optimizer="SGD", **momentum)

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(2, 4, batch_first=True)
            self.head = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.lstm(x)[0][:, -1])

    rate = {"lr": 0.02}
    steps = {"x": grid(stream, (5, 6, 2)), "target": np.array([0, 2, 1, 2, 1])}
    train(
        rec, "train/lstm", Reader(), steps, fit, lambda p: torch.optim.Adam(p, lr=0.02), 0.5, optimizer="Adam", lr=0.02
    )
    dense = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 1))
    line = {"x": grid(stream, (7, 4)), "target": grid(stream, (7, 1))}
    huber = lambda net, x, target: F.huber_loss(net(x), target)
    train(rec, "train/dense", dense, line, huber, lambda p: torch.optim.NAdam(p, **rate), optimizer="NAdam", **rate)
