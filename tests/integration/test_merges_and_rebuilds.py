"""Merges, by hands and by machines, beside undos and rebuilds: counts stay right, and so does who
decides where something is."""

from __future__ import annotations

from uuid import UUID

import pytest
from mammothbox.catalog import clusterings
from mammothbox.clustering import acts, linking
from mammothbox.clustering.rebuild import rebuild
from mammothbox.clustering.undo import undo

from tests.vector_library import SPACE, VectorLibrary

EAST, NORTH, UP = (1.0, 0.0), (0.0, 1.0), (0.0, 0.0, 1.0)
EASTISH, BETWEEN, FURTHER = (1.0, 0.5), (1.0, 0.45), (1.0, 0.9)
OTHER = "other-00000000"


def test_a_threshold_is_taken_back_after_its_cluster_was_merged(library: VectorLibrary) -> None:
    near, leaves, up = library.add(EAST), library.add(EASTISH), library.add(UP)
    cluster, into = library.home(near), library.home(up)
    threshold = acts.set_threshold(library.app, library.by, cluster, 0.99)
    acts.merge(library.app, library.by, into, [cluster])

    undo(library.app, library.by, threshold.decision_id)

    assert {library.home(each) for each in (near, leaves, up)} == {into}
    library.check_sums()
    for each in (near, leaves, up):
        library.purge(each)


def test_a_split_is_taken_back_after_a_rebuild_led_its_cluster_on(library: VectorLibrary) -> None:
    stays, split_off = library.add(EAST), library.add((1.0, 0.05))
    origin = library.home(stays)
    made = acts.split(library.app, library.by, origin, [split_off])
    late = library.add((1.0, -0.02))
    library.purge(stays)
    library.do("rebuild")

    undo(library.app, library.by, made.decision_id)

    assert library.home(split_off) == library.home(late) == origin


def test_a_machine_that_leads_a_cluster_on_holds_nothing_there(library: VectorLibrary) -> None:
    late, moved, east = library.add(NORTH), library.add(NORTH), library.add(EAST)
    held = library.home(east)
    acts.confirm(library.app, library.by, held)
    library.add_space(OTHER, {moved: EAST, east: EAST})
    library.do("rebuild")
    library.do("sweep")
    assert library.home(moved) == held

    library.embed_late(late, UP, OTHER)

    assert library.home(late) != held


def test_what_a_hand_merged_is_held_in_a_later_space(library: VectorLibrary) -> None:
    late, stays, east = library.add(NORTH), library.add(NORTH), library.add(EAST)
    target = library.home(east)
    acts.merge(library.app, library.by, target, [library.home(late)])
    library.add_space(OTHER, {stays: NORTH, east: EAST})
    library.do("rebuild")
    library.do("sweep")

    library.embed_late(late, UP, OTHER)

    assert {library.home(each) for each in (late, stays, east)} == {target}


def test_what_one_edition_empties_lives_on_in_the_other(library: VectorLibrary) -> None:
    first, other = library.add(EAST), library.add(FURTHER)
    cluster = library.home(first)
    pinned = library.add((1.0, -0.5))
    confirmed = acts.confirm(library.app, library.by, cluster)
    acts.move(library.app, library.by, pinned, None)
    acts.move(library.app, library.by, pinned, cluster)
    undo(library.app, library.by, confirmed.decision_id)
    while not in_phase(library, "tidy"):
        with library.worker.transaction() as connection:
            rebuild(connection, library.owner)
    library.purge(pinned)
    for _ in range(3):
        library.add(BETWEEN)

    library.do("consolidate")

    assert library.home(first) == library.home(other)
    library.check_sums()
    library.do("rebuild")


def in_phase(library: VectorLibrary, phase: str) -> bool:
    with library.worker.transaction() as connection:
        found = clusterings.get(connection, library.owner)
        return found is not None and found.building is not None and found.phase == phase


