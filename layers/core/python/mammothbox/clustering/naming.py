"""Names that people would give: what the members show, and where and when they were taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mammothbox.catalog import cluster_names, clusters
from mammothbox.catalog.cluster_names import Shows, Stale
from mammothbox.catalog.connection import Connection
from mammothbox.clustering import places

# A word is a cluster's name if so many of its members bear it.
_SHARE = 0.5
_MOST_LETTERS = 60
_NAMELESS = "Untitled"
# Tags about the picture and not about what it shows.
_FORMAL = frozenset({"portrait", "landscape", "panorama", "screenshot", "live", "burst", "square"})


def first_name(connection: Connection, owner: str, asset_id: UUID) -> str:
    """A name for a cluster of one asset, from as much as is known so early.

    Its place is told when it is named anew: nobody waits here until cities are loaded.
    """
    return suggest(cluster_names.of_assets(connection, owner, [asset_id]))


def rename_stale(connection: Connection, owner: str, edition: int, stale: Sequence[Stale]) -> int:
    """Name clusters anew that have grown since they were named; a hand's name stays."""
    for each in stale:
        shown = cluster_names.of_cluster(connection, owner, edition, each.cluster_id)
        name = suggest(shown, where(shown))
        clusters.name_by_machine(connection, owner, each.cluster_id, name, each.size)
    return len(stale)


def suggest(members: Sequence[Shows], place: str = "") -> str:
    """The word most members share, the place, and the day, month or years they were taken in."""
    word = _shared_word(members)
    when = _when([member.at for member in members if member.at is not None])
    if word.casefold() == place.casefold():
        word = ""
    return ", ".join(part for part in (word, place, when) if part) or _NAMELESS


def where(members: Sequence[Shows]) -> str:
    """The place that members share, if enough of them have one; else nothing is looked up."""
    points = [member.place for member in members if member.place is not None]
    return places.called(points) if len(points) >= _SHARE * len(members) else ""


def _shared_word(members: Sequence[Shows]) -> str:
    """The most telling label: the one most members bear, the more certain one of equals.

    When no label is shared by enough of them, the nearest thing that they are all kinds of.
    """
    for kinds in ([member.labels for member in members], [member.kinds for member in members]):
        bearers = Counter(
            label for labels in kinds for label in set(labels) if label not in _FORMAL
        )
        certainty = Counter[str]()
        for labels in kinds:
            certainty.update({label: score for label, score in labels.items()})
        ranked = sorted(bearers, key=lambda label: (-bearers[label], -certainty[label], label))
        if ranked and bearers[ranked[0]] >= _SHARE * len(members):
            found = ranked[0].replace("_", " ").strip()[:_MOST_LETTERS]
            return found[:1].upper() + found[1:]
    return ""


def _when(times: Sequence[datetime]) -> str:
    if not times:
        return ""
    first, last = min(times), max(times)
    if first.date() == last.date():
        return f"{first.day} {first:%B} {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%B} {first.year}"
    return str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
