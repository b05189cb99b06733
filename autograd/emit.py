"""Formulas as source code: primitives called on symbols write themselves down. Imports ``primitive``, ``backends``.

A ``Symbol`` stands for one element of an array, of a known dtype. It is an array type of a backend of its own, the
emitter, whose functions append a line to a ``Formula`` where NumPy's compute: so a primitive's forward, its rules, and
any function made of element-wise primitives turn into straight-line code, in single-assignment form, with every dtype
decided by NumPy's promotion (Python numbers are weak) and repeated subexpressions written once.

>>> from autograd.ops.elementwise import sigmoid
>>> print(rule_of(sigmoid.primitive, "x", ("float32",)).python())
def sigmoid_vjp_x(g, out):
    t1 = float32(1) - out
    t2 = out * t1
    t3 = g * t2
    return t3
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

import backends
from autograd.emit_cuda import PRELUDE, EmitError, write_body, write_elementwise, write_kernel, write_update
from autograd.plan import Spec, rule_parameters
from autograd.primitive import Primitive

NUMBERS = (bool, int, float, complex)
OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%", "power": "**",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^", "left_shift": "<<", "right_shift": ">>",
}  # fmt: skip


class Line(NamedTuple):
    """``out = function(*operands)``, with each operand cast to its entry of ``loop`` first."""

    out: Symbol
    function: str
    operands: tuple[Any, ...]
    loop: tuple[np.dtype, ...]


class Formula:
    """A straight-line program over symbols.

    Attributes:
        name: what the printed function is called.
        parameters: its symbols, in order.
        lines: the operations, each on symbols defined before it.
        results: what it gives: symbols, Python numbers, or None.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.parameters: list[Symbol] = []
        self.lines: list[Line] = []
        self.results: tuple[Any, ...] = ()
        self._known: dict[Any, Symbol] = {}
        self._numbers = itertools.count(1)

    def parameter(self, name: str, dtype: Any) -> Symbol:
        """A further input, of this dtype."""
        symbol = Symbol(self, name, np.dtype(dtype))
        self.parameters.append(symbol)
        return symbol

    def line(self, function: str, operands: Sequence[Any], loop: Sequence[Any], dtype: Any) -> Symbol:
        """The symbol of ``function(*operands)``: a new line, or the earlier one that says the same."""
        for operand in operands:
            if isinstance(operand, Symbol) and operand.formula is not self:
                raise EmitError(
                    f"{function}: expected symbols of one formula; got some of {self.name} and {operand.formula.name}. "
                    "Pass the other's result in as a parameter."
                )
        loop, dtype = tuple([np.dtype(d) for d in loop]), np.dtype(dtype)
        key = function, tuple([o if isinstance(o, Symbol) else (type(o), repr(o)) for o in operands]), loop, dtype
        if key not in self._known:
            out = Symbol(self, f"t{next(self._numbers)}", dtype)
            self.lines.append(Line(out, function, tuple(operands), loop))
            self._known[key] = out
        return self._known[key]

    # Printing ----------------------------------------------------------------------------------------------

    def python(self) -> str:
        """A Python function, for arrays (NumPy) and for single elements (Numba) alike."""
        out = [f"def {self.name}({', '.join(p.name for p in self.parameters)}):"]
        for line in self.lines:
            out.append(f"    {line.out.name} = {_python_line(line)}")
        results = [r.name if isinstance(r, Symbol) else repr(r) for r in self.results]
        out.append(f"    return {results[0] if len(results) == 1 else '(' + ', '.join(results) + ')'}")
        return "\n".join(out)

    def compiled(self) -> Callable[..., Any]:
        """The Python function, made of NumPy's functions and the NumPy backend's special ones."""
        special = backends.get("numpy").special
        names: dict[str, Any] = {"inf": np.inf, "nan": np.nan}
        for line in self.lines:
            kind, _, function = line.function.rpartition(".")
            names[_plain(line.function)] = special(function) if kind else getattr(np, function, None)
            for dtype in (line.out.dtype, *line.loop):
                names[_type(dtype)] = dtype.type
        exec(compile(self.python(), f"<{self.name}>", "exec"), names)
        return names[self.name]

    def cuda(self) -> str:
        """The body in CUDA C: one declaration per line.

        Raises:
            EmitError: an operation or dtype that CUDA C has no plain form for.
        """
        return write_body(self)

    def kernel(self) -> str:
        """A CUDA C kernel of contiguous arrays, ``(inputs…, outputs…, n)``; it needs ``emit_cuda.PRELUDE`` before it.

        Raises:
            EmitError: an operation or dtype that CUDA C has no plain form for.
        """
        return write_kernel(self)

    def elementwise_kernel(self) -> tuple[str, str, str, str]:
        """What CuPy's ``ElementwiseKernel`` is made of: its inputs, outputs, operation and preamble.

        Raises:
            EmitError: an operation or dtype that CUDA C has no plain form for.
        """
        return (*write_elementwise(self), PRELUDE)

    def update_kernel(self, arrays: int, writes: Sequence[int]) -> str:
        """CUDA C that changes arrays in place: its kernel is called with ``(arrays…, numbers…, n)``.

        Args:
            arrays: how many of the parameters are elements of contiguous arrays; the others are numbers.
            writes: which of the arrays the results replace, in order.

        Raises:
            EmitError: an operation or dtype that CUDA C has no plain form for.
        """
        return PRELUDE + write_update(self, arrays, writes)


