"""Whole models in files: layers, weights, how they are trained. Loading executes nothing. Imports ``nn.checkpoint``.

A layer is kept as its class's name and the arguments it was made with; known layers alone are made again, and whatever
classes of one's own are handed to ``load_model``.
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterable, Mapping
from typing import Any

import backends
from autograd import Tensor, no_grad
from nn import activations, checkpoint, constraints, init, optimizers, regularizers
from nn.module import LIBRARY, Module
from nn.nest import HOST
from nn.saving import FileError

# Objects among a layer's arguments that are their attributes and nothing else.
STARTS: dict[str, type] = {
    name: value
    for module, base in (
        (init, init.Initializer),
        (regularizers, regularizers.Regularizer),
        (constraints, constraints.Constraint),
    )
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, base) and name == value.__name__
}


def save_model(model: Module, path: str | os.PathLike[str]) -> None:
    """Write layers, weights and, of a compiled model, optimiser, loss, metrics to a file: ``.npz``, ``.safetensors``.

    The optimiser's state is kept, too. Where the optimiser or a metric is no name, or the loss is neither a name nor
    one of this package's (``nn.CrossEntropyLoss()``), all that ``compile`` was given is left out: compile again after
    loading.

    Raises:
        ValueError: a layer has no parameters yet, or can't be made again from a file (an activation that is a function
            of one's own); the text says which.

    >>> import nn, os, tempfile
    >>> model = nn.Sequential([nn.Dense(2, activation="relu", input_shape=(3,)), nn.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     save_model(model, path)
    ...     load_model(path)
    Sequential(
      (0): Dense(3, 2, activation='relu')
      (1): Dense(2, 1)
    )
    """
    tree: dict[str, Any] = {
        "kind": "model",
        "architecture": _encoded(model, type(model).__name__),
        "input_shape": model.input_shape or getattr(model, "_built_for", None),
        "weights": model.state_dict(),
        "dtypes": {name: str(value.dtype) for name, value in model.state_dict().items()},
    }
    compiled = getattr(model, "_compiled", None)
    if compiled is not None and compiled.given is not None:
        tree["compile"] = _encoded(compiled.given, "compile")
        if compiled.optimizer is not None:
            tree["optimizer"] = compiled.optimizer.state_dict()
    checkpoint.write(path, tree, "save_model")


def load_model(path: str | os.PathLike[str], custom: Iterable[type] = ()) -> Any:
    """The model that ``save_model`` wrote, on the default backend.

    Args:
        path: the file.
        custom: classes of one's own among the layers (or the model itself).

    Raises:
        FileError: the file is missing, damaged or no model, or names a class that is not known.
    """
    tree = checkpoint.read(path, "load_model")
    classes = LIBRARY | {cls.__name__: cls for cls in custom}
    try:
        if tree["kind"] != "model":
            raise ValueError(f"a {tree['kind']!r}")
        model = _decoded(tree["architecture"], classes)
        _build(model, tree)
        model.load_state_dict(tree["weights"])
        if "compile" in tree:
            _compile(model, tree, classes)
    except FileError:
        raise
    except Exception as error:
        raise FileError(
            f"load_model: expected {path} to hold a model; got {type(error).__name__}: {error}. "
            "Use a file that model.save() wrote."
        ) from error
    return model


def _build(model: Module, tree: Mapping[str, Any]) -> None:
    dtypes = set(tree["dtypes"].values())
    if not all([module.is_built() for module in model.modules()]):
        shape = tree["input_shape"]
        if shape is None:
            raise ValueError("a layer whose input's size was not kept")
        kind = "int64" if any([module.takes_integers for module in model.modules()]) else "float32"
        with no_grad():
            model.eval()(backends.default().asarray(HOST.xp.zeros((1, *shape), kind)))
        model.train()
    floats = {name for name in dtypes if name.startswith(("float", "bfloat"))}
    if len(floats) == 1:
        model.to(floats.pop())


def _compile(model: Any, tree: Mapping[str, Any], classes: dict[str, type]) -> None:
    given = _decoded(tree["compile"], classes)
    name, options = given.pop("optimizer")
    model.compile(optimizers.NAMED[name](**options), **given)
    if "optimizer" in tree:
        model.optimizer.load_state_dict(tree["optimizer"])


# Arguments as data ----------------------------------------------------------------------------------------------


def _encoded(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, numbers.Number) and hasattr(value, "item"):  # NumPy's numbers are kept as Python's
        return value.item()
    if isinstance(value, Module):
        name = type(value).__name__
        args, kwargs = value.arguments
        return {
            "layer": name,
            "args": [_encoded(arg, f"{where}.{i}") for i, arg in enumerate(args)],
            "kwargs": _encoded(kwargs, where),
            "input_shape": value.input_shape,
        }
    if isinstance(value, (list, tuple)):
        return type(value)([_encoded(entry, where) for entry in value])
    if isinstance(value, Mapping):
        return {"dict": {str(key): _encoded(entry, f"{where}.{key}") for key, entry in value.items()}}
    if type(value).__name__ in STARTS:
        return {"start": type(value).__name__, "values": vars(value)}
    if isinstance(value, Tensor) or (hasattr(value, "dtype") and hasattr(value, "reshape")):
        return {"array": value}
    if callable(value):
        name = activations.name_of(value)
        ours = getattr(value, "__module__", "").partition(".")[0] in ("nn", "autograd")
        if activations.NAMED.get(name) is value or (ours and name in activations.NAMED):
            return {"activation": name}
    if hasattr(value, "name") or isinstance(value, type):  # a dtype
        try:
            return str(HOST.xp.dtype(value))
        except TypeError:
            pass
    raise ValueError(
        f"save_model: expected layers made from numbers, names and layers; got {value!r} in {where}. Give it by name, "
        "or save the weights alone: nn.save_weights(model, path)."
    )


def _decoded(value: Any, classes: Mapping[str, type]) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)([_decoded(entry, classes) for entry in value])
    if not isinstance(value, dict):
        return value
    if "layer" in value:
        cls = classes.get(value["layer"])
        if cls is None:
            raise FileError(
                f"load_model: expected layers of nn, or classes given as custom; got {value['layer']!r}. Pass the "
                "class, load_model(path, custom=[…]), if the file can be trusted."
            )
        args, kwargs = _decoded(value["args"], classes), _decoded(value["kwargs"], classes)
        made = cls(*args, **kwargs)
        if value["input_shape"] is not None and made.input_shape is None:
            made.input_shape = tuple(value["input_shape"])
            made.build_for(made.input_shape)
        return made
    if "start" in value:
        start: Any = object.__new__(STARTS[value["start"]])
        vars(start).update(value["values"])
        return start
    if "activation" in value:
        return activations.get(value["activation"])
    return value["array"] if "array" in value else {k: _decoded(v, classes) for k, v in value["dict"].items()}
