"""EfficientNet-Lite2 as an ONNX graph, from its weights alone.

Every convolution takes in the batch normalisation that follows it, with the running statistics:
there is no training mode to forget about.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.builtin_source.graph import Floats, Graph
from models.builtin_source.weights import Weights

# Blocks of each stage and the stride of its first block: those of Lite0 times the depth of 1.2
# (rounded up), save the first and the last stage.
_STAGES = ((1, 1), (3, 2), (3, 2), (4, 2), (4, 1), (5, 2), (1, 1))
_EPSILON = 1e-3
# Kernels up to this many weights are kept as float16, larger ones as int8: the first layers weigh
# little and lose the most.
_SMALL = 60_000


def add_features(graph: Graph, weights: Weights, pixels: str, size: int) -> str:
    """The value with the 1280 features of each picture: `size` pixels square, channels first."""
    tower = _Tower(graph, weights, size)
    value = tower.convolution(pixels, "_conv_stem", "_bn0", stride=2)
    for block, stride in enumerate(_strides()):
        value = tower.block(value, f"_blocks.{block}.", stride)
    value = tower.convolution(value, "_conv_head", "_bn1")
    tower.check_all_used()
    return graph.node("Flatten", graph.node("GlobalAveragePool", value))


def add_logits(graph: Graph, weights: Weights, features: str) -> str:
    matrix = graph.small(weights["_fc.weight"].T, axis=1)
    return graph.node("Gemm", features, matrix, graph.constant(weights["_fc.bias"]))


def _strides() -> Iterator[int]:
    for blocks, stride in _STAGES:
        yield from (stride, *[1] * (blocks - 1))


class _Tower:
    """Adds convolutions one upon another and knows how large the picture has become."""

    def __init__(self, graph: Graph, weights: Weights, size: int) -> None:
        self._graph, self._size = graph, size
        self._weights = {name: value for name, value in weights.items() if name[:3] != "_fc"}
        self._used: set[str] = set()
        self._bounds = graph.constant(0.0), graph.constant(6.0)

    def block(self, value: str, prefix: str, stride: int) -> str:
        before = value
        if f"{prefix}_expand_conv.weight" in self._weights:
            value = self.convolution(value, f"{prefix}_expand_conv", f"{prefix}_bn0")
        channels = len(self._weights[f"{prefix}_depthwise_conv.weight"])
        value = self.convolution(
            value, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride, groups=channels
        )
        value = self._linear(value, f"{prefix}_project_conv", f"{prefix}_bn2")
        if stride == 1 and self._keeps_width(prefix):
            value = self._graph.node("Add", value, before)
        return value

    def convolution(
        self, value: str, kernel: str, norm: str, stride: int = 1, groups: int = 1
    ) -> str:
        value = self._linear(value, kernel, norm, stride, groups)
        return self._graph.node("Clip", value, *self._bounds)

    def check_all_used(self) -> None:
        if unused := set(self._weights) - self._used:
            raise ValueError(f"weights with no place in this architecture: {sorted(unused)}")

    def _linear(self, value: str, kernel: str, norm: str, stride: int = 1, groups: int = 1) -> str:
        weights = self._take(f"{kernel}.weight")
        scale = self._take(f"{norm}.weight") / np.sqrt(
            self._take(f"{norm}.running_var") + np.float32(_EPSILON)
        )
        bias = self._take(f"{norm}.bias") - self._take(f"{norm}.running_mean") * scale
        folded = weights * scale[:, None, None, None]
        kept = (
            self._graph.half(folded) if folded.size <= _SMALL else self._graph.small(folded, axis=0)
        )
        before, after = self._padding(weights.shape[2], stride)
        return self._graph.node(
            "Conv",
            value,
            kept,
            self._graph.constant(bias),
            kernel_shape=list(weights.shape[2:]),
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )

    def _padding(self, kernel: int, stride: int) -> tuple[int, int]:
        """TensorFlow's `SAME`: what is odd goes to the right and the bottom."""
        smaller = -(-self._size // stride)
        total = max((smaller - 1) * stride + kernel - self._size, 0)
        self._size = smaller
        return total // 2, total - total // 2

    def _keeps_width(self, prefix: str) -> bool:
        wide = self._weights[f"{prefix}_project_conv.weight"].shape
        expand = self._weights.get(f"{prefix}_expand_conv.weight")
        return bool(wide[0] == (wide[1] if expand is None else expand.shape[1]))

    def _take(self, name: str) -> Floats:
        self._used.add(name)
        return self._weights[name]
