"""The main job in one run: a dense network in Tensors alone, then ``nn``, on real data; a loss curve; a drawn graph.

    python examples/demo.py [--out FOLDER]

Part 1 writes the document's formulas out: ``h = f(W·h + b)``, Gaussian weights with mean 0 and variance 1, cross
entropy ``J = -Σ y·log p``, and gradient descent ``W ← W - α·∂J/∂W``, on scikit-learn's handwritten digits.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import runpy
import time
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import autograd.numpy as np
import backends
import nn
from autograd import Tensor, draw, no_grad, tensor

HIDDEN, ALPHA, EPOCHS, BATCH = 64, 0.5, 100, 32
console = Console(soft_wrap=True)  # a pipe has no width at which lines should break


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """1,797 images of 8×8 pixels on [0, 1] with one-hot labels; a quarter is kept for testing."""
    data = load_digits()
    images, labels = data.data.astype("float32") / 16, data.target
    split = train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels)
    one_hot = np.eye(10, dtype=np.float32)
    xp = backends.default()
    train_x, test_x, train_y, test_y = [xp.asarray(part) for part in split]
    return (tensor(train_x), tensor(one_hot[train_y])), (tensor(test_x), tensor(one_hot[test_y]))


def initialise(sizes: list[int], seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """One (W, b) per layer; weights Gaussian with mean 0 and variance 1, biases 0."""
    stream = backends.default().generator(seed)
    return [
        (
            tensor(stream.standard_normal((fan_in, fan_out), np.float32), requires_grad=True),
            tensor(np.zeros(fan_out, dtype=np.float32), requires_grad=True),
        )
        for fan_in, fan_out in pairwise(sizes)
    ]


def predict(layers: list[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    """The logarithms of the class probabilities: sigmoid layers, and a softmax at the end."""
    h = x
    for W, b in layers[:-1]:
        h = (h @ W + b).sigmoid()
    W, b = layers[-1]
    return (h @ W + b).log_softmax(axis=-1)


def accuracy(layers: list[tuple[Tensor, Tensor]], x: Tensor, y: Tensor) -> float:
    with no_grad():
        return float((predict(layers, x).argmax(axis=-1) == y.argmax(axis=-1)).mean())


def train_by_hand(out: Path) -> None:
    """Part 1: forward, loss, backward, update, all in sight."""
    (x, y), (test_x, test_y) = digits()
    layers = initialise([64, HIDDEN, 10])
    stream = backends.default().generator(1)
    losses: list[float] = []
    began = time.perf_counter()
    columns = [
        TextColumn("epoch {task.completed:>3.0f}/{task.total:.0f}"),
        BarColumn(),
        TextColumn("{task.description}"),
    ]
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=EPOCHS)
        for _ in range(EPOCHS):
            order, total = stream.permutation(len(x)), 0.0
            for start in range(0, len(x), BATCH):
                chosen = order[start : start + BATCH]
                loss = -(y[chosen] * predict(layers, x[chosen])).sum() / len(chosen)
                loss.backward()
                with no_grad():
                    for parameter in (p for layer in layers for p in layer):
                        parameter -= ALPHA * parameter.grad
                        parameter.zero_grad_()
                total += loss.item() * len(chosen)
            losses.append(total / len(x))
            progress.update(task, advance=1, description=f"loss {losses[-1]:.4f}")
    console.print(
        f"64-{HIDDEN}-10 network in Tensors alone, {EPOCHS} epochs in {time.perf_counter() - began:.1f} s: "
        f"training accuracy {accuracy(layers, x, y):.1%}, "
        f"[bold]test accuracy {accuracy(layers, test_x, test_y):.1%}[/bold]"
    )
    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    axes.plot(range(1, EPOCHS + 1), losses)
    axes.set(xlabel="epoch", ylabel="cross entropy", yscale="log", title="digits: a dense network in Tensors alone")
    figure.savefig(out / "loss.png", dpi=150)
    console.print(f"wrote {out / 'loss.png'}")


def train_with_nn() -> None:
    """Part 2: the same data with ``nn``: ``compile`` and ``fit`` as in Keras, then a loop as in PyTorch."""
    (x, y), (test_x, test_y) = digits()
    nn.set_random_seed(0)
    model = nn.Sequential(
        nn.layers.Dense(256, activation="relu", input_shape=(64,)),
        nn.layers.Dropout(0.3),
        nn.layers.Dense(128, activation="relu"),
        nn.layers.Dropout(0.3),
        nn.layers.Dense(10),
    )
    epochs, steps = 40, -(-len(x) // BATCH)
    rate = nn.optimizers.schedules.CosineDecay(2e-3, epochs * steps)
    loss = nn.CrossEntropyLoss(label_smoothing=0.05)
    model.compile(optimizer=nn.optimizers.Adam(rate), loss=loss, metrics=["accuracy"])
    began = time.perf_counter()
    model.fit(x.data, y.data, epochs=epochs, batch_size=BATCH, verbose=0)
    took = time.perf_counter() - began
    _, score = model.evaluate(test_x.data, test_y.data, verbose=0)
    report("64-256-128-10 network with nn, compile and fit", epochs, took, score)

    net = nn.Sequential(nn.Linear(64, 128), nn.LayerNorm(128), nn.GELU(), nn.Linear(128, 10))
    optimizer = nn.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.1)
    epochs = 30
    schedule = nn.schedule.CosineAnnealingLR(optimizer, epochs)
    batches = nn.data.Batches((x.data, y.data.argmax(axis=1)), batch_size=BATCH, shuffle=True, seed=0)
    loss_of = nn.CrossEntropyLoss()
    began = time.perf_counter()
    for _ in range(epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            loss_of(net(images), labels).backward()
            optimizer.step()
        schedule.step()
    took = time.perf_counter() - began
    with no_grad():
        right = net.eval()(test_x.data).argmax(axis=-1) == test_y.data.argmax(axis=-1)
    report("64-128-10 network with nn, the loop written out", epochs, took, float(right.mean()))


def report(what: str, epochs: int, seconds: float, score: float) -> None:
    console.print(f"{what}, {epochs} epochs in {seconds:.1f} s: [bold]test accuracy {score:.1%}[/bold]")
    if score < 0.97:
        raise SystemExit(f"demo: expected a test accuracy of at least 97 %; got {score:.1%} from the {what}.")


def run_document() -> None:
    """Part 3: the document's own program (examples/document.py); of its 100 epochs the last lines are shown."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(Path(__file__).with_name("document.py")))
    console.print("the document's program, 1-10-1 on random labels, 100 epochs:")
    for line in printed.getvalue().splitlines()[-4:]:
        print("  " + line)


