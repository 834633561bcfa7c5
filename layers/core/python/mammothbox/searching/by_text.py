"""From the text of a query to its vector. Loaded only for a text that was not asked before."""

from __future__ import annotations

from collections.abc import Sequence

from mammothbox import model_wiring
from mammothbox.errors import Permanent


def embed(space: str, text: str) -> Sequence[float]:
    """The vector of the text in the space of that name; the first one loads the text tower.

    Raises `Retryable` when the space's model is not here, and `Permanent` when it reads no text.
    """
    encoder = model_wiring.encoder(space)
    if not encoder.space.reads_text:
        raise Permanent("space_reads_no_text", f"The space {space} has pictures only.")
    vector: list[float] = encoder.embed_texts([text])[0].tolist()
    return vector
