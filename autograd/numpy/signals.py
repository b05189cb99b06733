"""Sampled functions and counts: interp, convolve, bincount, histogram. Imports ``ops``, ``common``, ``indexing``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import COERCED, arraylike, has_tensor, is_tensor, namespace_of, raw
from autograd.numpy.indexing import integers, untracked
from autograd.ops import arithmetic, signals
from autograd.ops import index as _index
from autograd.ops import sorting as _sorting
from autograd.ops.join import concatenate as _concatenate

__all__ = ["bincount", "convolve", "correlate", "digitize", "histogram", "histogram_bin_edges", "interp"]


def _vectors(name: str, a: Any, v: Any) -> tuple[Any, Any]:
    a = arraylike(a, like=v if v.__class__ not in COERCED else None)
    v = arraylike(v, like=a)
    a, v = [x[None] if not x.shape else x for x in (a, v)]
    return a, v


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution of two vectors, ``out[k] = Σ_i a[i]·v[k - i]``.

    Args:
        mode: ``"full"`` (every overlap, ``n + m - 1`` elements), ``"same"`` (the middle ``max(n, m)``) or ``"valid"``
            (full overlaps only, ``max - min + 1``).

    Raises:
        ValueError: not two vectors of one element at least, or another mode.

    >>> convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    a, v = _vectors("convolve", a, v)
    return signals.convolve(a, v, mode=mode)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The cross-correlation of two vectors, ``out[k] = Σ_n a[n + k]·conj(v[n])``; ``mode`` as for ``convolve``.

    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5], "same")
    array([2. , 3.5, 3. ])
    """
    a, v = _vectors("correlate", a, v)
    if len(a.shape) == len(v.shape) == 1 and a.shape[0] < v.shape[0]:
        # The lags come out the other way round, so that the middle of "same" is NumPy's.
        out = signals.convolve(v, _index.getitem(_conj(a), index=signals.REVERSED), mode=mode)
        return _conj(_index.getitem(out, index=signals.REVERSED))
    v = _index.getitem(_conj(v), index=signals.REVERSED) if len(v.shape) == 1 else v
    return signals.convolve(a, v, mode=mode)


def _conj(x: Any) -> Any:
    return arithmetic.conj(x) if x.dtype.kind == "c" else x


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None) -> Any:
    """The piecewise linear function through the points ``(xp, fp)``, at ``x``; differentiable in all three.

    ``f(x) = fp[j] + (fp[j+1] - fp[j]) / (xp[j+1] - xp[j]) · (x - xp[j])`` for ``xp[j] <= x < xp[j+1]``. At a point of
    ``xp`` the slope is that of the piece to its right.

    Args:
        xp: the points, rising; of any order with ``period``.
        left, right: values below ``xp[0]`` and above ``xp[-1]``, by default ``fp[0]`` and ``fp[-1]``.
        period: makes the function periodic; ``left`` and ``right`` are then not used.

    >>> interp([1.5, 9.0], [1.0, 2.0], [10.0, 20.0])
    array([15., 20.])
    """
    if not has_tensor(x, xp, fp, left, right):
        like = next((a for a in (x, xp, fp) if a.__class__ not in COERCED), None)
        x, xp, fp = [arraylike(a, like=like) for a in (x, xp, fp)]
        return namespace_of(x).interp(x, xp, fp, left, right, period)
    like = next((a for a in (xp, fp, x) if a.__class__ not in COERCED), None)
    x, xp, fp = [arraylike(a, like=like) for a in (x, xp, fp)]
    if len(xp.shape) != 1 or tuple(xp.shape) != tuple(fp.shape) or not xp.shape[0]:
        raise ValueError(
            f"interp: expected xp and fp to be vectors of one length, at least 1; got shapes {tuple(xp.shape)} and "
            f"{tuple(fp.shape)}. "
            "Give a value for each point."
        )
    if xp.dtype.kind == "c" or x.dtype.kind == "c":
        raise TypeError("interp: expected real x and xp; got complex ones. Interpolate .real and .imag.")
    if period is not None:
        if not period:
            raise ValueError(
                "interp: expected a period other than 0; got 0. Leave it out for a function without period."
            )
        period = abs(period)
        x, xp = x % period, xp % period
        order = raw(_sorting.argsort(xp, axis=0, descending=False))
        xp, fp = _index.getitem(xp, index=(order,)), _index.getitem(fp, index=(order,))
        xp = _concatenate(xp[-1:] - period, xp, xp[:1] + period, axis=0)
        fp = _concatenate(fp[-1:], fp, fp[:1], axis=0)
        left = right = None
    n = xp.shape[0]
    first, last = fp[0], fp[n - 1]
    below, above = arithmetic.less(x, xp[0]), arithmetic.greater(x, xp[n - 1])
    if n > 1:
        j = namespace_of(x).clip(_sorting.searchsorted(raw(xp), raw(x), side="right") - 1, 0, n - 2)
        x0, x1 = _index.getitem(xp, index=(j,)), _index.getitem(xp, index=(j + 1,))
        f0, f1 = _index.getitem(fp, index=(j,)), _index.getitem(fp, index=(j + 1,))
        width = x1 - x0
        # Of two points in one place, the piece between has no width, and nothing lies in it.
        slope = (f1 - f0) / arithmetic.where(arithmetic.equal(width, 0), 1, width)
        out = f0 + slope * arithmetic.where(below | above, 0, x - x0)
    else:
        out = first + 0 * x
    out = arithmetic.where(above, last if right is None else right, out)
    return arithmetic.where(below, first if left is None else left, out)


