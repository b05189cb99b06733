"""``compile``, ``fit``, ``evaluate``, ``predict``, as Keras has them, for any module. Imports the rest of ``nn``.

The loop itself is the plain one: forward, loss, ``backward``, ``step``.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import backends
from autograd import no_grad
from autograd.numpy.common import raw
from nn import checkpoint, data, models, nest, optim
from nn.callbacks import BackupAndRestore, Callbacks
from nn.compiled import Compiled, Running, size_of
from nn.history import History
from nn.module import Module
from nn.progress import Progress


class Model(Module):
    """A module that trains itself: ``compile``, ``fit``, ``evaluate``, ``predict``. ``Sequential`` is one.

    >>> import nn
    >>> class Line(nn.Model):
    ...     def __init__(self):
    ...         self.slope = nn.parameter([0.0])
    ...
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> model = Line()
    >>> model.compile(optimizer=nn.optimizers.SGD(0.1), loss="mse")
    >>> history = model.fit([1.0, 2.0], [2.0, 4.0], epochs=50, verbose=0)
    >>> round(float(model.slope.data[0]), 3)
    2.0
    """

    stop_training: bool = False
    history: History | None = None
    _compiled: Compiled | None = None
    _built_for: tuple[int, ...] | None = None

    # Compile ---------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: a name (``"adam"``), one of ``nn.optimizers`` with its options, or one of ``nn.optim`` over the
                model's parameters.
            loss: a name, one of ``nn.losses``, or a function; a list or dict of them for a model of several outputs.
            metrics: names, ``nn.metrics`` or functions of (y_true, y_pred), reported beside the loss.
            loss_weights: numbers that multiply the outputs' losses.
            weighted_metrics: the same as ``metrics``, with the samples' weights.

        Raises:
            ValueError: a name is unknown; the text lists those there are.
            TypeError: an argument is none of these.
        """
        self._compiled = Compiled(optimizer, loss, metrics, weighted_metrics, loss_weights)

    @property
    def optimizer(self) -> optim.Optimizer:
        """The optimiser in use; made when the parameters are there."""
        return self._ready("optimizer").bind(self)

    @property
    def metrics_names(self) -> list[str]:
        """``"loss"`` and the metrics' names, in the order of ``evaluate``."""
        return self._ready("metrics_names").names()

    def _ready(self, name: str) -> Compiled:
        if self._compiled is None:
            raise ValueError(
                f"{name}: expected a compiled model; compile() was not called. Call it first: "
                "model.compile(optimizer='adam', loss='mse')."
            )
        return self._compiled

    def save(self, path: Any) -> None:
        """Write layers, weights and what ``compile`` was given to a file; ``nn.load_model(path)`` reads it.

        See ``nn.save_model``, which this is.
        """
        models.save_model(self, path)

    # Fit ---------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for ``epochs`` passes over the data.

        Args:
            x: inputs: arrays, frames, anything with ``__array__`` or DLPack, nested as the model takes them. Or, with
                ``y`` in it as ``(x, y)`` or ``(x, y, sample_weight)``: a dataset, an iterable, a ``nn.data.Batches``.
                Floats are cast to the parameters' dtype, and batches are put where the parameters are.
            y: targets, as the loss takes them; (n,) does for predictions of shape (n, 1).
            batch_size: 32 by default; batches of an iterable are ready.
            epochs: the last epoch; training starts at ``initial_epoch``.
            verbose: 0 quiet, 1 a bar per epoch (a plain line where there is no terminal), 2 one line per epoch.
            callbacks: of ``nn.callbacks``.
            validation_split: this share of the samples, the last ones, is kept for validation.
            validation_data: ``(x, y)``, ``(x, y, sample_weight)``, or what ``x`` may be.
            shuffle: a new order for each epoch, drawn from ``nn.random``'s stream.
            class_weight: label -> weight of its samples; multiplies ``sample_weight``.
            sample_weight: a number for each sample.
            steps_per_epoch: batches per epoch; the next epoch goes on where this one ended.
            validation_steps, validation_batch_size: of validation.
            validation_freq: validate after every so many epochs.

        Returns:
            The values of each epoch.

        Raises:
            ValueError: the model is not compiled, or data don't fit one another.
            TypeError: data are of a kind that can't be used.
        """
        compiled = self._ready("fit")
        if validation_split:
            if validation_data is not None:
                raise ValueError("fit: expected validation_split or validation_data; got both. Choose one.")
            if y is None:
                raise ValueError(
                    "fit: expected arrays x and y beside validation_split; got no y. Split the data yourself."
                )
            (x, y, sample_weight), validation_data = data.held_out((x, y, sample_weight), validation_split)
        batches = self._batches("fit", x, y, sample_weight, batch_size, shuffle, class_weight)
        validation = None
        if validation_data is not None:
            xv, yv, wv = _padded(validation_data)
            validation = self._batches("fit", xv, yv, wv, validation_batch_size or batch_size)
        return _Fit(
            self, compiled, batches, validation,
            epochs=epochs, initial_epoch=initial_epoch, steps=steps_per_epoch, verbose=_verbosity(verbose),
            callbacks=callbacks, validation_steps=validation_steps, validation_freq=validation_freq,
        ).run()  # fmt: skip

    def _batches(
        self, name: str, x: Any, y: Any, weight: Any, size: int | None, shuffle: bool = False, class_weight: Any = None
    ) -> data.Batches:
        """Batches ``(x, y, weight)`` as the model takes them, whatever was given."""
        compiled = self._compiled
        arrays = y is not None or data.is_arrays(x)
        if arrays:
            self._build(x)
        else:
            source = x if isinstance(x, data.Batches) else data.Batches(x, size, shuffle)
            self._build(None, source)
        backend, dtype = self._like()
        cast = _Cast(self, backend, dtype, compiled is not None and compiled.casts_targets, class_weight)
        if not arrays:
            return _Converted(source, cast, backend)
        if y is None and name != "predict":
            raise ValueError(f"{name}: expected targets beside the inputs; got y=None. Pass {name}(x, y).")
        if getattr(self, "output_shape", None) == (1,) and y is not None and nest.is_leaf(y):
            y = nest.as_array(y, "y")
            y = y.reshape(-1, 1) if len(y.shape) == 1 else y
        return data.Batches((x, y, weight), size, shuffle, device=backend, transform=cast)

    def _build(self, x: Any, source: data.Batches | None = None) -> None:
        """Make parameters that wait for the size of the input, which ``x`` or the source's first batch tells."""
        if all([module.is_built() for module in self.modules()]):
            return
        if source is not None:
            if source.once:
                raise ValueError(
                    "fit: expected a built model beside a generator, whose first batch can't be looked at and given "
                    "back; a layer does not know its input's size yet. Give input_shape=… to the first layer."
                )
            x = _padded(next(iter(source), None))[0]
        backend = backends.default()
        cast = _Cast(self, backend, "float32", False, None)
        some = nest.map_leaves(lambda a: data.put(nest.as_array(a)[:1], (backend, None)), x)
        with no_grad(), self._mode(False):
            self(cast.inputs(some))
        if hasattr(x, "shape"):
            self._built_for = tuple(x.shape[1:])

    def _like(self) -> tuple[backends.Backend, Any]:
        """Where the parameters are, and their dtype."""
        for _, parameter in self.named_parameters():
            if parameter.dtype.kind in "fc":
                return parameter.backend, parameter.dtype
        return backends.default(), nest.HOST.xp.dtype("float32")

    @contextmanager
    def _mode(self, training: bool) -> Iterator[None]:
        """Training or not, for a while."""
        before = [(module, module.training) for module in self.modules()]
        for module, _ in before:
            module.training = training
        try:
            yield
        finally:
            for module, was in before:
                module.training = was

    # Evaluate and predict ----------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics over the data, without training: ``[loss, metric, …]``, or the loss alone.

        Args:
            x, y, batch_size, sample_weight, verbose, callbacks: as of ``fit``.
            steps: so many batches.
            return_dict: give ``{"loss": …, metric: …}``.
        """
        compiled = self._ready("evaluate")
        batches = self._batches("evaluate", x, y, sample_weight, batch_size)
        calls = Callbacks(callbacks, self, {"steps": steps or batches.known_length()})
        logs = self._evaluated(compiled, batches, steps, calls, _verbosity(verbose))
        if return_dict:
            return logs
        values = [logs[name] for name in compiled.names()]
        return values if len(values) > 1 else values[0]

    def _evaluated(
        self, compiled: Compiled, batches: data.Batches, steps: int | None, calls: Callbacks, verbose: int
    ) -> dict[str, Any]:
        running = Running()
        compiled.reset()
        known = batches.known_length()
        target = known if steps is None or known is None else min(steps, known)
        progress = Progress(verbose, target or steps)
        calls.call("on_test_begin")
        done = 0
        batches.begin()
        with no_grad(), self._mode(False):
            for xb, yb, wb in batches.iterate(0, steps):
                calls.call("on_test_batch_begin", done)
                out = self(xb)
                loss = compiled.compute(out, yb, wb)
                running.add(raw(loss), size_of(xb))
                compiled.update(yb, _raw(out), wb)
                done += 1
                if calls.listeners["on_test_batch_end"]:
                    calls.call("on_test_batch_end", done - 1, {"loss": running.read(), **compiled.values()})
                if time.perf_counter() >= progress.next:
                    progress.update(done, {"loss": running.read(), **compiled.values()})
        logs = {"loss": running.read(), **compiled.values()}
        progress.finish(done, logs)
        calls.call("on_test_end", logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all of ``x``, batch by batch, as arrays of the model's backend.

        Args:
            x: inputs as ``fit`` takes them, without targets; a dataset's or iterable's batches are inputs alone, or
                tuples that begin with them.
            batch_size, verbose, steps, callbacks: as of ``evaluate``.
        """
        if data.is_arrays(x):
            batches = self._batches("predict", x, None, None, batch_size)
        else:
            given = x if isinstance(x, data.Batches) else data.Batches(x, batch_size)
            batches = self._batches("predict", given, None, None, batch_size)
        known = batches.known_length()
        calls = Callbacks(callbacks, self, {"steps": steps or known})
        progress = Progress(_verbosity(verbose), known if steps is None or known is None else min(steps, known))
        parts: list[Any] = []
        calls.call("on_predict_begin")
        batches.begin()
        with no_grad(), self._mode(False):
            for xb, _, _ in batches.iterate(0, steps):
                calls.call("on_predict_batch_begin", len(parts))
                parts.append(_raw(self(xb)))
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

    # One batch -----------------------------------------------------------------------------------------------------

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None) -> float:
        """One step on one batch; returns its loss."""
        compiled = self._ready("train_on_batch")
        (batch,) = self._batches("train_on_batch", x, y, sample_weight, size_of(nest.map_leaves(nest.as_array, x)))
        with self._mode(True):
            optimizer = compiled.bind(self)
            loss = compiled.compute(self(batch[0]), batch[1], batch[2])
            optimizer.zero_grad()
            loss.backward()
            if compiled.before is not None:
                compiled.before()
            optimizer.step()
        return float(loss)