def test_a_long_chain_of_merges_can_be_led_on(library: VectorLibrary) -> None:
    """More than Postgres lets triggers call each other."""
    chain = [UUID(int=number) for number in range(1, 900)]
    library.rows(
        "INSERT INTO cluster (owner, id, name)"
        " SELECT 'ada', id, id::text FROM unnest(%(chain)s::uuid[]) id",
        chain=chain,
    )
    before, last = chain[:-1], chain[-1]
    for number in range(len(before) - 1, 0, -1):
        lead(library, before[number - 1], before[number])

    lead(library, before[-1], last)

    assert library.rows("SELECT DISTINCT root FROM cluster") == [{"root": last}]


def lead(library: VectorLibrary, cluster_id: UUID, into: UUID) -> None:
    library.rows(
        "UPDATE cluster SET status = 'merged', merged_into = %(into)s WHERE id = %(id)s",
        into=into,
        id=cluster_id,
    )


def test_copies_follow_what_consolidation_moves(library: VectorLibrary) -> None:
    library.add(EAST), library.add(FURTHER)
    for _ in range(3):
        library.add(BETWEEN)
    library.rows("DELETE FROM chore")

    library.do("consolidate")

    assert {row["name"] for row in library.rows("SELECT name FROM chore")} == {"place", "name"}


@pytest.mark.parametrize("swept", [True, False])
def test_what_came_home_meanwhile_is_no_new_cluster(library: VectorLibrary, swept: bool) -> None:
    """Back in an earlier space, a cluster that a hand held there stands where it stood."""
    held, *late = (library.add(EAST), library.add(UP), library.add(UP))
    home, others = library.home(held), library.home(late[0])
    acts.confirm(library.app, library.by, home)
    library.add_space(OTHER, dict.fromkeys(late, NORTH))
    library.do("rebuild")
    if swept:
        library.do("sweep")
    assert library.cluster_of(held) is None
    library.rows(
        "DELETE FROM embedding e USING embedding_space s WHERE s.id = e.space_id"
        " AND s.name = %(name)s AND e.asset_id = ANY(%(late)s)",
        name=SPACE.name,
        late=late,
    )
    for each in late:
        library.put_vector(each, EAST, SPACE.name)
    library.activate(SPACE.name)

    library.do("rebuild")

    assert {library.home(each) for each in (held, *late)} == {home}
    assert library.rows(
        "SELECT name FROM cluster WHERE id = %(id)s AND merged_into = %(to)s", id=others, to=home
    )
    library.check_sums()


def test_the_last_member_of_what_a_hand_named_or_shaped_stays_in_a_replay(
    library: VectorLibrary,
) -> None:
    named, wide, plain = library.add(EAST), library.add(NORTH), library.add(UP)
    before = [library.home(each) for each in (named, wide)]
    acts.rename(library.app, library.by, before[0], "Holiday")
    acts.set_threshold(library.app, library.by, before[1], 0.5)

    for each in (named, wide, plain):
        library.assign(each)

    assert [library.home(each) for each in (named, wide)] == before


def test_a_new_space_makes_nothing_of_what_hands_named(library: VectorLibrary) -> None:
    one, most = [library.add(EAST)], [library.add(NORTH) for _ in range(4)]
    few = [library.add(UP) for _ in range(2)]
    homes = [library.home(each[0]) for each in (one, few, most)]
    acts.rename(library.app, library.by, homes[0], "Holiday")
    acts.rename(library.app, library.by, homes[1], "Garden")
    # Of the three, which are one now, most members were in one that no hand named.
    library.add_space(OTHER, dict.fromkeys([*one, *few, *most], EAST))

    library.do("rebuild")

    assert {library.home(each) for each in one} == {homes[0]}
    assert {library.home(each) for each in (*few, *most)} == {homes[1]}
    library.do("consolidate")
    names = library.rows("SELECT name FROM cluster WHERE status <> 'merged'")
    assert [row["name"] for row in names if "Untitled" not in row["name"]] == ["Holiday", "Garden"]