def draw_small(out: Path) -> None:
    """The graph of a small instance of the same network: 2-3-2 on one sample."""
    layers = initialise([2, 3, 2])
    for i, (W, b) in enumerate(layers, 1):
        W.name, b.name = f"W{i}", f"b{i}"
    x, y = tensor(np.array([[0.5, -1.0]], dtype=np.float32)), tensor(np.array([[0.0, 1.0]], dtype=np.float32))
    x.name, y.name = "x", "y"
    loss = -(y * predict(layers, x)).sum()
    loss.name = "J"
    loss.backward(retain_graph=True)
    picture = draw(loss)
    for name in ("graph.svg", "graph.html"):
        try:
            picture.save(out / name)
            console.print(f"wrote {out / name}")
        except RuntimeError as error:  # no `dot` program: the page needs none
            console.print(f"[yellow]{error}[/yellow]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="folder for the pictures")
    parser.add_argument("--backend", default=None, help="numpy or cupy (default: cupy where it works)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    backend = options.backend or ("cupy" if "cupy" in backends.available() else "numpy")
    with backends.use(backend):
        console.print(f"[bold]xpgrad[/bold] on the {backend} backend")
        train_by_hand(options.out)
        train_with_nn()
        run_document()
    draw_small(options.out)


if __name__ == "__main__":
    main()
