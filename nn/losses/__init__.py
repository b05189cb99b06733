"""Losses: PyTorch's by class and function, Keras's by name through ``get``; called (prediction, target, …).

Keras's classes (``BinaryCrossentropy``, …) are here, not under ``nn``, and are called in Keras's order.
"""

from nn.losses.base import Loss
from nn.losses.binary import (
    BCELoss,
    BCEWithLogitsLoss,
    FocalLoss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    focal_loss,
)
from nn.losses.categorical import CrossEntropyLoss, KLDivLoss, NLLLoss, cross_entropy, kl_div, nll_loss
from nn.losses.ctc import CTCLoss, ctc_loss
from nn.losses.keras_classes import BinaryCrossentropy as BinaryCrossentropy
from nn.losses.keras_classes import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from nn.losses.keras_classes import CategoricalCrossentropy as CategoricalCrossentropy
from nn.losses.keras_classes import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from nn.losses.keras_classes import CategoricalHinge as CategoricalHinge
from nn.losses.keras_classes import CosineSimilarity as CosineSimilarity
from nn.losses.keras_classes import Dice as Dice
from nn.losses.keras_classes import Hinge as Hinge
from nn.losses.keras_classes import Huber as Huber
from nn.losses.keras_classes import KLDivergence as KLDivergence
from nn.losses.keras_classes import LogCosh as LogCosh
from nn.losses.keras_classes import MeanAbsoluteError as MeanAbsoluteError
from nn.losses.keras_classes import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from nn.losses.keras_classes import MeanSquaredError as MeanSquaredError
from nn.losses.keras_classes import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from nn.losses.keras_classes import Poisson as Poisson
from nn.losses.keras_classes import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from nn.losses.keras_classes import SquaredHinge as SquaredHinge
from nn.losses.keras_classes import Tversky as Tversky
from nn.losses.margins import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    cosine_embedding_loss,
    cosine_similarity,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    pairwise_distance,
    soft_margin_loss,
    triplet_margin_loss,
)
from nn.losses.named import NamedLoss
from nn.losses.named import get as get
from nn.losses.regression import (
    GaussianNLLLoss,
    HuberLoss,
    L1Loss,
    LogCoshLoss,
    MSELoss,
    PoissonNLLLoss,
    SmoothL1Loss,
    gaussian_nll_loss,
    huber_loss,
    l1_loss,
    log_cosh_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)

__all__ = [
    "Loss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "FocalLoss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "focal_loss",
    "CrossEntropyLoss",
    "KLDivLoss",
    "NLLLoss",
    "cross_entropy",
    "kl_div",
    "nll_loss",
    "CTCLoss",
    "ctc_loss",
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "cosine_embedding_loss",
    "cosine_similarity",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "pairwise_distance",
    "soft_margin_loss",
    "triplet_margin_loss",
    "NamedLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "L1Loss",
    "LogCoshLoss",
    "MSELoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "gaussian_nll_loss",
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]
