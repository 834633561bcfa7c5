"""What is left when no model can run: pictures are compared by colours and perceptual hash.

It finds copies and pictures of like colours, and knows nothing of what they show: there is no
search by text and there are no tags in this space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from mammothbox.encoders.encoder import Encoder, Pixels, Vectors
from mammothbox.encoders.space import Space
from mammothbox.errors import Permanent
from mammothbox.media.looks import COLOURS, SHAPES, colours, shapes

SPACE = Space(
    "histogram", COLOURS + SHAPES, "colour histogram + pHash", weights_sha256="", reads_text=False
)


def open_histogram() -> Encoder:
    return Histogram()


@dataclass(frozen=True)
class Histogram:
    """The cosine is the mean of two: of the colours' (Hellinger) and of the hashes' likeness."""

    space: Space = SPACE

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        if not pictures:
            return np.empty((0, SPACE.dimension), np.float32)
        return np.stack([_vector(picture) for picture in pictures])

    def embed_texts(self, texts: Sequence[str]) -> NoReturn:
        raise Permanent(
            "no_text_in_space",
            "Without a model, pictures cannot be searched for by words. "
            "Restore models/builtin or run `make models`.",
        )


def _vector(picture: Pixels) -> Vectors:
    # Square roots of shares, and ones over the root of their number, are unit vectors.
    both = np.concatenate([np.sqrt(colours(picture)), shapes(picture) / np.sqrt(SHAPES)])
    unit: Vectors = (both / np.sqrt(2)).astype(np.float32)
    return unit
