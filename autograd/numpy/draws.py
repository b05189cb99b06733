"""Generators over a backend's random stream, with the methods of NumPy's. Imports ``common``, ``ops``, ``backends``.

A stream draws uniform and Gaussian numbers and permutations on its device; formulas of these are computed there. Where
the library has a generator of its own (``stream.native``: NumPy's) that one is asked, for its very numbers.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy

import backends
from autograd.numpy.common import arraylike, as_dtype, has_tensor, is_tensor, raw
from autograd.numpy.reducing import single
from autograd.ops import arithmetic
from autograd.ops.index import getitem, take_along_axis

__all__ = ["Generator", "RandomState"]

Method = Callable[..., Any]


def _native_first(method: Method) -> Method:
    """The library's own method of this name where there is one and the arguments are plain; else the formula."""
    name = method.__name__

    @functools.wraps(method)
    def call(self: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        native = self.stream.native
        if native is not None and not has_tensor(*args, *kwargs.values()):
            if dtype is None:
                return getattr(native, name)(*args, **kwargs)
            if name in self.NATIVE_DTYPES and as_dtype(dtype).itemsize > 2:
                return getattr(native, name)(*args, dtype=as_dtype(dtype), **kwargs)
        return method(self, *args, dtype=dtype, **kwargs)

    return call


def sizes(size: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape to draw: the one asked for, or that of the parameters broadcast."""
    if size is None:
        return numpy.broadcast_shapes(*[getattr(raw(p), "shape", ()) for p in parameters])
    return tuple([operator.index(n) for n in size]) if hasattr(size, "__iter__") else (operator.index(size),)


class Draws:
    """What both kinds of generator draw. Parameters are numbers, arrays or Tensors; ``size`` is a shape or None.

    Args:
        stream: a backend's stream; a seed makes a new one on the default backend.
    """

    # The library's own methods that take a dtype.
    NATIVE_DTYPES: frozenset[str] = frozenset()
    # Distributions without a formula of uniform and Gaussian numbers. Away from NumPy they are drawn by it on the
    # host, with a seed from the stream, and the result is copied to the stream's device.
    ON_HOST = frozenset([
        "beta", "binomial", "chisquare", "dirichlet", "f", "gamma", "geometric", "hypergeometric", "logseries",
        "multinomial", "multivariate_normal", "negative_binomial", "noncentral_chisquare", "noncentral_f", "poisson",
        "standard_gamma", "standard_t", "triangular", "vonmises", "wald", "zipf",
    ])  # fmt: skip

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream if isinstance(stream, backends.RandomStream) else self._seeded(stream)

    def _seeded(self, seed: Any) -> backends.RandomStream:
        return backends.default().generator(seed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "stream":
            raise AttributeError(name)
        native = self.stream.native
        if native is not None and hasattr(native, name):
            return getattr(native, name)
        if name in self.ON_HOST:
            return functools.partial(self._on_host, name)
        raise AttributeError(
            f"{type(self).__name__}: expected a distribution that {self._home()} has; got {name!r}. "
            "Draw it with NumPy's generator, and move it with .to(device)."
        )

    def _home(self) -> str:
        return type(self.stream).__name__

    def _on_host(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if has_tensor(*args, *kwargs.values()):
            raise TypeError(f"{name}: expected numbers or arrays; got a Tensor, and there is no derivative. Detach it.")
        one = self.stream.integers(0, 2**63 - 1, (1,))
        here = backends.of(one)
        host = numpy.random.default_rng(int(one[0] if here.owns_memory else one))
        values = [here.to_numpy(a) if hasattr(a, "shape") and here.owns_memory else a for a in args]
        return here.asarray(getattr(host, name)(*values, **kwargs))

    # Two places where everything comes from --------------------------------------------------------------------

    def _uniform(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return self._filled(self.stream.random(shape, "float64" if dtype is None else as_dtype(dtype).name), shape)

    def _gaussian(self, shape: tuple[int, ...], dtype: Any) -> Any:
        name = "float64" if dtype is None else as_dtype(dtype).name
        return self._filled(self.stream.standard_normal(shape, name), shape)

    def _filled(self, out: Any, shape: tuple[int, ...]) -> Any:
        if shape and not hasattr(out, "shape"):
            raise TypeError(
                f"random: expected a shape of (), since this backend has single Python floats only; got {shape}. "
                "Choose a backend of arrays, e.g. with backends.use('numpy')."
            )
        return out

    def _positive(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Uniform on (0, 1], for logarithms."""
        return 1 - self._uniform(shape, dtype)

    # Distributions ---------------------------------------------------------------------------------------------

    @_native_first
    def standard_normal(self, size: Any = None, *, dtype: Any = None) -> Any:
        """Gaussian numbers with mean 0 and variance 1."""
        return self._gaussian(sizes(size), dtype)

    @_native_first
    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``loc + scale·z`` with a standard Gaussian z; differentiable in ``loc`` and ``scale``."""
        return _affine(self._gaussian(sizes(size, loc, scale), dtype), loc, scale)

    @_native_first
    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``low + (high - low)·u`` with u on [0, 1); differentiable in both."""
        width = arithmetic.subtract(high, low)
        return _affine(self._uniform(sizes(size, low, high), dtype), low, width)

    @_native_first
    def standard_exponential(self, size: Any = None, *, dtype: Any = None) -> Any:
        """``-log u``: exponential with mean 1."""
        return -arithmetic.log(self._positive(sizes(size), dtype))

    @_native_first
    def exponential(self, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``-scale·log u``: exponential with mean ``scale``; differentiable in it."""
        return _affine(-arithmetic.log(self._positive(sizes(size, scale), dtype)), 0.0, scale)

    @_native_first
    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``loc ± scale·e`` with an exponential e; differentiable in both."""
        shape = sizes(size, loc, scale)
        side = arithmetic.sign(self._uniform(shape, dtype) - 0.5)
        return _affine(side * -arithmetic.log(self._positive(shape, dtype)), loc, scale)

    @_native_first
    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``loc + scale·(log e₁ - log e₂)`` with exponential e₁, e₂; differentiable in both."""
        shape = sizes(size, loc, scale)
        return _affine(self._gumbel(shape, dtype) - self._gumbel(shape, dtype), loc, scale)

    @_native_first
    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``loc - scale·log e`` with an exponential e; differentiable in both."""
        return _affine(self._gumbel(sizes(size, loc, scale), dtype), loc, scale)

    def _gumbel(self, shape: tuple[int, ...], dtype: Any) -> Any:
        # Half a step of the uniform number keeps both logarithms finite.
        u = self._uniform(shape, dtype)
        bits = {8: 53, 4: 24}.get(getattr(u, "itemsize", 8), 8)
        return -arithmetic.log(-arithmetic.log(u * (1 - 2.0**-bits) + 2.0 ** -(bits + 1)))

    @_native_first
    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``exp(mean + sigma·z)``; differentiable in both."""
        return arithmetic.exp(_affine(self._gaussian(sizes(size, mean, sigma), dtype), mean, sigma))

    @_native_first
    def rayleigh(self, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
        """``scale·sqrt(2·e)`` with an exponential e; differentiable in ``scale``."""
        e = -arithmetic.log(self._positive(sizes(size, scale), dtype))
        return _affine(arithmetic.sqrt(2 * e), 0.0, scale)

    @_native_first
    def weibull(self, a: Any, size: Any = None, *, dtype: Any = None) -> Any:
        """``e^(1/a)`` with an exponential e; differentiable in ``a``."""
        e = -arithmetic.log(self._positive(sizes(size, a), dtype))
        return arithmetic.power(e, arithmetic.divide(1.0, a))

    @_native_first
    def pareto(self, a: Any, size: Any = None, *, dtype: Any = None) -> Any:
        """``exp(e/a) - 1`` with an exponential e (Lomax); differentiable in ``a``."""
        e = -arithmetic.log(self._positive(sizes(size, a), dtype))
        return arithmetic.exp(arithmetic.divide(e, a)) - 1

    @_native_first
    def power(self, a: Any, size: Any = None, *, dtype: Any = None) -> Any:
        """``u^(1/a)`` on [0, 1]; differentiable in ``a``."""
        return arithmetic.power(self._positive(sizes(size, a), dtype), arithmetic.divide(1.0, a))

    @_native_first
    def standard_cauchy(self, size: Any = None, *, dtype: Any = None) -> Any:
        """The ratio of two standard Gaussian numbers."""
        shape = sizes(size)
        return self._gaussian(shape, dtype) / self._gaussian(shape, dtype)

    def bytes(self, length: int) -> bytes:
        """``length`` random bytes, on the host."""
        if self.stream.native is not None:
            return self.stream.native.bytes(length)
        values = self.stream.integers(0, 256, (length,), "uint8")
        return backends.of(values).to_numpy(values).tobytes()

    # Order and choice ------------------------------------------------------------------------------------------

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """The numbers 0 … x-1, or the slices of ``x`` along an axis, in random order; differentiable in ``x``."""
        if isinstance(raw(x), (int, numpy.integer)):
            return self.stream.permutation(operator.index(raw(x)))
        x = arraylike(x)
        order = self.stream.permutation(x.shape[axis])
        return getitem(x, index=(slice(None),) * (axis % len(x.shape)) + (order, ...))

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Put the slices of ``x`` (an array, Tensor or list) along an axis in random order, in place."""
        if isinstance(x, list):
            order = self.stream.permutation(len(x))
            x[:] = [x[i] for i in (backends.of(order).to_numpy(order) if hasattr(order, "shape") else order)]
        else:
            x[...] = self.permutation(x, axis)

    def choice(
        self, a: Any, size: Any = None, replace: bool = True, p: Any = None, axis: int = 0, shuffle: bool = True
    ) -> Any:
        """Elements of ``a`` along an axis, or numbers below ``a``, with probabilities ``p``; differentiable in ``a``.

        Raises:
            ValueError: more are asked for than there are, without replacing.
        """
        if not isinstance(raw(a), (int, numpy.integer)):
            a = arraylike(a)
            chosen = self.choice(a.shape[axis], size, replace, p, shuffle=shuffle)
            return single(getitem(a, index=(slice(None),) * (axis % len(a.shape)) + (chosen, ...)))
        n, shape = operator.index(raw(a)), sizes(size)
        if self.stream.native is not None:
            return self._native_choice(n, size, replace, p, shuffle)
        count = math.prod(shape)
        if not replace and count > n:
            raise ValueError(
                f"choice: expected at most {n} elements without replacing; got a size of {count}. "
                "Draw fewer, or with replace=True."
            )
        if p is None:
            chosen = self.stream.integers(0, n, shape) if replace else self.stream.permutation(n)[:count].reshape(shape)
            return chosen
        p = raw(arraylike(p, like=self._uniform((1,), None)))
        if tuple(p.shape) != (n,):
            raise ValueError(
                f"choice: expected {n} probabilities; got shape {tuple(p.shape)}. Give one for each element."
            )
        xp = backends.of(p).xp
        if replace:
            reached = p.cumsum()
            found = xp.searchsorted(reached / reached[-1:], self._uniform((count,), None), "right")
            return xp.minimum(found, n - 1).reshape(shape)
        # The largest of log p + Gumbel noise (Kool, van Hoof & Welling, "Stochastic beams", ICML 2019).
        with numpy.errstate(divide="ignore"):
            keys = xp.log(p / p.sum()) + self._gumbel((n,), None)
        return xp.argsort(-keys)[:count].reshape(shape)

    def _native_choice(self, n: int, size: Any, replace: bool, p: Any, shuffle: bool) -> Any:
        raise NotImplementedError

    def get_state(self) -> Any:
        """The state as plain data."""
        return self.stream.get_state()

    def set_state(self, state: Any) -> None:
        """Go on from a state that ``get_state`` gave."""
        self.stream.set_state(state)

    def __reduce__(self) -> Any:
        return type(self), (self.stream,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._home()})"


def _affine(z: Any, loc: Any, scale: Any) -> Any:
    """``loc + scale·z``; parameters may be Tensors. Identities are left out."""
    if not (scale.__class__ in (int, float) and scale == 1):
        z = arithmetic.multiply(z, _parameter(scale, z))
    return z if loc.__class__ in (int, float) and loc == 0 else arithmetic.add(z, _parameter(loc, z))


def _parameter(x: Any, z: Any) -> Any:
    return arraylike(x, like=z) if isinstance(x, (list, tuple)) else x


class Generator(Draws):
    """A stream with the methods of ``numpy.random.Generator``; made by ``default_rng``.

    On NumPy it gives that generator's numbers, all its methods and attributes included. Elsewhere it draws on the
    device; distributions that are no formula of uniform and Gaussian numbers are drawn on the host, by a generator
    seeded from this one, and copied.

    >>> rng = Generator(0)
    >>> rng.random(2)
    array([0.63696169, 0.26978671])
    """

    NATIVE_DTYPES = frozenset(["standard_normal", "standard_exponential"])

    def random(self, size: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """Uniform numbers on [0, 1)."""
        native = self.stream.native
        if native is not None and (dtype is None or as_dtype(dtype).itemsize > 2):
            return native.random(size, "float64" if dtype is None else as_dtype(dtype), out)
        if out is not None:
            out[...] = self._uniform(out.shape, out.dtype)
            return out
        return self._uniform(sizes(size), dtype)

    def integers(
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = "int64", endpoint: bool = False
    ) -> Any:
        """Integers on [low, high), or [0, low) with one bound; ``endpoint`` includes the upper one."""
        native = self.stream.native
        if native is not None:
            return native.integers(low, high, size, dtype=dtype, endpoint=endpoint)
        return _integers(self.stream, low, high, size, dtype, endpoint)

    def permuted(self, x: Any, axis: int | None = None, out: Any = None) -> Any:
        """A copy of ``x`` with every line along an axis in a random order of its own; None permutes all elements."""
        if self.stream.native is not None and not is_tensor(x):
            return self.stream.native.permuted(x, axis=axis, out=out)
        x = arraylike(x)
        if axis is None:
            order = self.stream.permutation(math.prod(x.shape))
            return getitem(x.reshape(-1), index=(order, ...)).reshape(x.shape)
        order = self._uniform(tuple(x.shape), None).argsort(axis=axis)
        return take_along_axis(x, order, axis=axis % len(x.shape))

    def _native_choice(self, n: int, size: Any, replace: bool, p: Any, shuffle: bool) -> Any:
        return self.stream.native.choice(n, size, replace, raw(p), shuffle=shuffle)


class RandomState(Draws):
    """A stream with the methods of ``numpy.random.RandomState``, as older programs use them.

    On NumPy it gives that class's numbers (the Mersenne Twister's), all its methods included.

    >>> RandomState(0).randn(2)
    array([1.76405235, 0.40015721])
    """

    def _seeded(self, seed: Any) -> backends.RandomStream:
        if seed is None:
            seed = int(numpy.random.SeedSequence().generate_state(1)[0])
        return backends.default().legacy_generator(seed)

    def seed(self, seed: Any = None) -> None:
        """Start over from a seed."""
        if self.stream.native is not None:
            self.stream.native.seed(seed)
        else:
            self.stream.set_state(type(self.stream)(seed).get_state())

    @_native_first
    def random_sample(self, size: Any = None, *, dtype: Any = None) -> Any:
        """Uniform numbers on [0, 1)."""
        return self._uniform(sizes(size), dtype)

    random = ranf = sample = random_sample

    def rand(self, *shape: int, dtype: Any = None) -> Any:
        """Uniform numbers on [0, 1) of a shape given as arguments."""
        return self.random_sample(shape if shape else None, dtype=dtype)

    def randn(self, *shape: int, dtype: Any = None) -> Any:
        """Standard Gaussian numbers of a shape given as arguments."""
        return self.standard_normal(shape if shape else None, dtype=dtype)

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        """Integers on [low, high), or [0, low) with one bound."""
        if self.stream.native is not None:
            return self.stream.native.randint(low, high, size, dtype)
        return _integers(self.stream, low, high, size, dtype, False)

    def random_integers(self, low: int, high: int | None = None, size: Any = None) -> Any:
        """Integers on [low, high], or [1, low] with one bound."""
        low, high = (1, low) if high is None else (low, high)
        return self.randint(low, high + 1, size)

    def _native_choice(self, n: int, size: Any, replace: bool, p: Any, shuffle: bool) -> Any:
        return self.stream.native.choice(n, size, replace, raw(p))

    def get_state(self, legacy: bool = True) -> Any:
        """The state, on NumPy in NumPy's form."""
        return self.stream.native.get_state(legacy) if self.stream.native is not None else self.stream.get_state()

    def set_state(self, state: Any) -> None:
        """Go on from a state that ``get_state`` gave."""
        (self.stream.native if self.stream.native is not None else self.stream).set_state(state)


def _integers(stream: backends.RandomStream, low: Any, high: Any, size: Any, dtype: Any, endpoint: bool) -> Any:
    low, high = (0, low) if high is None else (low, high)
    try:
        first, last = operator.index(low), operator.index(high) + (1 if endpoint else 0)
    except TypeError:
        raise TypeError(
            "integers: expected whole numbers as bounds on this backend; got an array. "
            "Draw uniform numbers and scale them: floor(low + (high - low)·u)."
        ) from None
    if first >= last:
        raise ValueError(
            f"integers: expected low < high; got low={low}, high={high}. The numbers drawn are below high."
        )
    return stream.integers(first, last, sizes(size), as_dtype(dtype).name)
