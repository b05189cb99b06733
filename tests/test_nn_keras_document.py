"""The reference document's program (section 5.2) against Keras's recorded run of it: losses, weights, text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn.progress import Progress
from tests.helpers import to_numpy

HERE = Path(__file__).parent
RECORDED = np.load(HERE / "recorded" / "keras_document.npz")
TEXTS: dict[str, Any] = json.loads((HERE / "recorded" / "keras_document.json").read_text(encoding="utf-8"))
NAMES = ("kernel1", "bias1", "kernel2", "bias2")


def document(dtype: str = "float32") -> nn.Sequential:
    model = nn.Sequential(
        [
            nn.layers.Dense(10, activation="relu", input_shape=(1,)),
            nn.layers.Dense(1, activation="sigmoid"),
        ]
    ).to(dtype)
    nn.load_keras_weights(model, [RECORDED[f"start/{name}"].astype(dtype) for name in NAMES])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def flat(model: nn.Sequential) -> Any:
    """The weights as Keras lists them: kernels are (in, out)."""
    return np.concatenate([to_numpy(p).T.reshape(-1) for p in model.parameters()])


def train(dtype: str, epochs: int = 100) -> tuple[nn.Sequential, Any, Any, Any]:
    model = document(dtype)
    x, y = RECORDED["x"], RECORDED["y"]
    losses, accuracies, weights = [], [], []
    for epoch in range(epochs):
        order = RECORDED["order"][epoch]
        history = model.fit(x[order], y[order], batch_size=10, shuffle=False, verbose=0)
        losses += history.history["loss"]
        accuracies += history.history["accuracy"]
        weights.append(flat(model))
    return model, np.array(losses), np.array(accuracies), np.stack(weights)


@pytest.mark.parametrize(
    "dtype, losses, weights",
    # Keras takes Adam's decay rates through float32, also in float64; with exact ones its losses move by 4e-8 and its
    # weights by 1.3e-6 (tests/recorded/README.md).
    [("float32", 1e-5, 1e-3), ("float64", 1e-7, 1e-5)],
)
def test_a_hundred_epochs_agree_with_keras(dtype: str, losses: float, weights: float, backend: Any) -> None:
    if backend.name != "numpy" and dtype == "float32":
        pytest.skip("the order of sums in float32 is checked on one backend")
    model, ours, accuracy, path = train(dtype)
    np.testing.assert_allclose(ours, RECORDED[f"{dtype}/loss"], rtol=losses)
    np.testing.assert_allclose(path, RECORDED[f"{dtype}/weights"], rtol=weights, atol=weights / 10)
    if dtype == "float64":
        np.testing.assert_allclose(accuracy, RECORDED["float64/accuracy"], rtol=1e-6)
    x, y = RECORDED["x"], RECORDED["y"]
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), RECORDED[f"{dtype}/evaluate"], rtol=1e-5)
    predicted = to_numpy(model.predict(x, verbose=0))
    assert predicted.dtype == dtype
    np.testing.assert_allclose(predicted, RECORDED[f"{dtype}/predictions"], rtol=losses * 10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_running_mean_within_an_epoch_agrees(dtype: str) -> None:
    model = document(dtype)
    seen: list[Any] = []
    keep = nn.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append([logs["loss"], logs["accuracy"]])
    )
    for epoch in range(3):
        order = RECORDED["order"][epoch]
        x, y = RECORDED["x"][order], RECORDED["y"][order]
        model.fit(x, y, batch_size=10, shuffle=False, verbose=0, callbacks=[keep])
    np.testing.assert_allclose(seen, RECORDED[f"{dtype}/running"], rtol=1e-5)


# What is printed ---------------------------------------------------------------------------------------------------

STATEMENTS = {name: text for name, text in TEXTS["statements"].items() if name != "summary"}


def shape(text: str, terminal: bool) -> list[str]:
    """The lines as they stand in the end, numbers replaced by their form: Keras's values and times are its own."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        # A bar is drawn over itself; what was drawn last stands. Keras goes back with backspaces as well.
        drawn = [part.replace("\b", "") for part in line.split("\r") if part.strip("\b ")]
        line = drawn[-1] if drawn else ""
        if not terminal:
            line = re.sub(r"\x1b\[\d+m", "", line)
        line = re.sub(r"\d+(us|ms|s)/step", "#/step", line.rstrip())
        line = re.sub(r"\d+(:\d+)*s?(?=(\x1b\[0m)? #/step)", "#", line)
        line = re.sub(r"- \d+s -", "- # -", line)
        line = re.sub(r"\d\.\d{4}(e-\d\d)?(?!\d)", "#.####", line)
        lines.append(re.sub(r"\d\.\d{5,}|\d\.\d+(?=[],]|$)", "#.#####", line))
    return lines


