"""Losses against PyTorch's and Keras's recorded values and gradients; weights, reductions, guards, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
import nn
import nn.functional as F
from autograd import Tensor, check_grads, tensor
from nn import losses
from tests.helpers import to_numpy
from tests.nn_recorded import KERAS, TORCH, close, place, repeat

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}

# Recorded name (up to its first variant) -> (function, class).
FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "mse": (F.mse_loss, nn.MSELoss),
    "l1": (F.l1_loss, nn.L1Loss),
    "smooth_l1": (F.smooth_l1_loss, nn.SmoothL1Loss),
    "huber": (F.huber_loss, nn.HuberLoss),
    "bce": (F.binary_cross_entropy, nn.BCELoss),
    "bce_with_logits": (F.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss),
    "cross_entropy": (F.cross_entropy, nn.CrossEntropyLoss),
    "nll": (F.nll_loss, nn.NLLLoss),
    "kl_div": (F.kl_div, nn.KLDivLoss),
    "soft_margin": (F.soft_margin_loss, nn.SoftMarginLoss),
    "hinge_embedding": (F.hinge_embedding_loss, nn.HingeEmbeddingLoss),
    "multi_margin": (F.multi_margin_loss, nn.MultiMarginLoss),
    "multilabel_margin": (F.multilabel_margin_loss, nn.MultiLabelMarginLoss),
    "multilabel_soft_margin": (F.multilabel_soft_margin_loss, nn.MultiLabelSoftMarginLoss),
    "cosine_embedding": (F.cosine_embedding_loss, nn.CosineEmbeddingLoss),
    "margin_ranking": (F.margin_ranking_loss, nn.MarginRankingLoss),
    "triplet_margin": (F.triplet_margin_loss, nn.TripletMarginLoss),
    "poisson_nll": (F.poisson_nll_loss, nn.PoissonNLLLoss),
    "gaussian_nll": (F.gaussian_nll_loss, nn.GaussianNLLLoss),
    "ctc": (F.ctc_loss, nn.CTCLoss),
}
# PyTorch's own guard at p = 0 and 1; ours is Keras's, tested below.
OTHER_GUARD = "loss/bce/ends/none"
TORCH_CASES = [name for name in TORCH.names("loss/") if name != OTHER_GUARD]


def case_id(name: str) -> str:
    return name.removeprefix("loss/")


def test_every_recorded_loss_has_a_function_and_a_class() -> None:
    kinds = {name.split("/")[1] for name in TORCH_CASES} - {"cosine_similarity", "pairwise_distance"}
    assert kinds == set(FUNCTIONS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TORCH_CASES, ids=case_id)
def test_functions_give_pytorchs_values_and_gradients(name: str, dtype: str, backend: backends.Backend) -> None:
    options = TORCH.cases[name]
    kind = name.split("/")[1]
    if kind == "cosine_similarity":
        repeat(TORCH, name, F.cosine_similarity, dtype, TOLERANCE[dtype])
    elif kind == "pairwise_distance":
        repeat(TORCH, name, F.pairwise_distance, dtype, TOLERANCE[dtype])
    elif kind == "ctc":

        def ctc(scores: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
            return F.ctc_loss(F.log_softmax(scores, -1), targets, input_lengths, target_lengths, **options)

        repeat(TORCH, name, ctc, dtype, 10 * TOLERANCE[dtype])
    else:
        repeat(TORCH, name, lambda **inputs: FUNCTIONS[kind][0](**inputs, **options), dtype, TOLERANCE[dtype])


@pytest.mark.parametrize("name", [n for n in TORCH_CASES if n.split("/")[1] == "ctc"], ids=case_id)
def test_ctc_takes_concatenated_targets(name: str, backend: backends.Backend) -> None:
    options = TORCH.cases[name]

    def ctc(scores: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        rows = [row[:size] for row, size in zip(to_numpy(targets), to_numpy(target_lengths), strict=True)]
        joined = backends.default().asarray(np.concatenate(rows))
        return F.ctc_loss(F.log_softmax(scores, -1), joined, input_lengths, target_lengths, **options)

    repeat(TORCH, name, ctc, "float64", 10 * TOLERANCE["float64"])
    padded = TORCH.part(name, "in")
    with pytest.raises(ValueError, match=r"concatenated targets of Σ target_lengths labels, with 3 lengths; got 1 l"):
        F.ctc_loss(padded["scores"], np.array([1]), padded["input_lengths"], padded["target_lengths"])


@pytest.mark.parametrize("name", TORCH_CASES, ids=case_id)
def test_classes_give_what_their_functions_give(name: str) -> None:
    kind, options = name.split("/")[1], TORCH.cases[name]
    if kind not in FUNCTIONS:
        pytest.skip("a function without a class")
    inputs = {key: place(value, "float64") for key, value in TORCH.part(name, "in").items()}
    weights = {key: tensor(inputs.pop(key)) for key in ("weight", "pos_weight") if key in inputs}
    if kind == "ctc":
        inputs["log_probs"] = F.log_softmax(inputs.pop("scores"), -1)
        inputs = {key: inputs[key] for key in ("log_probs", "targets", "input_lengths", "target_lengths")}
    loss = FUNCTIONS[kind][1](**weights, **options)
    expected = TORCH.get(f"{name}/out")
    assert expected is not None
    close(loss(*inputs.values()), expected, 1e-11, name)


KERAS_NAMES = {"kl_divergence": "kl_divergence", "log_cosh": "log_cosh"}


def keras_name(cls: str) -> str:
    text = "".join(
        "_" + c.lower() if c.isupper() and i and not cls[i - 1].isupper() else c.lower() for i, c in enumerate(cls)
    )
    return {"kldivergence": "kl_divergence"}.get(text, text)


@pytest.mark.parametrize("name", KERAS.names("loss/"), ids=case_id)
def test_named_losses_give_kerass_values_and_gradients(name: str, backend: backends.Backend) -> None:
    options = dict(KERAS.cases[name])
    loss = losses.get(keras_name(options.pop("cls")), **options)

    def call(y_pred: Any, y_true: Any, sample_weight: Any = None) -> Any:
        return loss(y_pred, y_true, sample_weight)

    repeat(KERAS, name, call, "float64", 2e-6 if "log_cosh" in name else 1e-9)


@pytest.mark.parametrize("name", [n for n in KERAS.names("loss/") if "/ends" not in n], ids=case_id)
def test_named_losses_stay_float32(name: str) -> None:
    options = dict(KERAS.cases[name])
    loss = losses.get(keras_name(options.pop("cls")), **options)
    inputs = {key: place(value, "float32") for key, value in KERAS.part(name, "in").items()}
    prediction = Tensor(inputs["y_pred"], requires_grad=True)
    out = loss(prediction, KERAS.part(name, "in")["y_true"], inputs.get("sample_weight"))  # a float64 target
    assert out.dtype == "float32"
    expected = KERAS.get(f"{name}/out")
    assert expected is not None
    close(out, expected, 3e-5, name)
    anp.sum(out).backward()
    assert prediction.grad is not None and prediction.grad.dtype == "float32"


def test_the_documents_loss() -> None:
    """§4.3: J = -log 0.6 ≈ 0.5108."""
    assert to_numpy(F.binary_cross_entropy(anp.array([0.6]), anp.array([1.0]))) == pytest.approx(
        -math.log(0.6), rel=1e-15
    )
    both = F.binary_cross_entropy(anp.array([0.6, 0.6]), anp.array([1.0, 0.0]), reduction="sum")
    assert both == pytest.approx(-math.log(0.6) - math.log(0.4), rel=1e-15)
    several = losses.get("categorical_crossentropy")(anp.array([[0.1, 0.6, 0.3]]), anp.array([[0.0, 1.0, 0.0]]))
    assert several == pytest.approx(0.5108256, rel=1e-6)


def test_probabilities_of_0_and_1_are_guarded_as_keras_does(backend: backends.Backend) -> None:
    p = Tensor(place(np.array([0.0, 1.0, 0.0, 1.0]), "float32"), requires_grad=True)
    loss = F.binary_cross_entropy(p, place(np.array([0.0, 1.0, 1.0, 0.0]), "float32"), reduction="none")
    expected = -np.log(np.float32([1 - 1e-7, 1 - 1e-7, 1e-7, 1e-7]))
    np.testing.assert_allclose(to_numpy(loss)[2], expected[2], rtol=1e-6)
    np.testing.assert_allclose(to_numpy(loss)[:2], 1e-7, atol=2.5e-8)
    anp.sum(loss).backward()
    assert p.grad is not None and to_numpy(p.grad).tolist() == [0.0] * 4


def test_logits_far_out_stay_finite() -> None:
    x = tensor([1e4, -1e4, 1e4, -1e4], dtype="float32", requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, anp.array([1.0, 0.0, 0.0, 1.0]), reduction="none")
    assert to_numpy(loss).tolist() == [0, 0, 1e4, 1e4]
    anp.sum(loss).backward()
    assert x.grad is not None and to_numpy(x.grad).tolist() == [0, 0, 1, -1]


# Weights and reductions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mse", "mae", "binary_crossentropy", "huber", "hinge"])
def test_sample_weights_count_samples(name: str) -> None:
    """A sample of weight 2 counts twice, one of weight 0 not at all; the divisor stays the number of samples."""
    stream = np.random.default_rng(0)
    p, y = stream.uniform(0.1, 0.9, (4, 3)), (stream.random((4, 3)) > 0.5).astype(float)
    loss = losses.get(name)
    weighted = loss(p, y, np.array([2.0, 0.0, 1.0, 1.0]))
    repeated = loss(p[[0, 0, 2, 3]], y[[0, 0, 2, 3]])
    assert weighted == pytest.approx(float(repeated), rel=1e-12)


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.NLLLoss(), losses.get("sparse_categorical_crossentropy")])
def test_sample_weights_with_labels(loss: Any) -> None:
    x = F.log_softmax(np.random.default_rng(1).normal(size=(3, 4)))
    x = F.softmax(x) if isinstance(loss, losses.NamedLoss) else x
    labels = np.array([0, 3, 2])
    weighted = loss(x, labels, np.array([1.0, 0.0, 2.0]))
    assert weighted == pytest.approx(float(loss(x[[0, 2, 2]], labels[[0, 2, 2]])), rel=1e-12)


def test_class_weights_divide_as_pytorch_does() -> None:
    logits, labels, weight = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0, 1]), np.array([1.0, 3.0])
    each = F.cross_entropy(logits, labels, reduction="none")
    assert F.cross_entropy(logits, labels, weight=weight) == pytest.approx(float((each[0] + 3 * each[1]) / 4))


def test_ignored_labels_leave_no_trace(backend: backends.Backend) -> None:
    x = Tensor(place(np.random.default_rng(2).normal(size=(4, 3)), "float64"), requires_grad=True)
    labels = place(np.array([0, -100, 2, -100]), "float64")
    loss = F.cross_entropy(x, labels)
    loss.backward()
    assert x.grad is not None
    gradient = to_numpy(x.grad)
    assert (gradient[[1, 3]] == 0).all() and (gradient[[0, 2]] != 0).all()
    kept = Tensor(place(to_numpy(x)[[0, 2]], "float64"), requires_grad=True)
    other = F.cross_entropy(kept, place(np.array([0, 2]), "float64"))
    other.backward()
    assert kept.grad is not None
    np.testing.assert_allclose(to_numpy(loss), to_numpy(other), rtol=1e-14)
    np.testing.assert_allclose(gradient[[0, 2]], to_numpy(kept.grad), rtol=1e-14)


@pytest.mark.parametrize(("wrong", "said"), [(float("nan"), "nan"), (1.5, "1.5")])
def test_labels_that_are_no_whole_numbers_are_told(wrong: float, said: str) -> None:
    loss = losses.get("sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=f"expected whole numbers as labels; got {said}. Fill in"):
        loss(np.full((2, 3), 1 / 3), np.array([1.0, wrong]))


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_loss_is_its_formula(alpha: float | None, gamma: float) -> None:
    stream = np.random.default_rng(3)
    x, y = stream.normal(size=7), (stream.random(7) > 0.5).astype(float)
    p = 1 / (1 + np.exp(-x))
    p_true = np.where(y == 1, p, 1 - p)
    factor = 1.0 if alpha is None else np.where(y == 1, alpha, 1 - alpha)
    expected = -factor * (1 - p_true) ** gamma * np.log(p_true)
    np.testing.assert_allclose(F.focal_loss(x, y, alpha, gamma), expected, rtol=1e-12)
    check_grads(lambda x: anp.sum(F.focal_loss(x, y, alpha, gamma)))(x)


def test_log_cosh_is_its_formula() -> None:
    d = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(F.log_cosh_loss(d, 0 * d, reduction="none"), np.log(np.cosh(d)), atol=1e-15)


def test_integer_and_boolean_targets_are_cast() -> None:
    p = tensor([[0.2], [0.7]], dtype="float32", requires_grad=True)
    for target in (np.array([[0], [1]]), np.array([[False], [True]]), [[0], [1]], np.array([[0.0], [1.0]])):
        loss = F.binary_cross_entropy(p, target)
        assert loss.dtype == "float32"
        assert float(loss) == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2, rel=1e-6)


@pytest.mark.parametrize("name", ["mse", "binary_crossentropy", "huber"])
def test_a_column_beside_a_row_of_targets_is_no_table(name: str) -> None:
    """(n, 1) against (n,): broadcasting would compare everything with everything."""
    p, y = np.array([[0.2], [0.7], [0.9]]), np.array([0.0, 1.0, 1.0])
    assert losses.get(name)(p, y) == pytest.approx(float(losses.get(name)(p, y[:, None])), rel=1e-15)


# Properties --------------------------------------------------------------------------------------------------

SMOOTH: dict[str, Any] = {
    "mse": lambda x, y: F.mse_loss(x, y),
    "huber": lambda x, y: F.huber_loss(x, y, delta=0.7),
    "log_cosh": lambda x, y: F.log_cosh_loss(x, y),
    "bce": lambda x, y: F.binary_cross_entropy(F.sigmoid(x), F.sigmoid(y)),
    "bce_with_logits": lambda x, y: F.binary_cross_entropy_with_logits(x, F.sigmoid(y), pos_weight=np.full(3, 2.0)),
    "cross_entropy": lambda x, y: F.cross_entropy(x, np.array([0, 2, 1, 1]), np.array([1.0, 2.0, 3.0]), 1, "mean", 0.1),
    "soft_labels": lambda x, y: F.cross_entropy(x, F.softmax(y)),
    "kl": lambda x, y: F.kl_div(F.log_softmax(x), F.softmax(y), "batchmean"),
    "focal": lambda x, y: F.focal_loss(x, F.sigmoid(y), reduction="mean"),
    "poisson": lambda x, y: F.poisson_nll_loss(x, F.softplus(y)),
    "gaussian": lambda x, y: F.gaussian_nll_loss(x, y, F.softplus(x * y) + 0.1),
    "soft_margin": lambda x, y: F.soft_margin_loss(x, anp.tanh(y)),
    "cosine": lambda x, y: F.cosine_embedding_loss(x, y, np.array([1, -1, 1, -1]), margin=-1.0),
    "triplet": lambda x, y: F.triplet_margin_loss(x, y, x * y, margin=20.0),
    "categorical": lambda x, y: losses.get("categorical_crossentropy")(F.softmax(x), F.softmax(y)),
    "ctc": lambda x, y: F.ctc_loss(F.log_softmax(anp.reshape(x * y, (4, 1, 3))), np.array([[1, 2]]), [4], [2]),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_losses_have_true_derivatives_of_two_orders(name: str) -> None:
    stream = np.random.default_rng(4)
    x, y = stream.normal(size=(4, 3)), stream.normal(size=(4, 3))
    check_grads(SMOOTH[name], order=2)(x, y)


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(0, 3)),
    shift=st.floats(-1e3, 1e3),
    seed=st.integers(0, 2**31),
)
def test_cross_entropy_in_its_three_spellings(shape: tuple[int, int, int], shift: float, seed: int) -> None:
    """Of labels, of their one-hot rows, and of log probabilities; a shift of all logits changes nothing."""
    n, classes, extra = shape
    stream = np.random.default_rng(seed)
    places = (extra,) if extra else ()
    x, labels = stream.normal(size=(n, classes, *places)), stream.integers(0, classes, (n, *places))
    each = F.cross_entropy(x, labels, reduction="none")
    logs = x - np.log(np.exp(x).sum(1, keepdims=True))
    expected = -np.take_along_axis(logs, labels[:, None], 1)[:, 0]
    np.testing.assert_allclose(each, expected, atol=1e-12)
    one_hot = np.moveaxis(np.eye(classes)[labels], -1, 1)
    np.testing.assert_allclose(F.cross_entropy(x, one_hot, reduction="none"), expected, atol=1e-12)
    np.testing.assert_allclose(F.nll_loss(logs, labels, reduction="none"), expected, atol=1e-12)
    np.testing.assert_allclose(F.cross_entropy(x + shift, labels, reduction="none"), expected, atol=1e-9)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=6), seed=st.integers(0, 2**31))
def test_binary_cross_entropy_is_finite_and_least_at_the_target(p: list[float], seed: int) -> None:
    y = np.random.default_rng(seed).random(len(p))
    each = F.binary_cross_entropy(np.array(p), y, reduction="none")
    least = F.binary_cross_entropy(y, y, reduction="none")
    assert np.isfinite(each).all() and (each >= least - 1e-9).all()


# get -----------------------------------------------------------------------------------------------------------


def test_short_names() -> None:
    for short, name in losses.named.SHORT.items():
        assert losses.get(short).name == name


def test_functions_in_kerass_order_are_turned_round() -> None:
    def mine(y_true: Any, y_pred: Any) -> Any:
        return anp.mean(y_true - 2 * y_pred, axis=-1)

    def other(prediction: Any, target: Any) -> Any:
        return prediction - 2 * target

    p, y = np.array([[1.0], [2.0]]), np.array([[5], [6]])
    assert losses.get(mine)(p, y) == pytest.approx((5 - 2 + 6 - 4) / 2)
    assert losses.get(mine)(p, y, np.array([0.0, 1.0])) == pytest.approx((6 - 4) / 2)
    assert losses.get(other) is other


def test_get_takes_classes_and_instances() -> None:
    assert isinstance(losses.get(nn.MSELoss), nn.MSELoss)
    loss = nn.HuberLoss(delta=2.0)
    assert losses.get(loss) is loss
    assert isinstance(losses.get("cross_entropy", label_smoothing=0.1), nn.CrossEntropyLoss)


def test_a_loss_moves_with_its_weights() -> None:
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0])
    assert [name for name, _ in loss.named_buffers()] == ["weight"] and loss.parameters() == []
    assert loss.to("float64").weight.dtype == "float64"
    assert repr(nn.HuberLoss(delta=2.0)) == "HuberLoss(reduction='mean', delta=2.0)"


ERRORS = [
    (lambda: losses.get("crossentropy"), ValueError, "expected one of .*; got 'crossentropy'"),
    (lambda: losses.get("mse", from_logits=True), TypeError, "expected options among reduction; got from_logits"),
    (lambda: losses.get(3), TypeError, "expected a name, a Loss or a function; got int"),
    (lambda: losses.get(nn.MSELoss(), delta=1), TypeError, "options only with a name; got delta"),
    (lambda: nn.MSELoss(reduction="avg"), ValueError, "expected a reduction among .*; got 'avg'"),
    (lambda: F.mse_loss(np.ones((3, 2)), np.ones((2, 3))), ValueError, r"prediction's shape \(3, 2\); got \(2, 3\)"),
    (lambda: F.mse_loss(np.ones(3), np.ones(3), "avg"), ValueError, "expected a reduction"),
    (lambda: F.cross_entropy(np.ones((2, 3)), np.array([0, 3])), IndexError, "labels from 0 to 2; got 3"),
    (lambda: F.cross_entropy(np.ones((2, 3)), np.array([0, -1])), IndexError, "labels from 0 to 2; got -1"),
    (lambda: F.cross_entropy(np.ones((2, 3)), np.array([0.0, 1.0])), TypeError, "integer labels; got float64"),
    (
        lambda: F.cross_entropy(np.ones((2, 3)), np.array([0, 1, 2])),
        ValueError,
        r"labels of shape \(2,\), .*got \(3,\)",
    ),
    (lambda: F.cross_entropy(np.ones((2, 3)), np.array([0, 1]), label_smoothing=2), ValueError, "from 0 to 1; got 2"),
    (lambda: F.smooth_l1_loss(np.ones(2), np.ones(2), beta=-1), ValueError, "beta ≥ 0; got -1"),
    (lambda: F.huber_loss(np.ones(2), np.ones(2), delta=0), ValueError, "delta > 0; got 0"),
    (lambda: nn.MSELoss()(np.ones((3, 2)), np.ones((3, 2)), np.ones(2)), ValueError, "one weight per sample"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS)
def test_errors_say_what_was_expected(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()
