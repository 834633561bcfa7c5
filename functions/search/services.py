"""What the routes of search work with, built once per execution environment, on first use."""

from __future__ import annotations

from collections.abc import Sequence

from mammothbox.searching import known_words
from mammothbox.settings import ModelSettings, load
from mammothbox.web.services import database, derivative_address, download_address

__all__ = [
    "database",
    "derivative_address",
    "download_address",
    "embed_text",
    "is_known_word",
    "vector_of_picture",
]


def embed_text(space: str, text: str) -> Sequence[float]:
    """The vector of a text in the space of that name. The first one loads the model.

    Raises `Retryable` when the model is not here, and `Permanent` for a space that reads no text.
    """
    # Loads the libraries that run models: what is cached needs none of them.
    from mammothbox.searching import by_text  # noqa: PLC0415

    return by_text.embed(space, text)


def is_known_word(word: str) -> bool:
    """Whether it is a word that the builtin model knows. The first one loads its list."""
    return known_words.is_known(load(ModelSettings).models_folder, word)


def vector_of_picture(space: str, picture: bytes) -> str:
    """The vector of a picture in that space, in pgvector's text. Fails as `by_image.embed` does."""
    # Loads decoders and the image tower, which no other search needs.
    from mammothbox.searching import by_image  # noqa: PLC0415

    return str(by_image.embed(space, picture))
