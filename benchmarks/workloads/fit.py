"""The reference document's program, section 5.2: ``fit`` of 1-10-1 with Adam on 100 samples, time per training step."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

EPOCHS, BATCH, HIDDEN = 20, 10, 10
SHAPES = ((1, HIDDEN), (HIDDEN,), (HIDDEN, 1), (1,))

work = Workload(
    "fit",
    "`fit` of the document's program, batch 10, Adam, per step",
    size="samples",
    sizes={"small": (100,), "medium": (1_000,)},
    variants=("quiet", "with progress"),
    flops=lambda case: BATCH * HIDDEN * 10 + 12 * 31,
    steps=lambda case: EPOCHS * case.size // BATCH,
    rtol=1e-4,
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    return {
        "x": rng.random((case.size, 1)).astype(np.float32),
        "y": rng.integers(0, 2, case.size).astype(np.float32),
        "weights": [rng.uniform(-0.5, 0.5, shape).astype(np.float32) for shape in SHAPES],
    }


def fit(model: Any, data: Data, case: Case) -> Step:
    """The timed call, the same for both: training goes on from where the last call ended."""
    verbose = 1 if case.variant == "with progress" else 0

    def step() -> Any:
        # What they print is written, but not among this report's tables.
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            history = model.fit(data["x"], data["y"], epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=verbose)
        return np.float32(history.history["loss"])

    return step


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    import nn

    with backends.use(case.backend):  # layers make their weights where they are made
        hidden = nn.layers.Dense(HIDDEN, activation="relu", input_shape=(1,))
        model = nn.Sequential([hidden, nn.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
        # Keras's weights stand as (in, out), ours as PyTorch's: (out, in).
        model.load_state_dict({name: value.T for name, value in zip(model.state_dict(), data["weights"])})
    return fit(model, data, case)


@work.peer("keras", devices=("cpu",))
def keras(data: Data, case: Case) -> Step:
    import keras

    layers = [keras.layers.Dense(HIDDEN, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.Input((1,)), *layers])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.set_weights(data["weights"])
    return fit(model, data, case)
