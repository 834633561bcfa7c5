"""What people decide about pairs that look like the same picture, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from mammothbox.catalog import assets, clusterings, duplicates, lineage, searchables, unions
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.decisions import Recorded
from mammothbox.catalog.duplicates import Pair
from mammothbox.catalog.memberships import Place
from mammothbox.catalog.unions import Union
from mammothbox.clustering.decide import Act, By, Table, facets, put_down
from mammothbox.errors import NotFound, Refused

CONFIRM = "confirm_duplicate"
DISMISS = "dismiss_duplicate"


@dataclass(frozen=True)
class Verdict:
    """The decision, and the pair as it stands by now."""

    decision_id: UUID
    pair: Pair


def confirm(database: Database, by: By, pair_id: UUID, keep: UUID | None) -> Verdict:
    """The two are one picture: the kept one gets what it lacks, and the other yields to it.

    Without `keep` the suggested one is kept. Raises `NotFound`, and `Refused` for a pair that
    is decided, for one with a half in the trash, and when the kept one would yield to the other.
    """
    with _open_pair(database, by, pair_id) as (table, pair):
        keeper = keep or pair.suggested
        if keeper not in (pair.asset_a, pair.asset_b):
            raise Refused(422, "not_in_pair", "Keep one of the two objects of this pair.")
        yielding = pair.other_than(keeper)
        halves = _live_halves(table, pair)
        if duplicates.yields_to(table.connection, by.owner, keeper, yielding):
            raise Refused(
                409,
                "would_keep_nothing",
                f"The object {keeper} yields to the other one: keep that, or undo what was"
                " decided about them.",
            )
        unions.unite(table.connection, by.owner, Union(pair.id, keeper, yielding))
        # Ids only: what was united may have to be erased, and decisions stay for ever.
        told = {"pair": str(pair.id), "keep": str(keeper), "yields": str(yielding)}
        act = Act(
            CONFIRM,
            touches=[*facets("pair", pair.id), *facets("same", keeper, yielding)],
            detail=told,
        )
        decided = _decide(table, pair, act, keeper=keeper)
        _tell(table, halves, "asset.confirmed_duplicate", told)
        searchables.refresh_standing(table.connection, table.owner, [keeper])
        return decided


def dismiss(database: Database, by: By, pair_id: UUID) -> Verdict:
    """The two are different pictures, whatever machines find later. Raises as `confirm`."""
    with _open_pair(database, by, pair_id) as (table, pair):
        told = {"pair": str(pair.id), "halves": [str(pair.asset_a), str(pair.asset_b)]}
        act = Act(DISMISS, touches=facets("pair", pair.id), detail=told)
        return _decide(table, pair, act, keeper=None)


def undo_confirm(table: Table, decision: Recorded) -> None:
    """The pair is open again, and the keeper gives back what it got.

    If a half was purged meanwhile there is no pair any more; the keeper gives back all the same.
    """
    pair_id = UUID(decision.detail["pair"])
    halves = sorted(UUID(decision.detail[name]) for name in ("keep", "yields"))
    for each in halves:
        assets.lock(table.connection, table.owner, each)
    unions.separate(table.connection, table.owner, pair_id)
    reopened = duplicates.reopen(table.connection, table.owner, decision.id)
    there = [assets.get(table.connection, table.owner, each) for each in halves]
    told = {"pair": str(pair_id)}
    _tell(table, [each for each in there if each], "asset.undid_duplicate", told)
    # An heir of the bytes yielded in its place, perhaps.
    searchables.refresh_standing(table.connection, table.owner, sorted({*halves, *reopened}))


def undo_dismiss(table: Table, decision: Recorded) -> None:
    """The pair is open again, if both halves are still there."""
    duplicates.reopen(table.connection, table.owner, decision.id)


@contextmanager
def _open_pair(database: Database, by: By, pair_id: UUID) -> Iterator[tuple[Table, Pair]]:
    """A transaction in which the pair is nobody else's to decide about."""
    with database.transaction(by.owner) as connection:
        clustering = clusterings.lock(connection, by.owner)
        pair = duplicates.get(connection, by.owner, pair_id)
        if clustering is None or pair is None:
            _refuse_exact(connection, by.owner, pair_id)
            raise NotFound("duplicate", pair_id)
        if pair.state != "open":
            raise Refused(
                409, "already_decided", f"This pair was {pair.state}: undo {pair.decision} first."
            )
        place = Place(by.owner, clustering.edition, clustering.space_id)
        yield Table(connection, by, place), pair


def _refuse_exact(connection: Connection, owner: str, asset_id: UUID) -> None:
    asset = assets.get(connection, owner, asset_id)
    if asset is not None and asset.duplicate_of is not None:
        raise Refused(
            409, "exact_duplicate", "The two have the same bytes: there is nothing to decide."
        )


def _live_halves(table: Table, pair: Pair) -> list[Asset]:
    """Both halves, locked. Raises `Refused` when one is in the trash."""
    for each in (pair.asset_a, pair.asset_b):
        assets.lock(table.connection, table.owner, each)
    halves = [
        assets.get(table.connection, table.owner, each) for each in (pair.asset_a, pair.asset_b)
    ]
    live = [half for half in halves if half is not None and half.trashed_at is None]
    if len(live) < len(halves):
        raise Refused(409, "in_trash", "One of the two is in the trash: restore it first.")
    return live


def _decide(table: Table, pair: Pair, act: Act, *, keeper: UUID | None) -> Verdict:
    decision_id = put_down(table, act)
    duplicates.decide(table.connection, table.owner, pair.id, decision_id, keeper=keeper)
    decided = duplicates.get(table.connection, table.owner, pair.id)
    if decided is None:
        raise NotFound("duplicate", pair.id)
    return Verdict(decision_id, decided)


def _tell(table: Table, halves: Sequence[Asset], event: str, detail: dict[str, str]) -> None:
    by = {"actor": table.by.actor, "request_id": table.by.request_id}
    entries = [replace(lineage.about(half, event, **by), detail=detail) for half in halves]
    lineage.record(table.connection, *entries)