def test_an_undo_lets_go_of_what_it_held_and_of_nothing_that_others_hold(
    library: VectorLibrary,
) -> None:
    first, moved, linked = library.add(EAST), library.add(UP), library.add(NORTH)
    cluster = library.home(first)
    move = acts.move(library.app, library.by, moved, cluster)
    confirmed = acts.confirm(library.app, library.by, cluster)
    _, link = linking.must(library.app, library.by, first, linked)
    assert set(library.held()) == {first, moved, linked}

    undo(library.app, library.by, move.decision_id)
    undo(library.app, library.by, confirmed.decision_id)
    assert set(library.held()) == {first, linked}

    undo(library.app, library.by, link.decision_id)
    assert library.held() == {}


def test_a_threshold_taken_back_in_another_space_is_none_of_the_old_one(
    library: VectorLibrary,
) -> None:
    asset = library.add(EAST)
    cluster = library.home(asset)
    decided = acts.set_threshold(library.app, library.by, cluster, 0.3)
    library.add_space(OTHER, {asset: EAST})
    library.rows(
        "UPDATE embedding_space SET calibration = '{\"cluster_threshold\": 0.5}'"
        " WHERE name = %(name)s",
        name=OTHER,
    )
    library.do("rebuild")

    undo(library.app, library.by, decided.decision_id)

    assert library.rows(
        "SELECT threshold FROM cluster_shape s JOIN clustering c USING (owner, edition)"
    ) == [{"threshold": 0.5}]


def test_a_name_is_taken_back_though_a_machine_gave_it_to_another_since(
    library: VectorLibrary,
) -> None:
    one = library.home(library.add(EAST))
    first = acts.rename(library.app, library.by, one, "Untitled 2")
    second = acts.rename(library.app, library.by, one, "Holiday")
    others = [library.home(library.add(direction)) for direction in (NORTH, UP)]
    assert names(library, one, *others) == ["Holiday", "Untitled", "Untitled 2"]

    undo(library.app, library.by, second.decision_id)
    assert names(library, one, *others) == ["Untitled 2", "Untitled", "Untitled 2 2"]

    undo(library.app, library.by, first.decision_id)
    assert names(library, one, *others) == ["Untitled 2", "Untitled", "Untitled 2 2"]
    assert library.rows("SELECT name FROM cluster WHERE name_source = 'hand'") == []


def test_what_nothing_is_left_of_keeps_its_name_from_nobody(library: VectorLibrary) -> None:
    only, there = library.add(EAST), library.add(UP)
    emptied, cluster = library.home(only), library.home(there)
    acts.rename(library.app, library.by, emptied, "Holiday")
    acts.move(library.app, library.by, only, cluster)

    acts.rename(library.app, library.by, cluster, "Holiday")

    assert names(library, cluster, emptied) == ["Holiday", "Holiday 2"]


def names(library: VectorLibrary, *cluster_ids: UUID) -> list[str]:
    found = library.rows("SELECT id, name FROM cluster WHERE owner = %(owner)s", owner="ada")
    by_id = {row["id"]: row["name"] for row in found}
    return [by_id[each] for each in cluster_ids]


def test_what_has_grown_since_it_was_confirmed_stays_a_cluster(library: VectorLibrary) -> None:
    cluster = library.home(library.add(EAST))
    confirmed = acts.confirm(library.app, library.by, cluster)
    for _ in range(2):
        library.add(EAST)

    undo(library.app, library.by, confirmed.decision_id)

    assert library.rows("SELECT status, held_at FROM cluster") == [
        {"status": "confirmed", "held_at": None}
    ]


def test_what_was_held_and_taken_out_is_held_again_when_that_is_undone(
    library: VectorLibrary,
) -> None:
    one, other = library.add(EAST), library.add(EAST)
    acts.confirm(library.app, library.by, library.home(one))
    held = library.held()

    alone = acts.move(library.app, library.by, one, None)
    undo(library.app, library.by, alone.decision_id)
    assert library.held() == held

    _, apart = linking.cannot(library.app, library.by, one, other)
    undo(library.app, library.by, apart.decision_id)
    assert library.held() == held