PROGRAM = (
    TEXTS["program"].replace("import tensorflow as tf", "import nn").replace("tf.random.set_seed", "nn.set_random_seed")
).replace("tf.keras.", "nn.")


def printed(statement: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + statement],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONIOENCODING": "utf-8"},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_the_programs_lines_read_as_keras_lines() -> None:
    # One process for all: each statement is the document's program with a fresh model.
    whole = "".join([f"print('<<< {name}')\n{text}\n" for name, text in STATEMENTS.items()])
    parts = re.split(r"<<< (\w+)\n", printed(whole).replace("\r\n", "\n"))
    ours = dict(zip(parts[1::2], parts[2::2]))
    assert ours.keys() == STATEMENTS.keys()
    for name, text in ours.items():
        assert shape(text, False) == shape(TEXTS["pipe"][name], False), name
        assert "\x1b" not in text and "\b" not in text and "\r" not in text, "plain lines through a pipe"


class Terminal:
    """A file that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("name", ["fit", "fit_validation", "evaluate", "predict"])
def test_a_terminal_gets_keras_bar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("nn.progress.PAUSE", 0.0)
    monkeypatch.setattr(sys, "stdout", terminal)
    statement = TEXTS["statements"][name]
    model, x, y = document(), RECORDED["x"], RECORDED["y"]
    eval(statement, {"model": model, "x": x, "y": y, "print": lambda value: terminal.write(f"{value}\n")})
    monkeypatch.undo()
    assert shape(terminal.text, True) == shape(TEXTS["terminal"][name], True)
    # Drawn on the way, too: the first bar after the first batch.
    first = next(part for part in terminal.text.split("\r")[1:] if part)
    recorded = TEXTS["terminal"][name].replace("\r\n", "\n").split("\r")
    theirs = next(part for part in recorded if "step" in part)
    assert shape(first, True)[0] == shape(theirs, True)[0]


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
@pytest.mark.parametrize("name", ["fit", "fit_validation", "evaluate", "predict"])
def test_a_real_terminal_gets_keras_bar(name: str) -> None:
    """The program on a pseudo-terminal: what stands there at the end, line by line."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + TEXTS["statements"][name]],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONIOENCODING": "utf-8"},
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error.decode()
    text = said.decode()
    assert "\x1b[1m" in text and "\r\x1b[1m" in text
    assert shape(text, True) == shape(TEXTS["terminal"][name], True)


def test_a_shorter_bar_leaves_nothing_of_a_longer_one() -> None:
    terminal = Terminal()
    progress = Progress(1, 10, terminal)  # type: ignore[arg-type]
    progress.update(1, {"loss": 0.12345, "rate": 1e-9})
    progress.update(2, {"loss": 0.1})
    plain = [re.sub(r"\x1b\[\d+m", "", part) for part in terminal.text.split("\r")[1:]]
    assert len(plain[1]) >= len(plain[0]) and plain[1].rstrip().endswith("loss: 0.1000")


def test_an_end_that_nobody_knows() -> None:
    terminal = Terminal()
    progress = Progress(1, None, terminal)  # type: ignore[arg-type]
    progress.update(3, {"loss": 0.5})
    assert "3/Unknown" in terminal.text
    progress.finish(4, {"loss": 0.5})
    assert "4/4" in terminal.text


def test_the_example_is_the_documents_program() -> None:
    code = (HERE.parent / "examples" / "document.py").read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(HERE.parent / "examples" / "document.py")],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONIOENCODING": "utf-8"},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "Epoch 1/100" and len([line for line in lines if line.startswith("Epoch")]) == 100
    found = re.fullmatch(r"Loss: (\d\.\d+), Accuracy: (\d\.\d+)", lines[-1])
    assert found and 0.6 < float(found[1]) < 0.75 and 0.4 <= float(found[2]) <= 0.7
    for statement in TEXTS["program"].replace("tf.keras.", "nn.").strip().splitlines()[4:]:
        assert statement.strip() in code


def test_the_program_imports_nothing_heavy() -> None:
    said = printed("model.fit(x, y, epochs=1, batch_size=10, verbose=0)\nimport sys\nprint(*sys.modules)")
    loaded = {name.partition(".")[0] for name in said.split()}
    assert not loaded & {
        "rich",
        "numba",
        "scipy",
        "pandas",
        "matplotlib",
        "tensorboardX",
        "safetensors",
        "sklearn",
        "torch",
    }