class _Fit:
    """One call of ``fit``: where it stands, and how it goes on."""

    def __init__(
        self, model: Model, compiled: Compiled, batches: data.Batches, validation: data.Batches | None, *,
        epochs: int, initial_epoch: int, steps: int | None, verbose: int, callbacks: Any,
        validation_steps: int | None, validation_freq: int,
    ) -> None:  # fmt: skip
        self.model, self.compiled = model, compiled
        self.batches, self.validation = batches, validation
        self.epochs, self.steps, self.verbose = epochs, steps, verbose
        self.validation_steps, self.validation_freq = validation_steps, validation_freq
        self.target = steps or batches.known_length()
        self.optimizer = compiled.bind(model)
        self.history = History()
        self.history.params = {"epochs": epochs, "steps": self.target, "verbose": verbose}
        self.history.model = model
        self.calls = Callbacks(callbacks, model, self.history.params)
        self.backups = [c for c in self.calls.all if isinstance(c, BackupAndRestore)]
        self.running = Running()
        self.epoch = initial_epoch
        # Batches taken of this pass over the data, and steps taken in this epoch and in all.
        self.at = self.step = self.taken = 0
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
                    held = model._evaluated(self.compiled, self.validation, self.validation_steps, calls, 0)
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
        compute, before, update = compiled.compute, compiled.before, compiled.update
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
            out = model(x)
            loss = compute(out, y, weight)
            optimizer.zero_grad()
            loss.backward()
            if before is not None:
                before()
            optimizer.step()
            running.add(loss._data, x.shape[0] if hasattr(x, "shape") else size_of(x))
            if reports:
                update(y, _raw(out), weight)
            self.step += 1
            self.at += 1
            self.taken += 1
            if ends:
                logs = {"loss": running.read(), **compiled.values()}
                for end in ends:
                    end(self.step - 1, logs)
            if clock() >= progress.next:
                progress.update(self.step, {"loss": running.read(), **compiled.values()})
            if backups:
                self._back_up("batch")
            if model.stop_training:
                break
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
        due = [b for b in self.backups if (b.save_freq == "epoch" if when == "epoch" else b.due(self.taken))]
        if due:
            state = self._state(when == "batch")
            for backup in due:
                backup.folder.save(state)

    def _state(self, middle: bool) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
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
            checkpoint.restore(
                {k: state[k] for k in ("model", "optimizer")}, model=self.model, optimizer=self.optimizer
            )
            self.history.set_state(state["history"])
            self.calls.set_state(state["callbacks"])
            self.epoch = state["epoch"]
            self.at, self.step, self.taken = state["position"]
            self.middle = state["middle"]
            if state["passing"]:
                self.batches.set_state(state["batches"])
                self.current = self.batches.iterate(self.at)
            if self.middle:
                self.running.set_state(state["running"])
                self.compiled.reset()
                self.compiled.set_state(state["metrics"])
            checkpoint.set_random_state(state["random"])
            return


