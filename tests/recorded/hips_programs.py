"""Programs written for HIPS autograd, with its import lines and in its style; run by it, and unchanged by this project.

Each returns its results by name.
"""
# ruff: noqa: RUF007 - as such programs have it

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.special as special
import autograd.scipy.stats.multivariate_normal as mvn
import autograd.scipy.stats.norm as norm
from autograd import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from autograd.builtins import isinstance, list, tuple
from autograd.extend import defjvp, defvjp, primitive
from autograd.misc import flatten
from autograd.misc.fixed_points import fixed_point
from autograd.misc.optimizers import adam, rmsprop, sgd
from autograd.scipy.integrate import odeint
from autograd.scipy.linalg import solve_banded, solve_sylvester, solve_triangular, sqrtm
from autograd.scipy.signal import convolve
from autograd.scipy.special import expit, gammaln, logsumexp
from autograd.test_util import check_grads


def logistic_regression() -> dict[str, Any]:
    def sigmoid(x: Any) -> Any:
        return 0.5 * (np.tanh(x / 2.0) + 1)

    def predictions(weights: Any, inputs: Any) -> Any:
        return sigmoid(np.dot(inputs, weights))

    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])

    def training_loss(weights: Any) -> Any:
        preds = predictions(weights, inputs)
        label_probabilities = preds * targets + (1 - preds) * (1 - targets)
        return -np.sum(np.log(label_probabilities))

    training_gradient_fun = grad(training_loss)
    weights = np.array([0.0, 0.0, 0.0])
    first = training_gradient_fun(weights)
    check_grads(training_loss, modes=["rev"])(weights)
    for _ in range(100):
        weights -= training_gradient_fun(weights) * 0.01
    return {
        "first": first,
        "weights": weights,
        "loss": training_loss(weights),
        "hessian": hessian(training_loss)(weights),
        "product": hessian_vector_product(training_loss)(weights, np.array([1.0, -1.0, 2.0])),
    }


def neural_net() -> dict[str, Any]:
    def init_random_params(scale: float, layer_sizes: Any, rs: Any) -> Any:
        return [(scale * rs.randn(m, n), scale * rs.randn(n)) for m, n in zip(layer_sizes[:-1], layer_sizes[1:])]

    def neural_net_predict(params: Any, inputs: Any) -> Any:
        for W, b in params:
            outputs = np.dot(inputs, W) + b
            inputs = np.tanh(outputs)
        return outputs - logsumexp(outputs, axis=1, keepdims=True)

    def l2_norm(params: Any) -> Any:
        flattened, _ = flatten(params)
        return np.dot(flattened, flattened)

    def log_posterior(params: Any, inputs: Any, targets: Any, L2_reg: float) -> Any:
        log_prior = -L2_reg * l2_norm(params)
        log_lik = np.sum(neural_net_predict(params, inputs) * targets)
        return log_prior + log_lik

    rs = npr.RandomState(0)
    params = init_random_params(0.5, [4, 8, 3], rs)
    inputs, labels = rs.randn(30, 4), rs.randint(0, 3, 30)
    targets = np.array(labels[:, None] == np.arange(3)[None, :], dtype=int)

    def objective(params: Any, iter: int) -> Any:
        idx = slice((iter % 3) * 10, (iter % 3 + 1) * 10)
        return -log_posterior(params, inputs[idx], targets[idx], 0.1)

    seen: list[Any] = []

    def callback(params: Any, iter: int, gradient: Any) -> None:
        if iter % 10 == 0:
            seen.append(objective(params, iter))

    optimized = adam(grad(objective), params, step_size=0.05, num_iters=30, callback=callback)
    return {
        "seen": np.array(seen),
        "adam": flatten(optimized)[0],
        "sgd": flatten(sgd(grad(objective), params, num_iters=5))[0],
        "rmsprop": flatten(rmsprop(grad(objective), params, num_iters=5))[0],
        "first weight": optimized[0][0],
    }


def rollout() -> dict[str, Any]:
    """A pendulum, Runge and Kutta's steps, its end's derivative by the start and by the parameters."""

    def dynamics(state: Any, params: Any) -> Any:
        angle, speed = state
        return np.array([speed, -params["g"] * np.sin(angle) - params["friction"] * speed])

    def step(state: Any, params: Any, dt: float) -> Any:
        k1 = dynamics(state, params)
        k2 = dynamics(state + dt / 2 * k1, params)
        k3 = dynamics(state + dt / 2 * k2, params)
        k4 = dynamics(state + dt * k3, params)
        return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def simulate(params: Any, state: Any, steps: int = 40) -> Any:
        states = [state]
        for _ in range(steps):
            states.append(step(states[-1], params, 0.05))
        return np.stack(states)

    params, start = {"g": 9.81, "friction": 0.3}, np.array([1.0, 0.0])

    def energy(params: Any, start: Any) -> Any:
        path = checkpoint(simulate)(params, start)
        return np.sum(path[:, 0] ** 2) + 0.5 * path[-1, 1] ** 2

    value, gradient = value_and_grad(energy)(params, start)
    return {
        "value": value,
        "g": gradient["g"],
        "friction": gradient["friction"],
        "end by start": jacobian(lambda s: simulate(params, s)[-1])(start),
        "both": flatten(grad(energy, (0, 1))(params, start))[0],
        "tangent": make_jvp(lambda s: simulate(params, s, 5))(start)(np.array([1.0, 2.0]))[1],
    }


