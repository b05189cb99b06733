"""What optimisers share: groups, flat buffers, state. Imports ``nn.optim.buffers``, ``nn.checks``.

Parameters of one dtype and device lie side by side in one flat array, of which each parameter's array becomes a view;
so does their state. A step over thousands of small parameters is then one update, not thousands. Parameters in 16 bits
have values and state in float32 behind them, since small steps, and squares of gradients, are lost in 16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor
from autograd.fuse import Fused
from nn import checks
from nn.optim.buffers import Buffer

Update = Callable[..., tuple[Any, ...]]


class Optimizer:
    """The base of optimisers: ``zero_grad()``, ``step()``, ``groups``, ``state_dict()``.

    A subclass gives, for a group of hyperparameters, the formula of one parameter's step, as its paper has it, the
    names of the state it keeps, and the numbers of step ``t``:

    >>> import nn
    >>> class SignDescent(nn.optim.Optimizer):
    ...     def __init__(self, params, lr=0.01):
    ...         super().__init__(params, lr=lr)
    ...
    ...     def formula(self, group):
    ...         return lambda p, g, lr: (p - lr * np.sign(g),), ()
    ...
    ...     def numbers(self, group, t):
    ...         return (group["lr"],)
    >>> w = nn.parameter([1.0, -2.0])
    >>> optimizer = SignDescent([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 0.5, -1.5], dtype=float32)

    Args:
        params: Tensors that require gradients, or dicts ``{"params": …, "lr": …}`` with options of their own.
        options: the hyperparameters of groups that do not say otherwise.
    """

    # Whether ``step`` evaluates the loss itself, through a closure.
    takes_closure = False

    def __init__(self, params: Iterable[Any], **options: Any) -> None:
        self._check(options)
        self.options = options
        self.groups: list[dict[str, Any]] = []
        self._buffers: list[list[Buffer]] = []
        self._fused: dict[Any, Fused] = {}
        if isinstance(params, Tensor):
            raise TypeError("optimizer: expected an iterable of Tensors; got one Tensor. Pass [parameter].")
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__}: expected an iterable of Tensors; got {type(params).__name__}. "
                "Pass model.parameters(), with its brackets."
            )
        listed = list(params)
        if not listed:
            raise ValueError("optimizer: expected parameters; got none. Pass model.parameters() of a built model.")
        for group in listed if isinstance(listed[0], dict) else [{"params": listed}]:
            self.add_group(group)

    def add_group(self, group: dict[str, Any]) -> None:
        """One more group of parameters, with hyperparameters of its own."""
        if not isinstance(group, dict) or "params" not in group:
            raise ValueError(
                f"{type(self).__name__}: expected groups as dicts with 'params' among their keys; got "
                f"{', '.join(map(str, group)) if isinstance(group, dict) else type(group).__name__}. "
                "Pass [{'params': model.parameters(), 'lr': 0.1}, …]."
            )
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        unknown = set(group) - set(self.options) - {"params"}
        if unknown:
            raise ValueError(
                f"{type(self).__name__}: expected options among {', '.join(self.options)}; "
                f"got {', '.join(sorted(unknown))}."
            )
        self._check(group)
        taken = {id(p) for g in self.groups for p in g["params"]}
        for p in params:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise TypeError(
                    f"{type(self).__name__}: expected leaf Tensors; got "
                    f"{'the result of an operation' if isinstance(p, Tensor) else type(p).__name__}. "
                    "Pass the parameters themselves."
                )
            if id(p) in taken:
                raise ValueError(
                    f"{type(self).__name__}: expected each parameter once; one came twice. Remove it from one group."
                )
            taken.add(id(p))
        self.groups.append({**self.options, **group, "params": params})
        self._buffers.append([])

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """``add_group``, by PyTorch's name."""
        self.add_group(param_group)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups, by PyTorch's name."""
        return self.groups

    @property
    def lr(self) -> float:
        """The learning rate of the first group; setting it sets every group's."""
        return self.groups[0]["lr"]

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.groups:
            group["lr"] = value

    @property
    def learning_rate(self) -> float:
        """``lr``, by Keras's name."""
        return self.lr

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.lr = value

    def _check(self, options: Mapping[str, Any]) -> None:
        if "lr" in options:
            checks.number(type(self).__name__, "lr", options["lr"], checks.NOT_NEGATIVE)
        checks.options(type(self).__name__, options)

    # What a subclass gives -------------------------------------------------------------------------------------

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        """``update(p, g, *state, *numbers) -> (p, *state)`` and the names of the state, which starts at 0."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method formula(self, group). Add one.")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        """The numbers of step ``t`` = 1, 2, … that ``update`` takes."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method numbers(self, group, t). Add one.")

    def initial(self, group: dict[str, Any], name: str) -> float:
        """What the state ``name`` starts at."""
        return 0.0

    # The step ----------------------------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with ``set_to_none=False``, those there are become zeros."""
        for group in self.groups:
            for p in group["params"]:
                if set_to_none or p._grad is None:
                    p._grad = None
                    p._grad_owned = False
                else:
                    p.grad = Tensor(np.zeros_like(p._grad._data))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, once; ``closure`` computes loss and gradients anew first."""
        loss = closure() if closure is not None else None
        for group, buffers in zip(self.groups, self._buffers, strict=True):
            if not buffers or not all([buffer.stands() for buffer in buffers]):
                self._lay_out(group, buffers)
            for buffer in buffers:
                buffer.take()
                self._step_buffer(group, buffer)
                buffer.give()
        return loss

    def _step_buffer(self, group: dict[str, Any], buffer: Buffer) -> None:
        grads: list[Any] = [p._grad for p in buffer.params]
        update, _ = self.formula(group)
        key = update.__code__
        fused = self._fused.get(key)
        if fused is None:
            fused = self._fused[key] = Fused(update, (0, *range(2, 2 + len(buffer.state))))
        steps = buffer.steps
        if all([g is not None for g in grads]) and steps.count(steps[0]) == len(steps):
            steps[:] = [steps[0] + 1] * len(steps)
            gathered = [self._signed(group, g) for g in buffer.gather([g._data for g in grads])]
            pieces = [(values, g, *state) for (values, *state), g in zip(buffer.pieces, gathered)]
            fused.all(pieces, self.numbers(group, steps[0]))
            return
        for i, g in enumerate(grads):
            if g is not None:
                steps[i] += 1
                part = buffer.part(i)
                flat = self._signed(group, buffer.flat(g._data))
                state = [s[part] for s in buffer.state.values()]
                fused([buffer.values[part], flat, *state], self.numbers(group, steps[i]))

    def _signed(self, group: dict[str, Any], g: Any) -> Any:
        if group.get("maximize"):
            g = -g
        # The gradient of a real loss points uphill conjugated (HIPS autograd's and JAX's convention).
        return np.conj(g) if g.dtype.kind == "c" else g

    def _lay_out(self, group: dict[str, Any], buffers: list[Buffer]) -> None:
        """Put the parameters side by side, keeping the state of those that had some."""
        kept: dict[int, tuple[int, dict[str, Any]]] = {}
        for buffer in buffers:
            for i, p in enumerate(buffer.params):
                kept[id(p)] = buffer.steps[i], {name: s[buffer.part(i)] for name, s in buffer.kept().items()}
        kinds: dict[Any, list[Tensor]] = {}
        for p in group["params"]:
            kinds.setdefault((p.backend.name, str(p.dtype), p.device), []).append(p)
        _, names = self.formula(group)
        buffers[:] = [Buffer(params, {n: self.initial(group, n) for n in names}, kept) for params in kinds.values()]

    # Saving ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything but the parameters: ``{"groups": options…, "state": per parameter, in order}``, in copies."""
        state = []
        for group, buffers in zip(self.groups, self._buffers, strict=True):
            found = {id(p): (b, i) for b in buffers for i, p in enumerate(b.params)}
            for p in group["params"]:
                if id(p) not in found:
                    state.append({"step": 0})
                    continue
                buffer, i = found[id(p)]
                arrays = {n: p.backend.copy(s[buffer.part(i)].reshape(p.shape)) for n, s in buffer.kept().items()}
                state.append({"step": buffer.steps[i], **arrays})
        groups = [{k: v for k, v in g.items() if k != "params"} | {"count": len(g["params"])} for g in self.groups]
        return {"kind": type(self).__name__, "groups": groups, "state": state}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from a state that ``state_dict`` gave, for the same parameters in the same order.

        Raises:
            ValueError: it is another optimiser's, or of other groups; nothing is changed then.
        """
        own = [len(g["params"]) for g in self.groups]
        if not {"kind", "groups", "state"} <= set(saved):
            raise ValueError(
                f"load_state_dict: expected what {type(self).__name__}.state_dict() gives (kind, groups, state); "
                f"got {', '.join(map(str, saved)) or 'an empty dict'}. Pass an optimiser's state."
            )
        counts = [g["count"] for g in saved["groups"]]
        if saved.get("kind") != type(self).__name__ or counts != own:
            raise ValueError(
                f"load_state_dict: expected the state of {type(self).__name__} over groups of {own} parameters; got "
                f"{saved.get('kind')} over {counts}. Make the optimiser as it was when saved."
            )
        states = iter(saved["state"])
        plans = []
        for group in self.groups:
            for p in group["params"]:
                entry = dict(next(states))
                step = int(entry.pop("step"))
                for name, value in entry.items():
                    if tuple(np.shape(value)) != p.shape:
                        raise ValueError(
                            f"load_state_dict: expected {name} of shape {p.shape}; got {tuple(np.shape(value))}. "
                            "Load the state of the same parameters."
                        )
                plans.append((p, step, entry))
        for group, options in zip(self.groups, saved["groups"], strict=True):
            group.update({k: v for k, v in options.items() if k != "count"})
        for group, buffers in zip(self.groups, self._buffers, strict=True):
            self._lay_out(group, buffers)
        places = {id(p): (b, i) for buffers in self._buffers for b in buffers for i, p in enumerate(b.params)}
        for p, step, entry in plans:
            buffer, i = places[id(p)]
            buffer.steps[i] = step
            for name, value in entry.items():
                if name in buffer.kept():
                    backend = p.backend
                    source = backends.of(value)
                    value = value if source is backend else source.to_numpy(value)
                    held = buffer.kept()[name]
                    held[buffer.part(i)] = backend.asarray(value, dtype=held.dtype).reshape(-1)

    def __getstate__(self) -> dict[str, Any]:
        # Compiled steps are made again; a copy's buffers are laid out again, since its parameters are no views of them.
        return {**vars(self), "_fused": {}}

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v!r}" for k, v in self.options.items())
        return f"{type(self).__name__}({options}; {sum(len(g['params']) for g in self.groups)} parameters)"
