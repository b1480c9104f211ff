"""Reads pickles of tensors and plain values, by a list of its own of what they may name."""

import operator
import pickle
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

STATISTICS = ("current", "max", "mean", "min")
"""Methods of MMEngine's ``HistoryBuffer`` that a checkpoint names; none of them is called."""

DTYPES = (
    *("bfloat16", "bool", "complex64", "complex128", "float16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8"),
)
"""Element types of tensors by their names in ``torch``."""

KINDS = "biufc"
"""Kinds of NumPy's arrays that are read: plain numbers."""

_NAMES = (
    *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP", "MEMOIZE"),
    *("PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET"),
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
    *("LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES"),
    *("SHORT_BINBYTES", "BINBYTES8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("EMPTY_LIST", "LIST", "EMPTY_DICT", "DICT", "EMPTY_SET", "FROZENSET", "EMPTY_TUPLE"),
    *("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "ADDITEMS", "SETITEM"),
    *("SETITEMS", "GLOBAL", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD", "BINPERSID"),
)
OPCODES = tuple(getattr(pickle, name)[0] for name in _NAMES)
"""What a pickle may do. Left out is what builds objects by other ways than the last seven."""

_ndarray = object()  # stands for the name of NumPy's class, which is never called
_getattr = object()  # stands for the name of Python's function, which is never called


def _require(holds: bool, what: str) -> None:
    """Refuse what a file asks for."""
    if not holds:
        raise pickle.UnpicklingError(f"it has {what}")


def _latin1(text: str, encoding: str) -> bytes:
    """Bytes, which protocol 2 writes as text."""
    _require(type(text) is str and encoding == "latin1", f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


def _counter(counts: Mapping) -> Counter:
    """A ``Counter``, such as the milestones of a scheduler."""
    _require(type(counts) is dict, "a Counter of something else than a dict")
    return Counter(counts)


def _ordered(pairs: list | tuple = ()) -> OrderedDict:
    """An ``OrderedDict``."""
    _require(type(pairs) in (list, tuple), "an OrderedDict of something else than pairs")
    return OrderedDict(pairs)


def _plain(kind: type) -> Callable:
    """A type of Python, built of plain values alone."""

    def build(*arguments: Any) -> Any:
        plain = all(
            type(value) in (list, tuple, str, bytes, int, float, bool, type(None))
            for value in arguments
        )
        _require(plain, f"a {kind.__name__} of something else than plain values")
        return kind(*arguments)

    return build


def _tensor(
    storage: Any, offset: int, size: tuple, stride: tuple, requires_grad: bool = False, *rest: Any
) -> Tensor:
    """A tensor; no hooks and no metadata."""
    _require(isinstance(storage, torch.storage.TypedStorage), "a tensor without a storage")
    _require(not any(rest), "a tensor with hooks or attributes")
    for numbers in ((offset,), size, stride):
        _require(all(type(number) is int for number in numbers), "a tensor of odd shape")
    tensor = torch._utils._rebuild_tensor(storage, offset, tuple(size), tuple(stride))
    return tensor.requires_grad_(bool(requires_grad))


def _parameter(data: Tensor, requires_grad: bool, hooks: Any = None) -> nn.Parameter:
    """A parameter; no hooks."""
    _require(isinstance(data, Tensor) and not hooks, "a parameter with hooks or without values")
    return nn.Parameter(data, bool(requires_grad))


def _dtype(code: str, align: bool = False, copy: bool = True) -> np.dtype:
    """An element type of NumPy."""
    known = type(code) is str and code[:1] in KINDS and code[1:].isdigit()
    _require(known, f"an array of {code!r}")
    return np.dtype(code, copy=True)


def _empty_array(kind: object, shape: tuple, code: bytes | str) -> np.ndarray:
    """What NumPy pickles an array as, before its state is set."""
    _require(kind is _ndarray, "an array of another class than NumPy's own")
    return np.empty(0, np.int8)


def _scalar(dtype: np.dtype, content: bytes) -> np.generic:
    """A number of NumPy."""
    _require(type(content) is bytes and isinstance(dtype, np.dtype), "an odd number of NumPy")
    return np.frombuffer(content, dtype, count=1)[0]


def _statistic(owner: object, name: str) -> str:
    """What stands for ``getattr``: one of the few methods that a ``HistoryBuffer`` names."""
    known = owner is HistoryBuffer and name in STATISTICS
    _require(known, f"the attribute {name!r}, of which only HistoryBuffer's methods are read")
    return name


CALLS: dict[str, Callable] = {
    "_codecs.encode": _latin1,
    "builtins.bytearray": _plain(bytearray),
    "builtins.complex": _plain(complex),
    "builtins.frozenset": _plain(frozenset),
    "builtins.getattr": _statistic,
    "builtins.set": _plain(set),
    "builtins.slice": _plain(slice),
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "numpy.dtype": _dtype,
    "numpy._core.multiarray._reconstruct": _empty_array,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.multiarray._reconstruct": _empty_array,  # NumPy 1
    "numpy.core.multiarray.scalar": _scalar,
    "torch.Size": _plain(torch.Size),
    "torch.device": _plain(torch.device),
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
}
"""What a pickle may call, by name, and what is called in its place. Nothing else is."""

VALUES: dict[str, object] = {
    "mmengine.logging.history_buffer.HistoryBuffer": HistoryBuffer,
    "numpy.ndarray": _ndarray,
    **{f"torch.{name}": getattr(torch, name) for name in DTYPES},
}
"""What else a pickle may name."""

MODULES = {"__builtin__": "builtins"}
"""Modules that protocol 2 writes under the names of Python 2."""


def _set_order(target: OrderedDict, state: Any) -> None:
    """The versions of its layers, which a state dict brings."""
    _require(type(state) is dict and set(state) <= {"_metadata"}, "attributes of an OrderedDict")
    target.__dict__.update(state)


def _set_dtype(target: np.dtype, state: Any) -> None:
    """Byte order of an element type; nothing else."""
    _require(
        type(state) is tuple
        and state[1:2] in (("<",), (">",), ("|",), ("=",))
        and state[2:] in ((None, None, None, -1, -1, 0), (None, None, -1, -1, 0)),
        "an array of structures",
    )
    target.__setstate__(state)


def _set_array(target: np.ndarray, state: Any) -> None:
    """Shape, element type and content of an array."""
    _require(type(state) is tuple and len(state) == 5, "an odd array")
    _, shape, dtype, _, content = state
    _require(
        type(content) is bytes and isinstance(dtype, np.dtype) and dtype.kind in KINDS,
        "an array of objects",
    )
    _require(all(type(side) is int for side in shape), "an odd array")
    target.__setstate__(state)


def _set_history(target: HistoryBuffer, state: Any) -> None:
    """Logged values; the methods are MMEngine's own, whatever the file says."""
    _require(type(state) is dict, "an odd HistoryBuffer")
    for name in ("_log_history", "_count_history"):
        history = state.get(name)
        _require(isinstance(history, np.ndarray), f"a HistoryBuffer without an array {name}")
        setattr(target, name, history)
    target.max_length = operator.index(state["max_length"])


SETTERS: dict[type, Callable] = {
    OrderedDict: _set_order,
    np.ndarray: _set_array,
    HistoryBuffer: _set_history,
}
"""What sets the state of an object, by its type; for NumPy's element types `_set_dtype`."""


class Unpickler(pickle._Unpickler):
    """A machine that calls what :data:`CALLS` names, and nothing else.

    Neither PyTorch's nor MMEngine's list of allowed names is used: both have a function that hands
    out or calls whatever it is given.

    Raises:
        pickle.UnpicklingError: Of ``load``, if the pickle names anything else.
    """

    def find_class(self, module: str, name: str) -> object:
        """What stands for a name.

        Args:
            module (str): Module.
            name (str): Name in it.

        Returns:
            object: A function to call, or a value.
        """
        path = f"{MODULES.get(module, module)}.{name}"
        found = CALLS.get(path, VALUES.get(path))
        _require(found is not None, f"the name {path}, which is not among those that are read")
        return found

    def load_reduce(self) -> None:
        """Call a function of the list."""
        arguments = self.stack.pop()
        function = self.stack[-1]
        allowed = any(function is call for call in CALLS.values())
        _require(allowed and type(arguments) is tuple, "a call of what it holds itself")
        self.stack[-1] = function(*arguments)

    def load_newobj(self) -> None:
        """Make an empty ``HistoryBuffer``."""
        arguments = self.stack.pop()
        kind = self.stack.pop()
        _require(kind is HistoryBuffer and arguments == (), "an object of an unknown type")
        self.append(HistoryBuffer())

    def load_build(self) -> None:
        """Set the state of an object."""
        state = self.stack.pop()
        target = self.stack[-1]
        setter = _set_dtype if isinstance(target, np.dtype) else SETTERS.get(type(target))
        _require(setter is not None, f"a state of a {type(target).__name__}")
        setter(target, state)

    def load_binpersid(self) -> None:
        """Take a storage from the rest of the file."""
        identity = self.stack.pop()
        is_storage = type(identity) is tuple and identity[:1] in (("storage",), (b"storage",))
        _require(is_storage, "a reference to something else than a storage")
        self.append(self.persistent_load(identity))

    def load_other(self) -> None:
        """Refuse what builds objects in other ways."""
        _require(False, "an instruction that no file of weights needs")

    dispatch = {  # noqa: RUF012  pickle._Unpickler looks here for what an instruction does
        **dict.fromkeys(pickle._Unpickler.dispatch, load_other),
        **{code: pickle._Unpickler.dispatch[code] for code in OPCODES},
        pickle.REDUCE[0]: load_reduce,
        pickle.NEWOBJ[0]: load_newobj,
        pickle.BUILD[0]: load_build,
        pickle.BINPERSID[0]: load_binpersid,
    }


def load(file: BinaryIO, **options: str) -> object:
    """Read one pickle, as ``pickle.load``.

    Args:
        file (BinaryIO): An open file.
        **options (str): ``encoding`` of the strings of Python 2.

    Returns:
        object: What it holds.

    Raises:
        pickle.UnpicklingError: If it names what is not on the list.
    """
    return Unpickler(file, **options).load()
