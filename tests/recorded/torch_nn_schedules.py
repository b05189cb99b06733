"""Learning-rate schedules for record_torch_nn.py: the rates of thirty steps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from recording import Recording

STEPS, RATE = 30, 0.1
SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "constant": ("ConstantLR", {"factor": 0.5, "total_iters": 4}),
    "step": ("StepLR", {"step_size": 7, "gamma": 0.5}),
    "multi_step": ("MultiStepLR", {"milestones": [5, 12, 20], "gamma": 0.3}),
    "exponential": ("ExponentialLR", {"gamma": 0.9}),
    "cosine": ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
    "cosine_whole": ("CosineAnnealingLR", {"T_max": 30}),
    "cosine_restarts": ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2, "eta_min": 0.005}),
    "one_cycle": ("OneCycleLR", {"max_lr": 0.5, "total_steps": 31}),
    "one_cycle_linear": (
        "OneCycleLR",
        {"max_lr": 0.5, "total_steps": 31, "pct_start": 0.4, "anneal_strategy": "linear", "three_phase": True},
    ),
    "linear_warmup": ("LinearLR", {"start_factor": 0.1, "end_factor": 1.0, "total_iters": 8}),
    "polynomial": ("PolynomialLR", {"total_iters": 20, "power": 2.0}),
    "cyclic": ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 4, "mode": "triangular2"}),
}
PLATEAU = {
    "plateau": {"factor": 0.5, "patience": 2},
    "plateau_cooldown": {"factor": 0.1, "patience": 1, "cooldown": 3, "min_lr": 0.002},
    "plateau_absolute": {"mode": "max", "threshold": 0.05, "threshold_mode": "abs", "patience": 3},
}


def schedules(rec: Recording) -> None:
    warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
    for name, (cls, options) in SCHEDULES.items():
        follow(
            rec,
            name,
            cls,
            options,
            lambda o, cls=cls, options=options: getattr(torch.optim.lr_scheduler, cls)(o, **options),
        )

    def warm_then_cosine(optimiser: torch.optim.Optimizer) -> Any:
        warm = torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=0.2, total_iters=5)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=25)
        return torch.optim.lr_scheduler.SequentialLR(optimiser, [warm, cosine], milestones=[5])

    follow(
        rec,
        "warmup_cosine",
        "SequentialLR",
        {"first": {"LinearLR": {"start_factor": 0.2, "total_iters": 5}}, "then": {"CosineAnnealingLR": {"T_max": 25}}},
        warm_then_cosine,
    )
    metric = np.round(np.concatenate([np.linspace(2, 1, 8), np.full(7, 1.0), [0.9, 0.95] * 4, np.full(7, 1.2)]), 3)
    rec.put("schedule/plateau/metric", metric)
    for name, options in PLATEAU.items():
        follow(
            rec,
            name,
            "ReduceLROnPlateau",
            options,
            lambda o, options=options: torch.optim.lr_scheduler.ReduceLROnPlateau(o, **options),
            metric,
        )


def follow(
    rec: Recording, name: str, cls: str, options: dict[str, Any], make: Any, metric: np.ndarray | None = None
) -> None:
    """Rates in force at step 0, 1, ..., 29: rate k is used by the k-th optimiser step, then the schedule advances."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE, momentum=0.9)
    schedule = make(optimiser)
    rates, momenta = [], []
    for k in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        momenta.append(optimiser.param_groups[0]["momentum"])
        optimiser.step()
        schedule.step(*([] if metric is None else [float(metric[k])]))
    rec.case(f"schedule/{name}", cls=cls, start=RATE, **options)
    rec.put(f"schedule/{name}/rates", rates)
    if len(set(momenta)) > 1:
        rec.put(f"schedule/{name}/momenta", momenta)
