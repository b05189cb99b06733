"""Initialisers: moments, bounds, fans, orthogonality, seeds; formulas against PyTorch's and Keras's recorded ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import backends
import nn
from nn import init
from tests.helpers import to_numpy
from tests.nn_recorded import TORCH

FORMULAS = TORCH.about["initialisers"]
SHAPE = (400, 250)


def draw(initializer: Any, shape: tuple[int, ...] = SHAPE, dtype: str = "float64") -> np.ndarray:
    nn.set_random_seed(0)
    return to_numpy(init.get(initializer)(shape, dtype))


def check_moments(values: np.ndarray, mean: float, variance: float, fourth: float) -> None:
    """Mean and variance within five of their standard errors; ``fourth`` is the distribution's kurtosis."""
    n = values.size
    assert abs(values.mean() - mean) < 5 * math.sqrt(variance / n)
    assert abs(values.var() - variance) < 5 * variance * math.sqrt((fourth - 1) / n)


def test_the_documents_gaussian_has_mean_0_and_variance_1(backend: backends.Backend) -> None:
    for name in ("gaussian", "standard_normal", init.Normal()):
        values = draw(name)
        check_moments(values, 0, 1, 3)
    # The share beyond two deviations tells a Gaussian from other distributions of the same moments.
    share = (np.abs(values) > 2).mean()
    assert share == pytest.approx(0.0455, abs=5 * math.sqrt(0.0455 / values.size))


def test_the_documents_uniform_has_mean_0_and_variance_1(backend: backends.Backend) -> None:
    values = draw("standard_uniform")
    check_moments(values, 0, 1, 9 / 5)
    bound = FORMULAS["document_uniform"]["bound"]
    assert np.abs(values).max() <= bound and np.abs(values).max() > 0.999 * bound
    share = (np.abs(values) < bound / 2).mean()
    assert share == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / values.size))


@pytest.mark.parametrize("family", ["glorot", "he", "lecun"])
@pytest.mark.parametrize("shape", FORMULAS["shapes"].values(), ids=FORMULAS["shapes"])
def test_fans_and_bounds_are_pytorchs(family: str, shape: dict[str, Any]) -> None:
    assert init.fans(tuple(shape["shape"])) == (shape["fan_in"], shape["fan_out"])
    nn.set_random_seed(0)
    initializer = init.get(f"{family}_uniform")
    values = np.concatenate([np.ravel(initializer(shape["shape"], "float64")) for _ in range(200)])
    bound = shape[family]["bound"]
    assert np.abs(values).max() <= bound and np.abs(values).max() > 0.98 * bound
    check_moments(values, 0, shape[family]["std"] ** 2, 9 / 5)


VARIANCES = {
    "glorot_normal": 2 / (SHAPE[0] + SHAPE[1]),
    "glorot_uniform": 2 / (SHAPE[0] + SHAPE[1]),
    "xavier_normal": 2 / (SHAPE[0] + SHAPE[1]),
    "xavier_uniform": 2 / (SHAPE[0] + SHAPE[1]),
    "he_normal": 2 / SHAPE[1],
    "he_uniform": 2 / SHAPE[1],
    "kaiming_normal": 2 / SHAPE[1],
    "kaiming_uniform": 2 / SHAPE[1],
    "lecun_normal": 1 / SHAPE[1],
    "lecun_uniform": 1 / SHAPE[1],
    "torch_uniform": 1 / (3 * SHAPE[1]),
    "normal": 0.05**2,
    "uniform": 0.1**2 / 12,
    "random_normal": 0.05**2,
    "random_uniform": 0.1**2 / 12,
    "truncated_normal": (0.05 * FORMULAS["truncated_at_2"]) ** 2,
}


@pytest.mark.parametrize("name", VARIANCES)
def test_variances(name: str) -> None:
    check_moments(draw(name), 0, VARIANCES[name], 3)


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal", "truncated_normal"])
def test_kerass_normals_are_cut_at_two_deviations(name: str, backend: backends.Backend) -> None:
    values = draw(name)
    deviation = math.sqrt(VARIANCES[name]) / FORMULAS["truncated_at_2"]
    assert np.abs(values).max() <= 2 * deviation * (1 + 1e-12) and np.abs(values).max() > 1.99 * deviation


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 4), (1, 3)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape: tuple[int, ...], gain: float, backend: backends.Backend) -> None:
    values = draw(init.Orthogonal(gain), shape)
    matrix = values.reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)


def test_orthogonal_prefers_no_direction() -> None:
    """Without the signs of r's diagonal the first entries would all have one sign."""
    nn.set_random_seed(0)
    first = np.array([float(np.asarray(init.Orthogonal()((2, 2), "float64"))[0, 0]) for _ in range(400)])
    assert 0.35 < (first > 0).mean() < 0.65


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", init.NAMED)
def test_every_name_keeps_the_dtype(name: str, dtype: str, backend: backends.Backend) -> None:
    values = init.get(name)((8, 6), dtype)
    assert backends.of(values) is backend and values.dtype == dtype and values.shape == (8, 6)
    assert np.isfinite(to_numpy(values).astype("float64")).all()


def test_constants() -> None:
    assert (draw("zeros") == 0).all() and (draw("ones") == 1).all()
    assert (draw(0.25) == 0.25).all() and (draw(init.Constant(-2)) == -2).all()


