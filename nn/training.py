"""``compile``, ``fit``, ``evaluate``, ``predict``, as Keras has them. Imports ``nn.fitting``, ``evaluating``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from autograd.lines import is_watched
from nn import checks, models, nest, optim, penalties
from nn.callbacks import Callbacks
from nn.compiled import Compiled
from nn.data import Batches
from nn.data.sources import is_arrays
from nn.data.splits import held_out
from nn.evaluating import evaluated, predicted
from nn.feeding import arrays_of, as_arrays, padded
from nn.fitting import Fit
from nn.history import History
from nn.keras_names import KerasNames
from nn.modes import mode
from nn.module import Module
from nn.penalties import NOTED
from nn.preparing import batches_of
from nn.running import size_of


class Model(KerasNames, Module):
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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if NOTED.used:
            penalties.forget(self)
        if kwargs and "training" in kwargs:
            return self._in_mode(args, kwargs)
        if self._hooks:
            return self._hooked(args, kwargs)
        return self._named(args, kwargs) if is_watched() else self.forward(*args, **kwargs)

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
        accumulate_steps: int = 1,
    ) -> History:
        """Train for ``epochs`` passes over the data.

        Args:
            x: inputs: arrays, frames, anything with ``__array__`` or DLPack, nested as the model takes them. Or, with
                ``y`` in it as ``(x, y)`` or ``(x, y, sample_weight)``: a dataset, an iterable, a ``nn.data.Batches``.
                Floats are cast to the parameters' dtype, and batches are put where the parameters are.
            y: targets, as the loss takes them; (n,) does for predictions of shape (n, 1).
            batch_size: 32 by default; batches of an iterable are ready.
            epochs: the last epoch, 0 for none; training starts at ``initial_epoch``.
            verbose: 0 quiet, 1 a bar per epoch (a plain line where there is no terminal), 2 one line per epoch.
            callbacks: of ``nn.callbacks``.
            validation_split: this share of the samples, the last ones, is kept for validation.
            validation_data: ``(x, y)``, ``(x, y, sample_weight)``, or what ``x`` may be.
            shuffle: a new order for each epoch, drawn from ``nn.random``'s stream.
            class_weight: label -> weight of its samples (1 for a label that is missing); multiplies
                ``sample_weight``.
            sample_weight: a number for each sample.
            steps_per_epoch: batches per epoch; the next epoch goes on where this one ended.
            validation_steps, validation_batch_size: of validation.
            validation_freq: validate after every so many epochs.
            accumulate_steps: update after every so many batches (and at an epoch's end), by the gradient that one batch
                of all their samples would give: large batches in the memory of small ones. Equal to rounding for losses
                that are means or sums over samples, and layers that treat samples alike, which batch norm does not.

        Returns:
            The values of each epoch.

        Raises:
            ValueError: the model is not compiled, or data don't fit one another.
            TypeError: data are of a kind that can't be used.
        """
        compiled = self._ready("fit")
        checks.whole("fit", "epochs", epochs, 0)
        checks.whole("fit", "initial_epoch", initial_epoch, 0)
        checks.whole("fit", "validation_freq", validation_freq)
        for name, count in (("steps_per_epoch", steps_per_epoch), ("validation_steps", validation_steps)):
            if count is not None:
                checks.whole("fit", name, count)
        checks.number("fit", "validation_split", validation_split, checks.RATE)
        if validation_split:
            if validation_data is not None:
                raise ValueError("fit: expected validation_split or validation_data; got both. Choose one.")
            if y is None:
                raise ValueError(
                    "fit: expected arrays x and y beside validation_split; got no y. Split the data yourself."
                )
            x, y, sample_weight = as_arrays("fit", x, y, sample_weight)
            (x, y, sample_weight), validation_data = held_out((x, y, sample_weight), validation_split)
        batches = batches_of(self, "fit", x, y, sample_weight, batch_size, shuffle, class_weight)
        validation = None
        if validation_data is not None:
            xv, yv, wv = padded(validation_data)
            if yv is None and is_arrays(xv):
                raise ValueError(
                    f"fit: expected validation_data as (x, y) or (x, y, sample_weight); got "
                    f"{type(validation_data).__name__} without y. Pass both."
                )
            validation = batches_of(self, "fit", xv, yv, wv, validation_batch_size or batch_size)
        return Fit(
            self, compiled, batches, validation,
            epochs=epochs, initial_epoch=initial_epoch, steps=steps_per_epoch, verbose=_verbosity(verbose),
            callbacks=callbacks, validation_steps=validation_steps, validation_freq=validation_freq,
            accumulate_steps=accumulate_steps,
        ).run()  # fmt: skip

    def _mode(self, training: bool) -> AbstractContextManager[None]:
        """Training or not, for a while."""
        return mode(self, training)

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
        batches = batches_of(self, "evaluate", x, y, sample_weight, batch_size)
        calls = Callbacks(callbacks, self, {"steps": steps or batches.known_length()})
        logs = evaluated(self, compiled, batches, steps, calls, _verbosity(verbose))
        if return_dict:
            return logs
        values = [logs[name] for name in compiled.names()]
        return values if len(values) > 1 else values[0]

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
        if is_arrays(x):
            batches = batches_of(self, "predict", x, None, None, batch_size)
        else:
            given = x if isinstance(x, Batches) else Batches(x, batch_size)
            batches = batches_of(self, "predict", given, None, None, batch_size)
        return predicted(self, batches, steps, callbacks, _verbosity(verbose))

    # One batch -----------------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on one batch; returns its loss, or ``[loss, metric, …]`` of this batch where there are metrics.

        Args:
            x, y, sample_weight, class_weight: as of ``fit``.
            return_dict: give ``{"loss": …, metric: …}``.
        """
        compiled = self._ready("train_on_batch")
        size = size_of(nest.map_leaves(nest.as_array, x))
        (batch,) = batches_of(self, "train_on_batch", x, y, sample_weight, size, class_weight=class_weight)
        compiled.check_bound(self)
        with self._mode(True):
            out, loss = compiled.step(self, *batch)
        compiled.reset()
        compiled.update(batch[1], arrays_of(out), batch[2])
        logs = {"loss": float(loss), **compiled.values()}
        if return_dict:
            return logs
        values = [logs[name] for name in compiled.names()]
        return values if len(values) > 1 else values[0]


def _verbosity(verbose: int | str) -> int:
    # True and False are 1 and 0, as Keras's users write them.
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2; got {verbose!r}. Choose one.")
    return 1 if verbose == "auto" else int(verbose)
