"""A Tensor's methods: NumPy's and PyTorch's names, values, gradients, moves between devices, writes in place."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import GraphError, Tensor, no_grad, scalar, tensor
from autograd.methods import Methods
from tests.helpers import to_numpy

X = np.array([[0.53, 1.27, 0.76], [0.24, 2.07, 1.46]])


def leaf(x: Any = X, dtype: str = "float64") -> Tensor:
    return tensor(np.asarray(x, dtype), requires_grad=True)


# Names -----------------------------------------------------------------------------------------------------


def test_ndarrays_methods_are_there() -> None:
    # What a Tensor has no use for: raw memory, files, buffers, NumPy's own bookkeeping.
    without = {
        "base", "byteswap", "ctypes", "data", "dump", "dumps", "flags", "flat", "getfield", "itemset", "put", "resize",
        "setfield", "setflags", "strides", "tobytes", "tofile", "tostring", "newbyteorder", "device", "to_device",
    }  # fmt: skip
    missing = [n for n in dir(np.ndarray) if not n.startswith("_") and n not in without and not hasattr(Tensor, n)]
    assert not missing


def test_pytorchs_common_methods_are_there() -> None:
    names = (
        "abs abs_ add add_ all allclose any arccos arcsin arctan argmax argmin argsort backward bool broadcast_to "
        "ceil clamp clamp_ clip clone conj contiguous copy_ cos cosh cpu cuda cumprod cumsum detach diagonal diff "
        "dim div div_ dot double exp exp_ expand fill_ flatten float floor fmod half int isfinite isinf isnan item "
        "log log10 log1p log2 log_softmax logical_and logical_not logsumexp long matmul max maximum mean median min "
        "minimum mm mT moveaxis mul mul_ nansum neg nonzero numel outer permute pow prod quantile ravel reciprocal "
        "register_hook relu relu_ remainder repeat requires_grad_ reshape retain_grad round sigmoid sign sin sinh "
        "softmax split sqrt square squeeze std sub sub_ sum swapaxes T take tan tanh tile to tolist trace transpose "
        "tril triu trunc type_as unsqueeze var vdot view zero_ "
    )
    assert not [name for name in names.split() if not hasattr(Tensor, name)]


SAME = [
    name
    for name in dir(Methods)
    if not name.startswith("_") and getattr(anp, name, None) is Methods.__dict__.get(name) and name in Methods.__dict__
]


def test_most_methods_are_the_namespaces_functions() -> None:
    assert len(SAME) > 80


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("sum", (0,)), ("mean", (1,)), ("var", ()), ("std", (0,)), ("max", (1,)), ("min", ()), ("prod", (1,)),
        ("cumsum", (1,)), ("cumprod", (0,)), ("ptp", (0,)), ("exp", ()), ("log", ()), ("sqrt", ()), ("tanh", ()),
        ("square", ()), ("clip", (0.4, 1.3)), ("round", (1,)), ("trace", ()), ("diagonal", ()), ("ravel", ()),
        ("flatten", ()), ("repeat", (2,)), ("swapaxes", (0, 1)), ("take", ([0, 2], 1)), ("argmax", (1,)),
        ("argsort", (1,)), ("transpose", (1, 0)), ("transpose", ((1, 0),)), ("transpose", ()), ("reshape", (3, 2)),
        ("reshape", ((3, -1),)), ("squeeze", ()), ("dot", (np.ones(3),)), ("all", ()), ("any", (0,)), ("conj", ()),
        ("compress", ([True, False], 0)), ("searchsorted", ([0.6],)), ("nonzero", ()), ("argmin", ()),
    ],
)  # fmt: skip
def test_method_is_ndarrays(name: str, args: Any) -> None:
    x = X[0] if name in ("searchsorted",) else X
    expected = getattr(x, name)(*args) if hasattr(x, name) else getattr(np, name)(x, *args)
    got = to_numpy(getattr(leaf(x), name)(*args))
    for ours, theirs in zip(*[r if isinstance(r, tuple) else (r,) for r in (got, expected)], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: x.unsqueeze(1), lambda x: x[:, None]),
        (lambda x: x.permute(1, 0), lambda x: x.T),
        (lambda x: x.view(3, 2), lambda x: x.reshape(3, 2)),
        (lambda x: x.view((6,)), lambda x: x.reshape(6)),
        (lambda x: x.expand(4, -1, -1), lambda x: np.broadcast_to(x, (4, 2, 3))),
        (lambda x: x.expand((1, 2, 3)), lambda x: x[None]),
        (lambda x: x.clamp(max=1.0), lambda x: np.minimum(x, 1.0)),
        (lambda x: x.relu(), lambda x: np.maximum(x, 0)),
        (lambda x: x.softmax(0), lambda x: np.exp(x) / np.exp(x).sum(0)),
        (lambda x: x.log_softmax(), lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True))),
        (lambda x: x.sub(1).mul(2).div(4).add(3).pow(2), lambda x: ((x - 1) * 2 / 4 + 3) ** 2),
        (lambda x: x.T, lambda x: x.T),
        (lambda x: x[None].mT, lambda x: x.T[None]),
        (lambda x: x.mm(x.T), lambda x: x @ x.T),
        (lambda x: x.tril(), np.tril),
        (lambda x: round(x, 1), lambda x: np.round(x, 1)),
        (lambda x: divmod(x, 0.4)[1], lambda x: x % 0.4),
        (lambda x: x.contiguous(), lambda x: x),
        (lambda x: x.T.contiguous(), lambda x: x.T),
    ],
)  # fmt: skip
def test_pytorchs_form(ours: Any, theirs: Any) -> None:
    x = leaf()
    out = ours(x)
    np.testing.assert_allclose(out.detach().numpy(), theirs(X), rtol=1e-13)
    assert out.requires_grad
    weights = np.linspace(-1, 1, out.size).reshape(out.shape)
    out.backward(weights)
    step = 1e-6
    for place in np.ndindex(X.shape):
        up, down = X.copy(), X.copy()
        up[place] += step
        down[place] -= step
        slope = ((theirs(up) - theirs(down)) * weights).sum() / (2 * step)
        assert x.grad.numpy()[place] == pytest.approx(slope, abs=1e-7)


def test_complex_parts() -> None:
    z = tensor(np.array([[1 + 2j, 3 - 1j]]), requires_grad=True)
    assert z.real.tolist() == [[1.0, 3.0]] and z.imag.tolist() == [[2.0, -1.0]]
    assert np.array_equal(z.H.detach().numpy(), z.detach().numpy().conj().T) and z.mH.shape == (2, 1)
    (z.real + 2 * z.imag).sum().backward()
    np.testing.assert_array_equal(z.grad.numpy(), [[1 - 2j, 1 - 2j]])


def test_bits() -> None:
    n, truth = tensor([6, 3]), tensor([True, False])
    for symbol, other in (
        (operator.and_, 5),
        (operator.or_, 5),
        (operator.xor, 5),
        (operator.lshift, 2),
        (operator.rshift, 1),
    ):
        assert symbol(n, other).tolist() == symbol(np.array([6, 3]), other).tolist()
        assert symbol(20, n).tolist() == symbol(20, np.array([6, 3])).tolist()
    assert (~n).tolist() == [-7, -4] and (~truth).tolist() == [False, True]
    assert (truth | (n > 3)).tolist() == [True, False]
    with pytest.raises(TypeError, match="bitwise_and"):
        leaf() & 1


def test_expand_and_view_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        leaf().expand(2, 4)
    with pytest.raises(ValueError, match="copy"):
        leaf().T.view(6)


# In place --------------------------------------------------------------------------------------------------


IN_PLACE = {
    "abs_": (anp.abs,), "add_": (anp.add, 2.0), "clip_": (anp.clip, 0.4, 1.3), "clamp_": (anp.clip, None, 1.3),
    "div_": (anp.divide, 4.0), "exp_": (anp.exp,), "floor_": (anp.floor,), "log_": (anp.log,),
    "mul_": (anp.multiply, X), "neg_": (anp.negative,), "pow_": (anp.power, 3), "relu_": (anp.relu,),
    "sigmoid_": (anp.sigmoid,), "sqrt_": (anp.sqrt,), "square_": (anp.square,), "sub_": (anp.subtract, X),
    "tanh_": (anp.tanh,), "copy_": (lambda x, v: x * 0 + v, X + 1), "fill_": (lambda x, v: x * 0 + v, 3.0),
    "fill": (lambda x, v: x * 0 + v, 2.0), "zero_": (lambda x: x * 0,),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_method_writes_and_is_recorded(name: str) -> None:
    function, *args = IN_PLACE[name]
    raw = X.copy()
    t = Tensor(raw)
    assert getattr(t, name)(*args) is t and t.data is raw
    np.testing.assert_allclose(raw, function(X, *args))
    x, y = leaf(), leaf()
    h = x * 1.5
    assert getattr(h, name)(*args) is h
    (h * X).sum().backward()
    (function(y * 1.5, *args) * X).sum().backward()
    np.testing.assert_allclose(x.grad.numpy() if x.grad is not None else 0 * X, y.grad.numpy(), atol=1e-15)


def test_in_place_methods_protect_leaves_dtypes_and_scalars() -> None:
    x = leaf()
    with pytest.raises(GraphError, match="exp: expected a Tensor that may be written; got a leaf"):
        x.exp_()
    with no_grad():
        x.mul_(2.0)
    assert np.array_equal(x.data, 2 * X) and x.requires_grad
    n = tensor([1, 2])
    with pytest.raises(
        TypeError, match="exp: expected a result that fits the written Tensor's dtype int64; got float64"
    ):
        n.exp_()
    assert n.add_(1).tolist() == [2, 3]
    with pytest.raises(
        TypeError, match=r"exp_: expected an array to write into; got a Python float, .* Use x = x.exp\(…\)"
    ):
        scalar(1.0).exp_()
    h = leaf() * 1
    y = h.exp()
    h.add_(1.0)
    y.sum().backward()  # exp kept its result only
    g = h.square()
    h.zero_()
    with pytest.raises(GraphError, match="changed one of them in place since"):
        g.sum().backward()


def test_sort_and_partition_in_place() -> None:
    x = leaf([[3.0, 1.0, 2.0]])
    h = x * 2
    assert h.sort() is None and h.tolist() == [[2.0, 4.0, 6.0]]
    (h * np.array([1.0, 10.0, 100.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[200.0, 2.0, 20.0]])
    t = tensor([3.0, 1.0, 2.0])
    t.partition(0)
    assert t.tolist()[0] == 1.0


# Dtypes and devices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "dtype"),
    [
        ("half", "float16"),
        ("float", "float32"),
        ("double", "float64"),
        ("long", "int64"),
        ("int", "int32"),
        ("bool", "bool"),
    ],
)
def test_casts(method: str, dtype: str) -> None:
    x = leaf(dtype="float32")
    y = getattr(x, method)()
    assert y.dtype == dtype and (y is x) == (dtype == "float32")
    if np.dtype(dtype).kind == "f":
        (y * y).sum().backward()
        assert x.grad.dtype == np.float32


def test_to_takes_dtypes_devices_and_tensors_in_any_order() -> None:
    x = leaf()
    for dtype in ("float32", np.float32, np.dtype("float32")):
        assert x.to(dtype).dtype == x.to(dtype=dtype).dtype == x.to("cpu", dtype).dtype == np.float32
    assert x.to(float) is x.to("cpu") is x.cpu() is x.to(device="cpu") is x.to("numpy") is x
    assert x.type_as(tensor(1, dtype="float16")).dtype == x.to(tensor(1, dtype="float16")).dtype == np.float16
    assert x.astype("float32").dtype == np.float32 and x.astype("float64", copy=False) is x
    assert x.astype("float64") is not x
    assert (x.numel(), x.dim()) == (6, 2)


def test_to_moves_between_backends_and_the_gradient_comes_back(device_backend: backends.Backend) -> None:
    x = tensor(X, requires_grad=True, device="cpu")
    moved = x.to(device_backend.name)
    assert moved.backend is device_backend and moved.requires_grad
    assert x.to(device_backend.device_type).backend is device_backend
    assert moved.to(device_backend.name) is moved
    both = moved.to("float32", f"{device_backend.device_type}")
    (both * both).sum().backward()
    assert x.grad.backend is backends.get("numpy") and x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad.numpy(), 2 * X, rtol=1e-6)
    back = x.to(device_backend.name).cpu()
    assert back.backend is backends.get("numpy")
    back.sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), 2 * X + 1, rtol=1e-6)
    assert x.to(moved).backend is device_backend


def test_to_moves_scalars_onto_arrays_and_back() -> None:
    x = scalar(2.0)
    y = x.to("numpy")
    assert isinstance(y.data, np.ndarray) and y.shape == ()
    (y * 3).backward()
    assert x.grad.item() == 6.0 / 2 and isinstance(x.grad.data, float)


def test_an_unknown_device_says_what_there_is() -> None:
    with pytest.raises(
        backends.BackendError, match="device: expected 'cpu', 'cuda', 'cuda:N' or a backend's name; got 'tpu'"
    ):
        leaf().to("tpu")


@pytest.mark.gpu
def test_cuda() -> None:
    try:
        backends.get("cupy")
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    x = leaf()
    y = x.cuda()
    assert y.device == "cuda:0" and y.cuda(0) is y
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * X)


def test_copies_are_differentiable_and_own_their_memory() -> None:
    x = leaf()
    y = x.clone()
    assert y.data is not x.data and not np.shares_memory(y.data, x.data)
    (3 * y).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full((2, 3), 3.0))


def test_item_takes_a_place_as_numpys_does() -> None:
    x = tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert (x.item(4), x.item(-1), x.item(1, 0), x[0, 1].item()) == (4.0, 5.0, 3.0, 1.0)
    with pytest.raises(IndexError, match=r"getitem: expected an index from -6 to 5 .*; got 6"):
        x.item(6)
