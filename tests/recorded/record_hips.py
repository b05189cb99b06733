"""Record HIPS autograd's results of the programs in ``hips_programs``.

Run from the repository root, in an environment with HIPS autograd and SciPy, which shares our import name and so must
not see this repository:  python tests/recorded/record_hips.py
Writes tests/recorded/hips.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

import numpy as np
from hips_programs import PROGRAMS
from recording import Recording


def main() -> None:
    rec = Recording("record_hips.py", ["autograd", "scipy"])
    for program in PROGRAMS:
        rec.case(program.__name__)
        for name, value in program().items():
            rec.put(f"{program.__name__}/{name}", np.asarray(value))
    rec.save("hips.npz")


if __name__ == "__main__":
    main()
