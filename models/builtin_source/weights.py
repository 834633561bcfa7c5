"""Reads published weights without PyTorch, and without running what a pickle may carry."""

from __future__ import annotations

import json
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]

# PyTorch's format of 2020: pickles, then every storage's raw bytes in the order of the last one.
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_TYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype(np.float32),
    "LongStorage": np.dtype(np.int64),
}


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in its storage; offset and strides count elements.

    The strides matter: weights that came from TensorFlow lie there transposed.
    """

    storage: str
    type: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(content: bytes) -> Weights:
    """The float tensors of a state dict. Raises `ValueError` on any other content."""
    file = BytesIO(content)
    if _Pickle(file).load() != _MAGIC or _Pickle(file).load() != _PROTOCOL:
        raise ValueError("not a state dict in PyTorch's format of 2020")
    _Pickle(file).load()  # which machine wrote it
    tensors: dict[str, _Tensor] = _Pickle(file).load()
    keys: list[str] = _Pickle(file).load()
    types = {tensor.storage: tensor.type for tensor in tensors.values()}
    storages = {key: _storage(file, _TYPES[types[key]]) for key in keys}
    return {
        name: _cut(storages[tensor.storage], tensor)
        for name, tensor in tensors.items()
        if tensor.type == "FloatStorage"
    }


def read_safetensors(content: bytes) -> Weights:
    """The float32 tensors of a safetensors file."""
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    body = memoryview(content)[8 + length :]
    return {
        name: np.frombuffer(body[slice(*at["data_offsets"])], np.float32).reshape(at["shape"])
        for name, at in header.items()
        if at.get("dtype") == "F32"
    }


class _Pickle(pickle.Unpickler):
    """Knows dictionaries and tensors, and refuses to make anything else."""

    def find_class(self, module: str, name: str) -> Callable[..., Any] | str:
        if module == "torch" and name in _TYPES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        raise ValueError(f"a state dict has no use for {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        _storage_word, type_, key, *_ = pid
        return key, type_


def _rebuild(
    storage: tuple[str, str],
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *_: object,
) -> _Tensor:
    """Stands in for PyTorch's function of this name."""
    key, type_ = storage
    return _Tensor(key, type_, offset, shape, strides)


def _storage(file: BytesIO, type_: np.dtype[Any]) -> NDArray[Any]:
    (count,) = struct.unpack("<q", file.read(8))
    return np.frombuffer(file.read(count * type_.itemsize), type_)


def _cut(storage: NDArray[Any], tensor: _Tensor) -> NDArray[np.float32]:
    """Copies the tensor out. numpy would read past the storage if told to, so that is checked."""
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((count - 1) * stride for count, stride in steps)
    if not 0 <= tensor.offset <= last < len(storage):
        raise ValueError("a tensor reaches out of its storage")
    return as_strided(
        storage[tensor.offset :],
        tensor.shape,
        [stride * storage.itemsize for stride in tensor.strides],
        writeable=False,
    ).copy()
