"""Record PyTorch's values and gradients, first and second, for the engine's larger primitives.

Run from the repository root:  python tests/recorded/record_torch_engine.py
Writes tests/recorded/torch_engine.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

import torch
import torch.nn.attention
from recording import Recording
from torch_engine_math import elementwise, linalg, norms, reductions, selection
from torch_engine_windows import convolutions, pools, windows


def main() -> None:
    torch.set_num_threads(1)
    rec = Recording("record_torch_engine.py", ["torch"])
    convolutions(rec)
    pools(rec)
    windows(rec)
    # The fused kernels of attention have no second derivative.
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        norms(rec)
    reductions(rec)
    selection(rec)
    elementwise(rec)
    linalg(rec)
    rec.save("torch_engine.npz")


if __name__ == "__main__":
    main()