def _python_line(line: Line) -> str:
    operands = []
    for operand, dtype in zip(line.operands, line.loop, strict=False):
        if isinstance(operand, Symbol):
            operands.append(operand.name if operand.dtype == dtype else f"{_type(dtype)}({operand.name})")
        else:
            operands.append(f"{_type(dtype)}({operand!r})")
    operands += [repr(option) for option in line.operands[len(line.loop) :]]
    if line.function == "astype":
        return f"{_type(line.out.dtype)}({operands[0]})"
    if line.function in OPERATORS and line.function != "power":
        return f"{operands[0]} {OPERATORS[line.function]} {operands[1]}"
    if line.function == "negative":
        return f"-{operands[0]}"
    return f"{_plain(line.function)}({', '.join(operands)})"


def _plain(function: str) -> str:
    return function.replace(".", "_")


def _type(dtype: np.dtype) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name


# Symbols ---------------------------------------------------------------------------------------------------


class Symbol:
    """One element of an array of this dtype: operators and the emitter's functions write down what is done with it."""

    __slots__ = ("dtype", "formula", "name")
    shape: tuple[int, ...] = ()
    ndim = 0
    # NumPy's ufuncs refuse what says this.
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, formula: Formula, name: str, dtype: np.dtype) -> None:
        self.formula = formula
        self.name = name
        self.dtype = dtype

    def astype(self, dtype: Any) -> Symbol:
        """The value in another dtype."""
        return self if self.dtype == dtype else self.formula.line("astype", (self,), (self.dtype,), dtype)

    def __repr__(self) -> str:
        return f"Symbol({self.name}, dtype={self.dtype})"

    def _no(self, name: str, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{name}: expected a value; got the symbol {self.name}, which has none while a formula is written down. "
            "Use element-wise primitives only: where(condition, a, b) in place of if."
        )

    __bool__ = functools.partialmethod(_no, "bool")
    __iter__ = functools.partialmethod(_no, "iter")
    __len__ = functools.partialmethod(_no, "len")
    __float__ = functools.partialmethod(_no, "float")
    __int__ = functools.partialmethod(_no, "int")
    __index__ = functools.partialmethod(_no, "index")
    __array__ = functools.partialmethod(_no, "numpy.asarray")

    def __getitem__(self, key: Any) -> NoReturn:
        self._no("getitem")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> NoReturn:
        self._no(f"numpy.{function.__name__}")


