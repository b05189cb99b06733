"""Random numbers, seeded, per backend: ``numpy.random``'s functions and generators. Imports ``draws``, ``backends``.

    import autograd.numpy.random as npr
    npr.seed(0)
    npr.randn(3)

Functions draw on the default backend. On NumPy they are ``numpy.random``'s own, and so give its very numbers; other
backends draw on their device, from a stream of their own that ``seed`` seeds too. Threads share these streams, contexts
do not have their own. ``RandomState(seed)`` and ``default_rng(seed)`` make independent ones.

With ``dtype=`` floats are drawn in that dtype, from the backend's ``stream()``; with Tensors as location and scale the
result is differentiable in them (the reparameterisation of Kingma & Welling, "Auto-encoding variational Bayes", 2014).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy

import backends
from autograd.numpy.draws import Generator, RandomState

__all__ = [
    "Generator",
    "RandomState",
    "choice",
    "default_rng",
    "exponential",
    "get_state",
    "get_states",
    "normal",
    "permutation",
    "rand",
    "randint",
    "randn",
    "random",
    "random_sample",
    "seed",
    "set_state",
    "set_states",
    "shuffle",
    "standard_normal",
    "stream",
    "uniform",
]

_LOCK = threading.Lock()
_SEED: list[Any] = [None]
# By backend: the stream that networks draw from, and the one behind numpy.random's older functions.
_STREAMS: dict[str, backends.RandomStream] = {}
_LEGACY: dict[str, RandomState] = {}


def _named(backend: backends.Backend | str | None) -> backends.Backend:
    if backend is None:
        return backends.default()
    return backends.get(backend) if isinstance(backend, str) else backend


def stream(backend: backends.Backend | str | None = None) -> backends.RandomStream:
    """The stream of a backend (the default one) that dropout, initialisers and ``dtype=`` draw from.

    Seeded from the system until ``seed`` is called.

    >>> stream().random((2,), "float32").dtype
    dtype('float32')
    """
    backend = _named(backend)
    found = _STREAMS.get(backend.name)
    if found is None:
        with _LOCK:
            found = _STREAMS.setdefault(backend.name, backend.generator(_SEED[0]))
    return found


def _legacy() -> RandomState:
    backend = backends.default()
    found = _LEGACY.get(backend.name)
    if found is None:
        source = backend.legacy_generator()
        if source.native is None:
            source = stream(backend)
        with _LOCK:
            found = _LEGACY.setdefault(backend.name, RandomState(source))
    return found


def seed(seed: Any = None) -> None:
    """Seed every backend's streams, those that are first used later included; None takes a seed from the system.

    On NumPy this is ``numpy.random.seed``: the same seed gives the same numbers as there.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    >>> seed(0)
    >>> randn(3)
    array([1.76405235, 0.40015721, 0.97873798])
    """
    with _LOCK:
        _SEED[0] = seed if seed is None else int(seed)
        for name, source in _STREAMS.items():
            source.set_state(backends.get(name).generator(_SEED[0]).get_state())
    numpy.random.seed(seed)


def get_state(legacy: bool = True) -> Any:
    """The state of the stream behind the functions here, on the default backend. As ``numpy.random.get_state``.

    >>> state = get_state()
    >>> first = randn()
    >>> set_state(state)
    >>> first == randn()
    True
    """
    source = _legacy().stream
    return source.native.get_state(legacy) if source.native is not None else source.get_state()


def set_state(state: Any) -> None:
    """Go on from a state that ``get_state`` gave on this backend."""
    source = _legacy().stream
    (source.native if source.native is not None else source).set_state(state)


def make_streams(*chosen: backends.Backend) -> None:
    """Make the shared streams of the default backend and of these now, not when they are first drawn from."""
    _legacy()
    for backend in {backends.default(), *chosen}:
        stream(backend)


def get_states() -> dict[str, Any]:
    """The state of every shared stream in use, on all backends, as plain data: what a training checkpoint stores.

    >>> states = get_states()
    >>> first = randn(), stream().random(())
    >>> set_states(states)
    >>> first == (randn(), stream().random(()))
    True
    """
    _legacy()
    stream()
    with _LOCK:
        found = {name: source.get_state() for name, source in _STREAMS.items()}
        older = {name: s.stream.get_state() for name, s in _LEGACY.items() if s.stream is not _STREAMS.get(name)}
    return {"streams": found, "legacy": older}


def set_states(states: dict[str, Any]) -> None:
    """Go on from the states that ``get_states`` gave, here or in another process.

    Raises:
        BackendError: a backend that was in use then is missing here.
    """
    for name, state in states["streams"].items():
        stream(name).set_state(state)
    for name, state in states["legacy"].items():
        with backends.use(name):
            _legacy().stream.set_state(state)


def default_rng(seed: Any = None) -> Generator:
    """A generator of its own on the default backend; on NumPy it draws ``numpy.random.default_rng(seed)``'s numbers.

    Args:
        seed: an integer, a sequence of them, or what NumPy's takes; a Generator is returned as it is.

    >>> default_rng(0).normal(size=2)
    array([ 0.12573022, -0.13210486])
    """
    return seed if isinstance(seed, Generator) else Generator(backends.default().generator(seed))


# The functions ------------------------------------------------------------------------------------------------


def rand(*shape: int, dtype: Any = None) -> Any:
    """Uniform numbers on [0, 1) of a shape given as arguments. As ``numpy.random.rand``.

    >>> seed(0)
    >>> rand(2)
    array([0.5488135 , 0.71518937])
    """
    return random_sample(shape if shape else None, dtype=dtype)


def randn(*shape: int, dtype: Any = None) -> Any:
    """Standard Gaussian numbers of a shape given as arguments. As ``numpy.random.randn``.

    >>> seed(0)
    >>> randn(2)
    array([1.76405235, 0.40015721])
    """
    return standard_normal(shape if shape else None, dtype=dtype)


def randint(low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
    """Integers on [low, high), or on [0, low) with one argument. As ``numpy.random.randint``.

    >>> seed(0)
    >>> randint(10, size=3)
    array([5, 0, 3])
    """
    return _legacy().randint(low, high, size, dtype)


def random_sample(size: Any = None, *, dtype: Any = None) -> Any:
    """Uniform numbers on [0, 1). As ``numpy.random.random_sample``.

    >>> seed(0)
    >>> random_sample(2)
    array([0.5488135 , 0.71518937])
    """
    return _drawn("random_sample", size, dtype)


random = random_sample


def standard_normal(size: Any = None, *, dtype: Any = None) -> Any:
    """Gaussian numbers with mean 0 and variance 1. As ``numpy.random.standard_normal``.

    >>> seed(0)
    >>> standard_normal(2)
    array([1.76405235, 0.40015721])
    """
    return _drawn("standard_normal", size, dtype)


def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
    """Gaussian numbers ``loc + scale·z``. As ``numpy.random.normal``; differentiable in ``loc`` and ``scale``.

    >>> from autograd import tensor
    >>> seed(0)
    >>> scale = tensor(2.0, requires_grad=True)
    >>> x = normal(1.0, scale)
    >>> x.backward()
    >>> x, scale.grad
    (Tensor(4.52810469, dtype=float64, op=add), Tensor(1.76405235, dtype=float64))
    """
    return _drawn("normal", loc, scale, size, dtype)


def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
    """Uniform numbers on [low, high). As ``numpy.random.uniform``; differentiable in both.

    >>> seed(0)
    >>> uniform(1.0, 3.0, 2)
    array([2.09762701, 2.43037873])
    """
    return _drawn("uniform", low, high, size, dtype)


def exponential(scale: Any = 1.0, size: Any = None, *, dtype: Any = None) -> Any:
    """Exponential numbers with mean ``scale``. As ``numpy.random.exponential``; differentiable in it.

    >>> seed(0)
    >>> exponential(2.0, 2)
    array([1.59174902, 2.51186153])
    """
    return _drawn("exponential", scale, size, dtype)


def _drawn(name: str, *arguments: Any) -> Any:
    """What ``name`` draws for these arguments, of which the last is the dtype."""
    if arguments[-1] is None:
        return getattr(_legacy(), name)(*arguments[:-1])
    return getattr(RandomState(stream()), name)(*arguments[:-1], dtype=arguments[-1])


def permutation(x: Any) -> Any:
    """The numbers 0 … x-1, or the rows of an array, in random order. As ``numpy.random.permutation``; differentiable.

    >>> seed(0)
    >>> permutation(4)
    array([2, 3, 1, 0])
    """
    return _legacy().permutation(x)


def shuffle(x: Any) -> None:
    """Put the rows of an array, Tensor or list in random order, in place. As ``numpy.random.shuffle``.

    >>> seed(0)
    >>> x = [1, 2, 3, 4]
    >>> shuffle(x)
    >>> x
    [3, 4, 2, 1]
    """
    _legacy().shuffle(x)


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
    """Elements drawn from an array, or from 0 … a-1, with probabilities ``p``. As ``numpy.random.choice``.

    Gradients flow to the elements of a Tensor ``a``.

    >>> seed(0)
    >>> choice(5, 3)
    array([4, 0, 3])
    """
    return _legacy().choice(a, size, replace, p)


_SEEDS = ("BitGenerator", "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64", "SeedSequence")


def __getattr__(name: str) -> Any:
    """The other distributions of ``numpy.random``, from the same stream; and its classes of seeds."""
    if name in _SEEDS:
        return getattr(numpy.random, name)
    if name.startswith("_") or not (name in RandomState.ON_HOST or callable(getattr(RandomState, name, None))):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}. See numpy.random for what there is.")

    def draw(*args: Any, **kwargs: Any) -> Any:
        return getattr(_legacy(), name)(*args, **kwargs)

    draw.__name__ = draw.__qualname__ = name
    draw.__doc__ = f"As ``numpy.random.{name}``, on the default backend."
    return draw
