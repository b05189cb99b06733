"""Every name of CuPy's that the backend, the benchmarks and the examples call is CuPy's, and takes what it is given.

Read from the sources, not run: chains that begin at the module (``xp.cuda.Event()``) and methods of what it makes are
looked up in the CuPy that is installed, and the arguments of each call are bound to the signature that it states.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    ROOT / "backends" / "cupy_backend.py",
    *sorted((ROOT / "backends" / "cuda").glob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
]
# What a source calls the module, and what it calls things that CuPy made.
MODULES = {"xp": "cupy", "self.xp": "cupy", "cupy": "cupy", "cuda": "cupy.cuda", "self.xp.cuda": "cupy.cuda"}
MODULES |= {"xp.cuda": "cupy.cuda", "backend.xp": "cupy", "cupyx": "cupyx"}
MADE = {
    "cupy_backend.py": {
        "array": "cupy.ndarray", "x": "cupy.ndarray", "view": "cupy.ndarray", "a": "cupy.ndarray", "b": "cupy.ndarray",
        "event": "cupy.cuda.Event", "end": "cupy.cuda.Event",
    },
    "staging.py": {
        "self.stream": "cupy.cuda.Stream", "reader": "cupy.cuda.Stream", "out": "cupy.ndarray",
        "event": "cupy.cuda.Event", "block.copied": "cupy.cuda.Event", "block.memory": "cupy.cuda.MemoryPointer",
    },
    "scatter.py": {
        "target": "cupy.ndarray", "values": "cupy.ndarray", "whole": "cupy.ndarray", "places": "cupy.ndarray",
        "total": "cupy.ndarray", "flat": "cupy.ndarray",
    },
}  # fmt: skip
# NumPy's arrays have the same names there, or the chain goes on at what is no CuPy object.
OTHERS = {"np", "numpy"}


class Call(NamedTuple):
    """A name of CuPy's in a source, with the arguments it is called with; None where it is only looked up."""

    place: str
    name: str
    arguments: tuple[int, tuple[str, ...]] | None


def dotted(node: ast.AST) -> str | None:
    """``a.b.c`` as text; a call in between counts as what it makes (``Device().id``)."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    if isinstance(node, ast.Call):
        before = dotted(node.func)
        return None if before is None else before
    return None


def resolved(text: str, made: dict[str, str]) -> str | None:
    """The name in CuPy that a source's chain stands for."""
    table = {**MODULES, **made}
    for end in range(len(text), 0, -1):
        if (end == len(text) or text[end] == ".") and text[:end] in table:
            rest = text[end:]
            return table[text[:end]] + rest if rest else None
    return None


def calls(path: Path) -> Iterator[Call]:
    """Every name of CuPy's in a file."""
    made = MADE.get(path.name, {})
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = dotted(node)
            name = resolved(text, made) if text else None
            if name is None:
                continue
            call = called.get(id(node))
            given = None
            if call is not None and not any(isinstance(a, ast.Starred) for a in call.args):
                keywords = tuple(k.arg for k in call.keywords if k.arg is not None)
                given = (len(call.args), keywords)
            yield Call(f"{path.relative_to(ROOT)}:{node.lineno}", name, given)


def found_calls() -> list[Call]:
    return [call for path in SOURCES for call in calls(path)]


def test_the_sources_are_read() -> None:
    names = {call.name for call in found_calls()}
    assert {
        "cupy.copyto", "cupy.zeros_like", "cupy.ones", "cupy.RawKernel", "cupy.cuda.Event", "cupy.cuda.MemoryHook",
        "cupy.ElementwiseKernel",
        "cupy.cuda.get_elapsed_time", "cupy.cuda.Device.synchronize", "cupy.get_default_memory_pool.free_all_blocks",
        "cupy.get_default_memory_pool.used_bytes", "cupy.cuda.Event.record", "cupy.cuda.Stream.wait_event",
        "cupy.ndarray.get", "cupy.ndarray._set_shape_and_strides", "cupy.cuda.runtime.getDeviceCount",
        "cupy.cuda.alloc_pinned_memory", "cupyx.scipy.special", "cupy.cuda.is_available", "cupy.add.at",
    } <= names  # fmt: skip


@pytest.fixture(scope="module")
def cupy(cupy: Any) -> Any:
    importlib.import_module("cupyx.scipy.special")
    return cupy


# What a call gives whose name goes on in a chain.
GIVES = {"cupy.get_default_memory_pool": "cupy.cuda.MemoryPool", "cupy.cuda.get_current_stream": "cupy.cuda.Stream"}
# Attributes that objects have, not their classes.
ATTRIBUTES = {"cupy.cuda.MemoryPointer": {"ptr", "mem"}}


