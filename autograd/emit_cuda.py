"""Formulas as CUDA C. Imports nothing of this project."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class EmitError(TypeError):
    """A formula that can't be written in the language asked for; the text says which part, and why."""


TYPES = {
    "bool": "bool", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
    "float32": "float", "float64": "double",
}  # fmt: skip

# What CUDA's mathematical functions are called; the float32 form has an f behind.
FUNCTIONS = {
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sqrt": "sqrt", "cbrt": "cbrt", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "arctan2": "atan2", "hypot": "hypot", "power": "pow", "fmod": "fmod", "copysign": "copysign",
    "nextafter": "nextafter", "trunc": "trunc", "floor": "floor", "ceil": "ceil", "rint": "rint", "fmax": "fmax",
    "fmin": "fmin", "fabs": "fabs", "special.erf": "erf", "special.erfc": "erfc", "special.erfcx": "erfcx",
    "special.erfinv": "erfinv", "special.erfcinv": "erfcinv", "special.ndtr": "normcdf", "special.ndtri": "normcdfinv",
    "special.gammaln": "lgamma", "special.gamma": "tgamma", "special.i0": "cyl_bessel_i0",
    "special.i1": "cyl_bessel_i1", "special.j0": "j0", "special.j1": "j1", "special.y0": "y0", "special.y1": "y1",
}  # fmt: skip

INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=", "equal": "==", "not_equal": "!=", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
    "left_shift": "<<", "right_shift": ">>", "logical_and": "&&", "logical_or": "||",
}  # fmt: skip

# For floating numbers; {0}, {1}, {2} are the operands, {T} the type. Names with xp_ are in the prelude.
TEMPLATES = {
    "negative": "-{0}", "positive": "{0}", "conjugate": "{0}", "square": "{0} * {0}", "reciprocal": "({T})1 / {0}",
    "where": "{0} ? {1} : {2}", "astype": "({T}){0}", "real": "{0}", "logical_not": "!{0}",
    "logical_xor": "!{0} != !{1}", "isnan": "{0} != {0}", "isinf": "{0} == {0} && {0} - {0} != 0",
    "sign": "xp_sign({0})", "absolute": "xp_absolute({0})", "maximum": "xp_maximum({0}, {1})",
    "minimum": "xp_minimum({0}, {1})", "floor_divide": "xp_floor_divide({0}, {1})",
    "remainder": "xp_remainder({0}, {1})", "logaddexp": "xp_logaddexp({0}, {1})",
    "logaddexp2": "xp_logaddexp2({0}, {1})", "heaviside": "{0} != {0} ? {0} : {0} == 0 ? {1} : ({T})({0} > 0)",
    "sinc": "xp_sinc({0})", "isfinite": "{0} - {0} == 0", "signbit": "copysign(1.0, (double){0}) < 0",
    "deg2rad": "{0} * ({T})0.017453292519943295", "rad2deg": "{0} * ({T})57.29577951308232",
    "ldexp": "ldexp({0}, (int){1})", "invert": "xp_invert({0})", "special.rgamma": "({T})1 / xp_gamma({0})",
}  # fmt: skip


# NumPy's meaning of what C computes otherwise: NaN wins in maximum, quotients round down, signs of 0 and NaN.
PRELUDE = """
template <typename T> __device__ __forceinline__ T xp_absolute(T x) { return x < 0 ? -x : x == 0 ? (T)0 : x; }
template <typename T> __device__ __forceinline__ T xp_sign(T x) {
    return x > 0 ? (T)1 : x < 0 ? (T)-1 : x == 0 ? (T)0 : x;
}
template <typename T> __device__ __forceinline__ T xp_maximum(T a, T b) { return a != a || a >= b ? a : b; }
template <typename T> __device__ __forceinline__ T xp_minimum(T a, T b) { return a != a || a <= b ? a : b; }
template <typename T> __device__ __forceinline__ T xp_invert(T x) { return ~x; }
template <> __device__ __forceinline__ bool xp_invert<bool>(bool x) { return !x; }
__device__ __forceinline__ float xp_gamma(float x) { return tgammaf(x); }
__device__ __forceinline__ double xp_gamma(double x) { return tgamma(x); }
template <typename T> __device__ __forceinline__ T xp_remainder(T a, T b) {
    T r = (T)fmod(a, b);
    return r == 0 ? (T)copysign((T)0, b) : ((r < 0) != (b < 0)) ? r + b : r;
}
template <typename T> __device__ __forceinline__ T xp_floor_divide(T a, T b) {
    if (b == 0) return a / b;
    T r = (T)fmod(a, b), q = (a - r) / b;
    if (r != 0 && (r < 0) != (b < 0)) q -= 1;
    T whole = (T)floor(q);
    return q == 0 ? (T)copysign((T)0, a / b) : q - whole > (T)0.5 ? whole + 1 : whole;
}
template <typename T> __device__ __forceinline__ T xp_logaddexp(T a, T b) {
    if (a == b) return a + (T)0.6931471805599453;
    T high = xp_maximum(a, b);
    return high + (T)log1p(exp(-xp_absolute(a - b)));
}
template <typename T> __device__ __forceinline__ T xp_logaddexp2(T a, T b) {
    if (a == b) return a + 1;
    T high = xp_maximum(a, b);
    return high + (T)1.4426950408889634 * (T)log1p(exp2(-xp_absolute(a - b)));
}
template <typename T> __device__ __forceinline__ T xp_sinc(T x) {
    T u = (T)3.141592653589793 * x;
    return u == 0 ? (T)1 : (T)sin(u) / u;
}
"""


