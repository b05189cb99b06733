"""Optimisers: how parameters follow their gradients. Imports ``autograd`` and ``backends``."""

from nn import schedule as lr_scheduler  # noqa: F401 - PyTorch's place for schedules
from nn.optim.adaptive import Adadelta, Adagrad, RMSprop
from nn.optim.base import Optimizer
from nn.optim.clip import WeightAverage, clip_grad_norm_, clip_grad_value_
from nn.optim.lamb import LAMB
from nn.optim.lbfgs import LBFGS
from nn.optim.moments import Adam, Adamax, AdamW, Lion, NAdam, RAdam
from nn.optim.sgd import SGD

__all__ = [
    "LAMB",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "WeightAverage",
    "clip_grad_norm_",
    "clip_grad_value_",
]
