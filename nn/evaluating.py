"""Batches without training: the loops of ``evaluate`` and ``predict``. Imports ``callbacks``, ``compiled``."""

from __future__ import annotations

import time
from typing import Any

import backends
from autograd import no_grad
from autograd.numpy.common import raw
from nn import nest
from nn.callbacks import Callbacks
from nn.compiled import Compiled
from nn.data import Batches
from nn.feeding import arrays_of
from nn.modes import mode
from nn.progress import Progress
from nn.running import Running, size_of


def evaluated(
    model: Any, compiled: Compiled, batches: Batches, steps: int | None, calls: Callbacks, verbose: int
) -> dict[str, Any]:
    """The loss and the metrics of a model over batches."""
    running = Running()
    compiled.reset()
    known = batches.known_length()
    target = known if steps is None or known is None else min(steps, known)
    progress = Progress(verbose, target or steps)
    calls.call("on_test_begin")
    done = 0
    batches.begin()
    with no_grad(), mode(model, False):
        for xb, yb, wb in batches.iterate(0, steps):
            calls.call("on_test_batch_begin", done)
            out = model(xb)
            loss = compiled.compute(model, out, yb, wb)
            running.add(raw(loss), size_of(xb))
            compiled.update(yb, arrays_of(out), wb)
            done += 1
            if calls.listeners["on_test_batch_end"]:
                calls.call("on_test_batch_end", done - 1, {"loss": running.read(), **compiled.values()})
            if time.perf_counter() >= progress.next:
                progress.update(done, {"loss": running.read(), **compiled.values()})
    logs = {"loss": running.read(), **compiled.values()}
    progress.finish(done, logs)
    calls.call("on_test_end", logs)
    return logs


def predicted(model: Any, batches: Batches, steps: int | None, callbacks: Any, verbose: int) -> Any:
    """The outputs of a model for all batches, joined."""
    known = batches.known_length()
    calls = Callbacks(callbacks, model, {"steps": steps or known})
    progress = Progress(verbose, known if steps is None or known is None else min(steps, known))
    parts: list[Any] = []
    calls.call("on_predict_begin")
    batches.begin()
    with no_grad(), mode(model, False):
        for xb, _, _ in batches.iterate(0, steps):
            calls.call("on_predict_batch_begin", len(parts))
            parts.append(arrays_of(model(xb)))
            calls.call("on_predict_batch_end", len(parts) - 1, {"outputs": parts[-1]})
            if time.perf_counter() >= progress.next:
                progress.update(len(parts), {})
    progress.finish(len(parts), {})
    calls.call("on_predict_end")
    if not parts:
        raise ValueError("predict: expected at least one batch; got none. Check the data.")
    flat = [nest.flatten(part) for part in parts]
    joined = [backends.of(column[0]).xp.concatenate(column) for column in zip(*[leaves for leaves, _ in flat])]
    return nest.build(flat[0][1], joined)
