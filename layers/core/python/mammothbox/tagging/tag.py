"""What a tag is, whoever gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["zero-shot", "caption", "metadata", "hand"]


@dataclass(frozen=True)
class Tag:
    """A word on an asset, and where it comes from.

    `hypernyms` are the names of what it is a kind of, nearest first, where that is known.
    They let an asset tagged "dog" be found under "animal"; they are no tags of their own and
    do not count among them.
    """

    label: str
    source: Source
    score: float | None = None
    hypernyms: tuple[str, ...] = ()
