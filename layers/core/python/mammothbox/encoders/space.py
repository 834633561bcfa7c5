"""What a space is: where vectors may be compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Space:
    """Vectors are comparable within one space and never between two.

    The name tells model and weights: other weights are another space.
    """

    name: str
    dimension: int
    model: str
    weights_sha256: str
    # Without texts there is no search by words, and there are no zero-shot tags.
    reads_text: bool = True
    # The first component of a vector that is of what the picture looks like; those before it are
    # what the model made of that.
    features_from: int = 0
