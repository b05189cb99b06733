"""Random in-place programs, each step drawn to fit the shapes the steps before it left behind."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from inplace_language import BINARY, UNARY, TorchWorld, classify, read_index, writes_to


class Writer:
    """Writes one random program, running it in PyTorch as it goes so that every step fits the shapes it meets."""

    SHAPES = [(3,), (4,), (6,), (2, 3), (3, 2), (3, 3), (2, 2), (1, 3), (3, 1), (2, 2, 2), (2, 1, 3), ()]

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.steps: list[dict[str, Any]] = []
        self.leaves: list[dict[str, Any]] = []
        self.plain: set[str] = set()
        dtype = {"dtype": "float32"} if dice.random() < 0.07 else {}
        shape = dice.choice(self.SHAPES)
        for k in range(dice.choice([1, 2, 2, 2, 3])):
            shape = shape if k == 0 or dice.random() < 0.6 else self.fitting(shape)
            needs = k == 0 or dice.random() < 0.55
            self.leaves.append({"name": "abc"[k], "value": self.array(shape), "requires_grad": needs, **dtype})
        if len(self.leaves) > 1 and dice.random() < 0.3:
            first, second = self.leaves[0], self.leaves[1]
            first["requires_grad"], second["requires_grad"] = False, True
        self.world = TorchWorld(self.leaves)
        self.plain = set(self.world.env)

    def fitting(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if not shape:
            return ()
        kept = [n if self.dice.random() < 0.6 else 1 for n in shape]
        return tuple(kept[self.dice.randrange(len(kept)) :] if self.dice.random() < 0.4 else kept)

    def number(self) -> float:
        return self.dice.choice([-1, 1]) * self.dice.randrange(2, 18) / 10

    def array(self, shape: tuple[int, ...]) -> Any:
        return self.number() if not shape else [self.array(shape[1:]) for _ in range(shape[0])]

    def name(self) -> str:
        return f"t{sum('out' in s for s in self.steps) + 1}"

    def add(self, step: dict[str, Any]) -> bool:
        """Run the step; False when PyTorch refused it for its own reasons, and then it is not kept."""
        try:
            self.world.run(step, len(self.steps))
        except RuntimeError as error:
            if classify(str(error)) == "leaf_inplace":
                self.steps.append(step)
                raise
            return False
        except IndexError:
            return False
        self.steps.append(step)
        return True

    def pick(self, *, write: bool = False) -> str:
        names = list(self.world.env)
        recent = names[-3:] * 2 + names
        if write:
            free = [n for n in recent if not (self.world.env[n].is_leaf and self.world.env[n].requires_grad)]
            if free and self.dice.random() < 0.93:
                return self.dice.choice(free)
        return self.dice.choice(recent)

    def partner(self, shape: tuple[int, ...], *, into: bool = False) -> str | float:
        """A tensor that broadcasts with the shape (to the shape, when written into it), or a number."""
        fits = []
        for name, t in self.world.env.items():
            try:
                together = np.broadcast_shapes(shape, tuple(t.shape))
            except ValueError:
                continue
            if (together == shape or not into) and np.prod(together, initial=1) <= 12:
                fits.append(name)
        if fits and self.dice.random() < 0.75:
            return self.dice.choice(fits)
        return self.number()

    def basic_index(self, shape: tuple[int, ...]) -> list[Any]:
        d, items = self.dice, []
        for n in shape[: d.randrange(1, len(shape) + 1)]:
            kind = d.random()
            if kind < 0.35:
                items.append(d.randrange(-n, n))
            elif kind < 0.85:
                start = d.choice([None, 0, 1, -2]) if n > 1 else None
                items.append({"slice": [start, d.choice([None, None, n, -1]), d.choice([None, None, 1, 2])]})
            else:
                items.append({"slice": [None, None, None]})
        if d.random() < 0.12:
            items.insert(d.randrange(len(items) + 1), None)
        if d.random() < 0.12 and len([i for i in items if i is not None]) < len(shape):
            items.append("...")
        return items

    def advanced_index(self, shape: tuple[int, ...], repeats: bool) -> list[Any]:
        d = self.dice
        if d.random() < 0.4:
            mask = np.array([d.random() < 0.5 for _ in range(int(np.prod(shape)))]).reshape(shape)
            return [{"mask": mask.tolist()}]
        n = shape[0]
        many = d.choices(range(n), k=d.randrange(1, n + 1)) if repeats else d.sample(range(n), d.randrange(1, n + 1))
        rest = [{"slice": [None, None, None]}] if len(shape) > 1 and d.random() < 0.3 else []
        return [{"array": many}, *rest]

    def view(self) -> bool:
        d, of = self.dice, self.pick()
        t = self.world.env[of]
        shape = tuple(t.shape)
        kinds = ["expand_dims", "reshape"]
        if shape:
            kinds += ["getitem"] * 5
        if len(shape) >= 2:
            kinds += ["T", "swapaxes", "transpose", "diagonal", "diagonal", "reshape", "reshape"]
        if 1 in shape:
            kinds += ["squeeze"] * 2
        if 1 in shape or not shape or d.random() < 0.1:
            kinds.append("broadcast_to")
        how = d.choice(kinds)
        step: dict[str, Any] = {"do": "view", "out": self.name(), "of": of, "how": how}
        if how == "getitem":
            step["index"] = self.basic_index(shape)
        elif how == "reshape":
            if of not in self.plain:
                return False
            step["shape"] = d.choice(self.foldings(t.numel()))
        elif how == "transpose":
            step["axes"] = d.sample(range(len(shape)), len(shape))
        elif how == "swapaxes":
            step["axes"] = d.sample(range(len(shape)), 2)
        elif how == "squeeze":
            step["axis"] = d.choice([k for k, n in enumerate(shape) if n == 1])
        elif how == "expand_dims":
            step["axis"] = d.randrange(-1, len(shape) + 1)
        elif how == "diagonal":
            if len(shape) != 2:
                return False
            step["offset"] = d.choice([0, 0, 1, -1])
        elif how == "broadcast_to":
            step["shape"] = [d.choice([2, 3]) if n == 1 else n for n in shape] if shape else [2]
            if d.random() < 0.3:
                step["shape"] = [2, *step["shape"]]
        if not self.add(step):
            return False
        out = self.world.env[step["out"]]
        if out.numel() == 0 or out.numel() > 12:
            self.steps.pop()
            del self.world.env[step["out"]]
            return False
        if of in self.plain:
            self.plain.add(step["out"])
        return True

    def foldings(self, size: int) -> list[list[int]]:
        found = [[-1], [size], [1, size], [size, 1]]
        for n in range(2, size):
            if size % n == 0:
                found += [[n, size // n], [n, -1]]
        return found

    def op(self) -> bool:
        d, first = self.dice, self.pick()
        t = self.world.env[first]
        shape = tuple(t.shape)
        step: dict[str, Any] = {"do": "op", "out": self.name()}
        fn = d.choice(
            ["mul"] * 6
            + ["add"] * 3
            + ["sub", "div"]
            + sorted(UNARY)
            + ["sum", "sum", "mean", "clone", "detach"]
            + ["concatenate", "stack", "matmul", "getitem"]
        )
        step["fn"] = fn
        if fn in BINARY:
            step["args"] = [first, self.partner(shape)]
            if d.random() < 0.3:
                step["args"].reverse()
        elif fn in UNARY or fn in ("clone", "detach"):
            step["args"] = [first]
        elif fn in ("sum", "mean"):
            step["args"] = [first]
            step["axis"] = d.choice([None, *range(len(shape))])
            step["keepdims"] = step["axis"] is not None and d.random() < 0.4
        elif fn == "getitem":
            if not shape:
                return False
            step["args"] = [first]
            step["index"] = self.advanced_index(shape, repeats=True)
        else:
            pool = [n for n, o in self.world.env.items() if o.ndim == len(shape) and shape]
            if fn == "matmul":
                pool = [n for n in pool if len(shape) == 2 and self.world.env[n].shape[0] == shape[1]]
            else:
                pool = [n for n in pool if tuple(self.world.env[n].shape) == shape]
            if not pool:
                return False
            step["args"] = [first, d.choice(pool)]
            if fn != "matmul":
                step["axis"] = d.randrange(len(shape))
        if not self.add(step):
            return False
        out = self.world.env[step["out"]]
        if out.numel() == 0 or out.numel() > 18:
            self.steps.pop()
            del self.world.env[step["out"]]
            return False
        operands = [self.world.env[a] for a in step["args"] if isinstance(a, str)]
        if (fn != "detach" and all(o.is_contiguous() for o in operands)) or (fn == "detach" and first in self.plain):
            self.plain.add(step["out"])
        return True

    def write(self) -> bool:
        d, on = self.dice, self.pick(write=True)
        t = self.world.env[on]
        shape = tuple(t.shape)
        step: dict[str, Any]
        if shape and d.random() < 0.35:
            step = {"do": "setitem", "on": on}
            basic = d.random() < 0.6
            step["index"] = self.basic_index(shape) if basic else self.advanced_index(shape, repeats=False)
            part = tuple(t[read_index(step["index"], torch)].shape)
            value = self.partner(part, into=True)
            if isinstance(value, str) and not basic and tuple(self.world.env[value].shape) not in ((), part):
                return False
            if 0 in part:
                return False
            step["args"] = [value]
        else:
            fn = d.choice(
                ["mul_"] * 5
                + ["add_"] * 3
                + ["sub_", "div_", "copy_", "copy_", "zero_"]
                + [u + "_" for u in sorted(UNARY)]
            )
            step = {"do": "inplace", "on": on, "fn": fn, "args": []}
            if fn[:-1] in BINARY or fn == "copy_":
                step["args"] = [self.partner(shape, into=True)]
        leaf = t.requires_grad and (t.is_leaf or (t._is_view() and t._base is not None and t._base.is_leaf))
        if d.random() < (0.75 if leaf else 0.08):
            step["no_grad"] = True
        return self.add(step)

    def compose(self) -> dict[str, Any] | None:
        d = self.dice
        wanted = d.choice([3, 4, 5, 5, 6, 6, 7, 8, 9])
        try:
            if d.random() < 0.7:
                leaf = self.leaves[0]["name"]
                self.add({"do": "op", "out": "t1", "fn": "mul", "args": [leaf, self.number()]})
                self.plain.add("t1")
            attempts = 0
            while len(self.steps) < wanted and attempts < 60:
                attempts += 1
                d.choice([self.view, self.view, self.op, self.op, self.write, self.write, self.write])()
        except RuntimeError:
            return {"leaves": self.leaves, "steps": self.steps}
        alive = [n for n, t in self.world.env.items() if t.requires_grad]
        if not alive or not any(writes_to(s) for s in self.steps):
            return None
        chosen = set(d.sample(alive, d.randrange(1, min(3, len(alive)) + 1)))
        if d.random() < 0.7:
            chosen.add(alive[-1])
        weights = {n: self.array(tuple(self.world.env[n].shape)) for n in self.world.env if n in chosen}
        return {"leaves": self.leaves, "steps": self.steps, "backward": weights}
