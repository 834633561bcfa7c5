"""What can be set about when documents get a table of their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Knobs:
    """The limits of `decide`. The shares are from 0 to 1."""

    max_top_level_keys: int = 20
    # In what share of the documents a field is, on the average of the top-level ones.
    stability: float = 0.6
    # What fewer documents have is not averaged: a sample would hardly know of it.
    rare: float = 0.01
    # What share of a field's values are of its main type, on the average.
    type_stability: float = 0.9
    max_depth: int = 2
    score: float = 0.85
    # What share of a field's values may be scalars of another type, or objects and arrays
    # among scalars, before it counts as one of two minds.
    stray_scalars: float = 0.05
    stray_containers: float = 0.0
    # So many indexes are suggested.
    indexes: int = 5


DEFAULTS = Knobs()