def mixture() -> dict[str, Any]:
    def unpack(params: Any) -> Any:
        return (
            np.exp(params["log proportions"] - logsumexp(params["log proportions"])),
            params["means"],
            params["roots"],
        )

    def log_likelihood(params: Any, data: Any) -> Any:
        terms = []
        for proportion, mean, root in zip(*unpack(params)):
            terms.append(np.log(proportion) + mvn.logpdf(data, mean, np.dot(root, root.T) + np.eye(2)))
        return np.sum(logsumexp(np.vstack(terms), axis=0))

    rs = npr.RandomState(1)
    data = rs.randn(20, 2) + 2 * rs.randint(0, 2, 20)[:, None]
    params = {
        "log proportions": rs.randn(3) * 0.1,
        "means": rs.randn(3, 2),
        "roots": np.zeros((3, 2, 2)) + 0.3 * np.eye(2) + 0.1 * rs.randn(3, 2, 2),
    }
    flat, unflatten = flatten(params)
    objective = lambda flat: -log_likelihood(unflatten(flat), data)
    return {
        "value": objective(flat),
        "gradient": grad(objective)(flat),
        "product": hessian_tensor_product(objective)(flat, np.ones(len(flat))),
        "by make_hvp": make_hvp(objective)(flat)[0](np.ones(len(flat))),
        "normal": np.array([f(0.3, 0.1, 2.0) for f in (norm.pdf, norm.logpdf, norm.cdf, norm.logcdf, norm.sf)]),
        "by scale": grad(norm.logpdf, 2)(0.3, 0.1, 2.0),
    }


def own_gradient() -> dict[str, Any]:
    @primitive
    def my_logsumexp(x: Any) -> Any:
        assert isinstance(x, np.ndarray)
        max_x = np.max(x)
        return max_x + np.log(np.sum(np.exp(x - max_x)))

    defvjp(my_logsumexp, lambda ans, x: lambda g: np.full(x.shape, g) * np.exp(x - np.full(x.shape, ans)))

    @primitive
    def scaled(x: Any, y: Any, factor: float = 1.0) -> Any:
        return x * y * factor

    defvjp(
        scaled,
        lambda ans, x, y, factor=1.0: lambda g: g * y * factor,
        lambda ans, x, y, factor=1.0: lambda g: g * x * factor,
    )
    defjvp(
        scaled,
        lambda g, ans, x, y, factor=1.0: g * y * factor,
        lambda g, ans, x, y, factor=1.0: x * g * factor,
    )

    def example(y: Any) -> Any:
        return my_logsumexp(y**2)

    x, y = np.array([1.5, 6.7, 1e-10]), np.array([0.5, -1.0, 2.0])
    check_grads(example, modes=["rev"])(x)
    return {
        "gradient": grad(example)(x),
        "hessian": hessian(example)(y),
        "both": np.array(grad(lambda a, b: np.sum(scaled(a, b, factor=3.0) ** 2), (0, 1))(x, y)),
        "forward": make_jvp(lambda a: scaled(a, a, 2.0))(y)(x)[1],
    }


def operators() -> dict[str, Any]:
    f = lambda x: np.sin(x) * x**2
    x, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -1.0])
    matrix = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    to_plane = lambda x: np.tanh(np.dot(matrix, x))
    pull, value = make_vjp(to_plane)(x)
    aux_gradient, aux = grad_and_aux(lambda x: (np.sum(f(x)), f(x)))(x)
    third = grad(grad(grad(np.tanh)))
    total = 0
    for part in tuple((1.0, 2.0)):
        total += part
    return {
        "elementwise": elementwise_grad(f)(x),
        "twice": elementwise_grad(elementwise_grad(f))(x),
        "deriv": deriv(np.exp)(0.3),
        "jacobian": jacobian(to_plane)(x),
        "jacobian of jacobian": hessian(to_plane)(x),
        "pulled": pull(np.array([1.0, -2.0])),
        "value": value,
        "named": grad_named(lambda a, b: a * np.sum(b**2), "b")(2.0, x),
        "aux": aux,
        "aux gradient": aux_gradient,
        "tensor jacobian": tensor_jacobian_product(to_plane)(x, np.array([1.0, -2.0])),
        "vector jacobian": vector_jacobian_product(to_plane)(x, np.array([1.0, -2.0])),
        "gauss newton": make_ggnvp(to_plane)(x)(v),
        "third": third(0.7),
        "holomorphic": holomorphic_grad(lambda z: np.sum(np.exp(z * z)))(np.array([0.3 + 0.4j, 1j])),
        "complex to real": grad(lambda z: np.abs(z) ** 2 + np.real(z))(1.0 + 2.0j),
        "special": grad(lambda x: np.sum(gammaln(x) * expit(x)))(np.array([0.5, 2.5])),
        "of dict": flatten(grad(lambda d: d["a"] * np.sum(d["b"][0]))({"a": 2.0, "b": [x, v]}))[0],
        "total": total,
    }


