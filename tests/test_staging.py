"""Staging: data comes out as it was put in, whatever order CUDA runs things in, and nobody waits who need not."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import backends
from backends.cuda import staging
from backends.cuda.staging import Ring, Stager
from tests.helpers import to_numpy
from tests.simulated_cuda import Array, Event, Machine, Stream


def run_program(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """A random program of transfers, kernels that read them, and the host going on; (wanted, read) of every kernel."""
    machine = Machine(seed)
    choice = random.Random(seed + 1)
    stager = Stager(machine)
    other = Stream(machine, "another")
    found: list[tuple[np.ndarray, np.ndarray]] = []
    held: list[Array] = []

    def kernel(x: Array, stream: Stream, wanted: np.ndarray) -> None:
        place = np.full(x.shape, np.nan)
        found.append((wanted, place))
        view = x.view
        stream.run(lambda: np.copyto(place, view))

    for number in range(choice.randint(3, 14)):
        host = np.full(choice.choice([(2, 3), (6,), (5,)]), float(number))
        with choice.choice([machine.current[0], other]) as stream:
            x = stager.put(host)
            wanted = host.copy()
            host[...] = -1.0  # the caller's array is the caller's again
            for _ in range(choice.randint(1, 3)):
                kernel(x, stream, wanted)
        if choice.random() < 0.3:
            held.append(x)
        del x
        if held and choice.random() < 0.2:
            held.pop(0)
        for _ in range(choice.choice([0, 0, 1, 5])):
            machine.step()
    while machine.step():
        pass
    assert not any(stream.queue for stream in machine.streams), "a stream waits for what never happens"
    return found


def mistakes(seeds: int) -> int:
    return sum(
        not all(np.array_equal(wanted, read) for wanted, read in run_program(seed)) for seed in range(seeds)
    )  # fmt: skip


def test_every_kernel_reads_what_was_put_in() -> None:
    assert mistakes(400) == 0


def test_with_a_few_blocks_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "KEPT", 1)
    assert mistakes(200) == 0


@pytest.mark.parametrize("left_out", ["the reader waits", "the copy waits", "the host waits"])
def test_without_any_of_the_waits_data_is_mixed_up(left_out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Stream.wait_event
    if left_out == "the host waits":
        monkeypatch.setattr(Event, "synchronize", lambda self: None)
    else:
        copying = left_out == "the copy waits"
        skipped = lambda self, event: None if self.name.startswith("copy") is copying else waits(self, event)
        monkeypatch.setattr(Stream, "wait_event", skipped)
    assert mistakes(100) > 0


def test_a_transfer_does_not_wait_for_what_computes() -> None:
    machine = Machine(0)
    stager = Stager(machine)
    (compute,) = machine.streams
    compute.queue.append((lambda: False, lambda: None))  # a kernel that takes for ever
    first, second = stager.put(np.ones(4)), stager.put(np.full(4, 2.0))
    while machine.step():
        pass
    assert (first.view == 1).all() and (second.view == 2).all()


def test_blocks_go_round_and_few_are_kept() -> None:
    machine = Machine(0)
    ring = Ring(machine, 0)
    for _ in range(20):
        x = ring.put(np.ones(4))
        while machine.step():
            pass
        del x
    assert len(ring.free) == 1
    many = [ring.put(np.ones(4)) for _ in range(30)]
    while machine.step():
        pass
    many.clear()
    assert len(ring.free) == 30
    ring.put(np.ones(7))
    assert len(ring.free) <= staging.KEPT


@pytest.mark.gpu
def test_large_arrays_on_the_gpu() -> None:
    try:
        backend = backends.get("cupy")
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    rng = np.random.default_rng(0)
    results: list[Any] = []
    for _ in range(20):
        host = rng.normal(size=(256, 1024)).astype("float32")
        x = backend.stage(host)
        results.append((host.sum(0, dtype="float64"), x.sum(0, dtype="float64")))
        host[...] = np.nan
    for wanted, found in results:
        np.testing.assert_allclose(to_numpy(found), wanted, rtol=1e-12, atol=1e-9)
