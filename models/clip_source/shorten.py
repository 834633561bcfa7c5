"""Text towers that read a text as long as it is, not filled up to 77 tokens.

A tower's graph has the length that its model was trained with in many places. But each token of
CLIP's sees only those before it, so what stands behind the end of a text is work for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

# Names in the graph, such as no exporter gives.
_OURS, _INSTEAD = "mammothbox.length", "mammothbox.instead"
_LENGTH = f"{_OURS}.list"
_LENGTH_ALONE = f"{_OURS}.number"
_BEGIN = f"{_OURS}.begin"
_DIMENSION = "tokens"


@dataclass
class _Added:
    """What is put before the nodes of a graph, and what they take instead of what."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    instead: dict[str, str] = field(default_factory=dict)

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def indices(self, name: str, *indices: int) -> str:
        return self.constant(name, np.array(indices, np.int64))

    def node(self, operation: str, inputs: list[str], output: str) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [output]))
        return output


def shorten(source: Path, target: Path) -> None:
    """Writes the tower in `source` to `target`, changed so that it takes texts of any length.

    Wherever its graph has the length as a number, or a table that is as long, it takes that of the
    text. Whether its vectors stay the same is for the caller to see. Raises `ValueError` when the
    graph does not say how long texts are.
    """
    model = onnx.load(source)
    graph = model.graph
    length = _length(graph)
    _name_constants(graph)
    added = _measured(graph.input[0].name)
    for constant in graph.initializer:
        if length in constant.dims:
            _cut(constant, length, added)
        elif constant.data_type == onnx.TensorProto.INT64:
            _count(constant, length, added)
    for node in graph.node:
        node.input[:] = [added.instead.get(name, name) for name in node.input]
    graph.initializer.extend(added.constants)
    _put_nodes(graph, [*added.nodes, *graph.node])
    _forget_length(graph, length)
    onnx.save(model, target)


def _length(graph: onnx.GraphProto) -> int:
    dimensions = graph.input[0].type.tensor_type.shape.dim
    length = dimensions[1].dim_value if len(dimensions) > 1 else 0
    if not length:
        raise ValueError("the text tower does not say how many tokens it takes")
    return length


def _name_constants(graph: onnx.GraphProto) -> None:
    """Constants that are nodes become what other constants are, so that anything may take them."""
    nodes = []
    for node in graph.node:
        told = {each.name: each for each in node.attribute}
        if node.op_type == "Constant" and "value" in told:
            tensor = graph.initializer.add()
            tensor.CopyFrom(told["value"].t)
            tensor.name = node.output[0]
        else:
            nodes.append(node)
    _put_nodes(graph, nodes)


def _measured(tokens: str) -> _Added:
    """The length of the texts of a run, as a list and as a number."""
    added = _Added()
    shape = added.node("Shape", [tokens], f"{_OURS}.shape")
    added.node("Gather", [shape, added.indices(f"{_OURS}.second", 1)], _LENGTH)
    alone = added.constant(f"{_OURS}.alone", np.array(1, np.int64))
    added.node("Gather", [shape, alone], _LENGTH_ALONE)
    added.indices(_BEGIN, 0)
    return added


def _cut(table: onnx.TensorProto, length: int, added: _Added) -> None:
    """A table of positions, or of which of them sees which: as much of it as there are tokens."""
    cut = table.name
    for axis in (axis for axis, size in enumerate(table.dims) if size == length):
        name = f"{_INSTEAD}.{table.name}.{axis}"
        at = added.indices(f"{name}.axis", axis)
        cut = added.node("Slice", [cut, _BEGIN, _LENGTH, at], name)
    added.instead[table.name] = cut


def _count(numbers: onnx.TensorProto, length: int, added: _Added) -> None:
    """Numbers of which one is the length, as shapes have it: with that of the texts."""
    is_length = numpy_helper.to_array(numbers) == length
    if not is_length.any():
        return
    if not is_length.shape:
        added.instead[numbers.name] = _LENGTH_ALONE
        return
    name = f"{_INSTEAD}.{numbers.name}"
    where = added.constant(f"{name}.where", is_length)
    added.instead[numbers.name] = added.node("Where", [where, _LENGTH, numbers.name], name)


def _put_nodes(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    # Emptied before it is filled, the graph takes its own nodes with it.
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)


def _forget_length(graph: onnx.GraphProto, length: int) -> None:
    """What the graph says of shapes, which is true of the fixed length alone."""
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_value == length:
                dimension.dim_param = _DIMENSION
