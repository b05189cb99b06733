"""Record PyTorch's behaviour on several hundred small programs of in-place writes and views.

Run from the repository root:  python tests/recorded/record_inplace_views.py
Writes tests/recorded/inplace_views.json; the language of the programs is described in README.md beside it.

Every program is replayed three ways before it is kept:
- in PyTorch, under anomaly detection, for the outcome;
- in PyTorch with every saved value copied, for the true gradient: the recorded one where nothing was raised;
- in NumPy, for the values, and by the complex step for the gradients where no step hides a dependence from the graph.
Programs on which the three disagree stop the script. Programs that PyTorch refuses for reasons of its own are dropped
and counted.
"""

from __future__ import annotations

import json
import pathlib
import platform
import random
import re
import sys
import warnings
from typing import Any

import numpy as np
import torch
from inplace_by_hand import by_hand
from inplace_language import (
    NumpyWorld,
    TorchWorld,
    classify,
    complex_step_gradients,
    read_index,
    storage,
    writes_to,
)
from inplace_random import Writer

HERE = pathlib.Path(__file__).parent
COUNT = 430
SEED = 20261124


class Rejected(Exception):
    """PyTorch refuses the step for a reason that is its own."""


def numbers(t: torch.Tensor | np.ndarray | None) -> Any:
    if t is None:
        return None
    digits = 9 if t.dtype in (torch.float32,) else 13

    def short(v: Any) -> Any:
        return [short(i) for i in v] if isinstance(v, list) else float(f"{v:.{digits}g}")

    return short(t.detach().tolist())


def saved_names(step: dict[str, Any], env: dict[str, torch.Tensor]) -> tuple[set[str], set[str]]:
    """The tensors a step keeps for its derivative, and those that another engine could keep instead.

    The first set is PyTorch's (derivatives.yaml of the version recorded), by the names in the program.
    """
    fn, args = step.get("fn", ""), [a for a in step.get("args", []) if isinstance(a, str)]
    if step["do"] == "op" and not step.get("no_grad"):
        needs = [a for a in args if env[a].requires_grad]
        if not needs:
            return set(), set()
        if fn in ("mul", "matmul") and len(args) == 2:
            return {a for k, a in enumerate(args) if env[args[1 - k]].requires_grad}, set()
        if fn == "div" and isinstance(step["args"][1], str):
            divisor = step["args"][1]
            if env[divisor].requires_grad:
                return set(args), {step["out"], *args} - {divisor}
            return {divisor}, set()
        if fn in ("exp", "tanh", "sigmoid"):
            return {step["out"]}, set()
        if fn in ("sin", "square"):
            return set(args), set()
    if step["do"] == "inplace" and not step.get("no_grad"):
        # An in-place sin_, square_, mul_ or div_ keeps a copy of the target's old value, which nobody can modify.
        if fn in ("exp_", "tanh_", "sigmoid_") and env[step["on"]].requires_grad:
            return {step["on"]}, {step["on"]}
        if fn == "mul_" and args and env[step["on"]].requires_grad:
            return {args[0]}, set()
        if fn == "div_" and args and env[args[0]].requires_grad:
            return {args[0]}, {step["on"]}
        if fn == "div_" and args and env[step["on"]].requires_grad:
            return {args[0]}, set()
    return set(), set()


def replay(program: dict[str, Any]) -> tuple[TorchWorld, list[tuple[set[str], set[str]]], int | None]:
    """Run the steps in PyTorch: the state after them, what each step kept, and the step that wrote into a leaf."""
    world, kept = TorchWorld(program["leaves"]), []
    for number, step in enumerate(program["steps"]):
        if reads_what_it_writes(step, world):
            raise Rejected("a write that reads its own memory in another order")
        kept.append(saved_names(step, world.env))
        try:
            world.run(step, number)
        except RuntimeError as error:
            if classify(str(error)) == "leaf_inplace" and number == len(program["steps"]) - 1:
                return world, kept, number
            raise Rejected(str(error).split("\n")[0][:90]) from None
        if step["do"] == "view":
            aliases = storage(world.env[step["out"]]) == storage(world.env[step["of"]])
            assert aliases or step["how"] == "reshape", step
            if step["how"] == "reshape":
                step["aliases"] = aliases
    return world, kept, None


