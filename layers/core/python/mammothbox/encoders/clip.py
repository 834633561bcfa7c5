"""CLIP: pictures and texts in one space, learnt from billions of captioned pictures.

`make models` puts it into `models/clip/`. How pixels and texts become input is read from the
model's own files, as its authors published them.
"""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import ftfy
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from tokenizers import Encoding, Tokenizer

from mammothbox.encoders.encoder import Encoder, Pixels, Vectors
from mammothbox.encoders.manifest import read_manifest
from mammothbox.encoders.onnx import ImageSettings, channels_first, in_batches, open_session
from mammothbox.encoders.space import Space

IMAGE_TOWER = "image.onnx"
TEXT_TOWER = "text.onnx"
PREPROCESSING = "preprocess_cfg.json"
TOKENIZER = "tokenizer.json"
CONFIG = "config.json"
FILES = (IMAGE_TOWER, TEXT_TOWER, PREPROCESSING, TOKENIZER, CONFIG)
# Pictures or texts that run together: more would be no faster and take more memory.
_AT_ONCE = 8
_CONTEXT_LENGTH = 77


class Preprocessing(BaseModel):
    """open_clip's `preprocess_cfg.json`. What cannot be followed exactly is refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    size: int | tuple[int, int] = 224
    mode: Literal["RGB"] = "RGB"
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    resize_mode: Literal["shortest"] = "shortest"

    def settings(self) -> ImageSettings:
        """Raises `ValueError` when the model wants pictures that are not square."""
        height, width = (self.size, self.size) if isinstance(self.size, int) else self.size
        if height != width:
            raise ValueError(f"{PREPROCESSING}: {height} x {width} is no square")
        red, green, blue = self.mean
        reds, greens, blues = self.std
        return ImageSettings(
            short_side=height,
            crop=height,
            resample=self.interpolation,
            mean=(red * 255, green * 255, blue * 255),
            std=(reds * 255, greens * 255, blues * 255),
        )


def open_clip(folder: Path, threads: int) -> Encoder:
    """The encoder whose files are in `folder`; reads no weights before its first use.

    Raises `OSError` or `ValueError` when files are missing or are not what they should be.
    """
    space = read_manifest(folder).space()
    images, texts = open_towers(folder, threads)
    return Clip(space, images, texts)


def open_towers(folder: Path, threads: int) -> tuple[ImageTower, TextTower]:
    """Both towers of a folder that need not have a manifest yet. Raises as `open_clip` does."""
    chosen = Preprocessing.model_validate_json((folder / PREPROCESSING).read_bytes())
    config = json.loads((folder / CONFIG).read_bytes())
    length = int(config.get("text_cfg", {}).get("context_length", _CONTEXT_LENGTH))
    images = ImageTower(folder / IMAGE_TOWER, chosen.settings(), threads)
    return images, TextTower(folder / TEXT_TOWER, folder / TOKENIZER, length, threads)


@dataclass(frozen=True)
class Clip:
    """See `mammothbox.encoders.encoder.Encoder`."""

    space: Space
    images: ImageTower
    texts: TextTower

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        if not pictures:
            return np.empty((0, self.space.dimension), np.float32)
        return self.images.embed(pictures)

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
        return in_batches(self._run, pictures, _at_once(self._session))

    def _run(self, pictures: Sequence[Pixels]) -> Vectors:
        return _unit(self._session, channels_first(pictures, self.settings))


@dataclass(frozen=True)
class TextTower:
    file: Path
    tokenizer: Path
    context_length: int
    threads: int

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self.file, self.threads)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self.tokenizer))
        # The token that ends a text stays: the model reads the text's vector off it.
        tokenizer.enable_truncation(self.context_length)
        tokenizer.enable_padding(length=self.context_length, pad_id=0)
        # Or a text that spells out that token would end there.
        tokenizer.encode_special_tokens = True
        return tokenizer

    def tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """One row of token ids for each text, as the model was trained with."""
        return np.array([each.ids for each in self._encoded(texts)], np.int64)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Texts of one length run together, so that a vector owes nothing to what is beside it."""
        encoded = self._encoded(texts)
        vectors: dict[int, Vectors] = {}
        for length, places in self._by_length(encoded).items():
            rows = [encoded[place].ids[:length] for place in places]
            made = in_batches(self._run, rows, _at_once(self._session))
            vectors |= dict(zip(places, made, strict=True))
        return np.stack([vectors[place] for place in range(len(texts))])

    def _encoded(self, texts: Sequence[str]) -> list[Encoding]:
        return self._tokenizer.encode_batch([_clean(text) for text in texts])

    def _by_length(self, encoded: Sequence[Encoding]) -> dict[int, list[int]]:
        """Which texts have how many tokens; as many as the tower takes, if it takes no fewer."""
        length = self._session.get_inputs()[0].shape[1]
        places: dict[int, list[int]] = defaultdict(list)
        for place, each in enumerate(encoded):
            places[length if isinstance(length, int) else sum(each.attention_mask)].append(place)
        return places

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        kind = self._session.get_inputs()[0].type
        return _unit(self._session, np.array(rows, np.int32 if "int32" in kind else np.int64))


def _clean(text: str) -> str:
    """What every caption went through in training."""
    # A lone surrogate is no text; files and forms may hold some all the same.
    sound = text.encode("utf-8", "replace").decode("utf-8")
    plain = html.unescape(html.unescape(ftfy.fix_text(sound)))
    return " ".join(plain.split()).lower()


def _at_once(session: onnxruntime.InferenceSession) -> int:
    """As many inputs to a run as the model was made for, if it was made for so many only."""
    batch = session.get_inputs()[0].shape[0]
    return batch if isinstance(batch, int) else _AT_ONCE


def _unit(session: onnxruntime.InferenceSession, rows: NDArray[np.generic]) -> Vectors:
    """The first output for these rows, each of length one."""
    vectors: Vectors = session.run(None, {session.get_inputs()[0].name: rows})[0]
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
