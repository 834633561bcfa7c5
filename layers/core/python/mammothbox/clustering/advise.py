"""Looks through the largest clusters for what a hand might want to merge or split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from mammothbox.catalog import neighbourhoods, suggestions
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.memberships import Place
from mammothbox.catalog.suggestions import Candidate, Suggestion
from mammothbox.clustering.assignment import unit
from mammothbox.clustering.neighbours import near_pairs
from mammothbox.clustering.suggestions import MARGIN, merge_suggestions, split_suggestion
from mammothbox.ids import new_id

_LOOKED_AT = 300
_LOOSEST = 10
_MOST_MEMBERS = 1000
_MOST_MERGES = 50


def advise(connection: Connection, place: Place, threshold: float) -> None:
    """Put down what is to be suggested now, in place of what was."""
    largest = suggestions.candidates(connection, place, _LOOKED_AT)
    merges = list(_merges(connection, place, largest, threshold))
    splits = list(_splits(connection, place, largest, threshold))
    suggestions.replace(connection, place.owner, [*merges[:_MOST_MERGES], *splits])


def _merges(
    connection: Connection, place: Place, largest: Sequence[Candidate], threshold: float
) -> Iterator[Suggestion]:
    if not largest:
        return
    totals = [np.array(each.total, np.int64) for each in largest]
    centroids = unit(np.stack(totals).astype(np.float64))
    pairs = near_pairs(centroids, np.ones(len(largest), bool), threshold - MARGIN)
    at = {each.id: number for number, each in enumerate(largest)}
    families = suggestions.split_families(connection, place.owner)
    never = {
        (min(at[one], at[other]), max(at[one], at[other]))
        for family in families
        for one, other in combinations([each for each in family if each in at], 2)
    }
    sizes = [each.size for each in largest]
    for merge in merge_suggestions(pairs, totals, sizes, threshold, never):
        yield Suggestion(
            new_id(),
            "merge",
            [largest[merge.one].id, largest[merge.other].id],
            merge.linkage,
            threshold,
            {"between_middles": merge.similarity, "sizes": [sizes[merge.one], sizes[merge.other]]},
        )


def _splits(
    connection: Connection, place: Place, largest: Sequence[Candidate], threshold: float
) -> Iterator[Suggestion]:
    loose = [
        each
        for each in largest
        if each.tightness is not None and not each.held and each.size <= _MOST_MEMBERS
    ]
    for cluster in sorted(loose, key=lambda each: each.tightness or 0)[:_LOOSEST]:
        members = neighbourhoods.members(connection, place, [cluster.id], [])
        found = split_suggestion(np.stack([member.vector for member in members]), threshold)
        if found is not None:
            yield Suggestion(
                new_id(),
                "split",
                [cluster.id],
                found.linkage,
                threshold,
                {
                    "sizes": np.bincount(found.parts).tolist(),
                    "tightness": found.tightness,
                    "tightness_apart": found.tightness_apart,
                },
            )