def matrices() -> dict[str, Any]:
    rs = npr.RandomState(2)
    a, b = rs.randn(3, 3), rs.randn(3, 2)
    p = np.dot(a, a.T) + np.eye(3)
    weights = rs.randn(3, 3)
    functions = {
        "cholesky": lambda x: np.sum(weights * np.linalg.cholesky(x)),
        "log det by cholesky": lambda x: 2 * np.sum(np.log(np.diag(np.linalg.cholesky(x)))),
        "eigh": lambda x: np.sum(np.sin(np.linalg.eigh(x)[0])) + np.sum(weights * np.linalg.eigh(x)[1] ** 2),
        "eigh of the upper": lambda x: np.sum(np.linalg.eigh(x, "U")[0] ** 3),
        "inv": lambda x: np.sum(weights * np.linalg.inv(x)),
        "solve": lambda x: np.sum(np.linalg.solve(x, b) ** 2),
        "det": np.linalg.det,
        "slogdet": lambda x: np.linalg.slogdet(x)[1],
        "svd": lambda x: np.sum(np.linalg.svd(x, full_matrices=False)[1] ** 3),
        "norm": np.linalg.norm,
        "nuclear": lambda x: np.linalg.norm(x, "nuc"),
        "pinv": lambda x: np.sum(weights * np.linalg.pinv(x)),
    }
    return {name: grad(f)(p) for name, f in functions.items()}


def scipys() -> dict[str, Any]:
    rs = npr.RandomState(3)
    a, b, q = rs.randn(3, 3) / 4 + 2 * np.eye(3), rs.randn(2, 2) / 4 + np.eye(2), rs.randn(3, 2)
    bands, x = rs.randn(3, 4) / 4 + np.array([[0.0], [3.0], [0.0]]), np.abs(rs.randn(4)) + 0.5
    images, filters = rs.randn(2, 3, 5, 4), rs.randn(3, 4, 2, 3)
    matrices = {
        "sqrtm": lambda x: np.sum(q * np.dot(sqrtm(x), q)),
        "triangular": lambda x: np.sum(solve_triangular(x, q, lower=True) ** 2),
        "triangular, transposed": lambda x: np.sum(solve_triangular(x, q, trans="T") ** 2),
        "sylvester": lambda x: np.sum(solve_sylvester(x, b, q) ** 2),
    }
    vectors = {
        "banded": lambda x: np.sum(solve_banded((1, 1), bands, x) ** 2),
        "bessel": lambda x: np.sum(special.jn(2, x) + special.yn(1, x) + special.iv(2, x) + special.ive(1, x)),
        "gammas": lambda x: np.sum(special.multigammaln(x + 1.0, 2) if len(x.shape) == 0 else special.psi(x)),
        "convolve": lambda x: np.sum(convolve(x, q[:, 0]) ** 3),
        "convolve, valid": lambda x: np.sum(convolve(x, q[:, 1], mode="valid") ** 3),
    }
    both = lambda f: np.sum(convolve(images, f, axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode="valid") ** 2)
    return {
        **{name: grad(f)(a) for name, f in matrices.items()},
        **{name: grad(f)(x) for name, f in vectors.items()},
        "bands": grad(lambda ab: np.sum(solve_banded((1, 1), ab, x) ** 2))(bands),
        "filters": grad(both)(filters),
        "convolved": convolve(images, filters, axes=([3, 2], [3, 2]), dot_axes=([1], [0])),
    }


def dynamics() -> dict[str, Any]:
    t, y0 = np.array([0.0, 0.3, 0.8, 1.1]), np.array([1.0, 0.5])
    weights = np.arange(8.0).reshape(4, 2)

    def pendulum(y: Any, t: Any, length: Any, pull: Any) -> Any:
        return np.array([y[1] * length, -np.sin(y[0]) * pull - 0.1 * y[1] + 0.05 * t])

    def loss(y0: Any, t: Any, length: Any, pull: Any) -> Any:
        return np.sum(odeint(pendulum, y0, t, tuple((length, pull)), rtol=1e-11, atol=1e-13) * weights)

    def root(a: Any) -> Any:
        newton = lambda a: lambda x: 0.5 * (x + a / x)
        return fixed_point(newton, a, 1.0, lambda x, y: np.abs(x - y), 1e-12)

    return {
        "loss": loss(y0, t, 1.2, 0.7),
        "of the start": grad(loss, 0)(y0, t, 1.2, 0.7),
        "of the times": grad(loss, 1)(y0, t, 1.2, 0.7),
        "of a number": grad(loss, 3)(y0, t, 1.2, 0.7),
        "root": root(3.0),
        "of the root": grad(root)(3.0),
        "of the root, twice": grad(grad(root))(3.0),
    }


PROGRAMS = [
    logistic_regression, neural_net, rollout, mixture, own_gradient, operators, matrices, scipys, dynamics,
]  # fmt: skip