class _Cast:
    """Batches as the model takes them: floats in its dtype, weights of classes put to those of samples."""

    def __init__(self, model: Module, backend: backends.Backend, dtype: Any, targets: bool, class_weight: Any) -> None:
        self.backend, self.dtype = backend, nest.HOST.xp.dtype(dtype)
        self.keeps_integers = any([module.takes_integers for module in model.modules()])
        self.targets = targets
        self.class_weight = class_weight

    def __call__(self, batch: Any) -> Any:
        x, y, weight = _padded(batch)
        if weight is not None:
            weight = nest.map_leaves(lambda a: self._float(nest.as_array(a, "sample_weight")), weight)
        if self.class_weight is not None:
            weight = self._class_weights(y, weight)
        x = nest.map_leaves(self._input, x)
        y = nest.map_leaves(self._target, y)
        return x, y, weight

    def inputs(self, x: Any) -> Any:
        """The inputs alone."""
        return nest.map_leaves(self._input, x)

    def _float(self, a: Any) -> Any:
        return a if a.dtype == self.dtype else a.astype(self.dtype)

    def _input(self, a: Any) -> Any:
        return a if a.dtype.kind == "c" or (self.keeps_integers and a.dtype.kind in "biu") else self._float(a)

    def _target(self, a: Any) -> Any:
        return self._float(a) if a.dtype.kind == "f" or (self.targets and a.dtype.kind != "c") else a

    def _class_weights(self, y: Any, weight: Any) -> Any:
        if y is None or not hasattr(y, "shape"):
            raise ValueError("class_weight: expected one array of targets; got none or several. Use sample_weight.")
        labels = y
        if y.ndim > 1:
            labels = y.argmax(axis=-1) if y.shape[-1] > 1 else y.reshape(y.shape[:-1])
        labels = labels.astype("int64")
        known = {int(k): float(v) for k, v in self.class_weight.items()}
        table = [known.get(i, 1.0) for i in range(max([*known, int(labels.max())]) + 1)]
        found = backends.of(y).asarray(table, dtype=self.dtype)[labels]
        return found if weight is None else found * weight


