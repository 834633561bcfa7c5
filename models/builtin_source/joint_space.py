"""One space of 384 dimensions for pictures and texts, made without looking at a single photo.

The first 256 dimensions are meaning. A picture's are the mean of its classes' vectors, weighted
by their probability; a text's are the sentence vector's, seen along the directions in which the
classes differ most. The last 128 are looks: the classifier's features along the directions in
which its classes differ most. A text has no looks, so these leave the order of pictures for a
text as it is; between two pictures they tell a copy from another picture of the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from models.builtin_source.class_vectors import Embed, class_vectors
from models.builtin_source.graph import Floats, Graph
from models.builtin_source.image_tower import add_features, add_logits
from models.builtin_source.packages import Wheel
from models.builtin_source.text_tower import add_sentence
from models.builtin_source.weights import Weights

MEANING = 256
_LOOKS = 128
DIMENSION = MEANING + _LOOKS
# A class counts with what its probability is above this; the rest is the classifier's doubt.
_DOUBT = 0.003
# So little of everything that it only speaks when no class is above the doubt.
_TRACE = 1e-4


@dataclass(frozen=True)
class Space:
    """From sentence vector to `meaning`, from features to `looks`; what the `classes` mean."""

    meaning: Floats
    looks: Floats
    classes: Floats


def joint_space(classifier: Floats, classes: Wheel, embed: Embed) -> Space:
    """`classifier` has one row of weights for each class."""
    vectors = class_vectors(classes, embed)
    meaning = _directions(vectors, MEANING)
    looks = _directions(classifier - classifier.mean(axis=0), _LOOKS)
    return Space(meaning, looks, vectors @ meaning)


def image_model(weights: Weights, space: Space, size: int) -> onnx.ModelProto:
    """Normalised pixels in, unit vectors out."""
    graph = Graph()
    features = add_features(graph, weights, "pixels", size)
    chance = graph.node("Softmax", add_logits(graph, weights, features), axis=1)
    sure = graph.node("Relu", graph.node("Sub", chance, graph.constant(_DOUBT)))
    share = graph.node("Add", sure, graph.node("Mul", chance, graph.constant(_TRACE)))
    meaning = graph.node("MatMul", share, graph.small(space.classes, axis=0))
    looks = graph.node("MatMul", features, graph.half(space.looks))
    both = graph.node("Concat", _unit(graph, meaning), _unit(graph, looks), axis=1)
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, size, size])
    return graph.model("image", [pixels], {_unit(graph, both): ["n", DIMENSION]})


def text_model(weights: Weights, space: Space, most_tokens: int) -> onnx.ModelProto:
    """Token ids and which of them are no padding in, unit vectors out."""
    graph = Graph()
    sentence = add_sentence(graph, weights, "ids", "mask", most_tokens)
    meaning = _unit(graph, graph.node("MatMul", sentence, graph.half(space.meaning)))
    vector = graph.node("Pad", meaning, graph.indices(0, 0, 0, _LOOKS))
    tokens = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "tokens"])
        for name in ("ids", "mask")
    ]
    return graph.model("text", tokens, {vector: ["n", DIMENSION]})


def _unit(graph: Graph, value: str) -> str:
    return graph.node("LpNormalization", value, axis=1, p=2)


def _directions(rows: Floats, count: int) -> Floats:
    """The orthogonal directions in which the rows differ most, one a column."""
    _left, _strength, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    kept = right[:count].T
    # A direction has no sign of its own: the largest part is made positive.
    largest = kept[np.abs(kept).argmax(axis=0), np.arange(count)]
    directions: Floats = (kept * np.sign(largest)).astype(np.float32)
    return directions
