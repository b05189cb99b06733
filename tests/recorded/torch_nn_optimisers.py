"""Optimisers for record_torch_nn.py: five steps each, on gradients fixed beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from recording import Recording, optimiser_setting
from recording_torch import as_torch

STEPS = 5
OPTIMISERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "sgd/momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "sgd/nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd/weight_decay": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.05}),
    "sgd/dampening": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd/maximize": (torch.optim.SGD, {"lr": 0.1, "maximize": True}),
    "adam": (torch.optim.Adam, {"lr": 0.01}),
    "adam/options": (torch.optim.Adam, {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
    "adam/amsgrad": (torch.optim.Adam, {"lr": 0.05, "betas": [0.8, 0.5], "amsgrad": True}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    "adamw/amsgrad": (torch.optim.AdamW, {"lr": 0.01, "betas": [0.9, 0.5], "amsgrad": True}),
    "nadam": (torch.optim.NAdam, {"lr": 0.01}),
    "nadam/decoupled": (torch.optim.NAdam, {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": (torch.optim.RAdam, {"lr": 0.01, "betas": [0.9, 0.8]}),
    "adamax": (torch.optim.Adamax, {"lr": 0.01}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9}),
    "rmsprop/centered": (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "centered": True}),
    "rmsprop/momentum": (
        torch.optim.RMSprop,
        {"lr": 0.01, "alpha": 0.9, "momentum": 0.9, "weight_decay": 0.05, "centered": True},
    ),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.1}),
    "adagrad/options": (
        torch.optim.Adagrad,
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.2},
    ),
    "adadelta": (torch.optim.Adadelta, {"lr": 1.0, "rho": 0.9}),
    "adadelta/weight_decay": (torch.optim.Adadelta, {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}),
}


def plain(options: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def optimisers(rec: Recording) -> None:
    start, grads = optimiser_setting(STEPS)
    for name in start:
        rec.put(f"optimiser/start/{name}", start[name])
        rec.put(f"optimiser/gradients/{name}", grads[name])
    for name, (cls, options) in OPTIMISERS.items():
        rec.case(f"optimiser/{name}", cls=cls.__name__, **options)
        for dtype, prefix in ((torch.float64, ""), (torch.float32, "float32/")):
            params = {k: as_torch(v, dtype, grad=True) for k, v in start.items()}
            made = cls(list(params.values()), **plain(options))
            after: dict[str, list[np.ndarray]] = {k: [] for k in params}
            for step in range(STEPS):
                for k, p in params.items():
                    p.grad = as_torch(grads[k][step], dtype)
                made.step()
                for k, p in params.items():
                    after[k].append(p.detach().numpy().copy())
            for k, values in after.items():
                rec.put(f"optimiser/{name}/{prefix}{k}", np.stack(values))


def quasi_newton(rec: Recording) -> None:
    """L-BFGS on functions, since it asks for the gradient itself."""
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]])
    rec.put("optimiser/lbfgs/matrix", matrix)

    def quadratic(x: torch.Tensor) -> torch.Tensor:
        a = torch.from_numpy(matrix)
        return x @ a @ x / 2 - x.sum()

    def rosenbrock(x: torch.Tensor) -> torch.Tensor:
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    functions = {
        "quadratic": (quadratic, [1.0, -1.5, 0.5], "x @ matrix @ x / 2 - sum(x)"),
        "rosenbrock": (rosenbrock, [-1.2, 1.0, 0.8], "sum(100 (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"),
    }
    variants: dict[str, dict[str, Any]] = {
        "plain": {"lr": 0.5, "max_iter": 4, "history_size": 3},
        "strong_wolfe": {"lr": 1.0, "max_iter": 4, "history_size": 3, "line_search_fn": "strong_wolfe"},
        "defaults": {"line_search_fn": "strong_wolfe"},
    }
    for fname, (fn, begin, formula) in functions.items():
        for vname, options in variants.items():
            name = f"optimiser/lbfgs/{fname}/{vname}"
            rec.case(name, cls="LBFGS", function=formula, start=begin, **options)
            x = torch.tensor(begin, dtype=torch.float64, requires_grad=True)
            made = torch.optim.LBFGS([x], **options)

            def closure(fn: Any = fn, x: torch.Tensor = x, made: Any = made) -> torch.Tensor:
                made.zero_grad()
                value = fn(x)
                value.backward()
                return value

            xs, values, calls = [], [], []
            for _ in range(STEPS):
                values.append(made.step(closure).item())
                xs.append(x.detach().numpy().copy())
                calls.append(made.state[x]["func_evals"])
            rec.put(f"{name}/x", np.stack(xs))
            rec.put(f"{name}/loss_before", values)
            rec.put(f"{name}/evaluations", calls)


def lion(start: np.ndarray, grads: np.ndarray, lr: float, b1: float, b2: float, decay: float) -> np.ndarray:
    """Lion: X. Chen et al., Symbolic Discovery of Optimization Algorithms (arXiv:2302.06675), algorithm 2."""
    p, m, after = start.copy(), np.zeros_like(start), []
    for g in grads:
        direction = np.sign(b1 * m + (1 - b1) * g)
        p = p - lr * (direction + decay * p)
        m = b2 * m + (1 - b2) * g
        after.append(p)
    return np.stack(after)


def lamb(start: np.ndarray, grads: np.ndarray, lr: float, b1: float, b2: float, eps: float, decay: float) -> np.ndarray:
    """LAMB: Y. You et al., Large Batch Optimization for Deep Learning (arXiv:1904.00962), algorithm 2, with phi(z) = z.

    The ratio of norms is one where either norm is zero, a case the paper leaves open.
    """
    p, m, v, after = start.copy(), np.zeros_like(start), np.zeros_like(start), []
    for t, g in enumerate(grads, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        r = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps) + decay * p
        size, step = np.sqrt(np.sum(p * p)), np.sqrt(np.sum(r * r))
        p = p - lr * (size / step if size > 0 and step > 0 else 1.0) * r
        after.append(p)
    return np.stack(after)


def papers(rec: Recording) -> None:
    """Optimisers that PyTorch lacks, from the papers' algorithms in plain NumPy."""
    start, grads = optimiser_setting(STEPS)
    variants: dict[str, tuple[Any, dict[str, float]]] = {
        "lion": (lion, {"lr": 0.01, "b1": 0.9, "b2": 0.99, "decay": 0.0}),
        "lion/decay": (lion, {"lr": 0.01, "b1": 0.95, "b2": 0.98, "decay": 0.1}),
        "lamb": (lamb, {"lr": 0.01, "b1": 0.9, "b2": 0.999, "eps": 1e-6, "decay": 0.0}),
        "lamb/decay": (lamb, {"lr": 0.01, "b1": 0.8, "b2": 0.95, "eps": 1e-6, "decay": 0.1}),
    }
    for name, (fn, options) in variants.items():
        rec.case(f"optimiser/{name}", source=fn.__doc__.split("\n")[0], **options)
        for k in start:
            rec.put(f"optimiser/{name}/{k}", fn(start[k], grads[k], **options))
    # A parameter that starts at zero, and a gradient that is zero.
    zero = np.zeros((STEPS, 3))
    rec.case("optimiser/lamb/from_zero", **variants["lamb"][1])
    rec.put("optimiser/lamb/from_zero/b", lamb(np.zeros(3), grads["b"], **variants["lamb"][1]))
    rec.case("optimiser/lamb/zero_gradient", **variants["lamb"][1])
    rec.put("optimiser/lamb/zero_gradient/b", lamb(start["b"], zero, **variants["lamb"][1]))
