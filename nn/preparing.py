"""Data of every form made ready for a model, and the model for the data. Imports ``nn.data``, ``feeding``."""

from __future__ import annotations

from typing import Any

import backends
from autograd import no_grad
from nn import nest
from nn.data import Batches
from nn.data.places import put
from nn.data.sources import is_arrays
from nn.feeding import Cast, Converted, as_arrays, fitted_to, padded
from nn.modes import mode


def batches_of(
    model: Any,
    name: str,
    x: Any,
    y: Any,
    weight: Any,
    size: int | None,
    shuffle: bool = False,
    class_weight: Any = None,
) -> Batches:
    """Batches ``(x, y, weight)`` as the model takes them, whatever was given."""
    compiled = model._compiled
    arrays = y is not None or is_arrays(x)
    if arrays:
        x, y, weight = as_arrays(name, x, y, weight)
        x = fitted_to(name, x, model.input_shape)
        _build(model, x)
    else:
        source = x if isinstance(x, Batches) else Batches(x, size, shuffle)
        _build(model, None, source)
    backend, dtype = _like(model)
    cast = Cast(model, backend, dtype, compiled is not None and compiled.casts_targets, class_weight)
    if not arrays:
        return Converted(source, cast, backend)
    if y is None and name != "predict":
        raise ValueError(f"{name}: expected targets beside the inputs; got y=None. Pass {name}(x, y).")
    if getattr(model, "output_shape", None) == (1,) and y is not None and nest.is_leaf(y):
        y = nest.as_array(y, "y")
        y = y.reshape(-1, 1) if len(y.shape) == 1 else y
    return Batches((x, y, weight), size, shuffle, device=backend, transform=cast)


def _build(model: Any, x: Any, source: Batches | None = None) -> None:
    """Make parameters that wait for the size of the input, which ``x`` or the source's first batch tells."""
    if all([module.is_built() for module in model.modules()]):
        return
    if source is not None:
        if source.once:
            raise ValueError(
                "fit: expected a built model beside a generator, whose first batch can't be looked at and given "
                "back; a layer does not know its input's size yet. Give input_shape=… to the first layer."
            )
        x = padded(next(iter(source), None))[0]
    backend = backends.default()
    cast = Cast(model, backend, "float32", False, None)
    some = nest.map_leaves(lambda a: put(nest.as_array(a)[:1], (backend, None)), x)
    with no_grad(), mode(model, False):
        model(cast.inputs(some))
    if hasattr(x, "shape"):
        model._built_for = tuple(x.shape[1:])


def _like(model: Any) -> tuple[backends.Backend, Any]:
    """Where the parameters are, and their dtype."""
    for _, parameter in model.named_parameters():
        if parameter.dtype.kind in "fc":
            return parameter.backend, parameter.dtype
    return backends.default(), nest.HOST.xp.dtype("float32")
