"""Linear algebra. Imports ``autograd.primitive`` and ``ops.shape``."""

from __future__ import annotations

from typing import Any

from autograd.ops.shape import reshape
from autograd.primitive import primitive


@primitive(multilinear="a b")
def matmul(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.matmul(a, b)


# A vector is a matrix of one row (a) or one column (b); batch axes that were broadcast are summed where they arrive.
def _matmul_a(g: Any, b: Any, a_spec: Any) -> Any:
    if len(b.shape) == 1:
        return reshape(g, shape=(*g.shape, 1)) * b if len(a_spec.shape) > 1 else g * b
    if len(a_spec.shape) == 1:
        g = reshape(g, shape=(*g.shape[:-1], 1, *g.shape[-1:]))
        out = matmul(g, b.mT)
        return reshape(out, shape=(*out.shape[:-2], out.shape[-1]))
    return matmul(g, b.mT)


def _matmul_b(g: Any, a: Any, b_spec: Any) -> Any:
    if len(a.shape) == 1:
        if len(b_spec.shape) == 1:
            return g * a
        return reshape(a, shape=(*a.shape, 1)) * reshape(g, shape=(*g.shape[:-1], 1, *g.shape[-1:]))
    if len(b_spec.shape) == 1:
        out = matmul(a.mT, reshape(g, shape=(*g.shape, 1)))
        return reshape(out, shape=(*out.shape[:-2], out.shape[-2]))
    return matmul(a.mT, g)


matmul.vjp(a=_matmul_a, b=_matmul_b)


@matmul.explains
def _matmul_hint(a: Any, b: Any) -> str | None:
    if not a.shape or not b.shape:
        return f"expected operands of one dimension or more; a is {a.shape}, b is {b.shape}. Use * for a product with a number"
    inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
    if a.shape[-1] != inner:
        place = "second-last" if len(b.shape) > 1 else "only"
        return f"a's last axis ({a.shape[-1]}) must equal b's {place} ({inner}); a is {a.shape}, b is {b.shape}"
    return f"the batch axes must broadcast; a is {a.shape}, b is {b.shape}"
