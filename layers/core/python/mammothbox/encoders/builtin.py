"""The encoder that is always there: small, offline, committed with the code.

An image classifier and a sentence encoder brought into one space of 384 dimensions. It knows the
thousand everyday things its classifier was trained on and what words are near to them; for
anything finer there is CLIP. `models/builtin/README.md` has its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from pydantic import BaseModel, ConfigDict
from tokenizers import Tokenizer

from mammothbox.encoders.encoder import Encoder, Pixels, Vectors
from mammothbox.encoders.space import Space
from mammothbox.media.pixels import resize

MANIFEST = "manifest.json"
SETTINGS = "settings.json"
IMAGE_TOWER = "image.onnx"
TEXT_TOWER = "text.onnx"
TOKENIZER = "tokenizer.json"
# Pictures that run through the model together: more would be no faster and take more memory.
_AT_ONCE = 8


class Manifest(BaseModel):
    """What the files beside it are. `weights_sha256` is over the files' names and hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str
    dimension: int
    weights_sha256: str
    files: dict[str, str]

    def space(self) -> Space:
        name = f"builtin-{self.weights_sha256[:8]}"
        return Space(name, self.dimension, self.model, self.weights_sha256)


class ImageSettings(BaseModel):
    """How pixels become the image tower's input."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    short_side: int
    crop: int
    resample: Literal["bicubic", "bilinear"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class TextSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    most_tokens: int


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    image: ImageSettings
    text: TextSettings


def open_builtin(folder: Path, threads: int) -> Encoder:
    """The encoder whose files are in `folder`; reads no weights before its first use.

    The files are believed to be what their manifest says: the build has checked, and hashing
    them would cost every cold start. Raises `OSError` or `ValueError` when files are missing or
    are not what they should be.
    """
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    settings = Settings.model_validate_json((folder / SETTINGS).read_bytes())
    images = ImageTower(folder / IMAGE_TOWER, settings.image, threads)
    texts = TextTower(folder / TEXT_TOWER, folder / TOKENIZER, settings.text, threads)
    return Builtin(manifest.space(), images, texts)


@dataclass(frozen=True)
class Builtin:
    """See `mammothbox.encoders.encoder.Encoder`."""

    space: Space
    images: ImageTower
    texts: TextTower

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        if not pictures:
            return np.empty((0, self.space.dimension), np.float32)
        starts = range(0, len(pictures), _AT_ONCE)
        return np.concatenate(
            [self.images.embed(pictures[start : start + _AT_ONCE]) for start in starts]
        )

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.space.dimension), np.float32)
        return self.texts.embed(texts)


@dataclass(frozen=True)
class ImageTower:
    file: Path
    settings: ImageSettings
    threads: int

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return _session(self.file, self.threads)

    def embed(self, pictures: Sequence[Pixels]) -> Vectors:
        chosen = self.settings
        small = np.stack(
            [
                resize(
                    picture,
                    short_side=chosen.short_side,
                    crop=chosen.crop,
                    resample=chosen.resample,
                )
                for picture in pictures
            ]
        )
        scaled = (small - np.array(chosen.mean, np.float32)) / np.array(chosen.std, np.float32)
        pixels = np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
        vectors: Vectors = self._session.run(None, {"pixels": pixels})[0]
        return vectors


@dataclass(frozen=True)
class TextTower:
    file: Path
    tokenizer: Path
    settings: TextSettings
    threads: int

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return _session(self.file, self.threads)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self.tokenizer))
        tokenizer.enable_truncation(self.settings.most_tokens)
        tokenizer.enable_padding()
        return tokenizer

    def embed(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        tokens = {
            "ids": np.array([each.ids for each in encoded], np.int64),
            "mask": np.array([each.attention_mask for each in encoded], np.int64),
        }
        vectors: Vectors = self._session.run(None, tokens)[0]
        return vectors


def _session(file: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
