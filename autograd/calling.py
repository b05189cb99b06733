"""The source of a primitive's call, and of what follows its forward. Imports ``autograd.plan``.

Straight-line code for the primitive's very operands: their types choose the forward, and which of them are Tensors, and
need a gradient, chooses what is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.plan import ACTIVE, CONSTANT, PLAIN, Plan

if TYPE_CHECKING:
    from autograd.primitive import Primitive

# What the code of a call closes over; every form of it names them all, so that one can take another's place.
CALL_NAMES = ("bind", "explain", "finish", "plan", "primitive", "records", "Spec", "table", "write_record")


def write_call(p: Primitive, operator: bool, reflected: bool, inlined: Plan | None = None) -> str:
    """The source of a fixed-arity primitive's call.

    ``operator`` gives the form a Tensor's ``__add__`` needs: strangers get ``NotImplemented``;
    ``reflected`` swaps its two operands. What ``inlined`` records stands in the call itself (see ``write_record``).
    """
    names = p.operands
    header = list(reversed(names)) if reflected else list(names)
    options = [f"{o}={o}" for o in p.options]
    star = ", *, " + ", ".join(p.options) if p.options else ""
    lines = [f"def call({', '.join(header)}, /{star}):"]
    for a in names:
        if operator and a == header[0]:  # which is a Tensor, since this is its method
            lines += [f"    {a}_ = {a}._data", f"    e_{a} = {a}._edge"]
            continue
        lines += [
            f"    if {a}.__class__ is Tensor:",
            f"        {a}_ = {a}._data",
            f"        e_{a} = {a}._edge",
            "    else:",
            f"        {a}_ = {a}",
            f"        e_{a} = None",
        ]
    raws = [f"{a}_" for a in names]
    lines.append(f"    cls = {raws[0]}.__class__")
    types = ", ".join(["cls", *[f"{r}.__class__" for r in raws[1:]]])
    if len(raws) == 2:  # operands of one type, the everyday case, need no pair as a key
        same = f"cls is {raws[1]}.__class__"
        look_up = f"table[cls] if {same} else table[{types}]"
        types = f"cls if {same} else ({types})"
    else:
        look_up = f"table[{types}]"
        types = f"({types})" if len(raws) > 1 else types
    call = ", ".join([*raws, *options])
    lines += ["    try:", f"        forward = {look_up}", "    except KeyError:"]
    if operator:
        lines += [
            "        try:",
            f"            forward = bind({types})",
            "        except TypeError:",
            f"            return stranger({', '.join(names)})",
        ]
    else:
        lines.append(f"        forward = bind({types})")
    given = "{" + ", ".join(f"{o!r}: {o}" for o in p.options) + "}"
    lines += [
        "    try:",
        f"        out = forward({call})",
        "    except Exception as error:",
        f"        raise explain(error, ({''.join(r + ', ' for r in raws)}), {given}) from error",
    ]
    if inlined is not None:
        test = {PLAIN: "{0}_ is {0}", CONSTANT: "e_{0} is None and {0}_ is not {0}", ACTIVE: "e_{0} is not None"}
        conditions = [test[kind].format(a) for a, kind in zip(names, inlined.kinds, strict=True)]
        lines.append(f"    if {' and '.join(conditions)}:")
        record = write_record(p, inlined, inlined.kinds, edge="e_{}")
        lines += ["    " + line for line in record.split("\n")[1:]]
    if not operator:
        lines.append(f"    if {' and '.join(f'{a}_ is {a}' for a in names)}:")
        lines.append(f"        return {_results(p) if p.residuals else 'out'}")
    kinds = [f"((0 if {a}_ is {a} else {3**i}) if e_{a} is None else {2 * 3**i})" for i, a in enumerate(names)]
    lines += [
        f"    kind = {' + '.join(kinds)}",
        "    try:",
        "        record = records[kind]",
        "    except KeyError:",
        "        record = write_record(kind)",
        f"    return record({', '.join([*names, *raws, 'out', *p.options])})",
        f"    {', '.join(CALL_NAMES)}{', stranger' if operator else ''}",  # never reached, but closed over
    ]
    return "\n".join(lines)


def _results(p: Primitive) -> str:
    """What a primitive whose forward returns residuals too gives its caller."""
    return "out[0]" if len(p.outputs) == 1 else f"out[:{len(p.outputs)}]"


def write_record(p: Primitive, plan: Plan | None, kinds: tuple[int, ...], edge: str = "{}._edge") -> str:
    """The source of what follows the forward for one pattern: wrap the result, and record it if ``plan`` says so.

    ``edge`` says where to find the edge of an operand.
    """
    names = p.operands
    raws = [f"{a}_" for a in names]
    lines = [f"def record({', '.join([*names, *raws, 'out', *p.options])}):"]
    given = "{" + ", ".join(f"{o!r}: {o}" for o in p.options) + "}"
    tensors, values = f"({''.join(a + ', ' for a in names)})", f"({''.join(r + ', ' for r in raws)})"
    link = [f"    tensor._link({names[0]}, primitive, {given})"] if p.view and kinds[0] != PLAIN else []
    if plan is None and not (p.residuals or len(p.outputs) > 1):
        lines += [
            "    tensor = new(Tensor)",
            "    tensor._data = out",
            "    tensor._edge = tensor._family = tensor._writes = None",
            *link,
            "    return tensor",
        ]
    elif plan is None:
        lines.append(f"    return finish(None, {tensors}, {values}, out, {given})")
    elif len(p.outputs) > 1 or "specs" in plan.slots:
        lines.append(f"    return finish(plan, {tensors}, {values}, out, {given})")
    else:
        lines += [
            "    if get_mode() is not None:",
            f"        return finish(plan, {tensors}, {values}, out, {given})",
            *([f"    out, {', '.join(p.residuals)} = out"] if p.residuals else []),
            "    tensor = new(Tensor)",
            "    tensor._data = out",
            "    tensor._family = tensor._writes = None",
        ]
        kept = []
        for name in plan.slots:
            if name in names:
                kept.append(f"{name}_")
            elif name.endswith("_spec"):
                kept.append(f"Spec.of({name[:-5]}_)")
            else:
                kept.append(name)
        array = ["tensor._edge = node = ArrayNode()", "node.plan = plan"]
        if plan.fits_scalar_node:  # so this is an array; and NumPy makes a new tuple whenever it is asked for a shape
            array.append(f"node.shape = {edge.format(names[0]) if p.keeps_shape else 'out'}.shape")
            array.append("node.dtype = out.dtype")
        elif p.tested:
            array += ["if out.__class__ is float:", "    node.shape, node.dtype = (), float", "else:"]
            array += ["    node.shape = out.shape", "    node.dtype = out.dtype"]
        else:
            array.append("node.shape, node.dtype = Spec.of_output(out, primitive.name)")
        for a in plan.kept_tensors:
            if a in p.outputs:
                array.append(f"w_{a} = tensor._writes = []")
                continue
            new = f"{a}._writes = [] if {a}._family is None else {a}._watch()"
            array += [f"w_{a} = {a}._writes", f"if w_{a} is None:", f"    w_{a} = {new}"]
        array.append(f"node.writes = ({''.join(f'w_{a}, ' for a in plan.kept_tensors)})")
        edges = [edge.format(names[i]) for i in plan.active]
        array.append(f"node.edges = ({''.join(edge + ', ' for edge in edges)})")
        array.append(f"node.saved = ({''.join(k + ', ' for k in kept)})")
        if plan.fits_scalar_node:
            lines += [
                "    if out.__class__ is float:",
                "        tensor._edge = node = ScalarNode()",
                "        node.plan = plan.of_floats",
                *[f"        node.edge_{place} = {edge}" for place, edge in enumerate(edges)],
                *[f"        node.saved_{place} = {value}" for place, value in enumerate(kept)],
                "    else:",
                *[f"        {line}" for line in array],
            ]
        else:
            lines += [f"    {line}" for line in array]
        lines += [
            "    node.seq = next_seq()",
            "    node.note = None",
            *link,
            "    return tensor",
        ]
    return "\n".join(lines)