def _type(dtype: np.dtype) -> str:
    if dtype.name not in TYPES:
        raise EmitError(
            f"cuda: expected a dtype among {', '.join(TYPES)}; got {dtype}. Run this formula as CuPy calls."
        )
    return TYPES[dtype.name]


def literal(value: Any, dtype: np.dtype) -> str:
    """A Python number as a literal of this dtype.

    >>> literal(0.5, np.dtype("float32")), literal(3, np.dtype("float64")), literal(True, np.dtype("bool"))
    ('0.5f', '3.0', 'true')
    """
    kind = _type(dtype)
    if dtype.kind == "b":
        return "true" if value else "false"
    if dtype.kind in "iu":
        return f"({kind}){int(value)}"
    value = float(value)
    if math.isinf(value) or math.isnan(value):
        text = "(0.0 / 0.0)" if math.isnan(value) else "(1.0 / 0.0)" if value > 0 else "(-1.0 / 0.0)"
        return f"({kind}){text}"
    if dtype.name == "float32":
        return f"{float(np.float32(value))!r}f"
    return repr(value)


def _operand(value: Any, dtype: np.dtype) -> str:
    if not hasattr(value, "formula"):
        return literal(value, dtype)
    return value.name if value.dtype == dtype else f"({_type(dtype)}){value.name}"


def _expression(line: Any) -> str:
    operands = [_operand(o, d) for o, d in zip(line.operands, line.loop, strict=False)]
    name, dtype = line.function, line.loop[0]
    if name in INFIX:
        return f"{operands[0]} {INFIX[name]} {operands[1]}"
    if dtype.kind in "iu" and name in ("floor_divide", "remainder", "power"):
        raise EmitError(f"cuda: expected {name} of floating numbers; got {dtype}. Cast the operands first.")
    if name == "round":
        scale = literal(10.0 ** abs(line.operands[1]), dtype)
        rint = "rintf" if dtype.name == "float32" else "rint"
        up, down = ("*", "/") if line.operands[1] > 0 else ("/", "*")
        return f"{rint}({operands[0]} {up} {scale}) {down} {scale}"
    if name in TEMPLATES:
        return TEMPLATES[name].format(*operands, T=_type(line.out.dtype))
    if name in FUNCTIONS:
        return f"{FUNCTIONS[name]}{'f' if dtype.name == 'float32' else ''}({', '.join(operands)})"
    raise EmitError(
        f"cuda: expected a function that CUDA C has; got {name.removeprefix('special.')}. Run it as CuPy calls."
    )


def write_body(formula: Any) -> str:
    """The lines of a formula as declarations."""
    for parameter in formula.parameters:
        _type(parameter.dtype)
    return "\n".join(f"{_type(line.out.dtype)} {line.out.name} = {_expression(line)};" for line in formula.lines)


def write_kernel(formula: Any) -> str:
    """A formula as a kernel that computes element ``i`` of contiguous arrays in thread ``i``."""
    body = write_body(formula)
    arguments = [f"const {_type(p.dtype)}* {p.name}_" for p in formula.parameters]
    loads = [f"{_type(p.dtype)} {p.name} = {p.name}_[i];" for p in formula.parameters]
    stores = []
    for k, result in enumerate(formula.results):
        dtype = getattr(result, "dtype", np.dtype("float64"))
        arguments.append(f"{_type(dtype)}* result{k}_")
        stores.append(f"result{k}_[i] = {_operand(result, dtype)};")
    lines = "\n    ".join([*loads, *body.split("\n"), *stores])
    return (
        f'extern "C" __global__ void {formula.name}({", ".join([*arguments, "long long n"])}) {{\n'
        "    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;\n"
        "    if (i >= n) return;\n"
        f"    {lines}\n"
        "}\n"
    )


def write_elementwise(formula: Any) -> tuple[str, str, str]:
    """A formula as CuPy's ``ElementwiseKernel`` takes it: the inputs, the outputs, the operation on one element."""
    body = write_body(formula)
    inputs = ", ".join(f"{p.dtype.name} {p.name}" for p in formula.parameters)
    outputs = ", ".join(f"{result.dtype.name} out{k}" for k, result in enumerate(formula.results))
    stores = [f"out{k} = {_operand(result, result.dtype)};" for k, result in enumerate(formula.results)]
    return inputs, outputs, "\n".join([body, *stores])


def write_update(formula: Any, arrays: int, writes: Any) -> str:
    """A formula as a kernel that replaces element ``i`` of the arrays ``writes`` in thread ``i``."""
    body = write_body(formula)
    elements, numbers = formula.parameters[:arrays], formula.parameters[arrays:]
    arguments = [f"{'' if i in writes else 'const '}{_type(p.dtype)}* {p.name}_" for i, p in enumerate(elements)]
    arguments += [f"{_type(p.dtype)} {p.name}" for p in numbers]
    loads = [f"{_type(p.dtype)} {p.name} = {p.name}_[i];" for p in elements]
    # Not before all is read: a result may be the old value of another array.
    stores = [
        f"{elements[k].name}_[i] = {_operand(result, elements[k].dtype)};"
        for k, result in zip(writes, formula.results, strict=True)
    ]
    lines = "\n    ".join([*loads, *body.split("\n"), *stores])
    return (
        f'extern "C" __global__ void {formula.name}({", ".join([*arguments, "long long n"])}) {{\n'
        "    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;\n"
        "    if (i >= n) return;\n"
        f"    {lines}\n"
        "}\n"
    )
