"""Record what Keras defines differently from PyTorch: losses, metrics, optimisers, fit's weighting, layers.

Run from the repository root, in an environment with keras and tensorflow:
    python tests/recorded/record_keras_nn.py
Writes tests/recorded/keras_nn.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

import os

os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ |= {"TF_ENABLE_ONEDNN_OPTS": "0"}

import keras
from keras_nn_layers import activations, layers
from keras_nn_losses import losses, metrics
from keras_nn_training import optimisers, schedules, training
from recording import Recording


def main() -> None:
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    rec = Recording("record_keras_nn.py", ["keras", "tensorflow"])
    losses(rec)
    metrics(rec)
    optimisers(rec)
    schedules(rec)
    training(rec)
    activations(rec)
    layers(rec)
    rec.save("keras_nn.npz")


if __name__ == "__main__":
    main()
