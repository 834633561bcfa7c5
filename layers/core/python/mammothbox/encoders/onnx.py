"""What encoders that run ONNX models share: sessions, pictures as input, and batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from mammothbox.encoders.encoder import Pixels, Vectors
from mammothbox.media.pixels import resize

Input = TypeVar("Input")


class ImageSettings(BaseModel):
    """How pixels become an image tower's input. `mean` and `std` are of values up to 255."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    short_side: int
    crop: int
    resample: Literal["bicubic", "bilinear"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def open_session(file: Path, threads: int) -> onnxruntime.InferenceSession:
    """The model in `file`, to be run on this many threads of the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def channels_first(pictures: Sequence[Pixels], settings: ImageSettings) -> NDArray[np.float32]:
    """The pictures resized, cropped and scaled: picture x channel x row x column."""
    small = np.stack(
        [
            resize(
                picture,
                short_side=settings.short_side,
                crop=settings.crop,
                resample=settings.resample,
            )
            for picture in pictures
        ]
    )
    scaled = (small - np.array(settings.mean, np.float32)) / np.array(settings.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def in_batches(
    embed: Callable[[Sequence[Input]], Vectors], inputs: Sequence[Input], at_once: int
) -> Vectors:
    """The vectors of all inputs, of which there is at least one, `at_once` to a run."""
    starts = range(0, len(inputs), at_once)
    return np.concatenate([embed(inputs[start : start + at_once]) for start in starts])
