"""In-place programs worth a name each."""

from __future__ import annotations

from typing import Any


def leaf(name: str, value: Any, needs: bool = True, dtype: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "requires_grad": needs, **({"dtype": dtype} if dtype else {})}


def view(out: str, of: str, how: str, **options: Any) -> dict[str, Any]:
    return {"do": "view", "out": out, "of": of, "how": how, **options}


def op(out: str, fn: str, *args: Any, **options: Any) -> dict[str, Any]:
    return {"do": "op", "out": out, "fn": fn, "args": list(args), **options}


def inplace(on: str, fn: str, *args: Any, **options: Any) -> dict[str, Any]:
    return {"do": "inplace", "on": on, "fn": fn, "args": list(args), **options}


def setitem(on: str, index: list[Any], value: Any, **options: Any) -> dict[str, Any]:
    return {"do": "setitem", "on": on, "index": index, "args": [value], **options}


def by_hand() -> list[dict[str, Any]]:
    v3, w3, u3 = [0.5, -1.2, 0.8], [1.1, 0.3, -0.7], [0.4, 0.9, -0.6]
    m = [[0.5, -1.2, 0.8], [1.1, 0.3, -0.7]]
    s = [[0.4, -0.9, 1.3], [0.7, 0.2, -1.1], [-0.5, 0.6, 0.8]]
    row, rest = [0], [{"slice": [1, None, None]}]
    even = [{"slice": [None, None, 2]}]
    column = [{"slice": [None, None, None]}, 1]
    w23 = [[0.3, 0.7, -0.4], [1.2, -0.8, 0.5]]
    zeros3 = [0.0, 0.0, 0.0]
    base = op("h", "mul", "a", 2.0)

    def program(name: str, leaves: list[Any], steps: list[Any], backward: Any = None) -> dict[str, Any]:
        return {"name": name, "leaves": leaves, "steps": steps, **({"backward": backward} if backward else {})}

    return [
        program("write through a view, use the base", [leaf("a", m)],
                [base, view("v", "h", "getitem", index=row), inplace("v", "mul_", 3.0)], {"h": w23}),
        program("write to the base, use an older view", [leaf("a", m)],
                [base, view("v", "h", "getitem", index=row), inplace("h", "exp_")], {"v": v3}),
        program("write to the base by a tensor, use an older view and the base", [leaf("a", m), leaf("b", v3)],
                [base, view("v", "h", "getitem", index=column), inplace("h", "mul_", "b")],
                {"v": [1.5, -0.5], "h": w23}),
        program("view of a view of a view", [leaf("a", s)],
                [base, view("v", "h", "T"), view("w", "v", "getitem", index=rest), view("u", "w", "diagonal", offset=0),
                 inplace("u", "tanh_"), op("z", "mul", "h", "h")], {"z": s}),
        program("write through a view of a view, use the middle one", [leaf("a", s), leaf("b", [0.3, 1.4])],
                [base, view("v", "h", "getitem", index=rest), view("w", "v", "getitem", index=column),
                 inplace("w", "mul_", "b")], {"v": [[1.0, 2.0, 3.0], [-1.0, 0.5, 0.7]]}),
        program("overlapping views", [leaf("a", [0.5, -1.2, 0.8, 1.4])],
                [base, view("v", "h", "getitem", index=[{"slice": [0, 3, None]}]),
                 view("w", "h", "getitem", index=[{"slice": [1, 4, None]}]),
                 inplace("v", "mul_", 2.0), inplace("w", "add_", 1.0), inplace("v", "square_")],
                {"h": [1.0, 2.0, 3.0, 4.0], "w": [0.5, 0.6, 0.7]}),
        program("overlapping views, written by tensors", [leaf("a", [0.5, -1.2, 0.8, 1.4]), leaf("b", v3)],
                [base, view("v", "h", "getitem", index=[{"slice": [0, 3, None]}]),
                 view("w", "h", "getitem", index=[{"slice": [1, 4, None]}]),
                 inplace("v", "mul_", "b"), inplace("w", "mul_", "b")], {"h": [1.0, 2.0, 3.0, 4.0]}),
        program("two writes to one base through two views", [leaf("a", m), leaf("b", v3)],
                [base, view("v", "h", "getitem", index=[0]), view("w", "h", "getitem", index=[1]),
                 setitem("v", ["..."], "b"), inplace("w", "mul_", "b"), inplace("v", "sin_")], {"h": w23}),
        program("a buffer without a gradient receives one", [leaf("a", zeros3, False), leaf("b", w3)],
                [setitem("a", [1], 4.0), inplace("a", "mul_", "b"), inplace("a", "add_", "b")], {"a": u3}),
        program("a buffer filled row by row", [leaf("a", [[0.0] * 3] * 2, False), leaf("b", v3), leaf("c", w3)],
                [op("x", "mul", "b", "c"), setitem("a", [0], "x"), setitem("a", [1], "c")], {"a": w23}),
        program("a buffer's older view learns of the gradient", [leaf("a", zeros3, False), leaf("b", [1.5])],
                [view("v", "a", "getitem", index=rest), view("u", "a", "getitem", index=[{"slice": [0, 1, None]}]),
                 setitem("a", [{"slice": [2, 3, None]}], "b")], {"v": [0.5, 2.0]}),
        program("a buffer written through its view", [leaf("a", zeros3, False), leaf("b", [1.5, 0.5])],
                [view("v", "a", "getitem", index=rest), inplace("v", "add_", "b"), op("z", "square", "a")], {"z": u3}),
        program("mul_ keeps its own old value", [leaf("a", v3), leaf("b", w3)],
                [base, inplace("h", "mul_", "b")], {"h": u3}),
        program("mul_ twice", [leaf("a", v3), leaf("b", w3)],
                [base, inplace("h", "mul_", "b"), inplace("h", "mul_", "b")], {"h": u3}),
        program("square_ then sin_ then mul_", [leaf("a", v3), leaf("b", w3)],
                [base, inplace("h", "square_"), inplace("h", "sin_"), inplace("h", "mul_", "b")], {"h": u3}),
        program("mul_ of a tensor by itself", [leaf("a", v3)], [base, inplace("h", "mul_", "h")], {"h": u3}),
        program("add_ of a tensor to itself", [leaf("a", v3)], [base, inplace("h", "add_", "h")], {"h": u3}),
        program("exp_ alone", [leaf("a", v3)], [base, inplace("h", "exp_")], {"h": u3}),
        program("exp_ then a write", [leaf("a", v3)],
                [base, inplace("h", "exp_"), inplace("h", "add_", 1.0)], {"h": u3}),
        program("exp then a write to its result", [leaf("a", v3)],
                [op("h", "exp", "a"), inplace("h", "mul_", 2.0)], {"h": u3}),
        program("tanh then a write to a view of its result", [leaf("a", v3)],
                [op("h", "tanh", "a"), view("v", "h", "getitem", index=rest), inplace("v", "add_", 2.0)], {"h": u3}),
        program("mul then a write to its operand", [leaf("a", v3), leaf("b", w3)],
                [base, op("z", "mul", "h", "b"), inplace("h", "add_", 1.0)], {"z": u3}),
        program("mul by a constant then a write to its operand", [leaf("a", v3)],
                [base, op("z", "mul", "h", 3.0), inplace("h", "add_", 1.0)], {"z": u3, "h": v3}),
        program("mul, only one operand needed, the other one written", [leaf("a", v3), leaf("b", w3, False)],
                [op("z", "mul", "a", "b"), inplace("b", "add_", 1.0)], {"z": u3}),
        program("mul, only one operand needed, that one written", [leaf("a", v3), leaf("b", w3, False)],
                [base, op("z", "mul", "h", "b"), inplace("h", "add_", 1.0)], {"z": u3, "h": v3}),
        program("a saved view, a write beside it in its base", [leaf("a", m), leaf("b", v3)],
                [base, view("v", "h", "getitem", index=[0]), op("z", "mul", "v", "b"), setitem("h", [1], 0.5)],
                {"z": u3}),
        program("a saved base, a write through its view", [leaf("a", m), leaf("b", m)],
                [base, view("v", "h", "getitem", index=[0]), op("z", "mul", "h", "b"), inplace("v", "zero_")],
                {"z": w23}),
        program("a modified value that no used node needs", [leaf("a", v3), leaf("b", w3)],
                [base, op("z", "mul", "h", "b"), inplace("h", "add_", 1.0)], {"h": u3}),
        program("matmul then a write to its operand", [leaf("a", [[0.5, 1.2], [0.3, -0.7]]), leaf("b", m)],
                [base, op("z", "matmul", "h", "b"), setitem("h", [0, 0], 1.5)], {"z": w23}),
        program("a sum needs no value", [leaf("a", v3)],
                [base, op("z", "sum", "h", axis=None, keepdims=False), inplace("h", "mul_", 5.0)], {"z": 1.5, "h": u3}),
        program("a leaf written", [leaf("a", v3)], [inplace("a", "mul_", 2.0)]),
        program("a leaf written by index", [leaf("a", v3)], [setitem("a", [0], 2.0)]),
        program("a view of a leaf written", [leaf("a", m)],
                [view("v", "a", "getitem", index=[0]), inplace("v", "add_", 1.0)]),
        program("a view of a view of a leaf written", [leaf("a", m)],
                [view("v", "a", "T"), view("w", "v", "getitem", index=[0]), setitem("w", [1], 1.0)]),
        program("a copy of a leaf written", [leaf("a", v3)],
                [op("z", "clone", "a"), inplace("z", "mul_", "z")], {"z": u3}),
        program("a detached leaf written, the leaf not saved", [leaf("a", v3)],
                [op("d", "detach", "a"), inplace("d", "mul_", 2.0), op("z", "square", "a")], {"z": u3}),
        program("a detached leaf written, the leaf saved", [leaf("a", v3)],
                [op("z", "square", "a"), op("d", "detach", "a"), inplace("d", "mul_", 2.0)], {"z": u3}),
        program("a detached tensor receives a gradient of its own", [leaf("a", v3), leaf("b", w3)],
                [base, op("d", "detach", "h"), inplace("d", "mul_", "b"), op("z", "add", "d", "h")], {"z": u3}),
        program("a leaf written under no_grad, then used", [leaf("a", v3)],
                [inplace("a", "sub_", 0.5, no_grad=True), op("z", "square", "a")], {"z": u3}),
        program("a leaf saved, then written under no_grad", [leaf("a", v3)],
                [op("z", "square", "a"), inplace("a", "sub_", 0.5, no_grad=True)], {"z": u3}),
        program("a view of a leaf, the leaf written under no_grad", [leaf("a", m)],
                [view("v", "a", "getitem", index=[1]), setitem("a", [1, 0], 2.5, no_grad=True), op("z", "square", "v")],
                {"z": u3}),
        program("a view written under no_grad", [leaf("a", m)],
                [base, view("v", "h", "getitem", index=[1]), inplace("v", "mul_", 3.0, no_grad=True),
                 op("z", "square", "h")], {"z": w23}),
        program("an operation under no_grad, written afterwards", [leaf("a", v3), leaf("b", w3)],
                [op("x", "mul", "a", "b", no_grad=True), inplace("x", "mul_", "b")], {"x": u3}),
        program("a broadcasting write of a row", [leaf("a", m), leaf("b", v3)],
                [base, inplace("h", "mul_", "b"), inplace("h", "add_", "b")], {"h": w23}),
        program("a broadcasting write of a column", [leaf("a", m), leaf("b", [[0.5], [1.5]])],
                [base, inplace("h", "div_", "b")], {"h": w23}),
        program("a broadcasting assignment", [leaf("a", m), leaf("b", [0.7])],
                [base, setitem("h", column, "b"), op("z", "square", "h")], {"z": w23}),
        program("a 0-d tensor assigned to an element", [leaf("a", m), leaf("b", 0.7)],
                [base, setitem("h", [1, 2], "b"), setitem("h", [0], "b"), op("z", "square", "h")], {"z": w23}),
        program("a 0-d tensor written into", [leaf("a", 1.5), leaf("b", 0.7)],
                [base, inplace("h", "mul_", "b"), inplace("h", "tanh_")], {"h": 2.0}),
        program("a mask assignment", [leaf("a", m), leaf("b", [0.7, -0.2])],
                [base, setitem("h", [{"mask": [[True, False, False], [False, True, False]]}], "b")], {"h": w23}),
        program("a mask assignment of a number to a transposed view", [leaf("a", m)],
                [base, view("v", "h", "T"),
                 setitem("v", [{"mask": [[True, False], [False, True], [True, True]]}], 0.4)], {"h": w23}),
        program("an integer-array assignment", [leaf("a", [0.5, -1.2, 0.8, 1.4]), leaf("b", [0.7, -0.2])],
                [base, setitem("h", [{"array": [3, 0]}], "b"), inplace("h", "square_")], {"h": [1.0, 2.0, 3.0, 4.0]}),
        program("an integer array beside a slice", [leaf("a", m), leaf("b", [[0.7, -0.2], [0.4, 0.6]])],
                [base, setitem("h", [{"slice": [None, None, None]}, {"array": [2, 0]}], "b")], {"h": w23}),
        program("advanced indexing is a copy", [leaf("a", [0.5, -1.2, 0.8, 1.4])],
                [base, op("c", "getitem", "h", index=[{"array": [1, 1, 3]}]), inplace("c", "square_")],
                {"h": [1.0, 2.0, 3.0, 4.0], "c": v3}),
        program("a reshape that is a view", [leaf("a", m)],
                [base, view("v", "h", "reshape", shape=[3, 2]), inplace("v", "square_")], {"h": w23}),
        program("a reshape that is a copy", [leaf("a", m)],
                [base, view("t", "h", "T"), view("v", "t", "reshape", shape=[6]), inplace("v", "square_")],
                {"h": w23, "v": [1.0, -2.0, 0.5, 0.7, 1.1, 0.2]}),
        program("a slice with a step reshaped", [leaf("a", [[0.5, -1.2, 0.8, 1.4], [1.1, 0.3, -0.7, 0.6]])],
                [base, view("v", "h", "getitem", index=[{"slice": [None, None, None]}, *even]),
                 view("w", "v", "reshape", shape=[-1]), inplace("w", "mul_", 3.0)],
                {"h": [[1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4]], "w": [1.0, -1.0, 2.0, -2.0]}),
        program("a write through a diagonal", [leaf("a", s), leaf("b", v3)],
                [base, view("d", "h", "diagonal", offset=0), inplace("d", "mul_", "b")], {"h": s}),
        program("a write through a diagonal above the main one", [leaf("a", s)],
                [base, view("d", "h", "diagonal", offset=1), setitem("d", ["..."], 0.0)], {"h": s, "d": [1.0, 2.0]}),
        program("a base written, then read through a broadcast view", [leaf("a", v3)],
                [base, view("v", "h", "broadcast_to", shape=[2, 3]), inplace("h", "square_"), op("z", "mul", "v", 2.0)],
                {"z": w23}),
        program("squeeze and expand_dims alias", [leaf("a", [v3])],
                [base, view("v", "h", "squeeze", axis=0), view("w", "v", "expand_dims", axis=-1),
                 inplace("w", "exp_"), op("z", "add", "v", "h")], {"z": [u3]}),
        program("a tensor overwritten loses its history", [leaf("a", v3), leaf("b", w3)],
                [base, inplace("h", "copy_", "b")], {"h": u3}),
        program("a tensor zeroed, then added to", [leaf("a", v3), leaf("b", w3)],
                [base, inplace("h", "zero_"), inplace("h", "add_", "b")], {"h": u3}),
        program("a row overwritten in a tensor used before", [leaf("a", m), leaf("b", v3)],
                [base, op("z", "sum", "h", axis=0, keepdims=False), setitem("h", [0], "b"),
                 op("y", "sum", "h", axis=0, keepdims=False)], {"z": u3, "y": w3}),
        program("a write of a value computed from the same tensor", [leaf("a", m)],
                [base, view("v", "h", "getitem", index=[0]), op("x", "tanh", "v"), setitem("h", [1], "x")], {"h": w23}),
        program("a float32 buffer receives float64", [leaf("a", zeros3, False, "float32"), leaf("b", w3)],
                [inplace("a", "add_", "b"), inplace("a", "mul_", "b")], {"a": u3}),
        program("float32 written by assignment into float64", [leaf("a", m), leaf("b", v3, True, "float32")],
                [base, setitem("h", [0], "b"), op("z", "mul", "h", "h")], {"z": w23}),
        program("a float32 row of a network's buffer", [leaf("a", m, True, "float32"), leaf("b", v3, True, "float32")],
                [base, view("v", "h", "getitem", index=[1]), inplace("v", "mul_", "b"), inplace("v", "tanh_")],
                {"h": w23}),
        program("division then a write to its numerator", [leaf("a", v3), leaf("b", w3)],
                [base, op("z", "div", "h", "b"), inplace("h", "add_", 1.0)], {"z": u3}),
        program("division then a write to its result", [leaf("a", v3), leaf("b", w3)],
                [base, op("z", "div", "h", "b"), inplace("z", "add_", 1.0)], {"z": u3}),
        program("division then a write to its divisor", [leaf("a", v3), leaf("b", w3)],
                [op("k", "mul", "b", 2.0), op("z", "div", "a", "k"), inplace("k", "add_", 1.0)], {"z": u3}),
    ]  # fmt: skip
