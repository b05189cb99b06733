"""What ``compile`` was given, ready: optimiser, loss, metrics. Imports ``losses``, ``metrics``, ``optimizers``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn import checks, losses, metrics, optim, optimizers, penalties
from nn.losses.base import Loss
from nn.losses.keras_classes import KerasLoss
from nn.metrics.base import Metric
from nn.module import LIBRARY
from nn.penalties import NOTED
from nn.recipe import Recipe


class Compiled:
    """Optimiser, loss and metrics of a model; the loss may be one, or one for each output."""

    def __init__(
        self, optimizer: Any, loss: Any, given: Any = None, weighted: Any = None, loss_weights: Any = None
    ) -> None:
        self.recipe = optimizers.get(optimizer)
        # As data, where all of it is: for files.
        self.given: dict[str, Any] | None = None
        rest = {"loss": loss, "metrics": given, "weighted_metrics": weighted, "loss_weights": loss_weights}
        if isinstance(self.recipe, Recipe) and self.recipe.given and _is_plain([self.recipe.given, rest]):
            self.given = {"optimizer": self.recipe.given, **rest}
        self.optimizer: optim.Optimizer | None = None if isinstance(self.recipe, Recipe) else self.recipe
        # Called between backward and step, and after step; the moving average of the weights.
        self.before: Any = None
        self.after: Any = None
        self.average: optim.WeightAverage | None = None
        self._prepared = False
        if isinstance(loss, (list, tuple)) and len(loss) == 1:
            loss = loss[0]  # of the one output
        self.several = isinstance(loss, (list, tuple, Mapping))
        if self.several and not loss:
            raise ValueError("compile: expected a loss; got an empty list of them. Pass loss='mse', say.")
        self.loss: Any = None
        self.losses: Any = None
        if self.several:
            self.losses = _mapped(_loss, loss)
        elif loss is not None:
            self.loss = _loss(loss)
        self.loss_weights = loss_weights
        self.scale = None if self.several else _scale(loss_weights)
        self.metrics = _metrics(given)
        self.weighted = _metrics(weighted)
        names = [name for name, _, _ in self.metrics + self.weighted]
        twice = sorted({name for name in names if names.count(name) > 1 or name == "loss"})
        if twice:
            raise ValueError(
                f"compile: expected metrics of different names, and none called 'loss'; got {', '.join(twice)} twice. "
                "Give them names: nn.metrics.AUC(name='…')."
            )

    # What is reported -------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """``"loss"`` and the metrics' names, in the order of ``evaluate``."""
        return ["loss", *[name for name, _, _ in self.metrics + self.weighted]]

    def reset(self) -> None:
        """Forget what the metrics saw."""
        for _, metric, _ in self.metrics + self.weighted:
            metric.reset_state()

    def update(self, y: Any, out: Any, weight: Any) -> None:
        """Show the metrics a batch: arrays, not Tensors."""
        for _, metric, key in self.metrics:
            metric.update_state(*_part(y, out, key))
        for _, metric, key in self.weighted:
            metric.update_state(*_part(y, out, key), weight)

    def values(self) -> dict[str, Any]:
        """name -> value of each metric."""
        return {name: metric.result() for name, metric, _ in self.metrics + self.weighted}

    def get_state(self) -> dict[str, Any]:
        """Of the metrics, for checkpoints."""
        return {name: metric.get_state() for name, metric, _ in self.metrics + self.weighted}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``get_state`` gave."""
        for name, metric, _ in self.metrics + self.weighted:
            metric.set_state(state[name])

    # The loss ------------------------------------------------------------------------------------------------------

    def compute(self, model: Any, out: Any, y: Any, weight: Any) -> Any:
        """The loss of a batch, a Tensor of one element, with the penalties of the model's layers."""
        loss = self.loss
        if loss is None and self.losses is None:
            raise ValueError("fit: expected a loss; compile() was given none. Pass compile(optimizer, loss='…').")
        if loss is not None and out.__class__ not in _CONTAINERS:
            value = loss(out, y) if weight is None else _weighted(loss, out, y, weight)
            if self.scale is not None:
                value = value * self.scale
        else:
            value = self._sum(out, y, weight)
        return penalties.added_to(value, model) if NOTED.used else value

    def _sum(self, out: Any, y: Any, weight: Any) -> Any:
        """The (weighted) sum over outputs: each with its own loss, or all with the one there is."""
        self._check_outputs(out)
        keys = list(out) if isinstance(out, Mapping) else range(len(out))
        total = None
        for key in keys:
            loss = self.loss if self.losses is None else _at(self.losses, key)
            if loss is None:
                continue
            one, target = out[key], _at(y, key)
            value = loss(one, target) if weight is None else _weighted(loss, one, target, _at(weight, key))
            if self.loss_weights is not None:
                value = value * _at(self.loss_weights, key)
            total = value if total is None else total + value
        if total is None:
            raise ValueError("fit: expected a loss for some output; got none for any. Name one in compile(loss=…).")
        return total

    def _check_outputs(self, out: Any) -> None:
        """Raise ValueError unless the outputs are those that losses were named for."""
        if self.losses is None:
            return
        named = isinstance(self.losses, Mapping)
        wanted = f"losses for {', '.join(map(str, self.losses))}" if named else f"{len(self.losses)} losses"
        if isinstance(out, Mapping):
            came, fits = f"outputs {', '.join(map(str, out))}", named and set(self.losses) <= set(out)
        elif isinstance(out, (list, tuple)):
            came, fits = f"{len(out)} outputs", not named and len(out) == len(self.losses)
        else:
            came, fits = "one output", False
        if not fits:
            raise ValueError(
                f"fit: expected the outputs that compile() was given {wanted}; the model gives {came}. "
                "Give compile one loss per output, in the outputs' own form (a list, or a dict of their names)."
            )

    def all_losses(self) -> list[Any]:
        """Every loss there is, of all outputs."""
        if self.losses is None:
            return [self.loss]
        return list(self.losses.values() if isinstance(self.losses, Mapping) else self.losses)

    @property
    def casts_targets(self) -> bool:
        """Whether the loss takes targets in the prediction's dtype, so that they can be cast once and for all."""
        return bool(getattr(self.loss, "averaged", False))

    # The optimiser -----------------------------------------------------------------------------------------------

    def bind(self, model: Any) -> optim.Optimizer:
        """The optimiser over the model's parameters, made at the first call."""
        if self.optimizer is None:
            assert isinstance(self.recipe, Recipe)
            parameters = model.parameters()
            if parameters and not any([p.requires_grad for p in parameters]):
                raise ValueError(
                    f"fit: expected parameters to train; got {len(parameters)}, all frozen. Call unfreeze() on what "
                    "is to be trained."
                )
            self.optimizer = self.recipe.bind(parameters)
        if not self._prepared:
            self._prepare(model, self.optimizer)
        return self.optimizer

    def _prepare(self, model: Any, optimizer: optim.Optimizer) -> None:
        """What is done before and after each step of this very optimiser."""
        self._prepared = True
        if isinstance(self.recipe, Recipe):
            self.before = self.recipe.before_step(optimizer)
            if self.average is None:
                self.average = self.recipe.average_of(optimizer)
            self.after = self.recipe.after_step(self.average)
        back = [restrain for module in model.modules() for restrain in module.constrained()]
        if back:
            self.after = _both(self.after, back)

    def __getstate__(self) -> dict[str, Any]:
        # A copy's steps are of its own parameters, so what surrounds them is made anew.
        return {**vars(self), "before": None, "after": None, "_prepared": False}

    def check_bound(self, model: Any) -> None:
        """Raise ValueError where there are parameters that the optimiser, made before them, would not see."""
        if self.optimizer is None or not isinstance(self.recipe, Recipe):
            return
        known = {id(p) for group in self.optimizer.groups for p in group["params"]}
        new = [name for name, p in model.named_parameters() if id(p) not in known]
        if new:
            raise ValueError(
                f"fit: expected the parameters that were there when the optimiser was made; got new ones: "
                f"{', '.join(new[:4])}{', …' if len(new) > 4 else ''}. Call compile() again after replacing layers."
            )

    def step(self, model: Any, x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        """One update from one batch: what the model gave for it, and the loss."""
        optimizer = self.bind(model)
        seen: list[tuple[Any, Any]] = []

        def closure() -> Any:
            out = model(x)
            loss = self.compute(model, out, y, weight)
            optimizer.zero_grad()
            loss.backward()
            if self.before is not None:
                self.before()
            seen.append((out, loss))
            return loss

        if optimizer.takes_closure:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        if self.after is not None:
            self.after()
        return seen[0]


def _both(after: Any, back: list[Any]) -> Any:
    """What was to be done after a step, and then the layers' constraints, as Keras orders them."""

    def act() -> None:
        if after is not None:
            after()
        for restrain in back:
            restrain()

    return act


def _loss(given: Any) -> Any:
    # Keras's objects take (y_true, y_pred); here losses are called the other way round.
    return given.named if isinstance(given, KerasLoss) else losses.get(given)


_CONTAINERS = (list, tuple, dict)


def _is_plain(x: Any) -> bool:
    """Whether a file can tell how to make ``x`` again: text, numbers, nests of them, and this package's losses."""
    if isinstance(x, Loss):
        return LIBRARY.get(type(x).__name__) is type(x) and _is_plain(x.arguments)
    if isinstance(x, Mapping):
        return all(map(_is_plain, x.values()))
    if isinstance(x, (list, tuple)):
        return all(map(_is_plain, x))
    return x is None or isinstance(x, (str, bool, int, float))


def _at(tree: Any, key: Any) -> Any:
    if isinstance(tree, Mapping):
        return tree.get(key)
    if isinstance(tree, (list, tuple)):
        return tree[key]
    return tree


def _weighted(loss: Any, out: Any, y: Any, weight: Any) -> Any:
    if not isinstance(loss, Loss):
        raise TypeError(
            f"fit: expected a loss that takes weights beside sample_weight or class_weight; got the function "
            f"{getattr(loss, '__name__', loss)!r}. Name it (y_true, y_pred), or subclass nn.Loss."
        )
    return loss(out, y, weight)


def _part(y: Any, out: Any, key: Any) -> tuple[Any, Any]:
    if key is None:
        return y, out
    if out.__class__ not in _CONTAINERS or (key not in out if isinstance(out, Mapping) else not _indexes(key, out)):
        came = f"outputs {', '.join(map(str, out))}" if isinstance(out, Mapping) else "no such output"
        raise ValueError(
            f"fit: expected the output {key!r} that compile() was given metrics for; the model gives {came}. "
            "Pass metrics=['accuracy'] for a model of one output, else one list per output in the outputs' own form."
        )
    return _at(y, key), out[key]


def _indexes(key: Any, out: Any) -> bool:
    return isinstance(key, int) and key < len(out)


def _scale(weights: Any) -> float | None:
    """What the one loss is multiplied by."""
    if isinstance(weights, (list, tuple)) and len(weights) == 1:
        weights = weights[0]
    if weights is None or isinstance(weights, (list, tuple, Mapping)):  # of the outputs that one loss is for
        return None
    checks.number("compile", "loss_weights", weights)
    return float(weights)


def _mapped(function: Any, given: Any) -> Any:
    if isinstance(given, Mapping):
        return {key: None if value is None else function(value) for key, value in given.items()}
    return [None if value is None else function(value) for value in given]


def _metrics(given: Any) -> list[tuple[str, Metric, Any]]:
    """(name, metric, output) for each; the output is None where the model has one."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(f"{key}_{m.name}", m, key) for key, value in given.items() for m in map(metrics.get, _listed(value))]
    if isinstance(given, (list, tuple)) and len(given) == 1 and isinstance(given[0], (list, tuple)):
        given = given[0]  # of the one output
    found: list[tuple[str, Metric, Any]] = []
    for i, entry in enumerate(_listed(given)):
        if isinstance(entry, (list, tuple)):
            found += [(f"output_{i}_{m.name}", m, i) for m in map(metrics.get, entry)]
        else:
            metric = metrics.get(entry)
            found.append((metric.name, metric, None))
    return found


def _listed(x: Any) -> list[Any]:
    return list(x) if isinstance(x, (list, tuple)) else [x]
