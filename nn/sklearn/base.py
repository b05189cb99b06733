"""What the two estimators share: building, training, streams of their own. Imports scikit-learn and ``nn``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

import backends
from nn import optimizers, random
from nn.callbacks import EarlyStopping
from nn.layers import Dense
from nn.module import Module
from nn.nest import HOST
from nn.sequential import Sequential
from nn.training import Model

# Up to this many samples are one batch, as in scikit-learn's own networks.
BATCH = 200


class Neural(BaseEstimator):
    """What the two share: building, training, and what scikit-learn asks of estimators."""

    # The states of the random streams after the last training, by backend.
    _stream_states: dict[str, Any]

    # Each is an attribute, as scikit-learn's cloning wants it.
    def __init__(
        self,
        hidden_layer_sizes: Any = (64,),
        activation: str = "relu",
        module: Module | Callable[[int, int], Module] | None = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.001,
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        shuffle: bool = True,
        warm_start: bool = False,
        random_state: Any = None,
        device: str | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.module = module
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    # What the two say for themselves -----------------------------------------------------------------------------

    def _targets(self, y: Any, classes: Any = None, fresh: bool = True) -> Any:
        """Targets as the loss takes them; attributes that tell about them are set."""
        raise NotImplementedError

    def _outputs(self) -> int:
        raise NotImplementedError

    def _loss(self) -> Any:
        raise NotImplementedError

    def _weights(self, y: Any, sample_weight: Any) -> Any:
        return sample_weight

    # Training ----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train from the start (with ``warm_start``, from where the last training ended).

        Args:
            X: (n, features). Floats keep their precision: float32 is trained in float32.
            y: targets, (n,), or (n, outputs) for the regressor and for marks of several labels.
            sample_weight: one per sample; a weight of 2 counts as the sample given twice.

        Returns:
            The estimator.
        """
        self._check()
        fresh = not (self.warm_start and hasattr(self, "model_"))
        X, y, weight = self._validated(X, y, sample_weight, fresh)
        target = self._targets(y, fresh=fresh)
        weight = self._weights(y, weight)
        with self._streams(fresh):
            if fresh:
                self._begin(X)
            held = None
            monitor = "loss"
            if self.early_stopping:
                (X, target, weight), held = self._split(X, target, weight, y)
                monitor = "val_loss"
            stop = EarlyStopping(
                monitor, min_delta=self.tol, patience=self.n_iter_no_change, restore_best_weights=self.early_stopping
            )
            history = self._epochs(X, target, weight, self.max_iter, [stop], held)
        self.n_iter_ = len(history.epoch)
        self.loss_curve_ = list(history.history["loss"])
        if held is not None:
            self.validation_loss_curve_ = list(history.history["val_loss"])
        return self

    def _pass(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Any:
        """One epoch, from where the last call ended."""
        self._check()
        fresh = not hasattr(self, "model_")
        X, y, weight = self._validated(X, y, sample_weight, fresh)
        target = self._targets(y, classes, fresh)
        with self._streams(fresh):
            if fresh:
                self._begin(X)
                self.n_iter_, self.loss_curve_ = 0, []
            history = self._epochs(X, target, self._weights(y, weight), 1, [], None)
        self.n_iter_ += 1
        self.loss_curve_ += history.history["loss"]
        return self

    def _check(self) -> None:
        sizes = self.hidden_layer_sizes
        for size in [sizes] if isinstance(sizes, Integral) else sizes:
            if not isinstance(size, Integral) or size < 1:
                raise ValueError(f"hidden_layer_sizes: expected positive whole numbers; got {sizes!r}. Correct them.")
        for name in ("max_iter", "n_iter_no_change"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name}: expected a positive whole number; got {value!r}. Correct it.")
        if self.batch_size != "auto" and not (isinstance(self.batch_size, Integral) and self.batch_size > 0):
            raise ValueError(f"batch_size: expected 'auto' or a positive whole number; got {self.batch_size!r}.")

    def _validated(self, X: Any, y: Any, sample_weight: Any, fresh: bool) -> tuple[Any, Any, Any]:
        floats = [HOST.xp.float64, HOST.xp.float32]
        X, y = validate_data(self, X, y, reset=fresh, dtype=floats, multi_output=True, y_numeric=self._numeric())
        if sample_weight is None:
            return X, y, None
        weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        counted = weight > 0
        return X[counted], y[counted], weight[counted]

    def _numeric(self) -> bool:
        return False

    def _begin(self, X: Any) -> None:
        """A new network for these features, and how it is trained."""
        module, outputs = self.module, self._outputs()
        if module is None:
            sizes = self.hidden_layer_sizes
            sizes = [sizes] if isinstance(sizes, Integral) else list(sizes)
            layers: list[Module] = [
                Dense(int(size), activation=self.activation, input_shape=(X.shape[1],) if i == 0 else None)
                for i, size in enumerate(sizes)
            ]
            layers.append(Dense(outputs, input_shape=None if layers else (X.shape[1],)))
            model: Model = Sequential(layers)
        else:
            made = copy.deepcopy(module) if isinstance(module, Module) else module(X.shape[1], outputs)
            model = made if isinstance(made, Model) else Sequential([made])
        model.to(str(X.dtype))
        recipe = self.optimizer
        if isinstance(recipe, str):
            known = optimizers.NAMED.get(recipe.lower())
            if known is None:
                optimizers.get(recipe)  # says which there are
            assert known is not None
            recipe = known(learning_rate=self.learning_rate, weight_decay=self.weight_decay)
        model.compile(copy.deepcopy(recipe), self._loss())
        self.model_ = model

    def _epochs(self, X: Any, target: Any, weight: Any, epochs: int, callbacks: list[Any], held: Any) -> Any:
        size = min(BATCH, len(X)) if self.batch_size == "auto" else int(self.batch_size)
        if weight is not None:
            # The divisor is the number of samples, so that weights whose mean is 1 give the weighted mean.
            weight = weight / weight.mean()
        return self.model_.fit(
            X, target, sample_weight=weight, batch_size=size, epochs=epochs, shuffle=self.shuffle,
            verbose=2 if self.verbose else 0, callbacks=callbacks, validation_data=held,
        )  # fmt: skip

    def _split(self, X: Any, target: Any, weight: Any, y: Any) -> tuple[tuple[Any, Any, Any], Any]:
        """What is trained on, and what is held out to tell when to stop."""
        parts = train_test_split(
            *[X, target, *([] if weight is None else [weight])],
            test_size=self.validation_fraction,
            random_state=check_random_state(self.random_state).randint(2**31 - 1),
            stratify=self._strata(target),
        )
        kept, held = parts[0::2], parts[1::2]
        rest = (kept[0], kept[1], None if weight is None else kept[2])
        return rest, tuple(held)

    def _strata(self, target: Any) -> Any:
        return None

    @contextmanager
    def _streams(self, fresh: bool) -> Iterator[None]:
        """Random streams of this estimator's own: the program's go on afterwards as if nothing had been drawn."""
        with backends.use(backends.for_device(self.device) if self.device else backends.default()) as backend:
            # Shuffling draws on the host, initialisers and dropout on the device.
            streams = {each.name: random.stream(each) for each in (HOST, backend)}
            before = {name: stream.get_state() for name, stream in streams.items()}
            if fresh or set(self._stream_states) != set(streams):
                seed = check_random_state(self.random_state).randint(2**31 - 1)
                self._stream_states = {name: backends.get(name).generator(seed).get_state() for name in streams}
            try:
                for name, stream in streams.items():
                    stream.set_state(self._stream_states[name])
                yield
                self._stream_states = {name: stream.get_state() for name, stream in streams.items()}
            finally:
                for name, stream in streams.items():
                    stream.set_state(before[name])

    # Using --------------------------------------------------------------------------------------------------------

    def _raw(self, X: Any) -> Any:
        """The network's outputs, as a NumPy array."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, dtype=[HOST.xp.float64, HOST.xp.float32])
        out = self.model_.predict(X, batch_size=max(BATCH, len(X) // 16), verbose=0)
        return backends.of(out).to_numpy(out)
