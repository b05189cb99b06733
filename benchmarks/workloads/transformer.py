"""A transformer of two layers, width 128, 4 heads, batch 8: norm first, GELU, no dropout; loss and gradients.

With NumPy alone, and with the extra `jit`. Weights have PyTorch's names and layout; each library gets the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

LAYERS, WIDTH, HEADS, HIDDEN, BATCH = 2, 128, 4, 512, 8
SHAPES = {
    "self_attn.in_proj_weight": (3 * WIDTH, WIDTH),
    "self_attn.in_proj_bias": (3 * WIDTH,),
    "self_attn.out_proj.weight": (WIDTH, WIDTH),
    "self_attn.out_proj.bias": (WIDTH,),
    "linear1.weight": (HIDDEN, WIDTH),
    "linear1.bias": (HIDDEN,),
    "linear2.weight": (WIDTH, HIDDEN),
    "linear2.bias": (WIDTH,),
    "norm1.weight": (WIDTH,),
    "norm1.bias": (WIDTH,),
    "norm2.weight": (WIDTH,),
    "norm2.bias": (WIDTH,),
}
NAMES = tuple(SHAPES)

work = Workload(
    "transformer",
    f"{LAYERS}-layer transformer, width {WIDTH}, {HEADS} heads, batch {BATCH}, loss and gradients",
    size="tokens",
    sizes={"small": (16,), "medium": (64,), "large": (256,)},
    # Products with weights and the two of attention, once forward and twice backward.
    flops=lambda case: 3 * LAYERS * BATCH * case.size * 2 * (4 * WIDTH**2 + 2 * WIDTH * HIDDEN + 2 * WIDTH * case.size),
    # Each layer's in- and output and its hidden values are written and read once, forward and backward.
    bytes=lambda case: 4 * LAYERS * BATCH * case.size * 4 * (6 * WIDTH + HIDDEN),
    rtol=2e-3,
    variants=("plain", "with jit"),
    jit=lambda case: case.variant == "with jit",
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)

    def weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) == 2:
            return (rng.standard_normal(shape) / shape[1] ** 0.5).astype(np.float32)
        return np.full(shape, 1.0 if name in ("norm1.weight", "norm2.weight") else 0.0, np.float32)

    layers = [{name: weight(name, shape) for name, shape in SHAPES.items()} for _ in range(LAYERS)]
    return {"x": rng.standard_normal((BATCH, case.size, WIDTH), dtype=np.float32), "layers": layers}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    import nn
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    options = {"dropout": 0.0, "activation": "gelu", "norm_first": True}
    with backends.use(case.backend):
        layers = [nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, **options) for _ in range(LAYERS)]
    for layer, values in zip(layers, data["layers"]):
        layer.load_state_dict(values)
    weights = [dict(layer.named_parameters())[name] for layer in layers for name in NAMES]
    x = Tensor(put(data["x"]))

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        h = x
        for layer in layers:
            h = layer(h)
        loss = (h * h).mean()
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("torch", note="eager")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    layers = [torch.nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, **options).to(device) for _ in range(LAYERS)]
    for layer, values in zip(layers, data["layers"]):
        layer.load_state_dict({name: torch.tensor(value) for name, value in values.items()})
    weights = [dict(layer.named_parameters())[name] for layer in layers for name in NAMES]
    x = torch.tensor(data["x"], device=device)

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        h = x
        for layer in layers:
            h = layer(h)
        loss = h.square().mean()
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x = jax.device_put(data["x"], place)
    layers = [[jax.device_put(values[name], place) for name in NAMES] for values in data["layers"]]

    def norm(x: Any, scale: Any, shift: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) * scale + shift

    def attend(x: Any, w_in: Any, b_in: Any, w_out: Any, b_out: Any) -> Any:
        parts = (x @ w_in.T + b_in).reshape(BATCH, case.size, 3, HEADS, WIDTH // HEADS)
        q, k, v = jnp.moveaxis(parts, 2, 0)
        out = jax.nn.dot_product_attention(q, k, v)
        return out.reshape(x.shape) @ w_out.T + b_out

    def layer(x: Any, weights: list[Any]) -> Any:
        w_in, b_in, w_out, b_out, w1, b1, w2, b2, scale1, shift1, scale2, shift2 = weights
        x = x + attend(norm(x, scale1, shift1), w_in, b_in, w_out, b_out)
        hidden = jax.nn.gelu(norm(x, scale2, shift2) @ w1.T + b1, approximate=False)
        return x + hidden @ w2.T + b2

    def loss_of(layers: list[Any], x: Any) -> Any:
        for weights in layers:
            x = layer(x, weights)
        return jnp.square(x).mean()

    compiled = jax.jit(jax.value_and_grad(loss_of))
    return lambda: compiled(layers, x)