def _operator(function: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Symbol, other: Any) -> Any:
        return _ufunc(function, self, other) if isinstance(other, (Symbol, *NUMBERS)) else NotImplemented

    def reflected(self: Symbol, other: Any) -> Any:
        return _ufunc(function, other, self) if isinstance(other, NUMBERS) else NotImplemented

    return forward, reflected


for _name, _function in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift",
}.items():  # fmt: skip
    _forward, _reflected = _operator(_function)
    setattr(Symbol, f"__{_name}__", _forward)
    setattr(Symbol, f"__r{_name}__", _reflected)
for _name, _function in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}.items():  # fmt: skip
    setattr(Symbol, f"__{_name}__", _operator(_function)[0])
for _name, _function in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
    setattr(Symbol, f"__{_name}__", functools.partialmethod(lambda self, function: _ufunc(function, self), _function))


# The emitter: NumPy's functions by name ---------------------------------------------------------------------


def _formula(operands: Sequence[Any]) -> Formula:
    return next(o.formula for o in operands if isinstance(o, Symbol))


def _ufunc(name: str, *operands: Any) -> Symbol:
    """A line for one of NumPy's ufuncs, in the dtypes in which NumPy would compute it."""
    ufunc = getattr(np, name)
    kinds = [getattr(o, "dtype", np.dtype(bool) if o.__class__ is bool else type(o)) for o in operands]
    try:
        *loop, out = ufunc.resolve_dtypes((*kinds, None))
    except TypeError as error:
        raise EmitError(f"{name}: expected dtypes that NumPy computes with; got {kinds}. {error}") from None
    return _formula(operands).line(ufunc.__name__, operands, loop, out)


def _where(condition: Any, a: Any, b: Any) -> Any:
    kinds = [o.dtype if isinstance(o, Symbol) else o for o in (a, b)]
    dtype = np.result_type(*kinds)
    if not isinstance(condition, Symbol):
        chosen = a if condition else b
        return chosen.astype(dtype) if isinstance(chosen, Symbol) else chosen
    return condition.formula.line("where", (condition, a, b), (np.dtype(bool), dtype, dtype), dtype)


def _real(x: Symbol) -> Symbol:
    return x.formula.line("real", (x,), (x.dtype,), _part(x.dtype)) if x.dtype.kind == "c" else x


def _imag(x: Symbol) -> Any:
    return x.formula.line("imag", (x,), (x.dtype,), _part(x.dtype)) if x.dtype.kind == "c" else 0.0


def _part(dtype: np.dtype) -> np.dtype:
    return np.empty(0, dtype).real.dtype


def _sinc(x: Symbol) -> Symbol:
    return x.formula.line("sinc", (x,), (x.dtype,), x.dtype)


def _round(x: Symbol, decimals: int = 0) -> Symbol:
    return x.formula.line("round", (x, decimals), (x.dtype,), x.dtype) if decimals else _ufunc("rint", x)


def _nan_to_num(x: Symbol, *, nan: float, posinf: float, neginf: float) -> Any:
    finite = _where(_ufunc("equal", x, -np.inf), neginf, x)
    return _where(_ufunc("isnan", x), nan, _where(_ufunc("equal", x, np.inf), posinf, finite))


def _special(name: str, *operands: Any) -> Symbol:
    """A line for a special function, in the widest floating dtype among the operands, as backends compute them."""
    floats = [o.dtype for o in operands if isinstance(o, Symbol) and o.dtype.kind == "f"]
    dtype = max(floats, key=lambda d: d.itemsize) if floats else np.dtype("float64")
    return _formula(operands).line(f"special.{name}", operands, [dtype] * len(operands), dtype)


