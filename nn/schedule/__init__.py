"""Learning rates over time, under PyTorch's names.

A schedule is given an optimiser and changes its groups' ``lr``: ``schedule.step()`` after each epoch (or batch), as in
PyTorch. What it does is one function of the step t = 0, 1, 2, … and the rate the group started with.
"""

from nn.schedule.base import Schedule
from nn.schedule.cycles import CyclicLR, OneCycleLR
from nn.schedule.decays import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from nn.schedule.joined import ChainedScheduler, SequentialLR
from nn.schedule.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "Schedule",
    "SequentialLR",
    "StepLR",
]