def record(program: dict[str, Any]) -> dict[str, Any]:
    """The program with what PyTorch made of it under `expect`; raises Rejected where PyTorch stands alone."""
    steps = program["steps"]
    needing = [leaf["name"] for leaf in program["leaves"] if leaf["requires_grad"]]
    grads = saver = None
    with warnings.catch_warnings(record=True) as caught, torch.autograd.detect_anomaly(check_nan=False):
        warnings.simplefilter("always")
        world, kept, refused = replay(program)
        inputs = [world.env[n] for n in needing]
        if refused is None:
            try:
                loss = world.loss(program["backward"])
                grads = torch.autograd.grad(loss, inputs, create_graph=True, allow_unused=True)
            except RuntimeError as error:
                if classify(str(error)) != "modified":
                    raise Rejected(str(error).split("\n")[0][:90]) from None
                report = next(str(w.message) for w in caught if "Error detected in" in str(w.message))
                saver = int(re.findall(r"<step (\d+)>", report)[-1])
    state: dict[str, Any] = {
        "values": {n: numbers(t) for n, t in world.env.items()},
        "requires_grad": [n for n, t in world.env.items() if t.requires_grad],
    }
    if any(t.dtype != torch.float64 for t in world.env.values()):
        state["dtypes"] = {n: str(t.dtype).removeprefix("torch.") for n, t in world.env.items()}
    if refused is not None:
        return {**program, "expect": {"error": "leaf_inplace", "at": refused, **state}}

    truth = TorchWorld(program["leaves"], copying=True)
    for number, step in enumerate(steps):
        truth.run(step, number)
    true_inputs = [truth.env[n] for n in needing]
    true_grads = torch.autograd.grad(truth.loss(program["backward"]), true_inputs, create_graph=True, allow_unused=True)
    check_against_numpy(program, world, true_grads, needing)
    if all(g is None for g in true_grads):
        raise Rejected("no leaf is reached")
    every = [t for t in (*world.env.values(), *true_grads) if t is not None]
    if not all(bool(torch.isfinite(t).all()) and float(t.detach().abs().max()) < 1e3 for t in every):
        raise Rejected("numbers out of range")

    if saver is not None:
        theirs, others = kept[saver]
        culprits = writers(program, world, saver, theirs)
        assert culprits, program
        # The value an engine must keep, whatever its formulas, was written after the step that kept it.
        sure = [k for k in writers(program, world, saver, theirs - others) if k > saver]
        outcome = {"error": "modified", "at": "backward", "saved_by": saver, "modified_by": culprits}
        outcome |= {"strict": bool(sure), "if_computed": {n: numbers(g) for n, g in zip(needing, true_grads)}}
        return {**program, "expect": {**outcome, **state}}

    assert grads is not None
    agree(grads, true_grads, single="dtypes" in state)
    expect = {**state, "grads": {n: numbers(g) for n, g in zip(needing, grads)}}
    if "dtypes" not in state:
        second = second_order(grads, inputs)
        agree(second, second_order(true_grads, true_inputs), single=False)
        if any(g is not None and float(g.abs().max()) > 1e5 for g in second):
            raise Rejected("numbers out of range")
        if any(g is not None for g in second):
            expect["second"] = {n: numbers(g) for n, g in zip(needing, second)}
    if any(n > k for k, (_, others) in enumerate(kept) for n in writers(program, world, k, others)):
        expect["choice"] = True
    return {**program, "expect": expect}


def writers(program: dict[str, Any], world: TorchWorld, since: int, names: set[str]) -> list[int]:
    """The steps from `since` on that write into the memory of one of the names."""
    memory = {storage(world.env[n]) for n in names}
    targets = [(k, writes_to(s)) for k, s in enumerate(program["steps"]) if k >= since]
    own = program["steps"][since].get("fn") in ("exp_", "tanh_", "sigmoid_")
    return [k for k, n in targets if n and storage(world.env[n]) in memory and not (own and k == since)]


def agree(found: Any, true: Any, single: bool) -> None:
    """Both lists hold the same gradients; one that is absent counts as zero."""
    for f, t in zip(found, true):
        if f is None and t is None:
            continue
        f, t = (torch.zeros_like(t) if f is None else f), (torch.zeros_like(f) if t is None else t)
        torch.testing.assert_close(f, t, rtol=1e-5 if single else 1e-9, atol=1e-5 if single else 1e-9)


def second_order(grads: Any, inputs: Any) -> list[torch.Tensor | None]:
    """The gradient of half the sum of the squares of the gradients."""
    curved = [(g * g).sum() / 2 for g in grads if g is not None and g.requires_grad]
    if not curved:
        return [None] * len(inputs)
    return list(torch.autograd.grad(torch.stack(curved).sum(), inputs, allow_unused=True))


