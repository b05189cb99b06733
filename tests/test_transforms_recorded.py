"""Programs of nested transforms against JAX's recorded results: the same text, run by both."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.recorded.transform_programs import PROGRAMS

RECORDED = np.load(Path(__file__).parent / "recorded" / "jax_transforms.npz")
TRANSFORMS = SimpleNamespace(
    **{n: getattr(autograd, n) for n in ("grad", "jvp", "vjp", "jacobian", "hessian", "checkpoint", "custom_vjp")}
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program_agrees_with_jax(program: Any) -> None:
    results = program(anp, TRANSFORMS)
    wanted = {name.split("/")[1] for name in RECORDED.files if name.startswith(program.__name__ + "/")}
    assert set(results) == wanted
    for name, value in results.items():
        assert not isinstance(value, autograd.Tensor)
        np.testing.assert_allclose(value, RECORDED[f"{program.__name__}/{name}"], rtol=1e-10, atol=1e-12, err_msg=name)
