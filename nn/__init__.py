"""Layers, losses, optimisers and training. May import `autograd` and `backends`, and knows no array library."""
# ruff: noqa: F403 - layers and losses are at hand under nn itself, as PyTorch has them; their packages name them.

import importlib

from nn import _clash as _clash  # first: says clearly when the `autograd` found is another project's
from nn import activations as activations
from nn import callbacks as callbacks
from nn import checkpoint as checkpoint
from nn import constraints as constraints
from nn import data as data
from nn import functional as functional
from nn import init as init
from nn import initializers as initializers
from nn import layers as layers
from nn import losses as losses
from nn import metrics as metrics
from nn import optim as optim
from nn import optimizers as optimizers
from nn import random as random
from nn import regularizers as regularizers
from nn import saliency as saliency
from nn import schedule as schedule
from nn import utils as utils
from nn.generation import cached_length as cached_length
from nn.generation import generate as generate
from nn.layers import *
from nn.losses import *
from nn.minimizing import minimize as minimize
from nn.models import load_model as load_model
from nn.models import save_model as save_model
from nn.module import Module as Module
from nn.module import buffer as buffer
from nn.module import parameter as Parameter  # noqa: F401 - PyTorch's spelling
from nn.module import parameter as parameter
from nn.random import set_random_seed as set_random_seed
from nn.saving import load_keras_weights as load_keras_weights
from nn.saving import load_weights as load_weights
from nn.saving import save_weights as save_weights
from nn.sequential import Sequential as Sequential
from nn.torch_names import ModuleDict as ModuleDict
from nn.torch_names import ModuleList as ModuleList
from nn.torch_names import ParameterList as ParameterList
from nn.training import Model as Model


def __getattr__(name: str) -> object:
    # scikit-learn takes a second to load, so its estimators wait until they are asked for.
    if name == "sklearn":
        return importlib.import_module("nn.sklearn")
    raise AttributeError(f"module 'nn' has no attribute {name!r}")
