"""Networks as scikit-learn estimators: ``NeuralClassifier`` and ``NeuralRegressor``. Imports scikit-learn and ``nn``.

``nn.sklearn`` is loaded when it is first asked for; ``import nn`` does not load scikit-learn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import backends
import nn.functional as F
from nn import optimizers, random
from nn.callbacks import EarlyStopping
from nn.layers import Dense
from nn.losses import CrossEntropyLoss
from nn.losses import get as get_loss
from nn.module import Module
from nn.nest import HOST
from nn.sequential import Sequential
from nn.training import Model

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state, compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "nn.sklearn: expected scikit-learn, whose estimators these are; it is not installed. "
        "Install it with: pip install 'xpgrad[demo]'.",
        name=missing.name,
    ) from None

__all__ = ["NeuralClassifier", "NeuralRegressor"]

# Up to this many samples are one batch, as in scikit-learn's own networks.
BATCH = 200


class _Neural(BaseEstimator):
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
            y: targets, (n,), or (n, outputs) for the regressor.
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
        with backends.use(self.device or backends.default()) as backend:
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


class NeuralClassifier(ClassifierMixin, _Neural):
    """A network that classifies, as a scikit-learn estimator: pipelines, grids, cross-validation, pickles.

    Args:
        hidden_layer_sizes: units of the hidden layers; one number for one layer.
        activation: of the hidden layers, by name.
        module: a network of one's own in their place: a function ``(features, outputs) -> Module``, or a Module, of
            which each ``fit`` trains a copy. It gives one logit per class.
        optimizer: a name, with the next two, or one of ``nn.optimizers``.
        learning_rate, weight_decay: of an optimiser that is given by name.
        batch_size: "auto" is 200, or all samples where there are fewer.
        max_iter: passes over the samples at most. Training ends before when the loss has not fallen by ``tol`` for
            ``n_iter_no_change`` passes; with ``early_stopping`` that of ``validation_fraction`` of the samples, and the
            best weights are taken.
        shuffle: whether each pass has an order of its own.
        warm_start: ``fit`` goes on from the last training.
        random_state: a number makes training repeat itself; the program's own random numbers are left alone.
        device: a backend's name, to train there; by default the default backend.
        class_weight: label -> weight, or "balanced".
        verbose: print a line per pass.

    After ``fit``: ``classes_``, ``model_`` (the ``nn.Model``), ``n_iter_``, ``loss_curve_``, ``n_features_in_``.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = NeuralClassifier(random_state=0, learning_rate=0.01).fit(X, y)
    >>> bool(model.score(X, y) > 0.95), model.predict_proba(X[:2]).shape
    (True, (2, 3))
    """

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
        class_weight: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden_layer_sizes, activation, module, optimizer, learning_rate, weight_decay, batch_size, max_iter, tol,
            n_iter_no_change, early_stopping, validation_fraction, shuffle, warm_start, random_state, device, verbose,
        )  # fmt: skip
        self.class_weight = class_weight

    def _targets(self, y: Any, classes: Any = None, fresh: bool = True) -> Any:
        xp = HOST.xp
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if fresh:
            self.classes_ = xp.unique(y if classes is None else classes)
        found = xp.searchsorted(self.classes_, y)
        unknown = (found == len(self.classes_)) | (self.classes_[xp.minimum(found, len(self.classes_) - 1)] != y)
        if unknown.any():
            raise ValueError(
                f"NeuralClassifier: expected labels among the classes {self.classes_.tolist()}; "
                f"got {xp.unique(y[unknown]).tolist()}. Name all classes in the first partial_fit, or fit anew."
            )
        return found

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One pass over these samples, from where the last call ended.

        Args:
            classes: all labels there will be, told in the first call; by default those that it has.
        """
        return self._pass(X, y, classes, sample_weight)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Any:
        return CrossEntropyLoss()

    def _weights(self, y: Any, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def _strata(self, target: Any) -> Any:
        # A class of one sample can't be on both sides.
        counts = HOST.xp.bincount(target)
        return target if counts[counts > 0].min() > 1 else None

    def predict_log_proba(self, X: Any) -> Any:
        """log P(class | x), (n, classes), in the order of ``classes_``."""
        return F.log_softmax(self._raw(X))

    def predict_proba(self, X: Any) -> Any:
        """P(class | x), (n, classes), in the order of ``classes_``."""
        return F.softmax(self._raw(X))

    def predict(self, X: Any) -> Any:
        """The likeliest label of each sample."""
        found = self._raw(X).argmax(axis=1)
        return self.classes_[found]


class NeuralRegressor(RegressorMixin, _Neural):
    """A network that predicts numbers, one or several per sample, as a scikit-learn estimator.

    Args:
        loss: "mse", or another loss's name, or one of ``nn.losses``.

    The others are ``NeuralClassifier``'s; ``module`` gives as many outputs as there are targets.

    >>> from sklearn.datasets import make_regression
    >>> X, y = make_regression(100, 3, random_state=0)
    >>> model = NeuralRegressor(random_state=0, learning_rate=0.01, max_iter=500).fit(X, y / y.std())
    >>> bool(model.score(X, y / y.std()) > 0.95), model.predict(X[:2]).shape
    (True, (2,))
    """

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
        loss: Any = "mse",
        verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden_layer_sizes, activation, module, optimizer, learning_rate, weight_decay, batch_size, max_iter, tol,
            n_iter_no_change, early_stopping, validation_fraction, shuffle, warm_start, random_state, device, verbose,
        )  # fmt: skip
        self.loss = loss

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _numeric(self) -> bool:
        return True

    def _targets(self, y: Any, classes: Any = None, fresh: bool = True) -> Any:
        y = HOST.xp.asarray(y, dtype="float64")
        if fresh:
            self._several = y.ndim > 1
            self.n_outputs_ = y.shape[1] if y.ndim > 1 else 1
        if (y.shape[1] if y.ndim > 1 else 1) != self.n_outputs_:
            raise ValueError(f"NeuralRegressor: expected {self.n_outputs_} targets per sample; got shape {y.shape}.")
        return y.reshape(len(y), self.n_outputs_)

    def _outputs(self) -> int:
        return self.n_outputs_

    def _loss(self) -> Any:
        return get_loss(copy.deepcopy(self.loss))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One pass over these samples, from where the last call ended."""
        return self._pass(X, y, None, sample_weight)

    def predict(self, X: Any) -> Any:
        """The predictions: (n,), or (n, outputs) where the targets had two axes."""
        out = self._raw(X).reshape(len(X) if hasattr(X, "__len__") else -1, self.n_outputs_)
        return out if self._several else out[:, 0]
