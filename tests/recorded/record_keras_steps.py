"""Record five steps of plain gradient descent on the predictions of every loss in keras_nn.npz that gives one number.

Run from the repository root:  python tests/recorded/record_keras_steps.py
Writes tests/recorded/keras_steps.npz; inputs and options are those of the case of the same name in keras_nn.npz.
"""

from __future__ import annotations

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from recording import HERE, Recording

# Small steps where predictions are probabilities, so that they stay so.
RATE = 0.02


def main() -> None:
    keras.backend.set_floatx("float64")
    rec = Recording("record_keras_steps.py", ["keras", "tensorflow"])
    source = np.load(HERE / "keras_nn.npz")
    for name, options in json.loads(str(source["about"]))["cases"].items():
        if not name.startswith("loss/") or source[f"{name}/out"].shape:
            continue
        loss = getattr(keras.losses, options["cls"])(**{k: v for k, v in options.items() if k != "cls"})
        given = {k: source[f"{name}/in/{k}"] for k in ("y_true", "sample_weight") if f"{name}/in/{k}" in source.files}
        prediction = tf.Variable(source[f"{name}/in/y_pred"])
        rec.case(name, rate=RATE)
        losses = []
        for _ in range(5):
            with tf.GradientTape() as tape:
                value = loss(given["y_true"], prediction, sample_weight=given.get("sample_weight"))
            losses.append(float(value))
            prediction.assign_sub(RATE * tf.convert_to_tensor(tape.gradient(value, prediction)))
        rec.put(f"{name}/losses", losses)
        rec.put(f"{name}/end", prediction.numpy())
    rec.save("keras_steps.npz")


if __name__ == "__main__":
    main()
