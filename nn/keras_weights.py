"""Weights in Keras's order and layout, out of a module and into it. Imports ``nn.nest``, ``autograd``."""

from __future__ import annotations

from typing import Any

import backends
from autograd import Tensor
from nn.nest import HOST

# Of layers that Keras has: its order, whatever that of the attributes is; what it has not is left out.
ORDER = ("weight", "bias", "running_mean", "running_var")
LEFT_OUT = ("num_batches_tracked",)


def _slots(module: Any) -> list[tuple[str, bool]]:
    """(path, whether it is a kernel) of every weight, in Keras's order."""
    layers: dict[int, list[tuple[int, str, bool]]] = {}
    for path, owner, value in module.walk():
        name = path.rpartition(".")[2]
        if isinstance(value, Tensor) and name not in LEFT_OUT:
            rank = ORDER.index(name) if name in ORDER else len(ORDER)
            layers.setdefault(id(owner), []).append((rank, path, name in owner.kernels))
    return [(path, kernel) for own in layers.values() for _, path, kernel in sorted(own, key=lambda entry: entry[0])]


def read(module: Any) -> list[Any]:
    """Copies of all weights as NumPy arrays, in Keras's order and layout."""
    module.check_built("get_weights")
    state = module.state_dict()
    out = []
    for path, kernel in _slots(module):
        array = HOST.xp.array(backends.of(state[path]).to_numpy(state[path]))
        out.append(HOST.xp.moveaxis(array, (0, 1), (-1, -2)).copy() if kernel else array)
    return out


def write(module: Any, weights: Any, name: str) -> None:
    """Copy arrays that stand in Keras's order and layout into a module, as ``name``.

    Raises:
        ValueError: another number of arrays, or a shape that does not fit; nothing was changed.
    """
    module.check_built(name)
    slots, arrays, own = _slots(module), list(weights), module.state_dict()
    if len(arrays) != len(slots):
        raise ValueError(
            f"{name}: expected {len(slots)} arrays ({', '.join(path for path, _ in slots)}); "
            f"got {len(arrays)}. Use a model of the same layers."
        )
    state = {}
    for (path, kernel), array in zip(slots, arrays, strict=True):
        expected = tuple(own[path].shape)
        came = tuple(HOST.xp.shape(array))
        if kernel:
            expected = (*expected[2:], expected[1], expected[0])
        if came != expected:
            raise ValueError(
                f"{name}: expected {path} from an array of shape {expected}; got {came}. "
                "Use a model of the same layers."
            )
        state[path] = HOST.xp.moveaxis(HOST.xp.asarray(array), (-1, -2), (0, 1)) if kernel else array
    module.load_state_dict(state, strict=False)


def load_keras_weights(module: Any, weights: Any) -> None:
    """Copy a Keras model's weights, layer by layer in order: ``load_keras_weights(model, keras_model.get_weights())``.

    Kernels, (in, out) or (window…, in, out), are turned round to this package's (out, in, window…); batch norm's four
    are gamma, beta, moving mean and moving variance.

    Raises:
        ValueError: another number of arrays, or a shape that does not fit; nothing was changed.

    >>> import nn, numpy
    >>> model = nn.Sequential([nn.Dense(2, input_shape=(3,))])
    >>> load_keras_weights(model, [numpy.ones((3, 2)), numpy.zeros(2)])
    >>> model.parameters()[0].shape
    (2, 3)
    """
    write(module, weights, "load_keras_weights")
