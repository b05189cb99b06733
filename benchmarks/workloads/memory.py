"""The most memory that the loss and gradients of a 20-layer ReLU network take, beyond its data and weights.

Measured in a fresh process on Linux: how far the resident memory rises above where it stood before the step. The batch
is much larger than a layer, so that what is kept for the backward pass decides.
"""

from __future__ import annotations

from benchmarks import check
from benchmarks.workload import Case, Data, Workload

LAYERS, BATCH = 20, 8_192

PROGRAM = """
import ctypes, json, os, re
os.environ['XPGRAD_KEEP_MEMORY'] = '0'
# A freed array goes back to the system at once: else the C library's cache would be measured, not what is alive.
M_MMAP_THRESHOLD = -3
ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 65536)
import numpy as np
{imports}
{digest}

def resident(name):
    with open('/proc/self/status') as status:
        return 1024 * int(re.search(name + r':\\s*(\\d+)', status.read())[1])

rng = np.random.default_rng(0)
x = rng.standard_normal(({batch}, {width}), dtype=np.float32)
weights = [rng.standard_normal(({width}, {width}), dtype=np.float32) * np.float32((2 / {width}) ** 0.5)
           for _ in range({layers})]
{setup}

def step(x):
    for w in parameters:
        w.grad = None
    h = x
    for w in parameters:
        h = (h @ w).relu()
    loss = h.mean()
    loss.backward()
    return loss

float(step(x))  # what libraries set up at their first use, some only for large arrays, is not the network's
before = resident('VmRSS')
with open('/proc/self/clear_refs', 'w') as peak:
    peak.write('5')  # from now on VmHWM counts anew
loss = float(step(x))
value = resident('VmHWM') - before
print(json.dumps({{'value': value, 'digests': [digest(np.float32(loss))]}}))
"""

work = Workload(
    "memory",
    f"peak memory of loss and gradients, {LAYERS} ReLU layers, batch {BATCH:,}",
    size="units",
    sizes={"small": (32,), "medium": (128,), "large": (512,)},
    # A layer's result has to be kept for its rule, once: the product's operand and the ReLU's result are one array.
    bytes=lambda case: 4 * BATCH * case.size * LAYERS,
    kind="process",
    unit="B",
    rounds=6,
)


def program(case: Case, imports: str, setup: str) -> str:
    """The same program for each library but for its imports and how arrays become tensors."""
    return PROGRAM.format(
        imports=imports, digest=check.source(), setup=setup, layers=LAYERS, batch=BATCH, width=case.size
    )


@work.peer("xpgrad", devices=("cpu",))
def xpgrad(data: Data, case: Case) -> str:
    setup = "x = Tensor(x)\nparameters = [Tensor(w, requires_grad=True) for w in weights]"
    return program(case, "from autograd import Tensor", setup)


@work.peer("torch", devices=("cpu",))
def torch(data: Data, case: Case) -> str:
    setup = "x = torch.from_numpy(x)\nparameters = [torch.from_numpy(w).requires_grad_() for w in weights]"
    return program(case, "import torch", setup)
