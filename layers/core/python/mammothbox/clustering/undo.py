"""Taking a decision back, as long as no later one stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from mammothbox.catalog import assets, clusters, decisions, links, memberships
from mammothbox.catalog.connection import Database
from mammothbox.catalog.decisions import Recorded
from mammothbox.catalog.memberships import Membership
from mammothbox.clustering import verdicts
from mammothbox.clustering.acts import (
    Decided,
    refuse_if_linked_apart,
    refuse_if_parted,
)
from mammothbox.clustering.assign import confirm_if_grown
from mammothbox.clustering.decide import Act, By, Table, free_the_name, make_room, put_down, sitting
from mammothbox.clustering.linking import send_away
from mammothbox.errors import NotFound, Refused

Undo = Callable[[Table, Recorded], None]


def undo(database: Database, by: By, decision_id: UUID) -> Decided:
    """Put back what the decision changed, as a decision of its own.

    Raises `NotFound`, and `Refused` when it was undone before, or naming what depends on it.
    """
    with sitting(database, by) as table:
        found = decisions.get(table.connection, by.owner, decision_id)
        if found is None:
            raise NotFound("decision", decision_id)
        _refuse_unless_it_stands(table, found)
        UNDO[found.action](table, found)
        act = Act(
            "undo",
            touches=[],
            cluster_ids=found.cluster_ids,
            asset_ids=found.asset_ids,
            detail={"undone": found.action},
            undoes=found.id,
        )
        cluster_id = found.cluster_ids[0] if found.cluster_ids else None
        return Decided(put_down(table, act), cluster_id)


def _refuse_unless_it_stands(table: Table, decision: Recorded) -> None:
    if decision.undone_by is not None:
        raise Refused(409, "undone_before", f"It was undone by {decision.undone_by}.")
    if decision.undoes is not None or decision.action not in UNDO:
        raise Refused(409, "cannot_be_undone", "An undo is final: decide anew instead.")
    if later := decisions.depending(table.connection, table.owner, decision):
        named = ", ".join(f"{each.action} {each.id}" for each in later)
        raise Refused(409, "depended_on", f"Undo first what came later: {named}.")


def _rename(table: Table, decision: Recorded) -> None:
    (cluster_id,) = decision.cluster_ids
    name, source = decision.before["name"], decision.before["source"]
    # A machine may have given the name to another since; a hand's comes back all the same.
    if source == "hand":
        free_the_name(table, cluster_id, name, from_machines=True)
    else:
        name = clusters.free_name(table.connection, table.owner, name, itself=cluster_id)
    clusters.name(table.connection, table.owner, cluster_id, name, source=source)


def _confirm(table: Table, decision: Recorded) -> None:
    (cluster_id,) = decision.cluster_ids
    if clusters.where_merged(table.connection, table.owner, cluster_id) == cluster_id:
        clusters.set_status(table.connection, table.owner, cluster_id, decision.before["status"])
        confirm_if_grown(table.connection, table.place, cluster_id)
    _let_go(table, decision, cluster_id)


def _threshold(table: Table, decision: Recorded) -> None:
    (cluster_id,) = decision.cluster_ids
    cluster = clusters.get(table.connection, table.owner, table.place.edition, cluster_id)
    # In another space it counts no more, and neither does what was measured before in the old one.
    if cluster is not None and cluster.threshold_source == "hand":
        clusters.set_threshold(
            table.connection,
            table.owner,
            table.place.edition,
            cluster_id,
            decision.before["threshold"],
            source=decision.before["source"],
        )
    where = memberships.of_assets(
        table.connection, table.owner, table.place.edition, decision.asset_ids
    )
    home = clusters.where_merged(table.connection, table.owner, cluster_id)
    for each in where.values():
        if each.held or each.cluster_id == home:
            continue
        there = memberships.of_cluster(table.connection, table.owner, table.place.edition, home)
        # What has come in meanwhile may be what it cannot be with: then it stays away.
        if links.parting(table.connection, table.owner, [each.asset_id], there) is None:
            _put_back(table, [each.asset_id], each.cluster_id, home)


def _merge(table: Table, decision: Recorded) -> None:
    target, *_ = decision.cluster_ids
    # A rebuild may have led it on since.
    now = clusters.where_merged(table.connection, table.owner, target)
    begin = 0
    for source in decision.before["sources"]:
        source_id = UUID(source["id"])
        ids = decision.asset_ids[begin : begin + source["count"]]
        begin += source["count"]
        clusters.revive(table.connection, table.owner, source_id, source["status"])
        make_room(table, source_id, like=now)
        memberships.reclaim(table.connection, table.place, source=now, target=source_id)
        # In an edition that was made since they are on record where the merge had put them.
        _put_back(table, ids, now, source_id)
        if "held_at" in source:
            clusters.hold_since(table.connection, table.owner, source_id, _time(source["held_at"]))
    if now == target:
        clusters.set_status(table.connection, table.owner, target, decision.before["status"])
        confirm_if_grown(table.connection, table.place, target)
    _let_go(table, decision, target)


def _split(table: Table, decision: Recorded) -> None:
    origin, *made = decision.cluster_ids
    refuse_if_parted(table, decision.cluster_ids)
    if clusters.where_merged(table.connection, table.owner, origin) != origin:
        # Nothing of it was left for a rebuild but what had been split off.
        clusters.revive(table.connection, table.owner, origin, "confirmed")
    for one in made:
        make_room(table, origin, like=one)
        memberships.pour(table.connection, table.place, source=one, target=origin)
        clusters.set_status(table.connection, table.owner, one, "merged", merged_into=origin)
        clusters.hold_since(table.connection, table.owner, one, _time(decision.before["held_at"]))
    _let_go(table, decision, origin)


def _move(table: Table, decision: Recorded) -> None:
    """Each goes back where it was, or where that was merged into."""
    where = memberships.of_assets(
        table.connection, table.owner, table.place.edition, decision.asset_ids
    )
    for before in decision.before["members"]:
        now = where.get(UUID(before["id"]))
        if now is None:
            continue
        home = clusters.where_merged(table.connection, table.owner, UUID(before["cluster"]))
        if home != now.cluster_id:
            refuse_if_linked_apart(table, [now.asset_id], home)
            _put_back(table, [now.asset_id], now.cluster_id, home)
        memberships.set_pinned(
            table.connection,
            table.owner,
            table.place.edition,
            now.asset_id,
            pinned=before["pinned"],
            # It may have left and joined anew, and would be held no more by who held it before.
            joined_at=_time(before.get("joined_at")),
        )
    # What brought it into a new cluster, or apart from another, held nobody who was there.
    if "held_at" in decision.before:
        _let_go(table, decision, UUID(decision.detail["cluster"]))


def _link(table: Table, decision: Recorded) -> None:
    links.delete(table.connection, table.owner, UUID(decision.detail["link"]))
    _move(table, decision)


def _unlink(table: Table, decision: Recorded) -> None:
    before = decision.before
    link = links.Link(
        UUID(before["id"]), before["kind"], UUID(before["asset_a"]), UUID(before["asset_b"])
    )
    halves = [(table.owner, link.asset_a), (table.owner, link.asset_b)]
    if len(assets.on_record(table.connection, halves)) < len(halves):
        # One was purged meanwhile, and every link of it with it.
        return
    links.insert(table.connection, table.owner, link)
    where = memberships.of_assets(
        table.connection, table.owner, table.place.edition, [link.asset_a, link.asset_b]
    )
    if len(where) == len(halves):
        # Of the two, who is held where it is stays.
        stays, goes = sorted(where.values(), key=lambda each: (not each.held, each.asset_id))
        _obey(table, link, stays, goes)


def _obey(table: Table, link: links.Link, stays: Membership, goes: Membership) -> None:
    """Machines may have put the two together, or apart, while there was no link."""
    if (link.kind == "must") == (stays.cluster_id == goes.cluster_id):
        return
    bound = links.bound_to(table.connection, table.owner, [goes.asset_id])
    along = memberships.of_assets(table.connection, table.owner, table.place.edition, bound)
    if link.kind == "cannot":
        send_away(table, goes.asset_id, list(along), stays.cluster_id)
        return
    refuse_if_linked_apart(table, bound, stays.cluster_id)
    for each in along.values():
        if each.cluster_id != stays.cluster_id:
            _put_back(table, [each.asset_id], each.cluster_id, stays.cluster_id)


def _put_back(table: Table, asset_ids: Sequence[UUID], source: UUID, target: UUID) -> None:
    make_room(table, target, like=source)
    memberships.move(table.connection, table.place, asset_ids, source=source, target=target)


def _let_go(table: Table, decision: Recorded, cluster_id: UUID) -> None:
    """Whom it held there is held as before, unless a later one that stands holds them, too."""
    holding = decisions.holding(table.connection, table.owner, cluster_id)
    if any(each.stands for each in holding if each.number > decision.number):
        return
    before = decision.before["held_at"]
    for each in holding:
        if each.number < decision.number:
            if each.stands:
                break
            before = each.before.get("held_at", before)
    clusters.hold_since(table.connection, table.owner, cluster_id, _time(before))


def _time(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


# From an act's name to how it is taken back.
UNDO: Mapping[str, Undo] = {
    "rename": _rename,
    "confirm": _confirm,
    "threshold": _threshold,
    "merge": _merge,
    "split": _split,
    "move": _move,
    "link": _link,
    "unlink": _unlink,
    verdicts.CONFIRM: verdicts.undo_confirm,
    verdicts.DISMISS: verdicts.undo_dismiss,
}
