"""One ``fit``: epochs, steps, validation, checkpoints. Imports ``nn.callbacks``, ``compiled``, ``data``, ``feeding``.

The loop itself is the plain one: forward, loss, ``backward``, ``step``.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from typing import Any

from nn import checkpoint
from nn.accumulation import Accumulation
from nn.callbacks import BackupAndRestore, Callbacks
from nn.compiled import Compiled
from nn.data import Batches
from nn.evaluating import evaluated
from nn.feeding import arrays_of
from nn.history import History
from nn.progress import Progress
from nn.running import Running, size_of


class Fit:
    """One call of ``fit``: where it stands, and how it goes on."""

    def __init__(
        self, model: Any, compiled: Compiled, batches: Batches, validation: Batches | None, *,
        epochs: int, initial_epoch: int, steps: int | None, verbose: int, callbacks: Any,
        validation_steps: int | None, validation_freq: int, accumulate_steps: int = 1,
    ) -> None:  # fmt: skip
        self.model, self.compiled = model, compiled
        self.batches, self.validation = batches, validation
        self.epochs, self.steps, self.verbose = epochs, steps, verbose
        self.validation_steps, self.validation_freq = validation_steps, validation_freq
        self.target = steps or batches.known_length()
        compiled.check_bound(model)
        self.optimizer = compiled.bind(model)
        if not isinstance(accumulate_steps, int) or isinstance(accumulate_steps, bool) or accumulate_steps < 1:
            raise ValueError(
                f"fit: expected accumulate_steps to be a whole number above 0; got {accumulate_steps!r}. Correct it."
            )
        self.gathered = (
            Accumulation(model, compiled, self.optimizer, accumulate_steps) if accumulate_steps > 1 else None
        )
        self.history = History()
        self.history.params = {"epochs": epochs, "steps": self.target, "verbose": verbose}
        self.calls = Callbacks(callbacks, model, self.history.params)
        self.backups = [c for c in self.calls.all if isinstance(c, BackupAndRestore)]
        self.running = Running()
        self.epoch = initial_epoch
        # Batches taken of this pass over the data, and steps taken in this epoch and in all.
        self.at = self.step = self.taken = 0
        # How many had been taken when checkpoints were last thought of.
        self.considered = 0
        self.current: Iterator[Any] | None = None
        self.middle = False

    def run(self) -> History:
        model, calls = self.model, self.calls
        model.stop_training = False
        model.history = self.history
        progress = Progress(self.verbose, self.target)
        logs: dict[str, Any] = {}
        with model._mode(True):
            calls.call("on_train_begin", {})
            self._restore()
            while self.epoch < self.epochs and not model.stop_training:
                epoch = self.epoch
                if not self.middle:
                    self._begin()
                progress.start(f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else None)
                calls.call("on_epoch_begin", epoch, {})
                if self._train(progress) == 0:
                    break
                logs = {"loss": self.running.read(), **self.compiled.values()}
                if self.validation is not None and (epoch + 1) % self.validation_freq == 0:
                    held = evaluated(model, self.compiled, self.validation, self.validation_steps, calls, 0)
                    logs |= {f"val_{name}": value for name, value in held.items()}
                progress.target = self.target
                logs = {name: logs[name] for name in sorted(logs)}
                shown = dict(logs)
                calls.call("on_epoch_end", epoch, logs)
                progress.finish(self.step, {**shown, **logs})
                self.history.append(epoch, logs)
                self.epoch, self.step, self.middle = epoch + 1, 0, False
                if self.steps is None and not self.batches.once:
                    self.current, self.at = None, 0
                self._back_up("epoch")
            if self.compiled.average is not None and self.compiled.average.updates:
                self.compiled.average.apply()
            calls.call("on_train_end", logs)
        return self.history

    def _begin(self) -> None:
        """Begin an epoch: nothing summed up, and a new order where the last pass is over."""
        self.running = Running()
        self.compiled.reset()
        if self.current is None:
            self._pass()

    def _pass(self) -> None:
        self.batches.begin()
        if not self.batches.once:
            self.at = 0
        self.current = self.batches.iterate(self.at)

    def _train(self, progress: Progress) -> int:
        """The steps of one epoch, from where it stands; how many it has in all."""
        model, compiled, running, optimizer = self.model, self.compiled, self.running, self.optimizer
        compute, before, after, update = compiled.compute, compiled.before, compiled.after, compiled.update
        closes, gathered = optimizer.takes_closure, self.gathered
        begins, ends = self.calls.listeners["on_train_batch_begin"], self.calls.listeners["on_train_batch_end"]
        reports = bool(compiled.metrics or compiled.weighted)
        backups = [backup for backup in self.backups if backup.save_freq != "epoch"]
        clock, limit = time.perf_counter, math.inf if self.steps is None else self.steps
        while self.step < limit:
            assert self.current is not None
            batch = next(self.current, None)
            if batch is None:
                if self.steps is None:
                    break
                if self.batches.once or self.at == 0:
                    warnings.warn(
                        f"fit: expected {self.steps} batches per epoch; the data ended after {self.step} of epoch "
                        f"{self.epoch + 1}. Training stops: pass a function that returns an iterator, or fewer steps.",
                        stacklevel=4,
                    )
                    model.stop_training = True
                    break
                self._pass()
                continue
            x, y, weight = batch
            for begin in begins:
                begin(self.step, {})
            if closes:
                out, loss = compiled.step(model, x, y, weight)
            elif gathered is not None:
                out = model(x)
                loss = compute(model, out, y, weight)
                gathered.add(loss, x, weight)
            else:
                out = model(x)
                loss = compute(model, out, y, weight)
                optimizer.zero_grad()
                loss.backward()
                if before is not None:
                    before()
                optimizer.step()
                if after is not None:
                    after()
            running.add(loss._data, x.shape[0] if hasattr(x, "shape") else size_of(x))
            if reports:
                update(y, arrays_of(out), weight)
            self.step += 1
            self.at += 1
            self.taken += 1
            if ends:
                logs = {"loss": running.read(), **compiled.values()}
                for end in ends:
                    end(self.step - 1, logs)
            if clock() >= progress.next:
                progress.update(self.step, {"loss": running.read(), **compiled.values()})
            if backups and (gathered is None or not gathered.pending):
                self._back_up("batch")
            if model.stop_training:
                break
        if gathered is not None:
            gathered.update()
        if self.step == 0:
            warnings.warn(
                f"fit: expected data for epoch {self.epoch + 1}; the iterable has none left. "
                "Pass a function that returns an iterator, so that each epoch begins anew.",
                stacklevel=4,
            )
        elif self.target is None:
            self.target = self.step
        return self.step

    # Checkpoints -------------------------------------------------------------------------------------------------

    def _back_up(self, when: str) -> None:
        if when == "epoch":
            due = [backup for backup in self.backups if backup.save_freq == "epoch"]
        else:
            # Several batches have passed where their gradients are gathered.
            passed, self.considered = range(self.considered + 1, self.taken + 1), self.taken
            due = [backup for backup in self.backups if any([backup.due(taken) for taken in passed])]
        if due:
            state = self._state(when == "batch")
            for backup in due:
                backup.folder.save(state)

    def _state(self, middle: bool) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": None if self.compiled.average is None else self.compiled.average.state_dict(),
            "epoch": self.epoch,
            "position": [self.at, self.step, self.taken],
            "middle": middle,
            "passing": self.current is not None,
            "batches": self.batches.get_state(),
            "running": self.running.get_state() if middle else None,
            "metrics": self.compiled.get_state() if middle else None,
            "history": self.history.get_state(),
            "callbacks": self.calls.get_state(),
            "random": checkpoint.random_state(),
        }

    def _restore(self) -> None:
        """Go on from the newest checkpoint, where there is one; all of it, or an error and nothing changed."""
        for backup in self.backups:
            state = backup.folder.load()
            if state is None:
                continue
            parts: dict[str, Any] = {"model": self.model, "optimizer": self.optimizer}
            if self.compiled.average is not None:
                parts["average"] = self.compiled.average
            if ("average" in parts) != (state["average"] is not None):
                raise ValueError(
                    "fit: expected a checkpoint of a training with the same use_ema as now; got another. Compile as "
                    "before, or remove the folder to begin anew."
                )
            checkpoint.restore({k: state[k] for k in parts}, **parts)
            self.history.set_state(state["history"])
            self.calls.set_state(state["callbacks"])
            self.epoch = state["epoch"]
            self.at, self.step, self.taken = state["position"]
            self.considered = self.taken
            self.middle = state["middle"]
            if state["passing"]:
                self.batches.set_state(state["batches"])
                self.current = self.batches.iterate(self.at)
            else:  # a new order is still to be drawn, by a stream that goes on
                self.batches.set_state({**state["batches"], "before": None})
            if self.middle:
                self.running.set_state(state["running"])
                self.compiled.reset()
                self.compiled.set_state(state["metrics"])
            checkpoint.set_random_state(state["random"])
            return
