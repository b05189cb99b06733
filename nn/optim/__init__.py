"""Optimisers: how parameters follow their gradients. Imports ``autograd`` and ``backends``."""

from nn.optim.adaptive import RMSprop, Adadelta, Adagrad
from nn.optim.base import Optimizer
from nn.optim.moments import LAMB, Adam, Adamax, AdamW, Lion, NAdam, RAdam
from nn.optim.sgd import SGD

__all__ = ["LAMB", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "NAdam", "Optimizer", "RAdam", "RMSprop"]
