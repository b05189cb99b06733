"""Batches: structures, orders, positions, threads; splits; what can't be used."""

from __future__ import annotations

import threading
import time
from collections import namedtuple
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import backends
import nn
from autograd import is_grad_enabled, no_grad, tensor
from nn import nest
from nn.data import Batches, ahead, split, stacked
from tests.helpers import to_numpy

Pair = namedtuple("Pair", "image label")


@given(st.integers(1, 40), st.integers(1, 12), st.booleans(), st.booleans(), st.integers(0, 99))
def test_an_epoch_has_every_sample_once(n: int, size: int, shuffle: bool, drop_last: bool, seed: int) -> None:
    if drop_last and n < size:
        return
    x = np.arange(n)
    batches = Batches((x, x * 2), batch_size=size, shuffle=shuffle, seed=seed, drop_last=drop_last)
    for _ in range(2):
        seen = list(batches)
        assert len(seen) == len(batches) == (n // size if drop_last else -(-n // size))
        assert all((b == 2 * a).all() for a, b in seen)
        assert all(len(a) == size for a, _ in seen[: n // size])
        flat = np.concatenate([a for a, _ in seen])
        assert len(set(flat.tolist())) == len(flat) == (n // size * size if drop_last else n)
        if not shuffle:
            np.testing.assert_array_equal(flat, x[: len(flat)])


def order(batches: Batches) -> list[int]:
    return [int(i) for batch in batches for i in batch]


def test_the_seed_and_the_epoch_make_the_order() -> None:
    x = np.arange(30)
    one, same, other = (Batches(x, 4, shuffle=True, seed=seed) for seed in (1, 1, 2))
    first, second = order(one), order(one)
    assert first != second and sorted(first) == sorted(second) == list(range(30))
    assert [order(same), order(same)] == [first, second]
    assert order(other) != first
    nn.set_random_seed(4)
    drawn = order(Batches(x, 4, shuffle=True))
    nn.set_random_seed(4)
    assert order(Batches(x, 4, shuffle=True)) == drawn


@pytest.mark.parametrize("seed", [3, None])
@pytest.mark.parametrize("at", [0, 1, 5])
def test_an_epoch_goes_on_from_any_batch(seed: int | None, at: int) -> None:
    nn.set_random_seed(0)
    x = np.arange(23)
    batches = Batches(x, 4, shuffle=True, seed=seed)
    order(batches)
    batches.begin()
    state, streams = batches.get_state(), nn.random.get_state()
    rest = [b.tolist() for b in batches.iterate(at)]
    following = order(batches)
    again = Batches(x, 4, shuffle=True, seed=seed)
    again.set_state(state)
    nn.random.set_state(streams)
    assert [b.tolist() for b in again.iterate(at)] == rest
    assert order(again) == following


def test_structures_are_kept(backend: Any) -> None:
    x = np.arange(6)
    data = {"a": x, "b": [x + 1, (x + 2, None)], "c": Pair(x + 3, x + 4)}
    first, second = Batches(data, 4, device=backend)
    assert to_numpy(first["c"].label).tolist() == [4, 5, 6, 7] and isinstance(first["c"], Pair)
    assert to_numpy(second["b"][1][0]).tolist() == [6, 7] and second["b"][1][1] is None
    assert backends.of(first["a"]) is backend
    (only,) = Batches([[1, 2], [3, 4]])
    assert only.tolist() == [[1, 2], [3, 4]], "a list of numbers is an array"
    (x_batch, y_batch), *_ = Batches(([1.0, 2.0], [0, 1]))
    assert x_batch.dtype == "float64" and y_batch.tolist() == [0, 1]


@given(st.recursive(st.none() | st.integers(0, 9).map(lambda i: np.arange(i)), lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_a_tree_is_put_together_as_it_was(tree: Any) -> None:
    leaves, plan = nest.flatten(tree)

    def alike(a: Any, b: Any) -> bool:
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
        if isinstance(a, (list, tuple)):
            return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
        return a is b

    assert alike(nest.build(plan, leaves), tree)


def test_large_arrays_are_taken_batch_by_batch(monkeypatch: pytest.MonkeyPatch, backend: Any) -> None:
    monkeypatch.setattr("nn.data.sources.RESIDENT", 10)
    x = np.arange(20.0)
    seen: list[int] = []

    def transform(batch: Any) -> Any:
        seen.append(len(batch))
        return batch * 2

    batches = Batches(x, 8, shuffle=True, seed=0, device=backend, transform=transform)
    assert not seen
    parts = [to_numpy(batch) for batch in batches]
    assert seen == [8, 8, 4] and sorted(np.concatenate(parts).tolist()) == (x * 2).tolist()
    assert all(backends.of(batch) is backend for batch in batches)


@pytest.mark.parametrize("prefetch", [0, 2])
def test_the_next_batch_is_on_its_way_while_one_is_in_use(
    monkeypatch: pytest.MonkeyPatch, device_backend: Any, prefetch: int
) -> None:
    monkeypatch.setattr("nn.data.sources.RESIDENT", 10)
    events: list[Any] = []
    stage = type(device_backend).stage

    def noted(self: Any, array: Any, device: Any = None) -> Any:
        events.append((f"send {int(array[0])}", threading.current_thread()))
        return stage(self, array, device)

    monkeypatch.setattr(type(device_backend), "stage", noted)
    for batch in Batches(np.arange(8.0), 2, device=device_backend, prefetch=prefetch):
        events.append((f"use {int(to_numpy(batch)[0])}", threading.current_thread()))
    said = [text for text, _ in events]
    assert said == ["send 0", "send 2", "use 0", "send 4", "use 2", "send 6", "use 4", "use 6"]
    # On the stream of the thread that uses them.
    assert {thread for _, thread in events} == {threading.current_thread()}


def test_fit_sends_the_next_batch_during_a_step(monkeypatch: pytest.MonkeyPatch, device_backend: Any) -> None:
    x = np.arange(6.0, dtype="float32")[:, None]
    events: list[str] = []
    stage = type(device_backend).stage

    def noted(self: Any, array: Any, device: Any = None) -> Any:
        events.append("send")
        return stage(self, array, device)

    model = nn.Sequential([nn.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    model.fit(x, x, verbose=0)
    monkeypatch.setattr(type(device_backend), "stage", noted)
    use = nn.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: events.append("use"))

    def batches() -> Any:
        return ((x[i : i + 2], x[i : i + 2]) for i in (0, 2, 4))

    model.fit(batches, verbose=0, callbacks=[use])
    assert events == ["send", "send", "send", "send", "use", "send", "send", "use", "use"]
    # An iterator that can't begin anew is left where the training left it.
    events.clear()
    generator = batches()
    model.fit(generator, steps_per_epoch=2, verbose=0, callbacks=[use])
    assert events == ["send", "send", "use", "send", "send", "use"]
    assert float(next(generator)[0][0, 0]) == 4.0


def test_on_the_host_nothing_is_taken_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def batches() -> Any:
        for i in range(3):
            taken.append(i)
            yield np.full(2, float(i))

    for i, _ in enumerate(Batches(batches, device="numpy")):
        assert taken == list(range(i + 1))


class Numbers:
    """A dataset that counts how often it was asked."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> Any:
        self.asked.append(i)
        return {"x": np.full(2, i, "float32"), "y": i}


def test_a_dataset_is_stacked() -> None:
    dataset = Numbers(5)
    parts = list(Batches(dataset, 2, shuffle=True, seed=0))
    assert sorted(dataset.asked) == [0, 1, 2, 3, 4] and [len(p["y"]) for p in parts] == [2, 2, 1]
    assert parts[0]["x"].dtype == "float32" and (parts[0]["x"][:, 1] == parts[0]["y"]).all()
    with pytest.raises(ValueError, match=r"samples of one shape; got \(1,\), \(2,\)"):
        stacked([np.zeros(1), np.zeros(2)])
    with pytest.raises(ValueError, match="samples of one structure"):
        stacked([(1, 2), 3])


# Threads -----------------------------------------------------------------------------------------------------------


def test_a_thread_is_ahead_by_so_much() -> None:
    made: list[int] = []

    def slow() -> Any:
        for i in range(10):
            made.append(i)
            yield i

    items = ahead(slow(), depth=3)
    assert next(items) == 0
    end = time.monotonic() + 5
    while len(made) < 5 and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 5  # one given out, three waiting, one in the thread's hand
    assert list(items) == list(range(1, 10))


def test_a_thread_ends_with_its_reader() -> None:
    def alive() -> bool:
        return any([thread.name == "nn.data.ahead" for thread in threading.enumerate()])

    def endless() -> Any:
        while True:
            yield 0

    items = ahead(endless(), depth=2)
    next(items)
    assert alive()
    items.close()
    assert not alive()


def test_an_error_in_the_thread_comes_out_where_its_batch_would_have() -> None:
    def broken() -> Any:
        yield 1
        raise OSError("disk gone")

    items = ahead(broken(), depth=2)
    assert next(items) == 1
    with pytest.raises(OSError, match="disk gone"):
        next(items)


def test_the_thread_sees_the_readers_context(backend: Any) -> None:
    def look() -> Any:
        yield backends.default(), is_grad_enabled()

    with no_grad():
        assert list(ahead(look(), depth=1)) == [(backend, False)]


def test_batches_ahead_are_the_same_batches() -> None:
    x = np.arange(50)
    plain, early = (Batches(x, 7, shuffle=True, seed=5, prefetch=depth) for depth in (0, 3))
    assert [b.tolist() for b in plain] == [b.tolist() for b in early]
    assert [b.tolist() for b in plain] == [b.tolist() for b in early]


# Splits ------------------------------------------------------------------------------------------------------------


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 9))
def test_a_split_loses_nothing(n: int, fraction: float, seed: int) -> None:
    x = np.arange(n)
    if not 0 < int(n * (1 - fraction)) < n:
        with pytest.raises(ValueError, match="expected a fraction above 0 and below 1"):
            split(x, fraction=fraction)
        return
    rest, part, rest2, part2 = split(x, x * 2, fraction=fraction, seed=seed)
    assert sorted([*rest.tolist(), *part.tolist()]) == x.tolist()
    assert (rest2 == rest * 2).all() and (part2 == part * 2).all()
    assert len(rest) == int(n * (1 - fraction))
    assert [a.tolist() for a in split(x, fraction=fraction, seed=seed)] == [rest.tolist(), part.tolist()]


def test_tensors_are_split_on_their_backend(backend: Any) -> None:
    rest, part = split(tensor(np.arange(5.0), device=backend.name), fraction=0.4, seed=0)
    assert backends.of(rest) is backend and len(rest) == 3 and len(part) == 2


class Unready:
    """What claims to be an array and fails."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("on another device")


@pytest.mark.parametrize(
    "wrong, error, text",
    [
        (lambda: Batches(3), TypeError, "expected arrays, a dataset, an iterable or a function; got int"),
        (lambda: Batches((np.zeros(3), np.zeros(4))), ValueError, "arrays of one length; got 3, 4"),
        (lambda: Batches(np.zeros((0, 2))), ValueError, "at least one sample"),
        (lambda: Batches((None, None)), ValueError, "at least one array"),
        (lambda: Batches(np.float64(3)), ValueError, "first axis counts samples; got a single number"),
        (lambda: Batches(np.zeros(3), batch_size=1.5), ValueError, "whole number of 1 or more; got 1.5"),
        (lambda: Batches(iter([]), batch_size=2), ValueError, "expected None beside an iterable"),
        (lambda: Batches(Batches([1, 2])), TypeError, "Use them as they are"),
        (lambda: len(Batches(iter([]))), TypeError, "an iterable whose end is not known"),
        (lambda: Batches(Unready()), TypeError, "got Unready .on another device."),
        (lambda: Batches(np.array([None, 1])), TypeError, "expected numbers; got dtype object"),
        (lambda: split(np.zeros(3), np.zeros(4)), ValueError, r"arrays of one length; got \[3, 4\]"),
    ],
)
def test_errors_say_what_to_do(wrong: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        wrong()
