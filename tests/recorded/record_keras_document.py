"""Record what Keras makes of the reference document's program (section 5.2), from its weights to its progress lines.

Run from the repository root, in an environment with keras and tensorflow:
    python tests/recorded/record_keras_document.py
Writes keras_document.npz (numbers) and keras_document.json (the text the program prints). The text's times differ from
run to run; the numbers do not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap

os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ |= {"TF_ENABLE_ONEDNN_OPTS": "0"}

import keras
import numpy as np
from recording import HERE, Recording

EPOCHS, BATCH = 100, 10

PROGRAM = """
import tensorflow as tf
import numpy as np
np.random.seed(0)
tf.random.set_seed(0)
x = np.random.rand(100, 1)
y = np.random.randint(0, 2, 100)
model = tf.keras.Sequential([
    tf.keras.layers.Dense(10, activation='relu', input_shape=(1,)),
    tf.keras.layers.Dense(1, activation='sigmoid')
])
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
"""

PRINTED = {
    "fit": "model.fit(x, y, epochs=3, batch_size=10)",
    "fit_verbose_2": "model.fit(x, y, epochs=3, batch_size=10, verbose=2)",
    "fit_verbose_0": "model.fit(x, y, epochs=3, batch_size=10, verbose=0)",
    "fit_validation": "model.fit(x, y, epochs=2, batch_size=10, validation_split=0.2)",
    "fit_validation_verbose_2": "model.fit(x, y, epochs=2, batch_size=10, validation_split=0.2, verbose=2)",
    "fit_odd_batch": "model.fit(x, y, epochs=1, batch_size=16)",
    "fit_one_batch": "model.fit(x, y, epochs=1, batch_size=100)",
    "fit_many_batches": "model.fit(x, y, epochs=1, batch_size=1)",
    "evaluate": "print(model.evaluate(x, y))",
    "evaluate_verbose_2": "print(model.evaluate(x, y, verbose=2))",
    "document": (
        "model.fit(x, y, epochs=100, batch_size=10, verbose=0); "
        "loss, accuracy = model.evaluate(x, y); print(f'Loss: {loss}, Accuracy: {accuracy}')"
    ),
    "predict": "model.predict(x)",
    "summary": "model.summary()",
}


def data() -> tuple[np.ndarray, np.ndarray]:
    np.random.seed(0)
    return np.random.rand(100, 1), np.random.randint(0, 2, 100)


def build(dtype: str) -> keras.Model:
    keras.config.set_floatx(dtype)
    # Layers take their dtype from the global policy, which is fixed when it is first read.
    keras.config.set_dtype_policy(dtype)
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def flat(model: keras.Model) -> np.ndarray:
    return np.concatenate([w.ravel() for w in model.get_weights()])


def train(recording: Recording, dtype: str, start: list[np.ndarray], orders: np.ndarray) -> None:
    x, y = data()
    model = build(dtype)
    model.set_weights([w.astype(dtype) for w in start])
    losses, accuracies, weights, batches = [], [], [], []

    class Running(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            batches.append([logs["loss"], logs["accuracy"]])

    for epoch, order in enumerate(orders):
        history = model.fit(
            x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0,
            initial_epoch=epoch, epochs=epoch + 1, callbacks=[Running()],
        )  # fmt: skip
        losses.append(history.history["loss"][0])
        accuracies.append(history.history["accuracy"][0])
        weights.append(flat(model))
    assert all(w.dtype == dtype for w in model.get_weights())
    recording.case(dtype)
    recording.put(f"{dtype}/loss", np.array(losses))
    recording.put(f"{dtype}/accuracy", np.array(accuracies))
    recording.put(f"{dtype}/running", np.array(batches[:30]))
    recording.put(f"{dtype}/weights", np.stack(weights))
    recording.put(f"{dtype}/predictions", model.predict(x, verbose=0))
    recording.put(f"{dtype}/evaluate", np.array(model.evaluate(x, y, batch_size=32, verbose=0)))


def check(arrays: dict[str, np.ndarray]) -> None:
    """The float64 run once more in plain NumPy, to rounding.

    Keras casts Adam's two decay rates through float32 before it raises them to the step's power; without that the
    losses agree to 5e-8 only.
    """
    x, y = data()
    p = [arrays[f"start/{n}"].astype("float64") for n in ("kernel1", "bias1", "kernel2", "bias2")]
    m, v = [np.zeros_like(w) for w in p], [np.zeros_like(w) for w in p]
    decay1, decay2 = float(np.float32(0.9)), float(np.float32(0.999))
    step = 0
    for epoch, order in enumerate(arrays["order"]):
        total = 0.0
        for batch in order.reshape(-1, BATCH):
            step += 1
            hidden = x[batch] @ p[0] + p[1]
            active = np.maximum(hidden, 0)
            q = np.clip(1 / (1 + np.exp(-(active @ p[2] + p[3]))), 1e-7, 1 - 1e-7)
            label = y[batch][:, None]
            total -= np.mean(label * np.log(q) + (1 - label) * np.log(1 - q))
            g = (q - label) / BATCH
            back = (g @ p[2].T) * (hidden > 0)
            rate = 0.001 * np.sqrt(1 - decay2**step) / (1 - decay1**step)
            for k, grad in enumerate([x[batch].T @ back, back.sum(0), active.T @ g, g.sum(0)]):
                m[k] += (grad - m[k]) * (1 - 0.9)
                v[k] += (grad * grad - v[k]) * (1 - 0.999)
                p[k] = p[k] - rate * m[k] / (np.sqrt(v[k]) + 1e-7)
        np.testing.assert_allclose(total / (len(order) // BATCH), arrays["float64/loss"][epoch], rtol=1e-13)
    np.testing.assert_allclose(np.concatenate([w.ravel() for w in p]), arrays["float64/weights"][-1], rtol=1e-11)


def printed(statement: str, terminal: bool) -> str:
    """What the document's program prints for one statement, through a pipe or on a terminal of 80 columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.py")
        marked = f"print('<<<', flush=True)\n{statement}\nprint('>>>', flush=True)\n"
        with open(path, "w") as file:
            file.write(textwrap.dedent(PROGRAM) + marked)
        if terminal:
            command = ["script", "-qec", f"stty cols 80 rows 24; {sys.executable} -W ignore {path}", "/dev/null"]
        else:
            command = [sys.executable, "-W", "ignore", path]
        environment = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"}
        done = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=300)
    text = done.stdout.decode()
    return text[text.index("<<<") + 3 : text.index(">>>")].lstrip("\r").removeprefix("\n")


