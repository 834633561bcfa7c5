"""A pen for ONNX graphs: adds nodes and constants one after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.generic]
Floats = NDArray[np.float32]

_OPSET = 17
_IR_VERSION = 8


@dataclass
class Graph:
    """Nodes and constants in the order they were added; every method returns a value's name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, value: Array | float) -> str:
        """A constant of the value's own type; a bare float is float32."""
        array = np.float32(value) if isinstance(value, float) else value
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def indices(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        self.nodes.append(node)
        return name

    def small(self, weights: Floats, axis: int) -> str:
        """Weights kept as int8 with one scale for each slice along `axis`.

        They become float32 when the session opens, so the arithmetic stays float32 and a
        picture's vector does not depend on what else is in its batch.
        """
        others = tuple(at for at in range(weights.ndim) if at != axis)
        scale = np.maximum(np.abs(weights).max(axis=others, keepdims=True), 1e-12) / 127
        rounded = np.round(weights / scale).astype(np.int8)
        whole = self.node("Cast", self.constant(rounded), to=TensorProto.FLOAT)
        return self.node("Mul", whole, self.constant(scale.astype(np.float32)))

    def half(self, weights: Floats) -> str:
        """Weights kept as float16."""
        kept = self.constant(weights.astype(np.float16))
        return self.node("Cast", kept, to=TensorProto.FLOAT)

    def model(
        self, name: str, inputs: list[onnx.ValueInfoProto], outputs: dict[str, list[str | int]]
    ) -> onnx.ModelProto:
        """The checked model. `outputs` are values added before, with their shapes."""
        values = [
            helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)
            for value, shape in outputs.items()
        ]
        graph = helper.make_graph(self.nodes, name, inputs, values, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model
