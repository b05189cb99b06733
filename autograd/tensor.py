"""The Tensor: an array and its place in the graph.

Imports what it delegates to: ``ops``, ``views``, ``backward``, ``methods``.

``tensor(data)`` makes one from anything NumPy understands; ``Tensor(array)`` wraps an existing array without
copying; ``scalar(2.0)`` starts a graph of plain Python floats.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import backends
from autograd import backward as _backward
from autograd import views
from autograd.graph import FormerLeaf, GraphError, Leaf, Node, Pick, note_of
from autograd.methods import Methods
from autograd.mode import INSIDE_TRANSFORM
from autograd.numpy.common import as_dtype
from autograd.numpy.indexing import normalize_index
from autograd.ops import arithmetic, index, linalg
from autograd.plan import dispatch_on
from autograd.primitive import of
from autograd.protocols import Protocols
from autograd.show import show

__all__ = ["Tensor", "scalar", "tensor"]


@dispatch_on
class Tensor(Methods, Protocols):
    """An array of any backend, recorded where it needs a gradient.

    Args:
        data: an array of a backend (kept, not copied), a Tensor's array included.
        requires_grad: make it a leaf whose gradient ``.backward()`` leaves in ``.grad``.

    Raises:
        TypeError: ``data`` is not an array (use ``tensor(data)`` for lists), or is not of a float or complex
            dtype where a gradient is asked for.

    >>> import numpy as np
    >>> x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.], dtype=float64)
    """

    __slots__ = ("__weakref__", "_data", "_edge", "_family", "_grad", "_grad_owned", "_name", "_writes")

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        if data.__class__ is Tensor:
            data = data._data
        backends.of(data)
        self._data = data
        self._edge = None
        self._writes: list[str] | None = None
        self._family: Any = None
        if requires_grad:
            self.requires_grad_()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        raise TypeError(
            f"{cls.__name__}: expected a class that holds Tensors; got a subclass of Tensor. "
            "Dispatch is by exact type: keep the Tensor in an attribute."
        )

    # Used by primitives and the graph ----------------------------------------------------------------------

    @staticmethod
    def _wrap(data: Any, edge: Any = None) -> Tensor:
        """A Tensor over raw ``data`` on ``edge``, unchecked."""
        tensor = object.__new__(Tensor)
        tensor._data = data
        tensor._edge = edge
        tensor._writes = None
        tensor._family = None
        return tensor

    def _watch(self) -> list[str]:
        """The list that tells a graph whether this Tensor's memory was written since now."""
        return views.watch(self)

    def _link(self, source: Tensor, step: Any, options: dict[str, Any]) -> None:
        """Called by a view operation on its result: join the family where memory really is shared."""
        data = source._data
        if not views.shares_memory(self._data, data):
            array = backends.of(data).writable(data)
            if array is data:
                return
            # A view of NumPy's scalar, which has no memory to share: give it some, and look at that.
            source._data = array
            self._data = step.forward(backends.of(array).xp, array, **options)
        views.link(self, source, ((step, options),))

    def _retain(self, g: Any) -> None:
        """Called by the sweep for a Tensor that asked ``retain_grad()``."""
        g = g if g.__class__ is Tensor else Tensor._wrap(backends.of(g).copy(g))
        self._grad: Tensor | None = g if self.grad is None else self.grad + g
        self._grad_owned = False

    # What it holds -------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The array itself, shared; reading or writing it is not recorded, nor seen by the version check."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if value.__class__ is Tensor:
            value = value._data
        backends.of(value)
        views.leave(self)
        self._data = value
        leaf = self._edge
        if leaf.__class__ is Leaf:
            leaf.dtype = self.dtype
            if leaf.shape != self.shape:
                self._edge = Leaf(self, self.shape, self.dtype)
                self._edge.note = leaf.note
                leaf.__class__ = FormerLeaf  # so that a sweep of what was recorded before says what happened

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The size of each axis."""
        return getattr(self._data, "shape", ())

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:  # type: ignore[override]
        """The number of elements."""
        return getattr(self._data, "size", 1)

    @property
    def dtype(self) -> Any:
        """The dtype, as the array library has it; ``float`` for a scalar graph's values."""
        return getattr(self._data, "dtype", float)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return getattr(self._data, "itemsize", 8)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return getattr(self._data, "nbytes", 8)

    @property
    def device(self) -> str:  # type: ignore[override]
        """Where the array lives: ``"cpu"`` or ``"cuda:0"``."""
        return backends.of(self._data).device(self._data)

    @property
    def backend(self) -> backends.Backend:  # type: ignore[override]
        """The backend the array belongs to."""
        return backends.of(self._data)

    # Its gradient --------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded."""
        return self._edge is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make it a leaf that gets a gradient, or none; returns itself.

        Raises:
            TypeError: its dtype has no gradient (integers, booleans).
            GraphError: it is the result of a recorded operation, and the gradient is to be switched off.
        """
        if not requires_grad:
            if self._edge is not None and self._edge.__class__ is not Leaf:
                raise GraphError(
                    "requires_grad_: expected a leaf to switch off; got the result of a recorded operation. "
                    "Use x.detach() for a Tensor without its history."
                )
            self._edge = None
        elif self._edge is None:
            kind = getattr(self.dtype, "kind", "f")
            if kind in "biuOSUMm":
                raise TypeError(
                    f"requires_grad: expected a float or complex dtype; got {self.dtype}. "
                    "Cast it first, e.g. tensor(data, dtype=float)."
                )
            if self._family.__class__ is views.View:
                self._family = views.family_of(self)
            self._edge = Leaf(self, self.shape, self.dtype)
            self._grad = None
            self._grad_owned = False
            if (name := getattr(self, "_name", None)) is not None:
                note_of(self._edge).name = name
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it is not the result of a recorded operation."""
        return self._edge is None or self._edge.__class__ is Leaf

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by ``.backward()``: a Tensor of this shape, dtype and device, or None."""
        try:
            return self._grad
        except AttributeError:
            return None

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if value.__class__ is not Tensor:
                value = Tensor(value)
            if value.shape != self.shape:
                raise ValueError(
                    f"grad: expected shape {self.shape}; got {value.shape}. A gradient has its Tensor's shape."
                )
        self._grad = value
        self._grad_owned = False

    def zero_grad_(self) -> Tensor:
        """Forget the gradient (``.grad`` becomes None); returns itself."""
        self._grad = None
        self._grad_owned = False
        return self

    @property
    def grad_fn(self) -> Node | Pick | None:
        """The node it came from; None for leaves."""
        return None if self._edge.__class__ is Leaf else self._edge

    @property
    def name(self) -> str | None:
        """The name shown in graphs and errors."""
        if self._edge is not None and self._edge.note is not None and self._edge.note.name is not None:
            return self._edge.note.name
        return getattr(self, "_name", None)

    @name.setter
    def name(self, value: str | None) -> None:
        self._name = value
        if self._edge is not None:
            note_of(self._edge).name = value

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[Tensor] | None = None,
    ) -> None:
        """Accumulate the gradient of this Tensor into ``.grad`` of every leaf it was computed from.

        Args:
            gradient: the cotangent dL/d(self), of this shape; 1 for a single element.
            retain_graph: keep what the graph saved, so that it can be swept again (default: as ``create_graph``).
            create_graph: record the pass itself, so that ``.grad`` can be differentiated.
            inputs: accumulate only into these.

        Raises:
            GraphError: nothing was recorded, the graph was freed, or a saved value was written to since.

        >>> x = tensor(3.0, requires_grad=True)
        >>> y = x**2
        >>> y.backward(create_graph=True)
        >>> x.grad
        Tensor(6., dtype=float64, op=multiply)
        """
        _backward.backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """A Tensor over the same memory, without its history."""
        out = Tensor._wrap(self._data)
        if self.backend.owns_memory:
            out._data = views.memory(self)
            views.link(out, self, None)
        return out

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHook:
        """Call ``hook(grad)`` whenever this Tensor's gradient is computed; what it returns (not None) replaces it.

        Returns:
            A handle with ``.remove()``, also a context manager.
        """
        if self._edge is None:
            raise GraphError(
                "register_hook: expected a Tensor that requires a gradient; got one that does not. "
                "Call x.requires_grad_() first."
            )

        def adapted(g: Any) -> Any:
            recorded = g.__class__ is Tensor
            changed = hook(g if recorded else Tensor._wrap(g))
            if changed is None or recorded:
                return changed
            return changed._data if changed.__class__ is Tensor else changed

        return RemovableHook(note_of(self._edge), adapted)

    def retain_grad(self) -> Tensor:
        """Keep the gradient of this intermediate result in ``.grad``, too; returns itself."""
        if self._edge is None:
            raise GraphError(
                "retain_grad: expected a Tensor that requires a gradient; got one that does not. "
                "Compute it from a Tensor with requires_grad=True."
            )
        if self._edge.__class__ is not Leaf:
            note_of(self._edge).retain = weakref.ref(self)
        return self

    # Indexing --------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Tensor:
        return index.getitem(self, index=normalize_index(key, self))

    def __setitem__(self, key: Any, value: Any) -> None:
        key = normalize_index(key, self, value)
        try:
            self._set(key, value)
        except (IndexError, TypeError, ValueError) as error:
            raw = value._data if value.__class__ is Tensor else value
            raise index.write_error(error, self._data, raw, key) from error

    def _set(self, key: Any, value: Any) -> None:
        if value.__class__ is not Tensor and value.__class__ not in backends.BY_TYPE:
            value = self.backend.asarray(value)
        if not views.is_recorded(self, value):
            data = views.ready(self)
            index.index_update.primitive.bind(
                [data.__class__, (value._data if value.__class__ is Tensor else value).__class__]
            )
            data[key] = value._data if value.__class__ is Tensor else value
            views.mark_written(self, "setitem")
            return
        views.check_writable(self, "setitem")
        if index.is_basic(key):
            views.write(self, value, "setitem", ((of(index.getitem), {"index": key}),))
        else:
            views.write(self, index.index_update(self, value, index=key), "setitem")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: expected at least one axis; got a 0-d Tensor, which has no length. Use .size for 1.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iter: expected at least one axis; got a 0-d Tensor. Use .item() for its value.")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    # Operators ---------------------------------------------------------------------------------------------------

    __add__ = of(arithmetic.add).operator()
    __radd__ = of(arithmetic.add).operator(reflected=True)
    __sub__ = of(arithmetic.subtract).operator()
    __rsub__ = of(arithmetic.subtract).operator(reflected=True)
    __mul__ = of(arithmetic.multiply).operator()
    __rmul__ = of(arithmetic.multiply).operator(reflected=True)
    __truediv__ = of(arithmetic.divide).operator()
    __rtruediv__ = of(arithmetic.divide).operator(reflected=True)
    __floordiv__ = of(arithmetic.floor_divide).operator()
    __rfloordiv__ = of(arithmetic.floor_divide).operator(reflected=True)
    __mod__ = of(arithmetic.remainder).operator()
    __rmod__ = of(arithmetic.remainder).operator(reflected=True)
    __pow__ = of(arithmetic.power).operator()
    __rpow__ = of(arithmetic.power).operator(reflected=True)
    __matmul__ = of(linalg.matmul).operator()
    __rmatmul__ = of(linalg.matmul).operator(reflected=True)
    __neg__ = of(arithmetic.negative).operator()
    __pos__ = of(arithmetic.positive).operator()
    __abs__ = of(arithmetic.absolute).operator()
    __lt__ = of(arithmetic.less).operator()
    __le__ = of(arithmetic.less_equal).operator()
    __gt__ = of(arithmetic.greater).operator()
    __ge__ = of(arithmetic.greater_equal).operator()
    __eq__ = of(arithmetic.equal).operator()
    __ne__ = of(arithmetic.not_equal).operator()
    __hash__ = object.__hash__

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.add, operator.iadd, other)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.subtract, operator.isub, other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.multiply, operator.imul, other)

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.divide, operator.itruediv, other)

    def __ifloordiv__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.floor_divide, operator.ifloordiv, other)

    def __imod__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.remainder, operator.imod, other)

    def __ipow__(self, other: Any) -> Any:  # type: ignore[misc]
        return views.update(self, arithmetic.power, operator.ipow, other)

    def __imatmul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self @ other

    # Conversion --------------------------------------------------------------------------------------------------

    def item(self, *place: Any) -> Any:
        """The single element, or the one at ``place``, as a Python number (waits for the device)."""
        if place:
            return (self[place] if len(place) > 1 else self.ravel()[place[0]]).item()
        if self.size != 1:
            raise ValueError(f"item: expected one element; got shape {self.shape}. Index it first, e.g. x[0].item().")
        return self._data.item() if hasattr(self._data, "item") else self._data

    def numpy(self) -> Any:
        """The array on the host, sharing memory where it is there already.

        Raises:
            GraphError: it requires a gradient, which would be cut silently; use ``.detach().numpy()``.
        """
        if self._edge is not None:
            raise GraphError(
                "numpy: expected a Tensor without a gradient; got one that requires it, and the path would be cut "
                "silently. Use x.detach().numpy()."
            )
        return self.backend.to_numpy(self._data)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self.backend.to_numpy(self._data).tolist()

    def __bool__(self) -> bool:
        if getattr(self._data, "size", 1) != 1:
            raise ValueError(
                f"bool: expected one element; got shape {self.shape}. Say which is meant, with .any() or .all(); "
                "choose between elements with where(condition, a, b), and combine conditions with & and |."
            )
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self._number("complex"))

    def __index__(self) -> int:
        return operator.index(self.item())

    def _number(self, name: str) -> Any:
        """The value, for conversions that happen without being written: by ``math.sin(x)``, or ``array[0] = x``."""
        if self._edge is not None and INSIDE_TRANSFORM.get():
            raise GraphError(
                f"{name}: expected a Tensor without a gradient; got one that is being differentiated, and the path "
                "would be cut silently. Use autograd.numpy's functions in place of math's, and np.array([…]) of "
                "autograd.numpy in place of writing into a NumPy array; x.item() gives the number alone."
            )
        return self.item()

    def __repr__(self) -> str:
        return show(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)


class RemovableHook:
    """The handle of a registered hook: ``.remove()`` takes it off; a context manager does so at its end."""

    __slots__ = ("_hooks", "_key")

    def __init__(self, note: Any, hook: Callable[[Any], Any]) -> None:
        if note.hooks is None:
            note.hooks = {}
        self._hooks = note.hooks
        self._key = id(self)
        self._hooks[self._key] = hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHook:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, device: str | None = None) -> Tensor:
    """A new Tensor with a copy of ``data``, by NumPy's dtype rules, on the default backend or ``device``.

    Args:
        data: numbers, nested lists, an array of any backend, or a Tensor (its value, without history).
        dtype: NumPy's dtype; by default ``data``'s own (Python floats are float64).
        requires_grad: make it a leaf.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, or a backend's name; by default where ``data`` lives.

    Raises:
        TypeError: ``data`` is not numbers, or ``dtype`` is none.
        ValueError: lists of different lengths.
        BackendError: nothing serves the device here.

    >>> tensor([1.0, 2.0])
    Tensor([1., 2.], dtype=float64)
    >>> tensor([1, 2], dtype="float32", requires_grad=True)
    Tensor([1., 2.], dtype=float32, requires_grad=True)
    """
    if data.__class__ is Tensor:
        data = data._data
    source = backends.BY_TYPE.get(data.__class__)
    if device is not None:
        backend = backends.for_device(device)
    elif source is None or not source.owns_memory:
        backend = backends.default()
    else:
        backend = source
    if source is not None and source is not backend and source.owns_memory:
        data = source.to_numpy(data)
    try:
        array = backend.asarray(data, dtype=dtype, device=device)
    except (TypeError, ValueError) as error:
        raise _explained(error, data, dtype, requires_grad) from error
    if getattr(getattr(array, "dtype", None), "char", "d") in _NO_NUMBERS:
        raise TypeError(
            f"tensor: expected numbers; got {type(data).__name__} ({array.dtype}). Encode it as numbers first."
        )
    if array is data or getattr(array, "base", None) is not None:
        array = backend.copy(array)
    return Tensor(array, requires_grad)


# The letters of NumPy's dtypes for objects, text, records, dates and spans of time.
_NO_NUMBERS = "OSUVMm"


def _explained(error: Exception, data: Any, dtype: Any, requires_grad: bool) -> Exception:
    """The error of ``tensor`` where the array library refused: about the dtype, a list's form, or what is in it."""
    try:
        as_dtype(dtype)
    except TypeError:
        hint = "Did you mean requires_grad=True?" if dtype is True and not requires_grad else "Correct its name."
        return TypeError(f"tensor: expected a dtype such as 'float32'; got {dtype!r}. {hint}")
    if isinstance(error, ValueError) and "inhomogeneous" in str(error):
        return ValueError("tensor: expected lists of one length on each axis; got different ones. Pad or cut them.")
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"tensor: expected numbers; got {type(data).__name__} ({error}). Encode it as numbers first.")


def scalar(data: Any, requires_grad: bool = True) -> Tensor:
    """A node of a scalar graph: one Python float, with the same operators, functions and ``.backward()``.

    >>> a, b = scalar(2.0), scalar(-3.0)
    >>> (a * b + a).backward()
    >>> a.grad, b.grad
    (Tensor(-2.0), Tensor(2.0))

    Inside ``no_grad()``, ``a -= 0.1 * a.grad`` changes ``a``; elsewhere ``a += b`` is ``a = a + b``, as of numbers.
    """
    return Tensor(backends.get("scalar").asarray(data), requires_grad)
