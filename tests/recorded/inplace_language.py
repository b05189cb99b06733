"""The language of in-place programs (README.md), run in PyTorch and in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

UNARY = {"neg", "exp", "tanh", "sin", "sigmoid", "square"}
BINARY = {"add", "sub", "mul", "div"}


def read_index(spec: list[Any], lib: Any) -> tuple[Any, ...]:
    items: list[Any] = []
    for item in spec:
        if isinstance(item, dict) and "slice" in item:
            items.append(slice(*item["slice"]))
        elif isinstance(item, dict) and "array" in item:
            items.append(lib.asarray(item["array"]))
        elif isinstance(item, dict) and "mask" in item:
            items.append(lib.asarray(item["mask"]))
        elif item == "...":
            items.append(Ellipsis)
        else:
            items.append(item)
    return tuple(items)


def torch_view(x: torch.Tensor, step: dict[str, Any]) -> torch.Tensor:
    how = step["how"]
    if how == "getitem":
        return x[read_index(step["index"], torch)]
    if how == "reshape":
        return x.reshape(step["shape"])
    if how == "transpose":
        return x.permute(step["axes"])
    if how == "T":
        return x.permute(*reversed(range(x.ndim)))
    if how == "swapaxes":
        return x.swapaxes(*step["axes"])
    if how == "squeeze":
        return x.squeeze(step["axis"])
    if how == "expand_dims":
        return x.unsqueeze(step["axis"])
    if how == "diagonal":
        return x.diagonal(step["offset"])
    if how == "broadcast_to":
        return x.broadcast_to(step["shape"])
    raise KeyError(how)


def torch_op(fn: str, args: list[Any], step: dict[str, Any]) -> torch.Tensor:
    if fn in BINARY:
        return getattr(torch, fn)(*args) if isinstance(args[0], torch.Tensor) else scalar_first(fn, *args)
    if fn in UNARY:
        return getattr(torch, fn)(args[0])
    if fn in ("sum", "mean"):
        if step["axis"] is None:
            return getattr(args[0], fn)()
        return getattr(args[0], fn)(dim=step["axis"], keepdim=step["keepdims"])
    if fn == "matmul":
        return args[0] @ args[1]
    if fn == "concatenate":
        return torch.cat(args, dim=step["axis"])
    if fn == "stack":
        return torch.stack(args, dim=step["axis"])
    if fn == "getitem":
        return args[0][read_index(step["index"], torch)]
    if fn == "clone":
        return args[0].clone()
    if fn == "detach":
        return args[0].detach()
    raise KeyError(fn)


def scalar_first(fn: str, a: float, b: torch.Tensor) -> torch.Tensor:
    return {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b, "div": lambda: a / b}[fn]()


def torch_write(x: torch.Tensor, fn: str, args: list[Any]) -> None:
    if fn == "copy_" and not isinstance(args[0], torch.Tensor):
        x.fill_(args[0])
    else:
        getattr(x, fn)(*args)


class TorchWorld:
    """The state of one program in PyTorch; `copying` gives every operation private copies of what it saves."""

    def __init__(self, leaves: list[dict[str, Any]], copying: bool = False) -> None:
        self.copying = copying
        self.env: dict[str, torch.Tensor] = {}
        for leaf in leaves:
            self.env[leaf["name"]] = torch.tensor(
                leaf["value"], dtype=getattr(torch, leaf.get("dtype", "float64")), requires_grad=leaf["requires_grad"]
            )

    def args(self, step: dict[str, Any]) -> list[Any]:
        return [self.env[a] if isinstance(a, str) else a for a in step["args"]]

    def run(self, step: dict[str, Any], number: int) -> None:
        # The file name of the compiled step is how anomaly detection tells which step a failing node came from.
        code = compile("execute(step)", f"<step {number}>", "exec")
        with torch.set_grad_enabled(not step.get("no_grad", False)):
            exec(code, {"execute": self.execute, "step": step})

    def private(self, values: list[Any]) -> list[Any]:
        return [v.clone() if isinstance(v, torch.Tensor) else v for v in values]

    def execute(self, step: dict[str, Any]) -> None:
        do = step["do"]
        if do == "view":
            self.env[step["out"]] = torch_view(self.env[step["of"]], step)
        elif do == "op":
            args = self.args(step)
            if self.copying and step["fn"] not in ("detach", "clone"):
                self.env[step["out"]] = torch_op(step["fn"], self.private(args), step).clone()
            else:
                self.env[step["out"]] = torch_op(step["fn"], args, step)
        elif do == "inplace":
            target, args = self.env[step["on"]], self.args(step)
            if self.copying and step["fn"] not in ("zero_", "copy_"):
                result = torch_op(step["fn"][:-1], self.private([target, *args]), step)
                target.copy_(result.clone())
            elif self.copying:
                torch_write(target, step["fn"], self.private(args))
            else:
                torch_write(target, step["fn"], args)
        elif do == "setitem":
            value = self.args(step)[0]
            if self.copying:
                value = self.private([value])[0]
            self.env[step["on"]][read_index(step["index"], torch)] = value
        else:
            raise KeyError(do)

    def loss(self, weights: dict[str, Any]) -> torch.Tensor:
        total: Any = 0
        for name, w in weights.items():
            t = self.env[name]
            total = total + (torch.tensor(w, dtype=t.dtype) * t).sum()
        return total


def numpy_view(x: np.ndarray, step: dict[str, Any]) -> np.ndarray:
    how = step["how"]
    if how == "getitem":
        index = read_index(step["index"], np)
        # A trailing ellipsis keeps a single element a 0-d view; NumPy would hand out a scalar, which is a copy.
        return x[index if Ellipsis in index else (*index, ...)]
    if how == "reshape":
        return x.reshape(step["shape"])
    if how == "transpose":
        return x.transpose(step["axes"])
    if how == "T":
        return x.T
    if how == "swapaxes":
        return x.swapaxes(*step["axes"])
    if how == "squeeze":
        return x.squeeze(step["axis"])
    if how == "expand_dims":
        return np.expand_dims(x, step["axis"])
    if how == "diagonal":
        out = x.diagonal(step["offset"])
        # NumPy hands out the diagonal read-only; the memory is the array's own.
        out.flags.writeable = True
        return out
    if how == "broadcast_to":
        return np.broadcast_to(x, step["shape"])
    raise KeyError(how)


def numpy_op(fn: str, args: list[Any], step: dict[str, Any]) -> Any:
    if fn in ("add", "sub", "mul", "div"):
        return {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[fn](*args)
    if fn == "sigmoid":
        return 1 / (1 + np.exp(-args[0]))
    if fn in UNARY:
        return {"neg": np.negative, "exp": np.exp, "tanh": np.tanh, "sin": np.sin, "square": np.square}[fn](args[0])
    if fn in ("sum", "mean"):
        return getattr(np, fn)(args[0], axis=step["axis"], keepdims=step["keepdims"])
    if fn == "matmul":
        return args[0] @ args[1]
    if fn == "concatenate":
        return np.concatenate(args, axis=step["axis"])
    if fn == "stack":
        return np.stack(args, axis=step["axis"])
    if fn == "getitem":
        return args[0][read_index(step["index"], np)]
    if fn == "clone":
        return args[0].copy()
    if fn == "detach":
        return args[0][...]
    raise KeyError(fn)


class NumpyWorld:
    def __init__(self, leaves: list[dict[str, Any]], complex_step: tuple[str, int] | None = None) -> None:
        self.env: dict[str, np.ndarray] = {}
        for leaf in leaves:
            value = np.array(leaf["value"], dtype=leaf.get("dtype", "float64"))
            if complex_step is not None:
                value = value.astype(complex)
                if complex_step[0] == leaf["name"]:
                    value.reshape(-1)[complex_step[1]] += 1e-30j
            self.env[leaf["name"]] = value

    def run(self, step: dict[str, Any]) -> None:
        do = step["do"]
        if do == "view":
            self.env[step["out"]] = numpy_view(self.env[step["of"]], step)
            return
        args = [self.env[a] if isinstance(a, str) else a for a in step["args"]]
        if do == "op":
            self.env[step["out"]] = np.asarray(numpy_op(step["fn"], args, step))
        elif do == "inplace":
            x = self.env[step["on"]]
            if step["fn"] == "zero_":
                x[...] = 0
            elif step["fn"] == "copy_":
                x[...] = args[0]
            else:
                x[...] = numpy_op(step["fn"][:-1], [x, *args], step)
        elif do == "setitem":
            self.env[step["on"]][read_index(step["index"], np)] = args[0]


def complex_step_gradients(program: dict[str, Any]) -> dict[str, np.ndarray]:
    grads = {}
    for leaf in program["leaves"]:
        if not leaf["requires_grad"]:
            continue
        shape = np.shape(leaf["value"])
        g = np.zeros(shape)
        for k in range(g.size):
            world = NumpyWorld(program["leaves"], (leaf["name"], k))
            for step in program["steps"]:
                world.run(step)
            loss = sum(np.sum(np.asarray(w) * world.env[name]) for name, w in program["backward"].items())
            g.reshape(-1)[k] = loss.imag / 1e-30
        grads[leaf["name"]] = g
    return grads


def storage(t: torch.Tensor) -> int:
    return t.untyped_storage().data_ptr()


def classify(message: str) -> str | None:
    if "leaf Variable that requires grad" in message:
        return "leaf_inplace"
    if "modified by an inplace operation" in message:
        return "modified"
    return None


def writes_to(step: dict[str, Any]) -> str | None:
    return step["on"] if step["do"] in ("inplace", "setitem") else None
