"""ONNX towers of ViT-B/32's shape with random weights, made without PyTorch."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from mammothbox.encoders.clip import (
    CONFIG,
    FILES,
    IMAGE_TOWER,
    PREPROCESSING,
    TEXT_TOWER,
    TOKENIZER,
)
from mammothbox.encoders.manifest import MANIFEST, Manifest
from onnx import TensorProto, helper

from models.builtin_source.graph import Floats, Graph
from models.clip_source.quantise import quantise
from models.clip_source.shorten import shorten

SIZE = 224
CONTEXT = 77
_PATCH = 32
_WORDS = 49408
_LAYERS = 12
_HEAD = 64
_DIMENSION = 512
_TINY = Path(__file__).parents[1] / "models" / "tiny_clip"


def install(folder: Path) -> Manifest:
    """Puts int8 towers into `folder` as `make models` would. Its tokenizer is a small one."""
    folder.mkdir()
    for write, tower in ((image_tower, IMAGE_TOWER), (text_tower, TEXT_TOWER)):
        whole = folder / f"whole.{tower}"
        write(whole)
        quantise(whole, folder / tower)
        whole.unlink()
    shorten(folder / TEXT_TOWER, folder / TEXT_TOWER)
    for name in (TOKENIZER, CONFIG):
        shutil.copy(_TINY / name, folder)
    settings = json.loads((_TINY / PREPROCESSING).read_bytes())
    (folder / PREPROCESSING).write_text(json.dumps({**settings, "size": SIZE}))
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    manifest = Manifest(
        prefix="clip-vit-b-32",
        model="ViT-B/32 with random weights",
        dimension=_DIMENSION,
        weights_sha256=hashlib.sha256(json.dumps(files).encode()).hexdigest(),
        files=files,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    return manifest


def image_tower(file: Path) -> None:
    """Writes 12 layers of width 768 over 49 patches and one more."""
    tower = _Tower(768)
    graph = tower.graph
    kernel = tower.random(tower.width, 3, _PATCH, _PATCH)
    patches = graph.node("Conv", "image", kernel, strides=[_PATCH, _PATCH])
    rows = graph.node("Reshape", patches, graph.indices(0, tower.width, -1))
    rows = graph.node("Transpose", rows, perm=[0, 2, 1])
    pictures = graph.node("Shape", rows, end=1)
    shape = graph.node("Concat", pictures, graph.indices(1, tower.width), axis=0)
    first = graph.node("Expand", tower.random(1, 1, tower.width), shape)
    value = graph.node("Concat", first, rows, axis=1)
    count = (SIZE // _PATCH) ** 2 + 1
    value = tower.norm(graph.node("Add", value, tower.random(count, tower.width)))
    for _ in range(_LAYERS):
        value = tower.layer(value)
    seen = graph.node("Gather", tower.norm(value), graph.constant(np.array(0, np.int64)), axis=1)
    _write(tower, seen, ("image", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE]), file)


def text_tower(file: Path) -> None:
    """Writes 12 layers of width 512 over 77 tokens, each of which sees only those before it."""
    tower = _Tower(512, np.triu(np.full((CONTEXT, CONTEXT), -1e9, np.float32), 1))
    graph = tower.graph
    value = graph.node("Gather", tower.random(_WORDS, tower.width), "text")
    value = graph.node("Add", value, tower.random(CONTEXT, tower.width))
    for _ in range(_LAYERS):
        value = tower.layer(value)
    # The token that ends a text has the highest number of all.
    end = graph.node("ArgMax", "text", axis=-1, keepdims=1)
    last = graph.node("GatherND", tower.norm(value), end, batch_dims=1)
    _write(tower, last, ("text", TensorProto.INT32, ["batch", CONTEXT]), file)


def _write(tower: _Tower, pooled: str, given: tuple[str, int, list[int | str]], file: Path) -> None:
    vector = tower.graph.node("MatMul", pooled, tower.random(tower.width, _DIMENSION))
    value = helper.make_tensor_value_info(*given)
    onnx.save(tower.graph.model(given[0], [value], {vector: ["batch", _DIMENSION]}), file)


@dataclass(frozen=True)
class _Tower:
    """Adds transformer layers as CLIP has them to a graph."""

    width: int
    mask: Floats | None = None
    graph: Graph = field(default_factory=Graph)
    numbers: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def random(self, *shape: int) -> str:
        values = self.numbers.standard_normal(shape, np.float32) * np.float32(0.03)
        return self.graph.constant(values)

    def norm(self, value: str) -> str:
        ones, zeros = np.ones(self.width, np.float32), np.zeros(self.width, np.float32)
        scale, bias = self.graph.constant(ones), self.graph.constant(zeros)
        return self.graph.node("LayerNormalization", value, scale, bias, axis=-1)

    def layer(self, value: str) -> str:
        value = self.graph.node("Add", value, self._attention(self.norm(value)))
        hidden = self._gelu(self._linear(self.norm(value), self.width * 4, self.width))
        return self.graph.node("Add", value, self._linear(hidden, self.width, self.width * 4))

    def _attention(self, value: str) -> str:
        node = self.graph.node
        queries, keys, values = (
            node("Transpose", self._heads(value), perm=perm)
            for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        )
        scores = node("MatMul", queries, keys)
        scores = node("Mul", scores, self.graph.constant(_HEAD**-0.5))
        if self.mask is not None:
            scores = node("Add", scores, self.graph.constant(self.mask))
        mixed = node("MatMul", node("Softmax", scores, axis=-1), values)
        joined = node("Transpose", mixed, perm=[0, 2, 1, 3])
        joined = node("Reshape", joined, self.graph.indices(0, 0, self.width))
        return self._linear(joined, self.width, self.width)

    def _heads(self, value: str) -> str:
        heads = self.graph.indices(0, 0, self.width // _HEAD, _HEAD)
        return self.graph.node("Reshape", self._linear(value, self.width, self.width), heads)

    def _linear(self, value: str, outputs: int, inputs: int) -> str:
        product = self.graph.node("MatMul", value, self.random(inputs, outputs))
        return self.graph.node("Add", product, self.random(outputs))

    def _gelu(self, value: str) -> str:
        node, constant = self.graph.node, self.graph.constant
        error = node("Erf", node("Mul", value, constant(0.5**0.5)))
        half = node("Mul", value, constant(0.5))
        return node("Mul", half, node("Add", error, constant(1.0)))