def test_vectors_and_custom_initialisers() -> None:
    layer = nn.Dense(
        3, input_shape=(2,), kernel_initializer=lambda shape, dtype: np.full(shape, 7, dtype), bias_initializer=0.5
    )
    assert (to_numpy(layer.weight) == 7).all() and (to_numpy(layer.bias) == 0.5).all()

    class Mine(init.Initializer):
        def __init__(self, value: float) -> None:
            self.value = value

        def draw(self, shape: Any, dtype: Any, stream: Any) -> Any:
            return np.full(shape, self.value, dtype)

    assert (
        repr(Mine(2.0)) == "Mine(value=2.0)"
        and (to_numpy(nn.Dense(1, input_shape=(2,), kernel_initializer=Mine(2.0)).weight) == 2).all()
    )
    assert isinstance(init.get(init.Orthogonal), init.Orthogonal)


def test_layers_start_as_pytorchs_and_kerass_do() -> None:
    nn.set_random_seed(0)
    torch, keras = nn.Linear(300, 200), nn.Dense(200, input_shape=(300,))
    for values in (to_numpy(torch.weight), to_numpy(torch.bias)):
        assert np.abs(values).max() <= 300**-0.5 and np.abs(values).max() > 0.97 * 300**-0.5
    assert np.abs(to_numpy(keras.weight)).max() == pytest.approx(math.sqrt(6 / 500), rel=1e-2)
    assert (to_numpy(keras.bias) == 0).all()


@pytest.mark.parametrize("name", FORMULAS["gains"])
def test_gains_are_pytorchs(name: str) -> None:
    kind, _, slope = name.rstrip(")").partition("(")
    assert init.calculate_gain(kind, float(slope) if slope else None) == pytest.approx(
        FORMULAS["gains"][name], rel=1e-15
    )


def test_pytorchs_functions_write_in_place(backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    weight = nn.Linear(SHAPE[1], SHAPE[0]).weight
    assert weight is not None
    variances: list[tuple[Any, float, float]] = [
        (lambda: init.normal_(weight, 1.0, 2.0), 1.0, 4.0),
        (lambda: init.uniform_(weight, -1.0, 3.0), 1.0, 16 / 12),
        (lambda: init.xavier_normal_(weight, gain=2.0), 0.0, 4 * 2 / sum(SHAPE)),
        (lambda: init.xavier_uniform_(weight), 0.0, 2 / sum(SHAPE)),
        (lambda: init.kaiming_normal_(weight, nonlinearity="relu"), 0.0, 2 / SHAPE[1]),
        (lambda: init.kaiming_uniform_(weight, a=5**0.5), 0.0, 1 / (3 * SHAPE[1])),
        (lambda: init.kaiming_uniform_(weight, mode="fan_out"), 0.0, 2 / SHAPE[0]),
    ]
    for call, mean, variance in variances:
        assert call() is weight and weight.requires_grad and weight.dtype == "float32"
        check_moments(to_numpy(weight).astype("float64"), mean, variance, 3)
    product = to_numpy(init.orthogonal_(weight)).T @ to_numpy(weight)
    np.testing.assert_allclose(product, np.eye(SHAPE[1]), atol=1e-5)
    for call, value in ((init.zeros_, 0.0), (init.ones_, 1.0), (lambda t: init.constant_(t, -2), -2.0)):
        assert (to_numpy(call(weight)) == value).all()


def test_the_same_seed_gives_the_same_numbers(backend: backends.Backend) -> None:
    nn.set_random_seed(5)
    one, two = to_numpy(nn.Linear(3, 2).weight), to_numpy(nn.Linear(3, 2).weight)
    nn.set_random_seed(5)
    np.testing.assert_array_equal(one, to_numpy(nn.Linear(3, 2).weight))
    assert (one != two).any()
    state = nn.random.get_state()
    three = to_numpy(nn.Linear(3, 2).weight)
    nn.random.set_state(state)
    np.testing.assert_array_equal(three, to_numpy(nn.Linear(3, 2).weight))


ERRORS = [
    (lambda: init.get("glorot"), ValueError, r"expected one of zeros, .*; got 'glorot'"),
    (lambda: init.get(None), TypeError, "a name, a number or a callable; got NoneType"),
    (lambda: init.VarianceScaling(mode="fan"), ValueError, "mode: expected one of fan_in, fan_out, fan_avg; got 'fan'"),
    (lambda: init.VarianceScaling(distribution="cauchy"), ValueError, "distribution: expected one of"),
    (lambda: init.calculate_gain("gelu"), ValueError, "nonlinearity: expected one of linear, .*; got 'gelu'"),
    (lambda: init.Orthogonal()((3,)), ValueError, r"two axes or more; got \(3,\)"),
    (lambda: init.Initializer()((3,)), NotImplementedError, "expected a method draw"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS)
def test_errors(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_a_gaussian_is_cut_off_at_both_ends(backend: backends.Backend) -> None:
    w = nn.Linear(100, 200).weight
    init.trunc_normal_(w, mean=1.0, std=2.0, a=0.0, b=2.5)
    values = to_numpy(w)
    assert values.min() >= 0.0 and values.max() <= 2.5 and values.dtype == "float32"
    # The mean of a Gaussian on [a, b]: mean + std·(φ(α) - φ(β))/(Φ(β) - Φ(α)), α = (a - mean)/std, β alike.
    phi, cdf = (lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)), (lambda x: (1 + math.erf(x / 2**0.5)) / 2)
    alpha, beta = -0.5, 0.75
    expected = 1.0 + 2.0 * (phi(alpha) - phi(beta)) / (cdf(beta) - cdf(alpha))
    assert abs(values.mean() - expected) < 0.02
    with pytest.raises(ValueError, match=r"expected a < b within four deviations.*got \[9.0, 10.0\]"):
        init.trunc_normal_(w, a=9.0, b=10.0)
