"""Record PyTorch's layers, activations, losses, optimisers and learning-rate schedules.

Run from the repository root:  python tests/recorded/record_torch_nn.py
Writes tests/recorded/torch_nn.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

import torch
from recording import Recording
from torch_nn_layers import activations, initialisers, layers
from torch_nn_losses import losses
from torch_nn_optimisers import optimisers, papers, quasi_newton
from torch_nn_schedules import schedules


def main() -> None:
    torch.set_num_threads(1)
    rec = Recording("record_torch_nn.py", ["torch"])
    activations(rec)
    layers(rec)
    losses(rec)
    optimisers(rec)
    quasi_newton(rec)
    papers(rec)
    schedules(rec)
    initialisers(rec)
    rec.save("torch_nn.npz")


if __name__ == "__main__":
    main()
