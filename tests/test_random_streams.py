"""Random streams: the same on every run, of the dtype asked for, and of the distribution promised."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import backends
from backends import Backend, RandomStream
from tests.helpers import FLOATS, to_numpy


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_streams_keep_the_dtype_and_the_bounds(backend: Backend, dtype: Any) -> None:
    stream = backend.generator(1)
    uniform = stream.random((20_000,), dtype)
    normal = stream.standard_normal((4, 5000), dtype)
    assert type(uniform) in backend.array_types and uniform.dtype == normal.dtype == dtype
    u, z = to_numpy(uniform).astype("float64"), to_numpy(normal).astype("float64")
    assert u.min() >= 0 and u.max() < 1 and np.isfinite(z).all() and z.shape == (4, 5000)
    # Means and variances of 20,000 numbers, five standard errors wide.
    half_step = {"float16": 2.0**-12, "bfloat16": 2.0**-9}.get(dtype.name, 0.0)
    assert abs(u.mean() + half_step - 0.5) < 5 * np.sqrt(1 / 12 / 20_000)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / 20_000)
    assert abs(z.mean()) < 5 / np.sqrt(20_000) and abs(z.var() - 1) < 5 * np.sqrt(2 / 20_000)


def test_streams_are_uniform_and_normal(backend: Backend) -> None:
    stats = pytest.importorskip("scipy.stats")
    stream = backend.generator(2)
    for dtype in ("float32", "float64"):
        assert stats.kstest(to_numpy(stream.random((20_000,), dtype)), "uniform").pvalue > 1e-3
        assert stats.kstest(to_numpy(stream.standard_normal((20_000,), dtype)), "norm").pvalue > 1e-3
    counts = np.bincount(to_numpy(stream.integers(0, 10, (20_000,))), minlength=10)
    assert stats.chisquare(counts).pvalue > 1e-3


def draws(stream: RandomStream) -> list[Any]:
    """Some of everything; odd sizes, so that numbers left over from a block would show."""
    return to_numpy(
        [
            stream.random((3,), "float32"),
            stream.standard_normal((5,), "float32"),
            stream.integers(-3, 9, (7,)),
            stream.permutation(6),
            stream.random((2, 2)),
            stream.standard_normal((1,)),
        ]
    )


def same(a: list[Any], b: list[Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def test_the_same_seed_gives_the_same_numbers(backend: Backend) -> None:
    assert same(draws(backend.generator(7)), draws(backend.generator(7)))
    assert not same(draws(backend.generator(7)), draws(backend.generator(8)))
    assert not same(draws(backend.generator()), draws(backend.generator()))
    stream = backend.generator(7)
    assert not same(draws(stream), draws(stream))


def test_a_state_is_plain_data_and_goes_on_from_there(backend: Backend) -> None:

    stream = backend.generator(3)
    draws(stream)
    state = json.loads(json.dumps(stream.get_state()))
    expected = draws(stream)
    other = backend.generator(99)
    other.set_state(state)
    assert same(draws(other), expected)
    stream.set_state(state)
    assert same(draws(stream), expected)


def test_streams_are_copied_and_pickled_by_their_state(backend: Backend) -> None:
    stream = backend.generator(3)
    draws(stream)
    copies = [pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)]
    expected = draws(stream)
    for other in copies:
        assert type(other) is type(stream) and same(draws(other), expected)


def test_a_state_of_another_backend_is_refused(device_backend: Backend) -> None:
    state = backends.get("numpy").generator(0).get_state()
    with pytest.raises(ValueError, match="set_state: expected a state of the generator 'philox4x32-10'; got None"):
        device_backend.generator(0).set_state(state)


def test_permutation_holds_every_number_once(backend: Backend) -> None:
    stream = backend.generator(5)
    for n in (0, 1, 100):
        np.testing.assert_array_equal(np.sort(to_numpy(stream.permutation(n))), np.arange(n))


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 2, "int64"), (-5, 5, "int32"), (0, 256, "uint8"), (-(2**63), 2**63, "int64"), (2**63, 2**64, "uint64")],
)
def test_integers_stay_within_their_bounds(backend: Backend, low: int, high: int, dtype: str) -> None:
    out = backend.generator(0).integers(low, high, (2000,), dtype)
    assert out.dtype == dtype
    values = [int(v) for v in to_numpy(out)]
    assert low <= min(values) and max(values) < high
    # 2000 draws reach the outer hundredths of the range.
    assert min(values) < low + (high - low) / 100 + 1 and max(values) > high - (high - low) / 100 - 2


@pytest.mark.parametrize(("low", "high", "dtype"), [(3, 3, "int64"), (0, 300, "uint8"), (-1, 5, "uint8")])
def test_integers_refuse_an_empty_or_too_wide_range(backend: Backend, low: int, high: int, dtype: str) -> None:
    with pytest.raises(ValueError):
        backend.generator(0).integers(low, high, (2,), dtype)


def test_shapes_of_draws(backend: Backend) -> None:
    stream = backend.generator(0)
    for shape in [(), (0,), (2, 0, 3), (1,), (2, 3, 4)]:
        assert np.shape(to_numpy(stream.random(shape))) == shape
        assert np.shape(to_numpy(stream.standard_normal(shape, "float32"))) == shape
        assert np.shape(to_numpy(stream.integers(0, 9, shape))) == shape


def test_a_dtype_that_is_not_floating_is_refused(device_backend: Backend) -> None:
    stream = device_backend.generator(0)
    with pytest.raises(TypeError, match="random: expected dtype float64, float32, float16 or bfloat16; got int64"):
        stream.random((2,), "int64")
    with pytest.raises(TypeError, match=r"standard_normal: expected dtype .*; got complex64"):
        stream.standard_normal((2,), "complex64")


def test_threads_draw_different_numbers_from_one_stream(backend: Backend) -> None:
    stream = backend.generator(0)
    found: list[Any] = []

    def work() -> None:
        for _ in range(20):
            found.append(to_numpy(stream.random((8,))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({float(x) for x in np.concatenate(found)}) == 640
