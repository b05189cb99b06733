"""Optimisers, schedules and the weighting of fit, for record_keras_nn.py."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from recording import Recording, grid, optimiser_setting, rng_for

STEPS = 5
OPTIMISERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd/momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd/nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd/weight_decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    "sgd/clipvalue": ("SGD", {"learning_rate": 0.1, "clipvalue": 0.5}),
    "sgd/clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 1.0}),
    "sgd/global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.0}),
    "sgd/ema": ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    "adam": ("Adam", {"learning_rate": 0.01}),
    "adam/epsilon": ("Adam", {"learning_rate": 0.01, "epsilon": 0.01, "beta_1": 0.8, "beta_2": 0.95}),
    "adam/amsgrad": ("Adam", {"learning_rate": 0.01, "beta_2": 0.5, "amsgrad": True}),
    "adamw": ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "nadam": ("Nadam", {"learning_rate": 0.01}),
    "adamax": ("Adamax", {"learning_rate": 0.01}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01}),
    "rmsprop/momentum": ("RMSprop", {"learning_rate": 0.01, "momentum": 0.9, "epsilon": 0.01}),
    "rmsprop/centered": ("RMSprop", {"learning_rate": 0.01, "centered": True, "rho": 0.8}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "lion": ("Lion", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "lamb": ("Lamb", {"learning_rate": 0.01}),
}
SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.8}),
    "exponential/staircase": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.8, "staircase": True},
    ),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [4, 11], "values": [0.5, 0.2, 0.1]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "power": 2.0}),
    "polynomial/cycle": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "cycle": True}),
    "inverse_time": ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 15, "alpha": 0.1}),
    "cosine/warmup": (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 12, "warmup_target": 0.1, "warmup_steps": 5},
    ),
    "cosine/restarts": (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 2.0, "m_mul": 0.8},
    ),
}


def optimisers(rec: Recording) -> None:
    start, grads = optimiser_setting(STEPS)
    for name in start:
        rec.put(f"optimiser/start/{name}", start[name])
        rec.put(f"optimiser/gradients/{name}", grads[name])
    for name, (cls, options) in OPTIMISERS.items():
        defaults = getattr(keras.optimizers, cls)().get_config()
        shown = {k: v for k, v in {**defaults, **options}.items() if isinstance(v, int | float) or v is None}
        rec.case(f"optimiser/{name}", cls=cls, **shown)
        for dtype, prefix in (("float64", ""), ("float32", "float32/")):
            keras.config.set_floatx(dtype)
            made = getattr(keras.optimizers, cls)(**options)
            variables = {k: keras.Variable(v.astype(dtype), dtype=dtype, name=k) for k, v in start.items()}
            made.build(list(variables.values()))
            after: dict[str, list[np.ndarray]] = {k: [] for k in variables}
            for step in range(STEPS):
                made.apply([keras.ops.convert_to_tensor(grads[k][step], dtype) for k in variables])
                for k, v in variables.items():
                    after[k].append(v.numpy().copy())
            if options.get("use_ema"):
                averages = dict(zip(variables, made._model_variables_moving_average))
                for k, v in averages.items():
                    rec.put(f"optimiser/{name}/{prefix}average/{k}", v.numpy())
            for k, values in after.items():
                rec.put(f"optimiser/{name}/{prefix}{k}", np.stack(values))
        keras.config.set_floatx("float64")


def schedules(rec: Recording) -> None:
    for name, (cls, options) in SCHEDULES.items():
        made = getattr(keras.optimizers.schedules, cls)(**options)
        rec.case(f"schedule/{name}", cls=cls, **options)
        rec.put(f"schedule/{name}/rates", np.array([float(made(step)) for step in range(30)]))


def training(rec: Recording) -> None:
    """Three epochs of fit on fixed data, unshuffled, with a last batch that is short, and every kind of weight."""
    stream = rng_for("keras training")
    x, y = grid(stream, (14, 2)), stream.integers(0, 3, 14)
    weight = stream.integers(1, 7, 14) / 4
    x_val, y_val, w_val = grid(stream, (5, 2)), stream.integers(0, 3, 5), stream.integers(1, 7, 5) / 4
    start = {"kernel1": (2, 4), "bias1": (4,), "kernel2": (4, 3), "bias2": (3,)}
    arrays = {k: grid(stream, shape, -1, 1) for k, shape in start.items()}
    data = {"x": x, "y": y, "sample_weight": weight, "x_val": x_val, "y_val": y_val, "w_val": w_val}
    for k, v in data.items():
        rec.put(f"fit/{k}", v)
    for k, v in arrays.items():
        rec.put(f"fit/start/{k}", v)
    classes = {"0": 0.5, "1": 2.0, "2": 1.25}
    cases: dict[str, dict[str, Any]] = {
        "plain": {},
        "class_weight": {"class_weight": classes},
        "sample_weight": {"sample_weight": True},
        "both": {"class_weight": classes, "sample_weight": True},
        "validation_data": {"validation_data": ["x_val", "y_val"]},
        "validation_weighted": {"validation_data": ["x_val", "y_val", "w_val"]},
        "validation_split": {"validation_split": 0.25},
        "everything": {"validation_split": 0.25, "sample_weight": True, "class_weight": classes},
        "steps_per_epoch": {"steps_per_epoch": 2},
        "initial_epoch": {"initial_epoch": 1},
    }
    for name, options in cases.items():
        model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
        )
        model.compile(
            optimizer=keras.optimizers.SGD(0.25),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="weighted_accuracy")],
        )
        model.set_weights(list(arrays.values()))
        given = dict(options)
        if "class_weight" in given and "sample_weight" in given:
            # Keras takes one or the other.
            given.pop("class_weight")
            given["sample_weight"] = weight * np.array([classes[str(k)] for k in y])
        elif "class_weight" in given:
            given["class_weight"] = {int(k): v for k, v in classes.items()}
        elif "sample_weight" in given:
            given["sample_weight"] = weight
        if "validation_data" in given:
            given["validation_data"] = tuple(data[k] for k in options["validation_data"])
        history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, **given)
        rec.case(f"fit/{name}", batch_size=4, epochs=3, shuffle=False, optimizer="SGD(0.25)", **options)
        for k, values in history.history.items():
            rec.put(f"fit/{name}/history/{k}", np.array(values))
        for k, w in zip(arrays, model.get_weights()):
            rec.put(f"fit/{name}/end/{k}", w)
        if name == "plain":
            rec.put("fit/plain/evaluate", np.array(model.evaluate(x, y, batch_size=4, verbose=0)))
            rec.put(
                "fit/plain/evaluate_weighted",
                np.array(model.evaluate(x, y, sample_weight=weight, batch_size=4, verbose=0)),
            )
