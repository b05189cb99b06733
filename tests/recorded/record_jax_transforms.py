"""Record JAX's results of the programs in ``transform_programs``: transforms inside transforms.

Run from the repository root:  python tests/recorded/record_jax_transforms.py
Writes tests/recorded/jax_transforms.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
from recording import Recording
from transform_programs import PROGRAMS

TRANSFORMS = SimpleNamespace(
    grad=jax.grad,
    jvp=jax.jvp,
    vjp=jax.vjp,
    jacobian=jax.jacrev,
    hessian=jax.hessian,
    checkpoint=jax.checkpoint,
    custom_vjp=jax.custom_vjp,
)


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    rec = Recording("record_jax_transforms.py", ["jax"])
    for program in PROGRAMS:
        rec.case(program.__name__)
        for name, value in program(jnp, TRANSFORMS).items():
            rec.put(f"{program.__name__}/{name}", np.asarray(value))
    rec.save("jax_transforms.npz")


if __name__ == "__main__":
    main()
