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

import numpy as np
import onnxruntime
from pydantic import BaseModel, ConfigDict
from tokenizers import Tokenizer

from mammothbox.encoders.encoder import Encoder, Pixels, Vectors
from mammothbox.encoders.manifest import read_manifest
from mammothbox.encoders.onnx import ImageSettings, channels_first, in_batches, open_session
from mammothbox.encoders.space import Space

SETTINGS = "settings.json"
IMAGE_TOWER = "image.onnx"
TEXT_TOWER = "text.onnx"
TOKENIZER = "tokenizer.json"
# Pictures that run through the model together: more would be no faster and take more memory.
_AT_ONCE = 8


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
    space = read_manifest(folder).space()
    settings = Settings.model_validate_json((folder / SETTINGS).read_bytes())
    images = ImageTower(folder / IMAGE_TOWER, settings.image, threads)
    texts = TextTower(folder / TEXT_TOWER, folder / TOKENIZER, settings.text, threads)
    return Builtin(space, images, texts)


@dataclass(frozen=True)
class Builtin:
    """See `mammothbox.encoders.encoder.Encoder`."""

    space: Space
    images: ImageTower
    texts: TextTower

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        if not pictures:
            return np.empty((0, self.space.dimension), np.float32)
        return in_batches(self.images.embed, pictures, _AT_ONCE)

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
        return open_session(self.file, self.threads)

    def embed(self, pictures: Sequence[Pixels]) -> Vectors:
        pixels = channels_first(pictures, self.settings)
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
        return open_session(self.file, self.threads)

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
