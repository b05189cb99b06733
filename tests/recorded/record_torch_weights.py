"""Record a small PyTorch model's weights as PyTorch's users save them, with an input and the output in evaluation mode.

Run from the repository root:  python tests/recorded/record_torch_weights.py
Writes tests/recorded/torch_weights.safetensors; its metadata holds the versions, `x` and `out` as JSON.
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


def main() -> None:
    torch.set_num_threads(1)
    net = Net()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                low = 0.5 if name.endswith("running_var") else -1
                value.copy_(torch.from_numpy(grid(rng_for(f"weights {name}"), tuple(value.shape), low, 1.5)))
            else:
                value.fill_(7)
    x = torch.tensor([[0, 4], [1, 2], [3, 3]])
    out = net.eval()(x)
    about = {
        "made_by": "python tests/recorded/record_torch_weights.py",
        "versions": json.dumps({name: importlib.metadata.version(name) for name in ("torch", "safetensors")}),
        "x": json.dumps(x.tolist()),
        "out": json.dumps(out.tolist()),
    }
    path = pathlib.Path(__file__).parent / "torch_weights.safetensors"
    save_file(net.state_dict(), path, metadata=about)
    print(f"{path.name}: {len(net.state_dict())} arrays, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
