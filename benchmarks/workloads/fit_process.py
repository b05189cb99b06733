"""The reference document's program as a whole process: from the start of Python to the printed result, 100 epochs."""

from __future__ import annotations

from benchmarks.workload import Case, Data, Workload

PROGRAM = """
import json
{imports}
import numpy as np

np.random.seed(0)
x = np.random.rand(100, 1)
y = np.random.randint(0, 2, 100)
model = {library}.Sequential([
    {library}.layers.Dense(10, activation='relu', input_shape=(1,)),
    {library}.layers.Dense(1, activation='sigmoid')
])
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
model.fit(x, y, epochs={epochs}, batch_size=10, verbose={verbose})
loss, accuracy = model.evaluate(x, y, verbose={verbose})
# Each library draws its own weights, so no more than a sensible loss can be asked of both.
assert 0.5 < loss < 1.0, loss
print(json.dumps({{}}))
"""

work = Workload(
    "fit_process",
    "the document's program, whole process",
    size="epochs",
    sizes={"medium": (100,)},
    variants=("quiet", "with progress"),
    kind="process",
    rounds=6,
)


def program(library: str, imports: str, case: Case) -> str:
    """The program with its imports and prefix in place: all that changes between the two."""
    verbose = 1 if case.variant == "with progress" else 0
    return PROGRAM.format(library=library, imports=imports, epochs=case.size, verbose=verbose)


@work.peer("xpgrad", devices=("cpu",))
def xpgrad(data: Data, case: Case) -> str:
    return program("nn", "import nn", case)


@work.peer("keras", devices=("cpu",), note="tf.keras, as the document writes it")
def keras(data: Data, case: Case) -> str:
    return program("tf.keras", "import tensorflow as tf", case)
