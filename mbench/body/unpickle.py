"""Pickled SMPL files, read without running code and without chumpy.

A pickle names the classes and functions that rebuild its objects; loading one with `pickle.load` runs them. Here a
name is looked up in a short list: numpy's arrays are themselves, sparse matrices and chumpy objects become inert
stand-ins that only keep their state, and every other name is refused.
"""

from __future__ import annotations

import collections
import copyreg
import io
import pickle
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mbench.errors import FormatError, one_line


class _StandIn:
    """Keeps the state of an object whose class is not loaded."""

    def __init__(self, *args: Any) -> None:
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Chumpy(_StandIn):
    """An array of chumpy: `x` of a plain one, `a`, `idxs` and `preferred_shape` of a selection."""


class _Select(_Chumpy):
    """A selection of another array's entries, reshaped."""


class _Sparse(_StandIn):
    """A compressed sparse matrix of scipy: data, indices, indptr and shape."""


class _Csr(_Sparse):
    pass


class _Csc(_Sparse):
    pass


def _empty(*_: Any) -> NDArray[Any]:
    """Return the empty array that a pickled array is filled into, whatever size the pickle asks for."""
    return np.ndarray(0, dtype="b")


def _scalar(kind: np.dtype[Any], data: bytes) -> Any:
    """Return a pickled number."""
    return np.frombuffer(data, dtype=kind, count=1)[0]


def _from_buffer(data: bytes, kind: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"]) -> NDArray[Any]:
    """Return an array that was pickled as its bytes."""
    return np.frombuffer(data, dtype=kind).reshape(shape, order=order)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Return the bytes that pickles of protocol 2 hold as text."""
    return text.encode("latin1" if encoding == "latin1" else "utf-8")


def _allowed() -> dict[tuple[str, str], Any]:
    """Return what a name in a pickle stands for."""
    known: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _encode,
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("collections", "deque"): collections.deque,
    }
    for core in ("numpy.core", "numpy._core"):
        known[f"{core}.multiarray", "_reconstruct"] = _empty
        known[f"{core}.multiarray", "scalar"] = _scalar
        known[f"{core}.numeric", "_frombuffer"] = _from_buffer
    for builtin in ("builtins", "__builtin__"):
        known |= {(builtin, kind.__name__): kind for kind in (object, set, frozenset)}
    for module in ("copyreg", "copy_reg"):
        known[module, "_reconstructor"] = copyreg._reconstructor  # type: ignore[attr-defined]
    for name, stand_in in (("csc", _Csc), ("csr", _Csr)):
        for module in (f"scipy.sparse.{name}", f"scipy.sparse._{name}"):
            known |= {(module, f"{name}_{kind}"): stand_in for kind in ("matrix", "array")}
    return known


class _Unpickler(pickle.Unpickler):
    """Looks names up in `_allowed`; all of chumpy becomes stand-ins."""

    def __init__(self, file: io.BufferedIOBase, path: Path) -> None:
        super().__init__(file, encoding="latin1")
        self._path, self._names = path, _allowed()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._names:
            return self._names[module, name]
        if module.split(".")[0] == "chumpy":
            return _Select if name == "Select" else _Chumpy
        raise FormatError(
            f"{self._path}: the pickle refers to {module}.{name}, which is not loaded since it could run code; "
            "SMPL files hold arrays only"
        )


def read_pickle(path: Path, keys: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Return arrays of a pickled SMPL file; chumpy objects and sparse matrices become plain arrays.

    Args:
        path: the file.
        keys: which of its entries are wanted; absent ones are left out.

    Raises:
        FormatError: it refers to anything but arrays, is damaged, or an entry is no array.
    """
    try:
        with path.open("rb") as file:
            content = _Unpickler(file, path).load()
    except (FormatError, OSError):
        raise
    except Exception as error:  # damaged pickles raise whatever the stand-ins and numpy raise for nonsense
        raise FormatError(f"{path}: is damaged or no pickle ({one_line(error)[:120]})") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path}: holds a {type(content).__name__}; expected a dict of arrays")
    return {key: _array(content[key], key, path) for key in keys if key in content}


def _array(value: Any, key: str, path: Path) -> NDArray[Any]:
    """Return an entry as a plain array."""
    try:
        return _plain(value)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: {key} can't be read as an array ({one_line(error)})") from error


def _plain(value: Any) -> NDArray[Any]:
    """Return an array, or what a stand-in stands for."""
    convert: Mapping[type, Callable[[Any], NDArray[Any]]] = {_Select: _selection, _Csc: _dense, _Csr: _dense}
    if isinstance(value, _Chumpy) and not isinstance(value, _Select):
        return _plain(value.state["x"])
    if type(value) in convert:
        return convert[type(value)](value)
    if not isinstance(value, np.ndarray):
        raise TypeError(f"it is a {type(value).__name__}")
    return value


def _selection(value: _Select) -> NDArray[Any]:
    """Return the entries that a chumpy selection takes."""
    state = value.state
    return _plain(state["a"]).ravel()[_plain(state["idxs"])].reshape(_shape(state["preferred_shape"]))


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in shape)


def _dense(value: _Sparse) -> NDArray[Any]:
    """Return a sparse matrix as a dense array; its indices are checked first, since scipy's code trusts them."""
    from scipy.sparse import csc_matrix, csr_matrix

    state = value.state
    shape = _shape(state.get("_shape", state.get("shape")))
    if shape[0] * shape[1] > 10**8:
        raise ValueError(f"a sparse matrix of shape {shape} is too large for a body")
    kind = csc_matrix if isinstance(value, _Csc) else csr_matrix
    matrix = kind((state["data"], state["indices"], state["indptr"]), shape=shape)
    matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray())
