"""all-MiniLM-L6-v2 as an ONNX graph, from its weights alone: BERT, mean over tokens, length one."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from models.builtin_source.graph import Graph
from models.builtin_source.weights import Weights

_HEADS = 12
_EPSILON = 1e-12
# Added to the attention to what is only padding: so little that its share is nil.
_NEVER = -10_000.0


def add_sentence(graph: Graph, weights: Weights, ids: str, mask: str, most_tokens: int) -> str:
    """The value with one unit vector for each row of token ids."""
    tower = _Tower(graph, weights)
    shown = graph.node("Cast", mask, to=TensorProto.FLOAT)
    hidden = graph.node("Sub", graph.constant(1.0), shown)
    hidden = graph.node("Unsqueeze", hidden, graph.indices(1, 2))
    hidden = graph.node("Mul", hidden, graph.constant(_NEVER))
    value = tower.embed(ids, most_tokens)
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        value = tower.layer(value, hidden, f"encoder.layer.{layer}.")
        layer += 1
    shown = graph.node("Unsqueeze", shown, graph.indices(2))
    total = graph.node("ReduceSum", graph.node("Mul", value, shown), graph.indices(1), keepdims=0)
    return graph.node("LpNormalization", total, axis=1, p=2)


class _Tower:
    def __init__(self, graph: Graph, weights: Weights) -> None:
        self._graph, self._weights = graph, weights
        self._width = weights["embeddings.LayerNorm.weight"].shape[0]

    def embed(self, ids: str, most_tokens: int) -> str:
        graph = self._graph
        words = self._rows("embeddings.word_embeddings.weight", ids)
        positions = self._weights["embeddings.position_embeddings.weight"][:most_tokens]
        length = graph.node("Slice", graph.node("Shape", ids), graph.indices(1), graph.indices(2))
        first = graph.node(
            "Slice", graph.half(positions), graph.indices(0), length, graph.indices(0)
        )
        kind = graph.constant(self._weights["embeddings.token_type_embeddings.weight"][0])
        value = graph.node("Add", graph.node("Add", words, first), kind)
        return self._norm(value, "embeddings.LayerNorm")

    def layer(self, value: str, hidden: str, prefix: str) -> str:
        graph = self._graph
        seen = self._linear(
            self._attention(value, hidden, f"{prefix}attention.self."),
            f"{prefix}attention.output.dense",
        )
        value = self._norm(graph.node("Add", seen, value), f"{prefix}attention.output.LayerNorm")
        wide = self._gelu(self._linear(value, f"{prefix}intermediate.dense"))
        narrow = self._linear(wide, f"{prefix}output.dense")
        return self._norm(graph.node("Add", narrow, value), f"{prefix}output.LayerNorm")

    def _attention(self, value: str, hidden: str, prefix: str) -> str:
        graph = self._graph
        each = self._width // _HEADS
        split = graph.indices(0, 0, _HEADS, each)
        query, key, kept = (
            graph.node("Reshape", self._linear(value, f"{prefix}{name}"), split)
            for name in ("query", "key", "value")
        )
        query = graph.node("Transpose", query, perm=[0, 2, 1, 3])
        key = graph.node("Transpose", key, perm=[0, 2, 3, 1])
        kept = graph.node("Transpose", kept, perm=[0, 2, 1, 3])
        score = graph.node("MatMul", query, key)
        score = graph.node("Mul", score, graph.constant(each**-0.5))
        share = graph.node("Softmax", graph.node("Add", score, hidden), axis=-1)
        together = graph.node("Transpose", graph.node("MatMul", share, kept), perm=[0, 2, 1, 3])
        return graph.node("Reshape", together, graph.indices(0, 0, self._width))

    def _rows(self, name: str, ids: str) -> str:
        """Rows looked up as int8 and scaled one by one: the table itself stays int8."""
        table = self._weights[name]
        scale = (np.abs(table).max(axis=1, keepdims=True) / 127).astype(np.float32)
        rounded = np.round(table / np.maximum(scale, 1e-12)).astype(np.int8)
        rows = self._graph.node("Gather", self._graph.constant(rounded), ids)
        scales = self._graph.node("Gather", self._graph.constant(scale), ids)
        rows = self._graph.node("Cast", rows, to=TensorProto.FLOAT)
        return self._graph.node("Mul", rows, scales)

    def _linear(self, value: str, name: str) -> str:
        matrix = self._graph.small(self._weights[f"{name}.weight"].T, axis=1)
        product = self._graph.node("MatMul", value, matrix)
        return self._graph.node("Add", product, self._graph.constant(self._weights[f"{name}.bias"]))

    def _norm(self, value: str, name: str) -> str:
        weight, bias = (
            self._graph.constant(self._weights[f"{name}.{part}"]) for part in ("weight", "bias")
        )
        return self._graph.node(
            "LayerNormalization", value, weight, bias, axis=-1, epsilon=_EPSILON
        )

    def _gelu(self, value: str) -> str:
        graph = self._graph
        bent = graph.node("Erf", graph.node("Mul", value, graph.constant(0.5**0.5)))
        bent = graph.node("Add", bent, graph.constant(1.0))
        return graph.node("Mul", graph.node("Mul", value, graph.constant(0.5)), bent)
