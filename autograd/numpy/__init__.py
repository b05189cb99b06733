"""The differentiable namespace: NumPy's functions over arrays and Tensors. Imports ``autograd.ops`` and ``backends``.

    import autograd.numpy as np

On plain arrays these functions return plain arrays, equal to NumPy's, and record nothing; with a Tensor among the
arguments they return Tensors. ``np.linalg``, ``np.fft`` and ``np.random`` come along.
"""
# ruff: noqa: F403 - the namespace is its parts' public names; a test holds that no two parts share one.

from autograd.numpy import fft as fft
from autograd.numpy import linalg as linalg
from autograd.numpy import random as random
from autograd.numpy.activations import *
from autograd.numpy.choosing import *
from autograd.numpy.convolution import *
from autograd.numpy.covariance import *
from autograd.numpy.creation import *
from autograd.numpy.diagonals import *
from autograd.numpy.editing import *
from autograd.numpy.elementwise import *
from autograd.numpy.extrema import *
from autograd.numpy.grids import *
from autograd.numpy.indexing import *
from autograd.numpy.joining import *
from autograd.numpy.logic import *
from autograd.numpy.networks import *
from autograd.numpy.normalization import *
from autograd.numpy.padding import *
from autograd.numpy.parts import *
from autograd.numpy.polynomials import *
from autograd.numpy.pooling import *
from autograd.numpy.products import *
from autograd.numpy.quantiles import *
from autograd.numpy.ranges import *
from autograd.numpy.reductions import *
from autograd.numpy.rounding import *
from autograd.numpy.scans import *
from autograd.numpy.sets import *
from autograd.numpy.shaping import *
from autograd.numpy.signals import *
from autograd.numpy.sorting import *
from autograd.numpy.special import *
from autograd.numpy.statistics import *
from autograd.numpy.trigonometry import *
from autograd.numpy.turning import *
from autograd.numpy.types import *
from autograd.numpy.writing import *
