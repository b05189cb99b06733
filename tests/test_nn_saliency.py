"""Saliency: against closed forms, completeness, black boxes without gradients, modes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
from autograd import GraphError, Tensor
from nn import saliency
from tests.helpers import to_numpy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))


def network(backend: backends.Backend, dtype: str = "float64") -> nn.Sequential:
    nn.set_random_seed(0)
    layers = [nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 2)]
    return nn.Sequential(layers).to(dtype)


def numeric(f: Any, x: np.ndarray, backend: backends.Backend) -> np.ndarray:
    out = np.empty_like(x)
    for i in np.ndindex(x.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = x.copy()
            moved[i] += step
            ends.append(to_numpy(f(backend.asarray(moved)))[i[0]])
        out[i] = (ends[0] - ends[1]) / 2e-6
    return out


def test_gradients_are_each_samples_own(backend: backends.Backend) -> None:
    model = network(backend)
    x = backend.asarray(X)
    target = [0, 1, 1, 0]
    found = saliency.gradient(model, x, target)
    assert backends.of(found) is backend
    model.eval()
    wanted = numeric(lambda x: anp.take_along_axis(model(x), backend.asarray(target)[:, None], 1)[:, 0], X, backend)
    np.testing.assert_allclose(to_numpy(found), wanted, atol=1e-8)
    np.testing.assert_allclose(to_numpy(saliency.gradient_times_input(model, x, target)), X * wanted, atol=1e-8)


def test_a_modules_mode_and_gradients_are_left_alone(backend: backends.Backend) -> None:
    model = network(backend)
    model.layers[1].eval()
    x = Tensor(backend.asarray(X), requires_grad=True)
    before = to_numpy(model.layers[3].running_mean).copy()
    for method in (saliency.gradient, saliency.integrated_gradients, saliency.smooth_grad, saliency.occlusion):
        method(model, x, 0)
    assert model.training and not model.layers[1].training and model.layers[3].training
    assert x.grad is None and all(p.grad is None for p in model.parameters())
    np.testing.assert_array_equal(to_numpy(model.layers[3].running_mean), before)


@pytest.mark.parametrize("target", [0, 1])
def test_integrated_gradients_are_complete(target: int, backend: backends.Backend) -> None:
    """Σ shares = f(x) - f(x'), what the theory calls completeness, for a network and a baseline that is not 0."""
    model = network(backend)
    start = backend.asarray(RNG.normal(size=3))
    x = backend.asarray(X)
    shares, error = saliency.integrated_gradients(model, x, target, baseline=start, return_error=True)
    assert shares.shape == X.shape and error.shape == (4,)
    model.eval()
    fall = to_numpy(model(x)[:, target]) - to_numpy(model(start[None])[0, target])
    np.testing.assert_allclose(to_numpy(shares).sum(1), fall, atol=1e-9)
    np.testing.assert_allclose(to_numpy(error), 0, atol=1e-9)
    # Few nodes miss, and it is said by how much.
    rough, missing = saliency.integrated_gradients(model, x, target, start, steps=1, return_error=True)
    assert np.abs(to_numpy(missing)).max() > 1e-4
    np.testing.assert_allclose(to_numpy(missing), to_numpy(rough).sum(1) - fall, atol=1e-12)


def test_integrated_gradients_in_closed_form() -> None:
    """f = x₁x₂² + 3x₃: shares x₁x₂²/3, 2x₁x₂²/3 and 3x₃."""
    a, b, c = X.T
    found = saliency.integrated_gradients(lambda x: x[:, 0] * x[:, 1] ** 2 + 3 * x[:, 2], X, steps=2)
    np.testing.assert_allclose(found, np.stack([a * b**2 / 3, 2 * a * b**2 / 3, 3 * c], 1), rtol=1e-12)


def test_an_input_without_influence_gets_nothing() -> None:
    found = saliency.integrated_gradients(lambda x: anp.exp(x[:, 0]) + anp.sin(x[:, 2]), X)
    assert not found[:, 1].any() and found[:, 0].all()


def test_two_ways_of_writing_one_function_get_the_same_shares() -> None:
    """Implementation invariance."""
    one = saliency.integrated_gradients(lambda x: anp.sum(anp.softplus(x), axis=1), X)
    two = saliency.integrated_gradients(lambda x: anp.sum(anp.log(1 + anp.exp(x)), axis=1), X)
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_images_and_float32(backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.GlobalAveragePool2d(), nn.Linear(4, 3))
    x = backend.asarray(RNG.normal(size=(2, 1, 6, 6)).astype("float32"))
    for found in (
        saliency.gradient(model, x, 2),
        saliency.integrated_gradients(model, x, [0, 1]),
        saliency.smooth_grad(model, x, 1, samples=2),
        saliency.occlusion(model, x, 1, window=(3, 3)),
    ):
        assert found.shape == x.shape and found.dtype == "float32"
        assert to_numpy(found).any()
    shares, error = saliency.integrated_gradients(model, x, 1, return_error=True)
    assert np.abs(to_numpy(error)).max() < 0.02 * np.abs(to_numpy(shares)).sum()


def test_smooth_gradients_average_over_noise(backend: backends.Backend) -> None:
    """The mean gradient of x² under noise is 2x; of a step it is a bump where the gradient itself is 0."""
    nn.set_random_seed(0)
    x = backend.asarray(np.array([[1.0, -1.0], [2.0, 0.0]]))
    found = saliency.smooth_grad(lambda x: anp.sum(x**2, axis=1), x, samples=400, noise=0.1)
    np.testing.assert_allclose(to_numpy(found), 2 * to_numpy(x), atol=0.1)
    many = saliency.smooth_grad(
        lambda x: anp.sum(x**2, axis=1), x, samples=3, noise=0.1, method=saliency.integrated_gradients, steps=2
    )
    assert many.shape == x.shape


def test_a_black_box_without_gradients_is_explained_by_occlusion(backend: backends.Backend) -> None:
    def box(x: Any) -> Any:
        values = to_numpy(x)
        return np.where(values[:, 0] > 0, 1.0, 0.0) + 2 * (values[:, 2] > 1)

    x = backend.asarray(np.array([[1.0, 5.0, 3.0], [-1.0, 5.0, 0.5]]))
    found = saliency.occlusion(lambda x: backend.asarray(box(x)), x)
    np.testing.assert_array_equal(to_numpy(found), [[1, 0, 2], [0, 0, 0]])
    with pytest.raises(GraphError, match="or use occlusion, which needs no gradient"):
        saliency.gradient(lambda x: backend.asarray(box(x.data)), x)


def test_occlusion_by_windows() -> None:
    x = RNG.normal(size=(2, 3, 4, 5))
    linear = RNG.normal(size=(3, 4, 5))
    found = saliency.occlusion(lambda x: anp.sum(x * linear, axis=(1, 2, 3)), x, window=(2, 5))
    for row in (0, 2):  # windows of all channels, two rows, all columns
        fall = (x * linear)[:, :, row : row + 2].sum((1, 2, 3))
        np.testing.assert_allclose(found[:, :, row], np.broadcast_to(fall[:, None, None], (2, 3, 5)), rtol=1e-9)
    one = saliency.occlusion(lambda x: anp.sum(x * linear, axis=(1, 2, 3)), x, window=(1, 1), baseline=1.0)
    wanted = ((x - 1) * linear).sum(1, keepdims=True)
    np.testing.assert_allclose(one, np.broadcast_to(wanted, x.shape), rtol=1e-7, atol=1e-9)


def test_digits_rest_on_their_strokes() -> None:
    """Hiding the strokes that integrated gradients name changes the network's mind, hiding others does not."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    nn.set_random_seed(0)
    model = nn.Sequential([nn.Dense(32, activation="relu", input_shape=(64,)), nn.Dense(10)])
    model.compile("adam", nn.CrossEntropyLoss())
    model.fit(images, labels, epochs=15, verbose=0)
    some = images[:200]
    chosen = model.predict(some, verbose=0).argmax(1)
    shares = saliency.integrated_gradients(model, some, chosen)
    order = shares.argsort(1)
    flips = []
    for hidden in (order[:, -8:], order[:, 20:28]):
        changed = some.copy()
        np.put_along_axis(changed, hidden, 0.0, axis=1)
        flips.append((model.predict(changed, verbose=0).argmax(1) != chosen).mean())
    assert flips[0] > 0.9 and flips[1] < 0.1


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: saliency.gradient(lambda x: x, X), ValueError, "a target beside 3 outputs; got none"),
        (lambda: saliency.gradient(lambda x: x, X, 3), IndexError, "targets from 0 to 2"),
        (lambda: saliency.gradient(lambda x: anp.sum(x), X), ValueError, r"\(n,\) or \(n, outputs\) for 4.*got \(\)"),
        (lambda: saliency.gradient(lambda x: x[:, 0], X, 1), ValueError, "no target beside one output"),
        (lambda: saliency.gradient(lambda x: x, X, [0, 1]), ValueError, r"one for each of 4 samples; got shape \(2,\)"),
        (lambda: saliency.gradient(lambda x: x, X, np.ones(4)), TypeError, "target: expected integer labels"),
        (lambda: saliency.gradient(lambda x: x, X.astype(int), 0), TypeError, "got int64.*explain the embeddings"),
        (lambda: saliency.gradient(lambda x: x, np.float64(1.0)), ValueError, r"a batch \(n, …\)"),
        (
            lambda: saliency.integrated_gradients(lambda x: x, X, 0, baseline=np.zeros(2)),
            ValueError,
            r"broadcasts to x's shape \(4, 3\); got \(2,\)",
        ),
        (lambda: saliency.integrated_gradients(lambda x: x, X, 0, steps=0), ValueError, "steps to be a positive"),
        (lambda: saliency.smooth_grad(lambda x: x, X, 0, samples=0), ValueError, "samples to be a positive"),
        (lambda: saliency.occlusion(lambda x: x, X, 0, window=(2, 2)), ValueError, r"after the batch's; got \(2, 2\)"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        call()
