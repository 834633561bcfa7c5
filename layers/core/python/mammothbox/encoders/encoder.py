"""What an encoder is: pictures and texts become vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mammothbox.encoders.space import Space

__all__ = ["Encoder", "Pixels", "Space", "Vectors"]

# Rows of red, green and blue: height x width x 3.
Pixels = NDArray[np.uint8]
# One unit vector a row.
Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Loads nothing before its first use."""

    @property
    def space(self) -> Space: ...

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        """One unit vector per picture, in their order; as few runs as memory allows."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, in their order."""
        ...
