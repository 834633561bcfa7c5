"""The vectors of the vocabulary's labels in a space: made once, by one worker, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mammothbox.catalog import label_vectors, spaces
from mammothbox.catalog.connection import Database
from mammothbox.catalog.embeddings import Floats
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.errors import NotItsTurn, Retryable
from mammothbox.tagging import zero_shot
from mammothbox.tagging.calibration import Calibration, uncalibrated
from mammothbox.tagging.vocabulary import Label, Vocabulary

# Kept together: a few seconds of work on a slow machine, which is all that a crash can undo.
_LABELS_AT_ONCE = 20
# What one more piece, and then the tags of an asset, may take.
_SPARE_S = 20


@dataclass(frozen=True)
class Labels:
    """The vocabulary's vectors in one space."""

    space: SpaceRow
    vectors: Vectors

    @property
    def calibration(self) -> Calibration:
        found = self.space.calibration
        return Calibration.model_validate(found) if found else uncalibrated(self.space.name)


@dataclass(frozen=True)
class LabelSource:
    """What labels are made of. `time_left` is the invocation's, in seconds."""

    database: Database
    encoder: Callable[[str], Encoder]
    vocabulary: Vocabulary
    time_left: Callable[[], float]


def labels_of(source: LabelSource, space_name: str) -> Labels:
    """The labels from the catalogue, made before if need be: one worker does, the others wait.

    What is made is kept piece by piece, so a crash or the end of the invocation costs one piece.
    Raises `NotItsTurn` when there is no time to make them or to wait, and `Retryable` for a
    space that is not on record.
    """
    with source.database.transaction() as connection:
        space = spaces.find(connection, space_name)
        if space is None:
            raise Retryable("unknown_space", f"The space {space_name} is not on record.")
        known = label_vectors.of_edition(connection, space.id, source.vocabulary.digest)
    if _missing(source.vocabulary, known):
        known = _completed(source, space)
    return Labels(space, np.stack([known[label.id] for label in source.vocabulary.sought]))


def _missing(vocabulary: Vocabulary, known: dict[str, Floats]) -> list[Label]:
    return [label for label in vocabulary.sought if label.id not in known]


def _completed(source: LabelSource, space: SpaceRow) -> dict[str, Floats]:
    """The vectors of all labels, on record when this returns."""
    database, digest = source.database, source.vocabulary.digest
    with database.transaction() as turn:
        label_vectors.wait_for_turn(turn, space.id, _time_to_spend(source))
        known = label_vectors.of_edition(turn, space.id, digest)
        for piece in _pieces(_missing(source.vocabulary, known)):
            _time_to_spend(source)
            made = zero_shot.label_vectors(source.encoder(space.name), piece)
            names = [label.id for label in piece]
            # Not in the transaction that has the turn, which ends with all pieces or none.
            with database.transaction() as connection:
                label_vectors.record(connection, space.id, digest, names, made)
            label_vectors.keep_turn(turn)
            known |= zip(names, made, strict=True)
    return known


def _time_to_spend(source: LabelSource) -> float:
    seconds = source.time_left() - _SPARE_S
    if seconds <= 0:
        raise NotItsTurn("labels_unfinished", "There was no time left to embed the labels.")
    return seconds


def _pieces(labels: Sequence[Label]) -> Iterator[Sequence[Label]]:
    for start in range(0, len(labels), _LABELS_AT_ONCE):
        yield labels[start : start + _LABELS_AT_ONCE]
