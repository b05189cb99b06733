"""Rules that are nothing but operators, written as expressions. Imports nothing of the project.

Code that is generated for a rule may then say ``g * b`` where it would call ``lambda g, b: g * b``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


class Text:
    """Stands for a value, and for an expression of values: operators write themselves down."""

    __slots__ = ("text",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str) -> None:
        self.text = text

    def __neg__(self) -> Text:
        return Text(f"(-{self.text})")

    def __bool__(self) -> NoReturn:
        raise TypeError("bool: expected a value; got an expression, which has none yet.")


def _operator(symbol: str, reflected: bool) -> Callable[[Text, Any], Text]:
    def write(self: Text, other: Any) -> Text:
        if other.__class__ is Text:
            text = other.text
        elif other.__class__ is int or (other.__class__ is float and other - other == 0):
            text = f"({other!r})" if other < 0 else repr(other)
        else:
            return NotImplemented
        return Text(f"({text} {symbol} {self.text})" if reflected else f"({self.text} {symbol} {text})")

    return write


for _name, _symbol in (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/")):
    setattr(Text, f"__{_name}__", _operator(_symbol, reflected=False))
    setattr(Text, f"__r{_name}__", _operator(_symbol, reflected=True))


def expression(rule: Callable[..., Any], names: tuple[str, ...]) -> str | None:
    """What ``rule`` computes from parameters called ``names``; None where it is more than operators can say.

    >>> expression(lambda g, out: g * (1 - out * out), ("g", "out"))
    '(g * (1 - (out * out)))'
    """
    code = getattr(rule, "__code__", None)
    if code is None or code.co_names or code.co_freevars:  # it looks at more than its parameters
        return None
    try:
        out = rule(**{name: Text(name) for name in names})
    except Exception:
        return None
    return out.text if out.__class__ is Text else None