# Counts ----------------------------------------------------------------------------------------------------


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, … stands in the vector ``x``; with ``weights``, the sum of theirs.

    Differentiable in ``weights``. The length, ``max(max(x) + 1, minlength)``, is read by the host.

    >>> bincount([0, 2, 2], weights=[0.5, 1.0, 2.0])
    array([0.5, 0. , 3. ])
    """
    if not is_tensor(weights):
        return untracked("bincount", x, *([weights] if weights is not None else []), minlength=minlength)
    places = integers("bincount", x, weights)
    if tuple(weights.shape) != tuple(places.shape) or len(places.shape) != 1:
        raise ValueError(
            f"bincount: expected two vectors of one length; got {tuple(places.shape)} and {tuple(weights.shape)}. "
            "Ravel or cut them."
        )
    low, high = (int(places.min()), int(places.max())) if places.size else (0, -1)
    if low < 0:
        raise ValueError(f"bincount: expected integers of 0 or more; got {low}. Shift them first.")
    return _index.scatter_index(weights, index=(places,), shape=(max(high + 1, minlength),))


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Which bin each element falls into: ``bins[i-1] <= x < bins[i]``, or ``bins[i-1] < x <= bins[i]`` with ``right``.

    Args:
        bins: a vector, rising or falling (falling: ``bins[i-1] > x >= bins[i]``).

    >>> digitize([0.5, 1.0, 9.0], [0.0, 1.0, 2.0])
    array([1, 2, 3])
    """
    like = x if x.__class__ not in COERCED else bins if bins.__class__ not in COERCED else None
    return untracked("digitize", arraylike(x, like=like), raw(arraylike(bins, like=like)), right)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> Any:
    """How many elements fall between each two edges, and the edges; the last bin includes its right edge.

    Args:
        bins: how many of one width over ``range`` (by default from the smallest element to the largest), the edges
            themselves, or the name of a rule of NumPy's.
        density: divide by the total and the widths, so that the integral is 1.
        weights: what each element counts; the counts are differentiable in it, and in nothing else.

    >>> histogram([1.0, 2.0, 1.0], bins=[0.0, 1.5, 3.0])
    (array([2, 1]), array([0. , 1.5, 3. ]))
    """
    if not is_tensor(weights):
        return untracked("histogram", a, *[raw(bins)], range=range, density=density, weights=weights)
    x = arraylike(a, like=weights)
    if tuple(x.shape) != tuple(weights.shape):
        raise ValueError(
            f"histogram: expected a weight for each of {tuple(x.shape)}; got {tuple(weights.shape)}. Reshape them."
        )
    edges = namespace_of(x).histogram(raw(x), raw(bins), range)[1]
    values, weights = raw(x).reshape(-1), weights.reshape(-1)
    count = edges.shape[0] - 1
    # Bin i is [edge i, edge i+1), the last closed; what lies outside is counted into one more at the end, and cut off.
    places = _sorting.searchsorted(edges, values, side="right") - 1
    inside = (values >= edges[0]) & (values <= edges[-1])
    xp = namespace_of(x)
    places = xp.where(inside, xp.minimum(places, count - 1), count)
    counts = _index.scatter_index(weights, index=(places,), shape=(count + 1,))[:count]
    if density:
        counts = counts / counts.sum() / (edges[1:] - edges[:-1]).astype(counts.dtype)
    return counts, type(weights)(edges)


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges that ``histogram`` would use.

    >>> histogram_bin_edges([0.0, 2.0], bins=2)
    array([0., 1., 2.])
    """
    return histogram(a, bins, range, None, weights)[1]
