"""Options looked at before they are used: numbers of a kind and range, names. Imports the standard library alone.

Each error says what was expected, what came, and what to do. All are called when something is made or begun, never in
the steps of training.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# (least, whether least itself is allowed, greatest, whether that is allowed) of the hyperparameters of optimisers and
# schedules; nothing here is per class, since a name means the same everywhere.
ANY = (-math.inf, True, math.inf, True)
POSITIVE = (0.0, False, math.inf, False)
NOT_NEGATIVE = (0.0, True, math.inf, False)
SHARE = (0.0, True, 1.0, True)
RATE = (0.0, True, 1.0, False)
RANGES: dict[str, tuple[float, bool, float, bool]] = {
    **dict.fromkeys(("lr", "learning_rate", "eps", "epsilon", "weight_decay", "lr_decay"), NOT_NEGATIVE),
    **dict.fromkeys(("initial_accumulator_value", "momentum_decay", "gamma", "factor", "power"), NOT_NEGATIVE),
    **dict.fromkeys(("momentum", "max_lr", "base_lr", "initial_learning_rate", "end_learning_rate"), NOT_NEGATIVE),
    **dict.fromkeys(("eta_min", "min_lr", "warmup_target", "decay_rate", "min_delta", "m_mul"), NOT_NEGATIVE),
    **dict.fromkeys(("start_factor", "end_factor", "threshold", "target"), NOT_NEGATIVE),
    **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm", "div_factor", "final_div_factor", "t_mul"), POSITIVE),
    **dict.fromkeys(("alpha", "rho", "dampening", "pct_start", "base_momentum", "max_momentum"), SHARE),
    **dict.fromkeys(("beta_1", "beta_2", "ema_momentum"), RATE),
}


def number(owner: str, name: str, value: Any, allowed: tuple[float, bool, float, bool] = ANY) -> None:
    """Raise unless ``value`` is a real number within what is ``allowed``.

    Raises:
        TypeError: it is no number; text that reads as one is told from other text.
        ValueError: it is NaN, or out of range.

    >>> number("SGD", "momentum", 0.9, SHARE)
    """
    if isinstance(value, bool) or not (isinstance(value, numbers.Real) or _is_scalar(value)):
        came = repr(value) if isinstance(value, (str, bool, type(None))) else type(value).__name__
        fix = "Pass a number."
        if isinstance(value, str) and _reads_as_number(value):
            fix = f"Pass it as a number: {name}={float(value):g}."
        raise TypeError(f"{owner}: expected {name} to be {_worded(allowed)}; got {came}. {fix}")
    least, closed, most, shut = allowed
    value = float(value)
    low = value >= least if closed else value > least
    high = value <= most if shut else value < most
    if not (low and high):
        raise ValueError(f"{owner}: expected {name} to be {_worded(allowed)}; got {value:g}. Correct it.")


def whole(owner: str, name: str, value: Any, least: int = 1, most: float = math.inf) -> None:
    """Raise ValueError unless ``value`` is an integer (Python's or NumPy's) from ``least`` on.

    >>> whole("fit", "epochs", 3, 0)
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
        rest = f"from {least} to {most}" if most < math.inf else f"of {least} or more"
        raise ValueError(f"{owner}: expected {name} to be a whole number {rest}; got {value!r}. Correct it.")


def options(owner: str, given: Mapping[str, Any]) -> None:
    """Check the hyperparameters whose names are known here; others, and those that are None, are left alone.

    Raises:
        TypeError, ValueError: as ``number``; betas that are no pair of numbers from 0 to 1.

    >>> options("Adam", {"lr": 0.1, "betas": (0.9, 0.999), "amsgrad": False})
    """
    for name, value in given.items():
        if name == "betas":
            if not isinstance(value, (tuple, list)) or len(value) != 2:
                raise ValueError(f"{owner}: expected two betas on [0, 1); got {value!r}. Pass a pair: (0.9, 0.999).")
            for beta in value:
                number(owner, "each of betas", beta, RATE)
        elif name in RANGES and value is not None:
            number(owner, name, value, RANGES[name])


def known(owner: str, given: Iterable[str], names: Iterable[str], alias: Mapping[str, str] | None = None) -> None:
    """Raise TypeError for the first option that is not among ``names``; ``alias`` gives other libraries' words.

    >>> known("SGD", ["momentum"], ["learning_rate", "momentum"])
    """
    names = list(names)
    for name in given:
        if name not in names:
            meant = (alias or {}).get(name)
            hint = f"Did you mean {meant}?" if meant else close_to(name, names) or "Correct the name."
            raise TypeError(f"{owner}: expected options among {', '.join(names)}; got {name}. {hint}")


def close_to(name: str, names: Iterable[str]) -> str:
    """A question naming the nearest of ``names``, or nothing.

    >>> close_to("adm", ["adam", "sgd"]), close_to("MSE", ["mse"]), close_to("xyz", ["adam"])
    ("Did you mean 'adam'?", "Did you mean 'mse'?", '')
    """
    import difflib  # only where something is wrong: `import nn` does without

    listed = list(names)
    folded: dict[str, str] = {}
    for other in listed:  # of two that read alike the first
        folded.setdefault(other.lower().replace("_", ""), other)
    found = difflib.get_close_matches(name.lower().replace("_", ""), folded, n=1, cutoff=0.6)
    return f"Did you mean {folded[found[0]]!r}?" if found else ""


def by_name(
    kind: str, given: Any, named: Mapping[str, Callable[[], Any]], read: Callable[[str], str], example: str
) -> Any:
    """What an option stands for that may be None, a name, a class or a function: None, a new object, or itself.

    Args:
        kind: what the option is called in errors.
        named: from names to what makes the objects.
        read: from what is given to a name.
        example: of an object, for the error.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is none of these.

    >>> by_name("bag", "NEW", {"new": list}, str.lower, "list()")
    []
    """
    if given is None:
        return None
    if isinstance(given, str):
        name = read(given)
        if name in named:
            return named[name]()
        fix = close_to(given, named) or "Correct the name, or pass a function."
        raise ValueError(f"{kind}: expected one of {', '.join(named)}; got {given!r}. {fix}")
    if isinstance(given, type):
        return given()
    if not callable(given):
        raise TypeError(
            f"{kind}: expected a name, a function or None; got {type(given).__name__}. Pass {example}, say."
        )
    return given


def _is_scalar(value: Any) -> bool:
    """A 0-d array or Tensor of a real number."""
    return getattr(value, "shape", None) == () and getattr(getattr(value, "dtype", None), "kind", "") in "iuf"


def _reads_as_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _worded(allowed: tuple[float, bool, float, bool]) -> str:
    least, closed, most, shut = allowed
    if least == -math.inf:
        return "a number"
    if most == math.inf:
        return f"a number {f'of {least:g} or more' if closed else f'above {least:g}'}"
    return f"a number {'from' if closed else 'above'} {least:g} {'to' if shut else 'to below'} {most:g}"


def as_shape(owner: str, shape: Any, name: str = "shape") -> tuple[Any, ...]:
    """The shape of one input: whole numbers above 0 (None where a size may vary), or one of them.

    Raises:
        TypeError, ValueError: it is none of these.

    >>> as_shape("Input", 4), as_shape("Input", [28, None])
    ((4,), (28, None))
    """
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    for size in sizes:
        if size is not None:
            whole(owner, f"each size in {name}", size)
    return sizes