def reads_what_it_writes(step: dict[str, Any], world: TorchWorld) -> bool:
    """Whether a write's source is its target's memory differently laid out: NumPy copies first, PyTorch may not."""
    target = writes_to(step)
    if target is None:
        return False
    t = world.env[target]
    if step["do"] == "setitem":
        t = t.detach()[read_index(step["index"], torch)]
    for source in (world.env[a] for a in step["args"] if isinstance(a, str)):
        same = (source.data_ptr(), source.shape, source.stride()) == (t.data_ptr(), t.shape, t.stride())
        if storage(source) == storage(world.env[target]) and not same:
            return True
    return False


def check_against_numpy(program: dict[str, Any], world: TorchWorld, true_grads: Any, needing: list[str]) -> None:
    shadow = NumpyWorld(program["leaves"])
    for step in program["steps"]:
        try:
            shadow.run(step)
        except ValueError as error:
            assert "read-only" in str(error), program
            raise Rejected("a write through a broadcast view") from None
        if step["do"] == "view":
            shared = np.shares_memory(shadow.env[step["out"]], shadow.env[step["of"]])
            if shared != (storage(world.env[step["out"]]) == storage(world.env[step["of"]])):
                raise Rejected("NumPy and PyTorch differ on whether a reshape copies")
    single = any(t.dtype == torch.float32 for t in world.env.values())
    for name, t in world.env.items():
        np.testing.assert_allclose(
            shadow.env[name], t.detach().numpy(), rtol=1e-4 if single else 1e-11, atol=1e-5 if single else 1e-12
        )
        if str(shadow.env[name].dtype) != str(t.dtype).removeprefix("torch."):
            raise Rejected("NumPy and PyTorch differ on a dtype")
    hides = any(s.get("no_grad") or s.get("fn") == "detach" for s in program["steps"])
    if not hides and not single:
        for name, g in complex_step_gradients(program).items():
            mine = true_grads[needing.index(name)]
            mine = np.zeros_like(g) if mine is None else mine.detach().numpy()
            np.testing.assert_allclose(mine, g, rtol=1e-8, atol=1e-10)


def features(program: dict[str, Any]) -> tuple[Any, ...]:
    """What a program exercises, to keep a varied selection."""
    expect = program["expect"]
    return (expect.get("error"), *sorted({s.get("how") or s.get("fn") or s["do"] for s in program["steps"]}))


def main() -> None:
    torch.set_num_threads(1)
    dice = random.Random(SEED)
    kept: list[dict[str, Any]] = [record(p) for p in by_hand()]
    quota = {None: COUNT * 7 // 10, "modified": COUNT * 2 // 10, "leaf_inplace": COUNT // 10}
    rejected: dict[str, int] = {}
    seen: set[Any] = set()
    while any(quota.values()):
        program = Writer(dice).compose()
        if program is None:
            continue
        try:
            done = record(program)
        except Rejected as reason:
            rejected[str(reason)] = rejected.get(str(reason), 0) + 1
            continue
        kind = done["expect"].get("error")
        key = features(done)
        if quota[kind] == 0 or key in seen:
            continue
        seen.add(key)
        quota[kind] -= 1
        done["name"] = f"random {len(kept)}"
        kept.append(done)
    kept.sort(key=lambda p: (p["name"].startswith("random"), len(p["steps"])))
    for number, program in enumerate(kept):
        if program["name"].startswith("random"):
            program["name"] = f"random {number}"
    header = {
        "made_by": "python tests/recorded/record_inplace_views.py",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seed": SEED,
    }
    lines = ",\n".join(json.dumps({"name": p.pop("name"), **p}, separators=(",", ":")) for p in kept)
    text = json.dumps(header, indent=1)[:-2] + ',\n "programs": [\n' + lines + "\n]}\n"
    json.loads(text)
    (HERE / "inplace_views.json").write_text(text)
    counts: dict[Any, int] = {}
    for p in kept:
        counts[p["expect"].get("error")] = counts.get(p["expect"].get("error"), 0) + 1
    print(len(kept), "programs", counts, f"{len(text) / 1e3:.0f} kB", file=sys.stderr)
    for reason, n in sorted(rejected.items(), key=lambda item: -item[1]):
        print(f"{n:6d} dropped: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
