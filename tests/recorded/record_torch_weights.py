"""Record PyTorch models' weights as PyTorch's users save them, with an input and the output in evaluation mode.

Run from the repository root:  python tests/recorded/record_torch_weights.py
Writes tests/recorded/torch_weights.safetensors, a small model, and torch_architecture.safetensors, one with most kinds
of layers; their metadata holds the versions, `x` and `out` as JSON.
"""

from __future__ import annotations

import importlib.metadata
import json
import pathlib

import torch
from recording import grid, rng_for
from safetensors.torch import save_file


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(5, 3)
        self.body = torch.nn.Sequential(
            torch.nn.Linear(6, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2, bias=False)
        )
        self.norm = torch.nn.LayerNorm(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.body(self.table(x).flatten(1)))


class Many(torch.nn.Module):
    """Images to logits by way of most kinds of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.PReLU(4), torch.nn.GroupNorm(2, 4)
        )
        self.up = torch.nn.ConvTranspose2d(4, 2, 2, stride=2, bias=False)
        self.blocks = torch.nn.ModuleList(
            [torch.nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1, batch_first=True) for _ in range(2)]
        )
        self.attention = torch.nn.MultiheadAttention(8, 2, kdim=6, vdim=5, batch_first=True)
        self.readers = torch.nn.ModuleDict(
            {
                "lstm": torch.nn.LSTM(8, 3, num_layers=2, bidirectional=True, batch_first=True),
                "gru": torch.nn.GRU(6, 4, batch_first=True),
                "rnn": torch.nn.RNN(4, 4, batch_first=True),
            }
        )
        self.mix = torch.nn.Bilinear(4, 4, 3)
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.register_buffer("shift", torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.up(self.stem(x)).flatten(1, 2)
        for block in self.blocks:
            h = block(h)
        h = h + self.attention(h, h[..., :6], h[..., 3:], need_weights=False)[0]
        h = self.readers["lstm"](h)[0]
        h = self.readers["rnn"](self.readers["gru"](h)[0])[0]
        return self.mix(h[:, -1], h[:, 0]) * self.scale + self.shift


def main() -> None:
    torch.set_num_threads(1)
    record("torch_weights.safetensors", Net(), torch.tensor([[0, 4], [1, 2], [3, 3]]))
    images = torch.from_numpy(grid(rng_for("images"), (2, 1, 4, 4))).float()
    record("torch_architecture.safetensors", Many(), images)


def record(name: str, net: torch.nn.Module, x: torch.Tensor) -> None:
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                low = 0.5 if key.endswith("running_var") else -1
                value.copy_(torch.from_numpy(grid(rng_for(f"weights {key}"), tuple(value.shape), low, 1.5)))
            else:
                value.fill_(7)
    with torch.no_grad():
        out = net.eval()(x)
    about = {
        "made_by": "python tests/recorded/record_torch_weights.py",
        "versions": json.dumps({library: importlib.metadata.version(library) for library in ("torch", "safetensors")}),
        "x": json.dumps(x.tolist()),
        "out": json.dumps(out.tolist()),
    }
    path = pathlib.Path(__file__).parent / name
    save_file(net.state_dict(), path, metadata=about)
    print(f"{path.name}: {len(net.state_dict())} arrays, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