def looked_up(name: str) -> Any:
    """The object of a dotted name.

    Raises:
        AttributeError: CuPy has none of this name.
    """
    for call, made in GIVES.items():
        if name.startswith(call + "."):
            name = made + name[len(call) :]
    first, *rest = name.split(".")
    found = importlib.import_module(first)
    for i, part in enumerate(rest):
        if part in ATTRIBUTES.get(".".join([first, *rest[:i]]), ()):
            return None
        # A function of the module that is asked for something more gave an array.
        found = getattr(importlib.import_module("cupy").ndarray if inspect.isfunction(found) else found, part)
        if inspect.isgetsetdescriptor(found) or isinstance(found, property):
            return None  # what its value has is not known here
    return found


def signature(function: Any) -> inspect.Signature | None:
    """What a function takes: as Python knows it, or as the first line of its text says, which Cython writes there."""
    try:
        stated = inspect.signature(function)
        return stated.replace(parameters=[p for name, p in stated.parameters.items() if name != "self"])
    except (ValueError, TypeError):
        line = (getattr(function, "__doc__", None) or "").strip().split("\n")[0]
    head = line.partition("->")[0].strip()
    if "(" not in head:
        return None
    inside = head[head.index("(") + 1 : head.rindex(")")]
    # `size_t size` is C's way; a method's `self` and `MemoryPool self` are not given.
    words = [part.strip() for part in inside.split(",") if part.strip()]
    plain = [" ".join(part.split("=")[0].split()[-1:]) + ("=0" if "=" in part else "") for part in words]
    plain = [part for part in plain if part != "self"]
    try:
        return inspect.signature(eval(f"lambda {', '.join(plain)}: None"))
    except SyntaxError:
        return None


def fits(found: Any, name: str, positional: int, keywords: tuple[str, ...]) -> str | None:
    """Why a call with so many arguments and these keywords would fail; None where it would not."""
    stated = signature(found)
    if stated is None:
        return None
    try:
        stated.bind(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError as error:
        return f"{name}{stated}: {error}"
    return None


def test_cupy_has_every_name_and_takes_what_it_is_given(cupy: Any) -> None:
    wrong, unseen, bound = [], [], 0
    for call in found_calls():
        try:
            found = looked_up(call.name)
        except (AttributeError, ImportError) as error:
            # A CUDA library that is not installed says nothing about CuPy's names.
            missing = isinstance(error, ImportError) and "No such file" in str(error)
            (unseen if missing else wrong).append(f"{call.place}: {call.name}: {error}")
            continue
        if found is not None and call.arguments is not None:
            reason = fits(found, call.name, *call.arguments)
            bound += signature(found) is not None
            if reason:
                wrong.append(f"{call.place}: {reason}")
    assert not wrong, "\n".join(wrong)
    assert bound > 40  # a lookup that binds nothing would find nothing
    if unseen:
        pytest.skip("for want of CUDA's libraries not looked at: " + "; ".join(unseen))


def test_a_wrong_name_and_a_wrong_argument_are_found(cupy: Any) -> None:
    with pytest.raises(AttributeError):
        looked_up("cupy.cuda.Event.elapsed")
    assert fits(cupy.cuda.alloc_pinned_memory, "alloc_pinned_memory", 3, ()) is not None
    assert fits(cupy.copyto, "copyto", 1, ()) is not None
    assert fits(cupy.cuda.Event, "Event", 0, ("timing",)) is not None
    assert fits(cupy.cuda.Event.record, "record", 0, ("when",)) is not None
    assert fits(cupy.cuda.MemoryPool.free_all_blocks, "free_all_blocks", 0, ()) is None


def test_memory_hooks_are_called_as_cupy_calls_them(cupy: Any) -> None:
    """CuPy states the keywords of each call; they are those of the strict arrays' hooks, which the tests are run on."""
    from backends.cuda.memory import peak_memory

    for event, extra in (("malloc_postprocess", {"size"}), ("free_postprocess", set())):
        text = getattr(cupy.cuda.MemoryHook, event).__doc__
        stated = {line.strip().partition("(")[0] for line in text.splitlines() if "(int):" in line}
        assert stated == {"device_id", "mem_size", "mem_ptr", "pmem_id"} | extra
    with peak_memory(cupy.cuda) as peak:
        (hook,) = importlib.import_module("cupy.cuda.memory_hook").get_memory_hooks().values()
        block = {"device_id": 0, "mem_size": 512, "mem_ptr": 1, "pmem_id": 1}
        hook.malloc_preprocess(device_id=0, size=5, mem_size=512)
        hook.alloc_preprocess(device_id=0, mem_size=512)
        hook.alloc_postprocess(device_id=0, mem_size=512, mem_ptr=1)
        hook.malloc_postprocess(size=5, **block)
        hook.malloc_postprocess(size=5, **block)
        hook.free_preprocess(**block)
        hook.free_postprocess(**block)
        hook.malloc_postprocess(size=5, **block)
    assert peak.bytes == 1024
    assert not importlib.import_module("cupy.cuda.memory_hook").get_memory_hooks()
