"""The sentence encoder as it was published, for what the build itself has to read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from models.builtin_source.class_vectors import Embed
from models.builtin_source.graph import Graph
from models.builtin_source.text_tower import add_sentence
from models.builtin_source.weights import Weights

_AT_ONCE = 64


def sentence_embedder(weights: Weights, tokenizer: bytes, most_tokens: int) -> Embed:
    graph = Graph()
    vector = add_sentence(graph, weights, "ids", "mask", most_tokens)
    width = weights["embeddings.LayerNorm.weight"].shape[0]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "tokens"])
        for name in ("ids", "mask")
    ]
    model = graph.model("sentences", inputs, {vector: ["n", width]})
    session = onnxruntime.InferenceSession(model.SerializeToString())
    words = Tokenizer.from_buffer(tokenizer)
    words.enable_truncation(most_tokens)
    words.enable_padding()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.concatenate(
            [_run(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
        )

    def _run(texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = words.encode_batch(list(texts))
        tokens = {
            "ids": np.array([each.ids for each in encoded], np.int64),
            "mask": np.array([each.attention_mask for each in encoded], np.int64),
        }
        found: NDArray[np.float32] = session.run(None, tokens)[0]
        return found

    return embed