class _Converted(data.Batches):
    """Somebody's batches, cast and put where the model is, one at a time."""

    def __init__(self, source: data.Batches, cast: _Cast, backend: backends.Backend) -> None:
        self.source, self.cast, self.where = source, cast, (backend, None)
        self.once = source.once

    def known_length(self) -> int | None:
        return self.source.known_length()

    def begin(self) -> None:
        self.source.begin()

    def iterate(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        for batch in self.source.iterate(start, stop):
            yield nest.map_leaves(lambda a: data.put(a, self.where), self.cast(batch))

    def get_state(self) -> dict[str, Any]:
        return self.source.get_state()

    def set_state(self, state: dict[str, Any]) -> None:
        self.source.set_state(state)


def _padded(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, weight) of a batch, None where it has none."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    if len(batch) > 3:
        raise ValueError(
            f"fit: expected batches (x, y) or (x, y, sample_weight); got a tuple of {len(batch)}. "
            "Nest several inputs: ((x1, x2), y)."
        )
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight


def _raw(out: Any) -> Any:
    """The arrays inside an output."""
    if hasattr(out, "_data"):
        return out._data
    if isinstance(out, Mapping):
        return {key: _raw(value) for key, value in out.items()}
    return type(out)([_raw(value) for value in out]) if isinstance(out, (list, tuple)) else out


def _verbosity(verbose: int | str) -> int:
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2; got {verbose!r}. Choose one.")
    return 1 if verbose == "auto" else int(verbose)