class Namespace:
    """What forwards are handed as ``xp``."""

    pi, e, inf, nan = np.pi, np.e, np.inf, np.nan
    where = staticmethod(_where)
    real = staticmethod(_real)
    imag = staticmethod(_imag)
    sinc = staticmethod(_sinc)
    round = staticmethod(_round)
    nan_to_num = staticmethod(_nan_to_num)

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if not isinstance(getattr(np, name, None), np.ufunc):
            raise AttributeError(
                f"{name}: expected an element-wise function; numpy.{name} is none that a formula can be printed with. "
                "Write the forward with ufuncs, where, real, imag, round, sinc and nan_to_num."
            )
        return functools.partial(_ufunc, name)


class Emitter(backends.Backend):
    """The backend of symbols; it makes no arrays, so it stands in no list of backends."""

    name = "emitter"
    array_types = (Symbol,)
    owns_memory = False
    xp = Namespace()

    def special(self, name: str) -> Callable[..., Symbol]:
        return functools.partial(_special, name)


backends.BY_TYPE[Symbol] = Emitter()


# Primitives as formulas -------------------------------------------------------------------------------------


def forward_of(primitive: Primitive, operands: Sequence[Any], **options: Any) -> Formula:
    """The forward of an element-wise primitive as a formula.

    Args:
        operands: for each operand its dtype, or a Python number (or None) that stands in the formula itself.
        options: the primitive's options.

    Raises:
        EmitError: the primitive is not element-wise.

    >>> from autograd.ops.arithmetic import square
    >>> print(forward_of(square.primitive, ("float32",)).python())
    def square_forward(x):
        t1 = square(x)
        return t1
    """
    formula, symbols = _start(primitive, f"{primitive.name}_forward", operands)
    formula.parameters = [s for s in symbols if isinstance(s, Symbol)]
    out = primitive.call(*symbols, **options)
    formula.results = out if isinstance(out, tuple) else (out,)
    return formula


def rule_of(primitive: Primitive, operand: str, operands: Sequence[Any], **options: Any) -> Formula:
    """The rule of one operand as a formula of ``g``, the operands and ``out``, as far as the rule names them.

    The result is what the rule gives; the engine then sums it over broadcast axes and casts it to the operand's dtype.

    Raises:
        EmitError: the primitive is not element-wise, or has no rule for the operand.
    """
    formula, symbols = _start(primitive, f"{primitive.name}_vjp_{operand}", operands)
    rule = primitive.rules.get(operand)
    if rule is None:
        have = [name for name, rule in primitive.rules.items() if rule is not None]
        raise EmitError(
            f"{primitive.name}: expected an operand with a rule, one of {have}; got {operand!r}. Name one of these."
        )
    dtype = result_dtype(primitive, operands, **options)
    known: dict[str, Any] = {**options, **dict(zip(primitive.operands, symbols, strict=True))}
    for name, symbol in zip(primitive.operands, symbols, strict=True):
        known[f"{name}_spec"] = Spec((), getattr(symbol, "dtype", type(symbol)))
    wanted = rule_parameters(rule)
    if "g" in wanted:
        known["g"] = Symbol(formula, "g", dtype)
    if "out" in wanted:
        known["out"] = Symbol(formula, "out", dtype)
    formula.parameters = [known[n] for n in wanted if isinstance(known[n], Symbol)]
    formula.results = (rule(*[known[name] for name in wanted]),)
    return formula


def result_dtype(primitive: Primitive, operands: Sequence[Any], **options: Any) -> np.dtype:
    """The dtype of the forward's result for operands given as ``forward_of`` takes them."""
    (out,) = forward_of(primitive, operands, **options).results
    return out.dtype


def _start(primitive: Primitive, name: str, operands: Sequence[Any]) -> tuple[Formula, list[Any]]:
    if not primitive.elementwise:
        raise EmitError(
            f"{primitive.name}: expected an element-wise primitive; this one is lowered, not printed. "
            "Print its operands' formulas instead."
        )
    formula = Formula(name)
    symbols = [
        o if o is None or isinstance(o, NUMBERS) else Symbol(formula, n, np.dtype(o))
        for n, o in zip(primitive.operands, operands, strict=True)
    ]
    return formula, symbols
