"""einsum's notation: what the subscripts say, and in which order to contract. Imports nothing of this project."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Names for the axes behind an ellipsis, last axis first: no letter, so no user's index is called that.
_BEHIND = "".join(map(chr, range(0x3B1, 0x3B1 + 64)))


def from_lists(arguments: Sequence[Any]) -> tuple[str, list[Any]]:
    """The form ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` as subscripts and operands.

    >>> from_lists(["x", [0, 1], "y", [1, ...], [0, ...]])
    ('ab,b...->a...', ['x', 'y'])
    """
    operands = list(arguments[: len(arguments) // 2 * 2 : 2])
    terms = [_from_list(entry) for entry in arguments[1::2]]
    text = ",".join(terms)
    return (f"{text}->{_from_list(arguments[-1])}" if len(arguments) % 2 else text), operands


def _from_list(indices: Any) -> str:
    try:
        return "".join(["..." if i is Ellipsis else LETTERS[range(len(LETTERS))[i]] for i in indices])
    except (TypeError, IndexError):
        raise ValueError(
            f"einsum: expected lists of '...' and integers from 0 to {len(LETTERS) - 1} for indices; got {indices!r}. "
            "Alternate arrays and lists, or give a string of subscripts first."
        ) from None


@functools.lru_cache(maxsize=256)
def parse(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str, dict[str, int]]:
    """The indices of each operand and of the result, one character per axis, and the size of each (not to be changed).

    Raises:
        ValueError: the subscripts are malformed or do not fit the shapes.

    >>> parse("ij,jk", ((2, 3), (3, 4)))
    (('ij', 'jk'), 'ik', {'i': 2, 'j': 3, 'k': 4})
    """
    text = subscripts.replace(" ", "")
    inputs, arrow, out = text.partition("->")
    terms = inputs.split(",")
    for term in (*terms, out):
        stray = set(term.replace("...", "", 1)) - set(LETTERS)
        if stray:
            raise ValueError(
                f"einsum: expected letters, ',', '->' and one '...' per operand; "
                f"got {''.join(sorted(stray))!r} in {subscripts!r}. Write e.g. 'ij,jk->ik' or '...ij->...ji'."
            )
    if len(terms) != len(shapes):
        raise ValueError(
            f"einsum: expected one operand per term of {subscripts!r}, {len(terms)}; got {len(shapes)}. "
            "Separate the operands' subscripts by commas."
        )
    sizes: dict[str, int] = {}
    axes = tuple([_axes(term, shape, i, subscripts) for i, (term, shape) in enumerate(zip(terms, shapes))])
    behind = max((len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes)), default=0)
    for i, (term, shape) in enumerate(zip(axes, shapes)):
        for index, size in zip(term, shape):
            known = sizes.get(index, 1)
            if known == 1:
                sizes[index] = size
            elif size not in (1, known):
                named = f"index {index!r}" if index in LETTERS else "the axes under '...'"
                raise ValueError(
                    f"einsum: expected one size for {named} of {subscripts!r}; got {known}, and {size} in operand {i} "
                    f"of shape {shape}. Transpose, or rename the index."
                )
    if not arrow:
        everything = "".join(axes)
        out = "..." * (behind > 0) + "".join(sorted(i for i in set(inputs) - set(",.") if everything.count(i) == 1))
    elif behind and "..." not in out:
        raise ValueError(
            f"einsum: expected '...' in the result of {subscripts!r}, since an operand has axes under it; got {out!r}. "
            "Add it, and sum over those axes afterwards."
        )
    result = out.replace("...", _BEHIND[:behind][::-1])
    for index in result:
        if index not in sizes:
            raise ValueError(
                f"einsum: expected result indices that an operand has; got {index!r} in {subscripts!r}. "
                "Drop it from the result, or name it in an operand."
            )
        if result.count(index) > 1:
            raise ValueError(
                f"einsum: expected each index once in the result; got {index!r} twice in {subscripts!r}. "
                "Multiply with an identity matrix to put values on a diagonal."
            )
    return axes, result, sizes


@functools.lru_cache(maxsize=256)
def one_contraction(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> str | None:
    """The subscripts in full where two operands are contracted in one step; None where there is more to do first.

    >>> one_contraction("ij,jk", ((2, 3), (3, 4))), one_contraction("ij,jk", ((2, 3), (1, 4)))
    ('ij,jk->ik', None)
    """
    terms, result, sizes = parse(subscripts, shapes)
    if len(terms) != 2:
        return None
    for term, other, shape in ((*terms, shapes[0]), (*terms[::-1], shapes[1])):
        alone = set(term) - set(other + result)
        if alone or len(set(term)) < len(term) or any(sizes[i] != n for i, n in zip(term, shape)):
            return None
    return f"{','.join(terms)}->{result}"


def _axes(term: str, shape: tuple[int, ...], i: int, subscripts: str) -> str:
    named = term.replace("...", "")
    behind = len(shape) - len(named)
    if behind < 0 or (behind and "..." not in term):
        raise ValueError(
            f"einsum: expected an operand {i} of {len(named)} axes for {term!r} in {subscripts!r}; got shape {shape}. "
            + ("Drop indices." if behind < 0 else "Name all axes, or add '...' for the others.")
        )
    return term.replace("...", _BEHIND[:behind][::-1])


def cheapest_pair(terms: Sequence[str], out: str, sizes: dict[str, int]) -> tuple[int, int]:
    """Which two operands to contract next: those whose product is smallest, measured against what it replaces.

    >>> cheapest_pair(["ij", "jk", "k"], "i", {"i": 9, "j": 9, "k": 9})
    (1, 2)
    """

    def size(indices: set[str]) -> int:
        return math.prod([sizes[i] for i in indices])

    best: tuple[Any, tuple[int, int]] | None = None
    for i in range(len(terms)):
        for j in range(i + 1, len(terms)):
            rest = set(out).union(*[terms[k] for k in range(len(terms)) if k not in (i, j)])
            a, b = set(terms[i]), set(terms[j])
            cost = (size((a | b) & rest) - size(a) - size(b), size(a | b))
            if best is None or cost < best[0]:
                best = cost, (i, j)
    assert best is not None
    return best[1]
