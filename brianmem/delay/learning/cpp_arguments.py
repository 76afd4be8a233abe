"""Types of what Python passes to C++: NumPy arrays, and tuples as structs. See array.h."""

import ctypes
import operator
from collections.abc import Callable, Iterator

import numpy as np

INTEGERS = (ctypes.c_int64, ctypes.c_uint64)
NO_BYTES = ctypes.c_char * 0


def array(dtype: type, n_dim: int = 1) -> type[ctypes.Structure]:
    """The type of an array with this dtype and number of axes, Array<...> in C++.

    Passing another one raises TypeError, and so does one that is not in C's order or read-only.
    """
    dtype = np.dtype(dtype)

    class Array(ctypes.Structure):
        _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_int64), ("width", ctypes.c_int64)]

        @classmethod
        def from_param(cls, given):
            if given.dtype != dtype or given.ndim != n_dim:
                raise TypeError(
                    f"expected an array of {dtype} with {n_dim} axes, not of {given.dtype} with "
                    f"{given.ndim}"
                )
            # A fifth of the time of given.ctypes.data, and there are many calls.
            data = ctypes.addressof(NO_BYTES.from_buffer(given))
            return cls(data, given.shape[0], given.shape[1] if n_dim == 2 else 1)

    return Array


def record(*types: type) -> type[ctypes.Structure]:
    """The type of a tuple whose elements have these types; a struct with as many fields in C++."""
    converters = [_converter(kind) for kind in types]

    class Record(ctypes.Structure):
        _fields_ = [(f"_{k}", kind) for k, kind in enumerate(types)]

        @classmethod
        def from_param(cls, given):
            pairs = zip(converters, given, strict=True)
            return cls(*[convert(element) for convert, element in pairs])

        def __iter__(self) -> Iterator:
            return (getattr(self, name) for name, _ in self._fields_)

    return Record


def declare(library: ctypes.CDLL, name: str, result: type | None, *arguments: type) -> None:
    """Say what a function of a library takes and returns."""
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


def _converter(kind: type) -> Callable:
    if issubclass(kind, ctypes.Structure):
        return kind.from_param
    # C's integers take none of NumPy's, and no float may become one.
    return operator.index if kind in INTEGERS else lambda number: number
