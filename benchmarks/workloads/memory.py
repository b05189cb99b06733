"""The most memory that the loss and gradients of a 20-layer ReLU network take, beyond its data and weights.

Measured in a fresh process. On the CPU, on Linux: how far the resident memory rises above where it stood before the
step. On a GPU: how much more of it arrays hold at the worst moment, as the library's own allocator counts it. The batch
is much larger than a layer, so that what is kept for the backward pass decides.
"""

from __future__ import annotations

from benchmarks import check
from benchmarks.workload import Case, Data, Workload

LAYERS, BATCH = 20, 8_192

PROGRAM = """
{start}
import numpy as np
{imports}
{digest}
{tools}
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
{measure}
print(json.dumps({{'value': value, 'digests': [digest(np.float32(loss))]}}))
"""
# How the CPU's memory is watched: what the program starts with, its tools, and the step that counts.
CPU = (
    """import ctypes, json, os, re
os.environ['XPGRAD_KEEP_MEMORY'] = '0'
# A freed array goes back to the system at once: else the C library's cache would be measured, not what is alive.
M_MMAP_THRESHOLD = -3
ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 65536)""",
    """
def resident(name):
    with open('/proc/self/status') as status:
        return 1024 * int(re.search(name + r':\\s*(\\d+)', status.read())[1])
""",
    """before = resident('VmRSS')
with open('/proc/self/clear_refs', 'w') as peak:
    peak.write('5')  # from now on VmHWM counts anew
loss = float(step(x))
value = resident('VmHWM') - before""",
)

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


def program(case: Case, imports: str, setup: str, on_gpu: str) -> str:
    """The same program for each library but for imports, how arrays become tensors, and how a GPU's peak is told."""
    start, tools, measure = CPU if case.device == "cpu" else ("import json", "", on_gpu)
    return PROGRAM.format(
        start=start,
        imports=imports,
        digest=check.source(),
        tools=tools,
        setup=setup,
        measure=measure,
        layers=LAYERS,
        batch=BATCH,
        width=case.size,
    )


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> str:
    if case.device == "cpu":
        imports = "from autograd import Tensor"
        setup = "x = Tensor(x)\nparameters = [Tensor(w, requires_grad=True) for w in weights]"
        return program(case, imports, setup, "")
    imports = "import backends\nfrom autograd import Tensor"
    setup = f"""
backend = backends.get({case.backend!r})
x = Tensor(backend.asarray(x))
parameters = [Tensor(backend.asarray(w), requires_grad=True) for w in weights]"""
    on_gpu = """
with backend.peak_memory() as peak:
    loss = float(step(x))
value = peak.bytes"""
    return program(case, imports, setup, on_gpu)


@work.peer("torch")
def torch(data: Data, case: Case) -> str:
    if case.device == "cpu":
        setup = "x = torch.from_numpy(x)\nparameters = [torch.from_numpy(w).requires_grad_() for w in weights]"
        return program(case, "import torch", setup, "")
    setup = """
x = torch.from_numpy(x).cuda()
parameters = [torch.from_numpy(w).cuda().requires_grad_() for w in weights]"""
    on_gpu = """
torch.cuda.reset_peak_memory_stats()
before = torch.cuda.memory_allocated()
loss = float(step(x))
value = torch.cuda.max_memory_allocated() - before"""
    return program(case, "import torch", setup, on_gpu)
