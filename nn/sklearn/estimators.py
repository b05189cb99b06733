"""``NeuralClassifier`` and ``NeuralRegressor``. Imports ``sklearn.base`` of this package, and scikit-learn."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

import nn.functional as F
from nn.losses import BCEWithLogitsLoss, CrossEntropyLoss
from nn.losses import get as get_loss
from nn.module import Module
from nn.nest import HOST
from nn.sklearn.base import Neural


class NeuralClassifier(ClassifierMixin, Neural):
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
        device: ``"cuda"``, ``"cpu"`` or a backend's name, to train there; by default the default backend.
        class_weight: label -> weight, or "balanced".
        verbose: print a line per pass.

    Targets are labels, (n,), or marks, (n, labels) of 0 and 1 (``scipy.sparse`` as well), where each sample may have
    any number of labels: the loss is then binary cross entropy on each logit, ``predict`` gives marks, and
    ``predict_proba`` one probability per label. ``score`` is then the share of samples all of whose marks are right.

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _targets(self, y: Any, classes: Any = None, fresh: bool = True) -> Any:
        xp = HOST.xp
        if fresh:
            self._marks = type_of_target(y, input_name="y") == "multilabel-indicator"
        if self._marks:
            return self._marked(y, classes, fresh)
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

    def _marked(self, y: Any, classes: Any, fresh: bool) -> Any:
        """(n, labels) of 0 and 1, as floats."""
        y = HOST.xp.asarray(y.toarray() if hasattr(y, "toarray") else y)
        if fresh:
            labels = HOST.xp.arange(y.shape[1] if y.ndim == 2 else 0) if classes is None else HOST.xp.unique(classes)
            self.classes_ = labels
        if y.ndim != 2 or y.shape[1] != len(self.classes_):
            raise ValueError(
                f"NeuralClassifier: expected marks of shape (n, {len(self.classes_)}), a column for each label; got "
                f"{y.shape}. Give those of the first fit, or fit anew."
            )
        if not HOST.xp.isin(y, (0, 1)).all():
            raise ValueError(
                f"NeuralClassifier: expected marks of 0 and 1; got {HOST.xp.setdiff1d(y, (0, 1))[0]}. Make them with "
                "sklearn.preprocessing.MultiLabelBinarizer."
            )
        return y.astype("float64")

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One pass over these samples, from where the last call ended.

        Args:
            classes: all labels there will be, told in the first call; by default those that it has.
        """
        return self._pass(X, y, classes, sample_weight)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Any:
        return BCEWithLogitsLoss() if self._marks else CrossEntropyLoss()

    def _weights(self, y: Any, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        if self._marks:
            raise ValueError(
                "NeuralClassifier: expected class_weight=None beside marks of several labels; got "
                f"{self.class_weight!r}. Weigh the samples instead: fit(X, y, sample_weight)."
            )
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def _strata(self, target: Any) -> Any:
        if self._marks:
            return None
        # A class of one sample can't be on both sides.
        counts = HOST.xp.bincount(target)
        return target if counts[counts > 0].min() > 1 else None

    def predict_log_proba(self, X: Any) -> Any:
        """log P(class | x), (n, classes), in the order of ``classes_``."""
        raw = self._raw(X)
        return F.logsigmoid(raw) if self._marks else F.log_softmax(raw)

    def predict_proba(self, X: Any) -> Any:
        """P(class | x), (n, classes), in the order of ``classes_``."""
        raw = self._raw(X)
        return F.sigmoid(raw) if self._marks else F.softmax(raw)

    def predict(self, X: Any) -> Any:
        """The likeliest label of each sample; beside marks, (n, labels) of 0 and 1: 1 where it is likelier than not."""
        raw = self._raw(X)
        return (raw > 0).astype("int64") if self._marks else self.classes_[raw.argmax(axis=1)]


class NeuralRegressor(RegressorMixin, Neural):
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