def main() -> None:
    keras.utils.set_random_seed(0)
    recording = Recording("record_keras_document.py", ["keras", "tensorflow"])
    x, y = data()
    start = build("float32").get_weights()
    orders = np.stack([np.random.default_rng(epoch).permutation(100) for epoch in range(EPOCHS)])
    recording.put("x", x)
    recording.put("y", y)
    recording.put("order", orders.astype(np.uint8))
    for name, w in zip(["kernel1", "bias1", "kernel2", "bias2"], start):
        recording.put(f"start/{name}", w)
    for dtype in ("float32", "float64"):
        train(recording, dtype, start, orders)
    recording.about["adam"] = {
        k: v for k, v in keras.optimizers.Adam().get_config().items() if isinstance(v, int | float | str)
    }
    check(recording.arrays)
    recording.save("keras_document.npz")
    if shutil.which("script") is None:
        sys.exit("the text on a terminal needs the command `script` (util-linux)")
    text = {
        "made_by": recording.about["made_by"],
        "versions": recording.about["versions"],
        "program": PROGRAM,
        "statements": PRINTED,
        "pipe": {name: printed(s, terminal=False) for name, s in PRINTED.items()},
        "terminal": {
            name: printed(PRINTED[name], terminal=True) for name in ("fit", "fit_validation", "evaluate", "predict")
        },
    }
    (HERE / "keras_document.json").write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n")
    print("keras_document.json: written")


if __name__ == "__main__":
    main()
