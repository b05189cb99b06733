"""Random numbers of the namespace: NumPy's own on NumPy, distributions elsewhere, seeds, states, threads, gradients."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from typing import Any

import numpy as np
import pytest
import scipy.stats

import backends
from autograd import Tensor, tensor
from autograd.numpy import random as npr
from autograd.numpy.draws import Draws, Generator, RandomState
from tests.helpers import to_numpy

N = 20_000


@pytest.fixture(autouse=True)
def _restored() -> Any:
    """Leaves the shared streams as they were."""
    states = npr.get_states()
    yield
    npr.set_states(states)


# On NumPy: numpy.random's very numbers ----------------------------------------------------------------------

FUNCTIONS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("rand", (3, 2), {}),
    ("rand", (), {}),
    ("randn", (3, 2), {}),
    ("randn", (), {}),
    ("randint", (10,), {}),
    ("randint", (3, 10), {"size": (2, 3), "dtype": "int32"}),
    ("random", ((2, 3),), {}),
    ("random_sample", (4,), {}),
    ("normal", (1.0, 2.0, (2, 3)), {}),
    ("normal", (), {"loc": np.array([1.0, 2.0]), "scale": 3.0}),
    ("uniform", (-1.0, 1.0), {"size": 5}),
    ("exponential", (2.0, 3), {}),
    ("standard_normal", (3,), {}),
    ("permutation", (5,), {}),
    ("permutation", (np.arange(12.0).reshape(4, 3),), {}),
    ("permutation", ([5, 6, 7],), {}),
    ("choice", (5, 3), {}),
    ("choice", (5, 3, False), {}),
    ("choice", (["a", "b"], 4), {}),
    ("choice", ([1.5, 2.5, 3.5],), {"size": (2, 2), "p": [0.2, 0.3, 0.5]}),
    ("choice", (4,), {}),
    ("laplace", (0.0, 2.0, 3), {}),
    ("poisson", (3.0, 4), {}),
    ("gamma", (2.0, 1.0, 3), {}),
    ("beta", (2.0, 3.0, 3), {}),
    ("multivariate_normal", ([0.0, 1.0], [[2.0, 0.5], [0.5, 1.0]], 3), {}),
    ("bytes", (7,), {}),
    ("binomial", (10, 0.5, 4), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), FUNCTIONS, ids=[f"{i}-{f[0]}" for i, f in enumerate(FUNCTIONS)])
def test_functions_give_numpys_numbers(name: str, args: Any, options: dict[str, Any]) -> None:
    if name == "choice" and isinstance(args[0], list) and isinstance(args[0][0], str):
        pytest.skip("strings are no arrays of numbers; pass their number and index the list")
    np.random.seed(7)
    expected = getattr(np.random, name)(*args, **options)
    npr.seed(7)
    np.testing.assert_array_equal(getattr(npr, name)(*args, **options), expected)
    np.testing.assert_array_equal(getattr(npr.RandomState(7), name)(*args, **options), expected)


def test_the_global_stream_is_numpys() -> None:
    """Seeding and drawing through either name is the same stream."""
    np.random.seed(3)
    first = npr.randn(2)
    np.random.seed(3)
    np.testing.assert_array_equal(np.random.randn(2), first)
    state = npr.get_state()
    second = npr.rand(3)
    np.random.set_state(state)
    np.testing.assert_array_equal(np.random.rand(3), second)


def test_shuffle_gives_numpys_order() -> None:
    for make in (lambda: np.arange(10.0), lambda: np.arange(12.0).reshape(4, 3), lambda: list(range(6))):
        theirs, ours, state = make(), make(), make()
        np.random.RandomState(5).shuffle(theirs)
        npr.seed(5)
        npr.shuffle(ours)
        npr.RandomState(5).shuffle(state)
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(state, theirs)
        np.random.default_rng(5).shuffle(theirs := make())
        npr.default_rng(5).shuffle(ours := make())
        np.testing.assert_array_equal(ours, theirs)


METHODS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("random", (3,), {}),
    ("random", (3,), {"dtype": np.float32}),
    ("standard_normal", ((2, 3),), {"dtype": np.float32}),
    ("standard_exponential", (3,), {"dtype": np.float32}),
    ("normal", (1.0, 2.0), {"size": 3}),
    ("integers", (10,), {"size": 4}),
    ("integers", (1, 6), {"size": 4, "endpoint": True, "dtype": np.uint8}),
    ("permutation", (np.arange(12.0).reshape(4, 3),), {"axis": 1}),
    ("permuted", (np.arange(12.0).reshape(4, 3),), {"axis": 1}),
    ("choice", (np.arange(12.0).reshape(4, 3), 2), {"replace": False}),
    ("choice", (np.arange(12.0).reshape(4, 3), 2), {"axis": 1, "p": [0.1, 0.2, 0.7]}),
    ("gamma", (2.0, 1.0, 3), {}),
    ("multivariate_hypergeometric", ([3, 4], 2), {}),
    ("spawn", (2,), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), METHODS, ids=[f"{i}-{m[0]}" for i, m in enumerate(METHODS)])
def test_generators_give_numpys_numbers(name: str, args: Any, options: dict[str, Any]) -> None:
    expected = getattr(np.random.default_rng(11), name)(*args, **options)
    got = getattr(npr.default_rng(11), name)(*args, **options)
    if name == "spawn":
        got, expected = [g.random() for g in got], [g.random() for g in expected]
    np.testing.assert_array_equal(got, expected)
    assert getattr(got, "dtype", None) == getattr(expected, "dtype", None)


def test_names_of_numpy_random() -> None:
    """Every function of numpy.random is there."""
    missing = [name for name in np.random.__all__ if not hasattr(npr, name) and name not in ("ranf", "sample")]
    assert not missing
    with pytest.raises(AttributeError, match="has no attribute 'gauss'"):
        npr.gauss


# Elsewhere: the distributions themselves --------------------------------------------------------------------

DISTRIBUTIONS: dict[str, tuple[Any, Any]] = {
    "random": ((), scipy.stats.uniform()),
    "uniform": ((-1.0, 3.0), scipy.stats.uniform(-1, 4)),
    "standard_normal": ((), scipy.stats.norm()),
    "normal": ((2.0, 0.5), scipy.stats.norm(2, 0.5)),
    "exponential": ((2.0,), scipy.stats.expon(scale=2)),
    "standard_exponential": ((), scipy.stats.expon()),
    "laplace": ((1.0, 2.0), scipy.stats.laplace(1, 2)),
    "logistic": ((1.0, 2.0), scipy.stats.logistic(1, 2)),
    "gumbel": ((1.0, 2.0), scipy.stats.gumbel_r(1, 2)),
    "lognormal": ((0.5, 0.75), scipy.stats.lognorm(0.75, scale=np.exp(0.5))),
    "rayleigh": ((2.0,), scipy.stats.rayleigh(scale=2)),
    "weibull": ((1.5,), scipy.stats.weibull_min(1.5)),
    "pareto": ((3.0,), scipy.stats.lomax(3)),
    "power": ((3.0,), scipy.stats.powerlaw(3)),
    "standard_cauchy": ((), scipy.stats.cauchy()),
    "gamma": ((2.5, 2.0), scipy.stats.gamma(2.5, scale=2)),  # drawn on the host
    "beta": ((2.0, 3.0), scipy.stats.beta(2, 3)),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("kind", [Generator, RandomState])
def test_distribution(name: str, kind: type[Draws], backend: backends.Backend) -> None:
    """Kolmogorov and Smirnov's test on 20,000 numbers, at the level 1/1000; the seeds are fixed."""
    parameters, expected = DISTRIBUTIONS[name]
    rng = kind(3)
    out = getattr(rng, name)(*parameters, size=N)
    assert backends.of(out) is backend and out.dtype == np.float64
    assert scipy.stats.kstest(to_numpy(out), expected.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", [n for n in DISTRIBUTIONS if n not in Draws.ON_HOST])
def test_float32_is_drawn_as_float32(name: str, backend: backends.Backend) -> None:
    parameters, expected = DISTRIBUTIONS[name]
    out = getattr(npr.default_rng(3), name)(*parameters, size=N, dtype="float32")
    assert out.dtype == np.float32
    assert scipy.stats.kstest(to_numpy(out).astype(float), expected.cdf).pvalue > 1e-3
    if name in ("random", "uniform", "normal", "standard_normal", "exponential"):
        npr.seed(1)
        drawn = getattr(npr, name)(*parameters, size=100, dtype="float32")
        assert drawn.dtype == np.float32 and backends.of(drawn) is backend
        npr.seed(1)
        np.testing.assert_array_equal(
            to_numpy(getattr(npr, name)(*parameters, size=100, dtype="float32")), to_numpy(drawn)
        )


def test_shapes(backend: backends.Backend) -> None:
    rng = npr.default_rng(0)
    loc = backend.asarray(np.arange(3.0))
    assert rng.normal(loc, 0.0).shape == (3,)
    np.testing.assert_array_equal(to_numpy(rng.normal(loc, 0.0, size=(2, 3))), [[0, 1, 2]] * 2)
    assert np.shape(to_numpy(rng.normal())) == ()
    assert npr.rand(2, 3).shape == npr.randn(2, 3).shape == npr.randint(5, size=(2, 3)).shape == (2, 3)
    assert np.shape(to_numpy(npr.rand())) == ()


def test_integers(backend: backends.Backend) -> None:
    rng = npr.default_rng(0)
    out = rng.integers(2, 6, size=N)
    counts = np.bincount(to_numpy(out))
    assert out.dtype == np.int64 and counts[:2].sum() == 0
    assert scipy.stats.chisquare(counts[2:]).pvalue > 1e-3
    assert set(np.unique(to_numpy(rng.integers(3, size=200, endpoint=True)))) == {0, 1, 2, 3}
    assert set(np.unique(to_numpy(npr.RandomState(0).random_integers(3, size=200)))) == {1, 2, 3}
    assert rng.integers(5, size=3, dtype="uint8").dtype == np.uint8
    with pytest.raises(ValueError, match="low"):
        rng.integers(5, 5, size=2)


def test_order_and_choice(backend: backends.Backend) -> None:
    rng = npr.default_rng(0)
    x = np.arange(12.0).reshape(4, 3)
    for axis in (0, 1):
        out = to_numpy(rng.permutation(backend.asarray(x), axis))
        assert sorted(map(tuple, np.moveaxis(out, axis, 0))) == sorted(map(tuple, np.moveaxis(x, axis, 0)))
    lines = to_numpy(rng.permuted(backend.asarray(x), axis=1))
    np.testing.assert_array_equal(np.sort(lines, 1), x)
    np.testing.assert_array_equal(np.sort(to_numpy(rng.permuted(backend.asarray(x))).ravel()), x.ravel())
    inplace = backend.asarray(x.copy())
    rng.shuffle(inplace)
    assert sorted(map(tuple, to_numpy(inplace))) == sorted(map(tuple, x))
    assert sorted(to_numpy(rng.choice(10, 10, replace=False))) == list(range(10))
    p = np.array([0.1, 0.0, 0.6, 0.3])
    counts = np.bincount(to_numpy(rng.choice(4, N, p=backend.asarray(p))), minlength=4)
    assert counts[1] == 0 and scipy.stats.chisquare(counts[[0, 2, 3]], N * p[[0, 2, 3]]).pvalue > 1e-3
    assert sorted(to_numpy(rng.choice(4, 3, replace=False, p=backend.asarray(p)))) == [0, 2, 3]
    assert rng.choice(backend.asarray(x), (2, 5), axis=1).shape == (4, 2, 5)
    assert len(rng.bytes(5)) == 5


def test_choice_without_replacing_follows_its_probabilities(device_backend: backends.Backend) -> None:
    """The first of two draws has the probabilities given."""
    p = np.array([0.1, 0.6, 0.3])
    rng = npr.default_rng(4)
    first = [int(to_numpy(rng.choice(3, 2, replace=False, p=device_backend.asarray(p)))[0]) for _ in range(1000)]
    assert scipy.stats.chisquare(np.bincount(first, minlength=3), 1000 * p).pvalue > 1e-3
    with pytest.raises(ValueError, match="choice: expected at most 3 elements without replacing; got a size of 4"):
        rng.choice(3, 4, replace=False)
    with pytest.raises(ValueError, match="choice: expected 3 probabilities"):
        rng.choice(3, 2, p=[0.5, 0.5])
    with pytest.raises(TypeError, match="integers: expected whole numbers as bounds"):
        rng.integers(device_backend.asarray(np.arange(3)), 5)
    kind = type(device_backend.generator(0)).__name__
    with pytest.raises(AttributeError, match=f"expected a distribution that {kind} has; got 'spawn'"):
        rng.spawn(2)


def test_drawn_on_the_host_from_the_stream(device_backend: backends.Backend) -> None:
    """Distributions without a formula: seeded by the stream, on its device, and not for Tensors."""
    a, b = (npr.default_rng(5).poisson(3.0, 100) for _ in range(2))
    assert backends.of(a) is device_backend
    np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
    rng = npr.default_rng(5)
    assert not np.array_equal(to_numpy(rng.poisson(3.0, 100)), to_numpy(rng.poisson(3.0, 100)))
    with pytest.raises(TypeError, match="gamma: expected numbers or arrays; got a Tensor"):
        rng.gamma(tensor(2.0))


def test_scalar_backend() -> None:
    with backends.use("scalar"):
        npr.seed(0)
        first = npr.randn(), npr.uniform(1.0, 2.0), npr.exponential(2.0)
        npr.seed(0)
        assert first == (npr.randn(), npr.uniform(1.0, 2.0), npr.exponential(2.0))
        assert all(type(x) is float for x in first) and 1 <= first[1] < 2 and first[2] > 0
        with pytest.raises(TypeError, match=r"random: expected a shape of \(\), .* got \(3,\)"):
            npr.rand(3)


# Seeds and states -------------------------------------------------------------------------------------------


def test_seed_reaches_every_backend() -> None:
    def draw() -> list[Any]:
        out = [npr.randn(3), npr.stream().random((3,), "float32")]
        with backends.use("strict"):
            out += [to_numpy(npr.randn(3)), to_numpy(npr.stream().random((3,), "float32"))]
        return out

    npr.seed(4)
    first = draw()
    npr.seed(4)
    for a, b in zip(first, draw(), strict=True):
        np.testing.assert_array_equal(a, b)
    npr.seed(5)
    assert not any(np.array_equal(a, b) for a, b in zip(first, draw(), strict=True))
    npr.seed()
    assert not any(np.array_equal(a, b) for a, b in zip(first, draw(), strict=True))


def test_states(backend: backends.Backend) -> None:
    npr.seed(1)
    npr.randn(3)
    one, all_ = npr.get_state(), npr.get_states()
    restored = json.loads(json.dumps(all_))  # plain data
    expected = to_numpy(npr.randn(4)), to_numpy(npr.stream().standard_normal((4,), "float32"))
    npr.set_state(one)
    np.testing.assert_array_equal(to_numpy(npr.randn(4)), expected[0])
    npr.seed(2)
    npr.set_states(restored)
    np.testing.assert_array_equal(to_numpy(npr.randn(4)), expected[0])
    np.testing.assert_array_equal(to_numpy(npr.stream().standard_normal((4,), "float32")), expected[1])


@pytest.mark.parametrize("make", [npr.default_rng, npr.RandomState])
def test_generators_copy_and_pickle(make: Any, backend: backends.Backend) -> None:
    rng = make(3)
    rng.normal(size=3)
    twins = [copy.deepcopy(rng), pickle.loads(pickle.dumps(rng))]
    twin = make(0)
    twin.set_state(rng.get_state())
    expected = to_numpy(rng.normal(size=5))
    for other in (*twins, twin):
        np.testing.assert_array_equal(to_numpy(other.normal(size=5)), expected)
    assert npr.default_rng(rng) is rng if isinstance(rng, Generator) else True
    rng = npr.RandomState(3)
    first = to_numpy(rng.rand(3))
    rng.seed(3)
    np.testing.assert_array_equal(to_numpy(rng.rand(3)), first)


def test_threads_share_a_stream_and_lose_nothing(backend: backends.Backend) -> None:
    """Numbers drawn by four threads are, together, those that one would have drawn."""
    npr.seed(9)
    expected = np.sort(np.concatenate([np.atleast_1d(to_numpy(npr.rand(2))) for _ in range(200)]))
    npr.seed(9)
    drawn: list[Any] = []

    def work() -> None:
        with backends.use(backend):  # a thread begins with the default context
            drawn.extend([npr.rand(2) for _ in range(50)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.sort(np.concatenate([to_numpy(d) for d in drawn])), expected)


# Gradients --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["normal", "uniform", "laplace", "logistic", "gumbel"])
def test_location_and_scale_are_differentiable(name: str, backend: backends.Backend) -> None:
    """x = loc + scale·z: the gradient by loc is 1, by scale z; by a uniform's ends 1 - u and u."""
    a, b = np.array([0.5, 1.0, -2.0]), np.array([2.0, 3.0, 0.5])
    loc, scale = (Tensor(backend.asarray(v), requires_grad=True) for v in (a, b))
    npr.seed(3)
    x = getattr(npr, name)(loc, scale)
    x.backward(backend.asarray(np.ones(3)))
    z = (to_numpy(x) - a) / (b - a if name == "uniform" else b)
    np.testing.assert_allclose(to_numpy(scale.grad), z, rtol=1e-12)
    np.testing.assert_allclose(to_numpy(loc.grad), 1 - z if name == "uniform" else np.ones(3), rtol=1e-12)
    if name in ("normal", "uniform"):
        npr.seed(3)
        np.testing.assert_allclose(to_numpy(getattr(npr, name)(backend.asarray(a), backend.asarray(b))), to_numpy(x))


@pytest.mark.parametrize("name", ["exponential", "rayleigh", "weibull", "pareto", "power"])
def test_one_parameter_is_differentiable(name: str) -> None:
    def draw(a: Any) -> Any:
        return getattr(npr.RandomState(3), name)(a, size=4)

    a = tensor(1.5, requires_grad=True)
    draw(a).sum().backward()
    with backends.use("strict"):  # the same formula on plain numbers
        up, down = (to_numpy(draw(v)).sum() for v in (1.5 + 1e-6, 1.5 - 1e-6))
        t = tensor(1.5, requires_grad=True)
        draw(t).sum().backward()
    np.testing.assert_allclose(to_numpy(t.grad), (up - down) / 2e-6, rtol=1e-6)
    assert a.grad is not None


def test_choice_and_permutation_of_tensors(backend: backends.Backend) -> None:
    x = Tensor(backend.asarray(np.arange(4.0)), requires_grad=True)
    npr.seed(0)
    out = npr.permutation(x)
    out.backward(backend.asarray(np.array([1.0, 2.0, 3.0, 4.0])))
    np.testing.assert_array_equal(to_numpy(x.grad)[to_numpy(out).astype(int)], [1, 2, 3, 4])
    x.zero_grad_()
    out = npr.choice(x, 50)
    out.backward(backend.asarray(np.ones(50)))
    np.testing.assert_array_equal(to_numpy(x.grad), np.bincount(to_numpy(out).astype(int), minlength=4))


def test_shuffle_of_a_recorded_tensor(backend: backends.Backend) -> None:
    x = Tensor(backend.asarray(np.arange(4.0)), requires_grad=True)
    y = x * 2
    npr.shuffle(y)
    y.backward(backend.asarray(np.array([1.0, 2.0, 3.0, 4.0])))
    np.testing.assert_array_equal(to_numpy(x.grad)[(to_numpy(y) / 2).astype(int)], [2, 4, 6, 8])
