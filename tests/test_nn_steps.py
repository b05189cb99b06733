"""Every public layer, loss and optimiser against PyTorch's or Keras's recorded values: result, gradients, five steps.

The last tests look for those that have no recorded row. A new layer or loss gets one in `recorded/nn_rows.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
from autograd import Tensor
from nn import activations, layers, losses, optim, optimizers, schedule
from tests.nn_recorded import KERAS, TORCH, Recording, close, place
from tests.recorded.keras_rows import LAYERS as KERAS_ROWS
from tests.recorded.nn_rows import ROWS, Row
from tests.test_nn_losses import FUNCTIONS, keras_name
from tests.test_nn_optim import NAMES

STEPS = Recording("torch_steps")
KERAS_STEPS = Recording("keras_steps")
KERAS_LAYERS = Recording("keras_layers")
SEQUENCE = Recording("torch_sequence")
TOLERANCE = {"float64": 1e-11, "float32": 5e-5}
# PyTorch has 1/6 in float32, and returns x from softplus past a threshold.
LOOSER = {"Hardsigmoid": 1e-7}


def floats(out: Any) -> list[Any]:
    """The results that carry a gradient, in order."""
    if isinstance(out, (tuple, list)):
        return [t for part in out for t in floats(part)]
    return [out] if out is not None and out.dtype.kind == "f" else []


def called(layer: nn.Module, row: Row, inputs: dict[str, Any]) -> Any:
    first, *rest = inputs.values()
    return layer(nn.functional.log_softmax(first, dim=-1) if row.scores else first, *rest)


def total(row: Row, outs: list[Any], cotangents: list[Any]) -> Any:
    if row.loss:
        return outs[0]
    parts = [anp.mean(o * o / 2 + c * o) for o, c in zip(outs, cotangents, strict=True)]
    return sum(parts[1:], parts[0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ROWS)
def test_results_gradients_and_five_steps_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    row = ROWS[name]
    tolerance = LOOSER.get(row.cls, TOLERANCE[dtype]) if dtype == "float64" else TOLERANCE[dtype]
    layer = eval(row.ours, dict(vars(nn)))  # a row of ours
    inputs = {k: place(v, dtype) for k, v in STEPS.part(name, "in").items()}
    trained = {k: Tensor(v, requires_grad=True) for k, v in inputs.items() if k in STEPS.part(name, "end")}
    inputs |= trained
    layer.train(row.training)
    start = {_ours(k, row): v for k, v in STEPS.part(name, "start").items()}
    if not all(module.is_built() for module in layer.modules()):
        layer(*inputs.values())
    layer.to(dtype)
    report = layer.load_state_dict({k: place(v, dtype) for k, v in start.items()}, strict=False)
    buffers = {k for k, _ in layer.named_buffers()}
    assert not report.unexpected and not report.mismatched and set(report.missing) <= buffers
    leaves = {**dict(layer.named_parameters()), **trained}
    recorded = [STEPS.get(f"{name}/cotangent{i}") for i in range(3)]
    cotangents = [place(c, dtype) for c in recorded if c is not None]
    optimizer = optim.SGD(leaves.values(), lr=STEPS.cases[name]["rate"])
    for step in range(5):
        optimizer.zero_grad()
        outs = floats(called(layer, row, inputs))
        total(row, outs, cotangents).backward()
        if step == 0:
            for i, out in enumerate(outs):
                assert str(out.dtype) == dtype
                close(out, STEPS.arrays[f"{name}/out{i}"], tolerance, f"{name}: result {i}")
            for k, gradient in STEPS.part(name, "grad").items():
                found = leaves[_ours(k, row)].grad
                assert found is not None and str(found.dtype) == dtype, k
                close(found, gradient, tolerance, f"{name}: gradient for {k}")
        optimizer.step()
    for k, wanted in STEPS.part(name, "end").items():
        leaf = leaves[_ours(k, row)]
        assert str(leaf.dtype) == dtype
        close(leaf, wanted, tolerance, f"{name}: {k} after five steps")


def _ours(name: str, row: Row) -> str:
    for theirs, ours in row.renamed.items():
        if name.startswith(theirs):
            return name.replace(theirs, ours, 1)
    return name


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if f"{n}/sum" in STEPS.arrays])
def test_every_reduction_is_pytorchs(name: str, backend: backends.Backend) -> None:
    row = ROWS[name]
    inputs = {k: place(v, "float64") for k, v in STEPS.part(name, "in").items()}
    for reduction in ("none", "sum"):
        loss = eval(row.ours, dict(vars(nn)))
        loss.reduction = reduction
        close(called(loss, row, inputs), STEPS.arrays[f"{name}/{reduction}"], 1e-11, f"{name}: {reduction}")


# Keras's losses by name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KERAS_STEPS.names("loss/"))
def test_five_steps_on_predictions_are_kerass(name: str, backend: backends.Backend) -> None:
    options = dict(KERAS.cases[name])
    loss = losses.get(keras_name(options.pop("cls")), **options)
    given = {k: place(v, "float64") for k, v in KERAS.part(name, "in").items()}
    prediction = Tensor(given["y_pred"], requires_grad=True)
    optimizer = optim.SGD([prediction], lr=KERAS_STEPS.cases[name]["rate"])
    found = []
    for _ in range(5):
        optimizer.zero_grad()
        value = loss(prediction, given["y_true"], given.get("sample_weight"))
        value.backward()
        found.append(float(value))
        optimizer.step()
    # Keras passes log 2 through float32.
    tolerance = 2e-6 if "log_cosh" in name else 1e-9
    close(np.array(found), KERAS_STEPS.arrays[f"{name}/losses"], tolerance, name)
    close(prediction, KERAS_STEPS.arrays[f"{name}/end"], tolerance, name)


# What has no row -------------------------------------------------------------------------------------------------

# Without a formula of their own: a marker of a shape, and bases of classes.
EXEMPT = {"Input", "Layer", "Loss", "NamedLoss"}
# Recorded in a file of its own, not in a row: class -> where.
ELSEWHERE: dict[str, tuple[Recording, str]] = {
    name: (KERAS_LAYERS, f"layer/{case.split('/')[0]}")
    for case, (expression, _) in KERAS_ROWS.items()
    for name in [expression.partition("(")[0]]
} | {"ActivityRegularization": (KERAS_LAYERS, "fit/activity_layer")}


def test_every_layer_and_loss_has_a_recorded_row() -> None:
    assert set(ROWS) == set(STEPS.cases), "run tests/recorded/record_torch_steps.py"
    rows = {row.cls for row in ROWS.values()}
    for recording, start in ELSEWHERE.values():
        assert recording.names(start), start
    for package, kind in ((layers, "layer"), (losses, "loss")):
        public = {n for n in package.__all__ if isinstance(getattr(package, n), type)}
        missing = public - rows - EXEMPT - set(ELSEWHERE)
        assert not missing, f"no recorded values for the {kind}: {', '.join(sorted(missing))}"


def test_every_function_of_a_loss_and_every_named_loss_is_recorded() -> None:
    functions = {function.__name__ for function, _ in FUNCTIONS.values()}
    others = {
        name for name in losses.__all__ if TORCH.names(f"loss/{name}") or SEQUENCE.names(name.removesuffix("_loss"))
    }
    public = {name for name in losses.__all__ if not isinstance(getattr(losses, name), type)}
    # log_cosh_loss is LogCoshLoss's, in a row above.
    assert public - functions - others <= {"log_cosh_loss"}
    classes = {cls.__name__ for _, cls in FUNCTIONS.values()}
    assert classes <= {row.cls for row in ROWS.values()}
    named = {name.split("/")[1] for name in KERAS_STEPS.names("loss/")}
    assert set(losses.named.NAMED) <= named


def test_every_optimiser_and_schedule_is_recorded() -> None:
    public = {n for n in optim.__all__ if isinstance(getattr(optim, n), type)} - {"Optimizer", "WeightAverage"}
    recorded = {NAMES.get(name.split("/")[1], name.split("/")[1].upper()) for name in TORCH.names("optimiser/")}
    assert public <= recorded, public - recorded
    keras = {name.split("/")[1] for name in KERAS.names("optimiser/")}
    assert set(optimizers.NAMED) <= keras, set(optimizers.NAMED) - keras
    kinds = {n for n, c in vars(schedule).items() if isinstance(c, type) and c.__module__ == schedule.__name__}
    # A base, and one whose formula is the caller's.
    assert kinds - {"Schedule", "LambdaLR"} <= {TORCH.cases[name]["cls"] for name in TORCH.names("schedule/")}


def test_every_named_activation_is_recorded() -> None:
    recorded = {name.split("/")[1] for name in TORCH.names("activation/")}
    recorded |= {name.split("/")[1] for name in KERAS.names("activation/")}
    functions = {id(f) for name, f in activations.NAMED.items() if name in recorded}
    # softmin is softmax of -x, in a row above; linear is no function at all.
    missing = {name for name, f in activations.NAMED.items() if name not in recorded and id(f) not in functions}
    assert missing <= {"softmin", "linear", "gelu_tanh", "swish"}, missing
