"""Activations, layers and losses as functions without parameters of their own: ``import nn.functional as F``.

Each is defined where its layer is; imports ``activations``, ``losses`` and ``layers``, and ``autograd``.
"""
# ruff: noqa: F401 - the module is what it imports

from __future__ import annotations

from autograd.numpy.activations import (
    celu,
    elu,
    gelu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    mish,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
)
from autograd.numpy.convolution import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from autograd.numpy.networks import dropout, embedding, linear
from autograd.numpy.normalization import batch_norm, group_norm, layer_norm, rms_norm
from autograd.numpy.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    fold,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    unfold,
)
from autograd.numpy.trigonometry import tanh
from nn.activations import (
    exponential,
    glu,
    log_softmax,
    logsigmoid,
    prelu,
    relu,
    rrelu,
    softmax,
    softmin,
    sparse_plus,
    sparsemax,
    squareplus,
    threshold,
)
from nn.layers.attention import causal_mask, scaled_dot_product_attention
from nn.layers.dense import bilinear
from nn.layers.dropout import alpha_dropout, dropout1d, dropout2d, dropout3d
from nn.layers.global_pool import (
    global_average_pool1d,
    global_average_pool2d,
    global_average_pool3d,
    global_max_pool1d,
    global_max_pool2d,
    global_max_pool3d,
)
from nn.layers.instance_norm import instance_norm
from nn.layers.resizing import interpolate
from nn.layers.shaping import flatten, pixel_shuffle
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cosine_similarity,
    cross_entropy,
    ctc_loss,
    focal_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    log_cosh_loss,
    margin_ranking_loss,
    mse_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
    pairwise_distance,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from nn.positional import rotate, sinusoidal
