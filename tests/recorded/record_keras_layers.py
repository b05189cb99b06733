"""Record Keras's own layers (convolutions and pools, channels last), penalties and constraints, and training with them.

Run from the repository root, in an environment with keras and tensorflow:
    python tests/recorded/record_keras_layers.py
Writes tests/recorded/keras_layers.npz; the cases are those of keras_rows.py, and README.md says how names are built.
"""

from __future__ import annotations

import os
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ |= {"TF_ENABLE_ONEDNN_OPTS": "0"}

import keras
import numpy as np
import tensorflow as tf
from keras_nn_layers import layer
from keras_rows import CONSTRAINTS, FITS, LAYERS, PENALTIES
from recording import Recording, grid, rng_for
from recording_keras import record_call


def narrow(kind: type[keras.layers.Layer]) -> type[keras.layers.Layer]:
    """A layer that TensorFlow has none of in float64, worked out in float32."""

    class Narrow(kind):
        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            return tf.cast(super().call(tf.cast(inputs, "float32")), "float64")

    return Narrow


NAMES = (
    vars(keras.layers)
    | {"L1L2": keras.regularizers.L1L2}
    | {name: narrow(vars(keras.layers)[name]) for name in ("MaxPooling3D", "AveragePooling3D")}
)


def distinct(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that differ, so that the greatest of a window is one of them."""
    return rng_for(name).permutation(int(np.prod(shape))).reshape(shape) / 16 - 2


def fit(rec: Recording, name: str, expressions: list[str]) -> None:
    """Five steps of SGD(0.1) on all of twelve samples: losses, what evaluate gives, weights."""
    made = [eval(expression, dict(NAMES)) for expression in expressions]
    shape = (6, 6, 1) if "Conv" in expressions[0] else (3,)
    model = keras.Sequential([keras.Input(shape), *made])
    stream = rng_for(f"fit {name}")
    x, y = grid(stream, (12, *shape), -1, 1), grid(stream, (12, 2), -1, 1)
    model.set_weights([grid(stream, tuple(w.shape), -1, 1) for w in model.weights])
    rec.case(f"fit/{name}")
    rec.put(f"fit/{name}/x", x)
    rec.put(f"fit/{name}/y", y)
    for i, w in enumerate(model.get_weights()):
        rec.put(f"fit/{name}/start/{i}", w)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    rec.put(f"fit/{name}/before", model.evaluate(x, y, batch_size=5, verbose=0))
    history = model.fit(x, y, batch_size=5, epochs=5, shuffle=False, verbose=0)
    rec.put(f"fit/{name}/losses", history.history["loss"])
    for i, w in enumerate(model.get_weights()):
        rec.put(f"fit/{name}/end/{i}", w)


def main() -> None:
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    rec = Recording("record_keras_layers.py", ["keras", "tensorflow"])
    for name, (expression, shape) in LAYERS.items():
        layer(rec, name, eval(expression, dict(NAMES)), distinct(name, shape))
    for name, expression in PENALTIES.items():
        penalty = eval(expression, vars(keras.regularizers).copy())
        # Keras holds this one's factor in float32, whatever the default is.
        single = "orthogonal" in name

        def call(x: tf.Tensor, penalty: Any = penalty, single: bool = single) -> tf.Tensor:
            return tf.cast(penalty(tf.cast(x, "float32")), "float64") if single else penalty(x)

        record_call(rec, f"penalty/{name}", call, {"x": grid(rng_for(name), (3, 4), -1, 1)})
    for name, expression in CONSTRAINTS.items():
        w = grid(rng_for(name), (3, 4), -1, 1)
        rec.case(f"constraint/{name}")
        rec.put(f"constraint/{name}/in/w", w)
        rec.put(f"constraint/{name}/out", np.asarray(eval(expression, vars(keras.constraints).copy())(w)))
    for name, expressions in FITS.items():
        fit(rec, name, expressions)
    rec.save("keras_layers.npz")


if __name__ == "__main__":
    main()
