"""What compiling costs: the first Adam step in a fresh process, after the imports, until its result is there.

This project compiles its optimisers' steps through Numba (the extra `jit`), and has no general ``compile``: the same
update is asked of ``torch.compile`` and ``jax.jit``. The parameters are those of 784-512-512-10, or one array of that
many numbers. ``empty cache`` compiles anew; ``filled cache`` finds on disk what an earlier process compiled, where the
library keeps it. Loading the compiler itself counts: who does not compile does not load it. On a GPU the step is a
kernel of CUDA C, which NVRTC compiles; the start of the GPU is not counted.
"""

from __future__ import annotations

from benchmarks import check
from benchmarks.workload import Case, Data, Workload
from benchmarks.workloads.dense import BETA1, BETA2, EPSILON, RATE, parameters, shapes

UNITS = 512

PROGRAM = """
import json, os, shutil, tempfile, time
from pathlib import Path

fresh = {fresh}
base = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'xpgrad' / 'benchmarks' / 'compiled'
cache = Path(tempfile.mkdtemp()) if fresh else base / {peer!r}
cache.mkdir(parents=True, exist_ok=True)
os.environ['TORCHINDUCTOR_CACHE_DIR'] = os.environ['JAX_COMPILATION_CACHE_DIR'] = str(cache)
os.environ['NUMBA_CACHE_DIR'] = os.environ['CUPY_CACHE_DIR'] = str(cache)
import numpy as np

{digest}

rng = np.random.default_rng(0)
weights = [rng.standard_normal(shape, dtype=np.float32) for shape in {shapes}]
grads = [rng.standard_normal(w.shape, dtype=np.float32) for w in weights]
{setup}
start = time.perf_counter()
{first}
value = time.perf_counter() - start
print(json.dumps({{'value': value, 'digests': [digest(np.asarray(w)) for w in results()]}}))
if fresh:
    shutil.rmtree(cache, ignore_errors=True)
"""

work = Workload(
    "compile_time",
    "first Adam step in a fresh process, on the parameters of 784-512-512-10",
    size="arrays",
    sizes={"small": (1,), "medium": (6,)},
    variants=("empty cache", "filled cache"),
    kind="process",
    rounds=6,
    rtol=1e-5,
    jit=lambda case: True if case.device == "cpu" else None,
)


def program(peer: str, case: Case, setup: str, first: str) -> str:
    """The same program for each library but for its parameters and its step."""
    listed = shapes(UNITS) if case.size == 6 else [(parameters(UNITS),)]
    return PROGRAM.format(
        fresh=case.variant == "empty cache",
        peer=peer,
        digest=check.source(),
        shapes=listed,
        setup=setup,
        first=first,
    )


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> str:
    setup = f"""
import backends
from autograd import Tensor
from nn import optim
backend = backends.get({case.backend!r})
weights = [Tensor(backend.asarray(w), requires_grad=True) for w in weights]
optimizer = optim.Adam(weights, lr={RATE}, betas=({BETA1}, {BETA2}), eps={EPSILON})
for w, g in zip(weights, grads):
    w.grad = Tensor(backend.asarray(g))
backend.synchronize()
results = lambda: [backend.to_numpy(w.data) for w in weights]
"""
    return program("xpgrad", case, setup, "optimizer.step()\nbackend.synchronize()")


@work.peer("torch", note="torch.compile of its optimiser's step")
def torch(data: Data, case: Case) -> str:
    device = "cuda" if case.device == "gpu" else "cpu"
    wait = "torch.cuda.synchronize()" if case.device == "gpu" else ""
    setup = f"""
import torch
torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))
weights = [torch.tensor(w, device='{device}', requires_grad=True) for w in weights]
for w, g in zip(weights, grads):
    w.grad = torch.tensor(g, device='{device}')
optimizer = torch.optim.Adam(weights, lr={RATE}, betas=({BETA1}, {BETA2}), eps={EPSILON}, foreach=True)
@torch.compile
def step():
    optimizer.step()
{wait}
results = lambda: [w.detach().cpu().numpy() for w in weights]
"""
    return program("torch", case, setup, f"step()\n{wait}")


@work.peer("jax", note="jax.jit of the formula")
def jax(data: Data, case: Case) -> str:
    setup = f"""
import jax, jax.numpy as jnp
jax.config.update('jax_persistent_cache_min_compile_time_secs', 0)
jax.config.update('jax_persistent_cache_min_entry_size_bytes', -1)
jax.config.update('jax_default_device', jax.devices('{case.device}')[0])
zeros = [np.zeros_like(w) for w in weights]
@jax.jit
def step(weights, grads, first, second, t):
    first = [{BETA1} * m + (1 - {BETA1}) * g for m, g in zip(first, grads)]
    second = [{BETA2} * v + (1 - {BETA2}) * g * g for v, g in zip(second, grads)]
    a, b = 1 - {BETA1}**t, 1 - {BETA2}**t
    update = lambda w, m, v: w - {RATE} * (m / a) / (jnp.sqrt(v / b) + {EPSILON})
    return [update(w, m, v) for w, m, v in zip(weights, first, second)], first, second
jax.block_until_ready([jnp.asarray(w) for w in weights])  # its start is not its compiler's
results = lambda: out[0]
"""
    first = "out = jax.block_until_ready(step(weights, grads, zeros, zeros, np.float32(1)))"
    return program("jax", case, setup, first)
