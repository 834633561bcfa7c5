"""Clusters open and grow by themselves, and people correct them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from mammothbox.catalog import clusterings, clusters
from mammothbox.clustering import acts, linking
from mammothbox.clustering.rebuild import rebuild
from mammothbox.clustering.undo import undo
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id

from tests.vector_library import DIMENSION, VectorLibrary

EAST, NORTH, UP = (1.0, 0.0), (0.0, 1.0), (0.0, 0.0, 1.0)
EASTISH, NORTHISH = (1.0, 0.2), (0.2, 1.0)
BETWEEN, FURTHER = (1.0, 0.45), (1.0, 0.9)


def why(library: VectorLibrary, asset_id: UUID) -> dict[str, Any]:
    """What is told of why the asset is where it is."""
    (row,) = library.rows(
        "SELECT similarity, threshold, runner_up, runner_up_similarity FROM membership"
        " WHERE asset_id = %(id)s",
        id=asset_id,
    )
    return row


def test_what_is_alike_is_together_and_the_rest_is_not(library: VectorLibrary) -> None:
    one, other, third = library.add(EAST), library.add(EASTISH), library.add(NORTH)

    assert library.clusters() == [{one, other}, {third}]


def test_among_many_clusters_the_nearest_is_found(library: VectorLibrary) -> None:
    """Among more of them than have their centroids compared."""
    random = np.random.default_rng(11)
    directions = random.normal(size=(400, DIMENSION))
    first = [library.add(direction.tolist()) for direction in directions]
    opened = {library.home(each) for each in first}
    assert len(opened) > 100
    near = directions[:20] + random.normal(0, 0.05, (20, DIMENSION))
    centroids = {
        row["cluster_id"]: np.array(row["centroid"])
        for row in library.rows(
            "SELECT cluster_id, centroid::real[] AS centroid FROM cluster_shape"
        )
    }

    for direction in near:
        likeness = {
            each: direction @ middle / np.linalg.norm(middle) for each, middle in centroids.items()
        }
        came = library.add(direction.tolist())
        assert library.home(came) == max(likeness, key=lambda each: likeness[each])


def test_why_it_is_there_is_kept(library: VectorLibrary) -> None:
    east, north = library.add(EAST), library.add(NORTH)
    one = library.add(EASTISH)

    told = why(library, one)
    assert told["similarity"] == pytest.approx(0.9806, abs=1e-3)
    assert told["threshold"] == pytest.approx(0.8)
    assert told["runner_up"] == library.home(north)
    assert told["runner_up_similarity"] == pytest.approx(0.196, abs=1e-3)
    assert library.home(east) == library.home(one)


def test_a_cluster_is_provisional_until_it_has_three(library: VectorLibrary) -> None:
    cluster = library.home(library.add(EAST))
    library.add(EAST)
    assert status(library, cluster) == "provisional"

    library.add(EAST)

    assert status(library, cluster) == "confirmed"


def status(library: VectorLibrary, cluster_id: UUID) -> object:
    return library.rows("SELECT status FROM cluster WHERE id = %(id)s", id=cluster_id)[0]["status"]


def test_a_replay_leaves_everything_where_it_is(library: VectorLibrary) -> None:
    ids = [library.add(EAST), library.add(EASTISH), library.add(NORTH)]
    before = library.clusters()

    for each in ids:
        library.assign(each)

    assert library.clusters() == before


def test_merge_and_undo(library: VectorLibrary) -> None:
    east, north = library.add(EAST), library.add(NORTH)
    target, source = library.home(east), library.home(north)

    decided = acts.merge(library.app, library.by, target, [source])

    assert library.clusters() == [{east, north}]
    later = library.add(NORTH)
    library.assign(north)
    assert library.home(north) == target
    undo(library.app, library.by, decided.decision_id)
    assert library.home(north) == source
    assert library.home(east) == target
    # Too unlike the mean of both, it had opened its own.
    assert library.home(later) not in (source, target)


def test_a_merge_touches_no_member(library: VectorLibrary) -> None:
    east, north = library.add(EAST), library.add(NORTH)
    library.add(NORTHISH)
    before, on_record = why(library, north), library.rows("SELECT ctid, * FROM joined")

    decided = acts.merge(
        library.app, library.by, library.home(east), [library.home(north)]
    ).decision_id

    assert library.rows("SELECT ctid, * FROM joined") == on_record
    assert len(library.clusters()) == 1
    # How alike it was to the cluster that it joined says nothing of the one it is in.
    assert set(why(library, north).values()) == {None}
    undo(library.app, library.by, decided)
    assert library.rows("SELECT ctid, * FROM joined") == on_record
    assert why(library, north) == before


def test_merges_of_merges_are_undone_one_by_one(library: VectorLibrary) -> None:
    east, north, up = library.add(EAST), library.add(NORTH), library.add(UP)
    first, second, third = library.home(east), library.home(north), library.home(up)
    inner = acts.merge(library.app, library.by, second, [first]).decision_id
    outer = acts.merge(library.app, library.by, third, [second]).decision_id
    assert [library.home(each) for each in (east, north, up)] == [third] * 3

    with pytest.raises(Refused, match=str(outer)):
        undo(library.app, library.by, inner)
    undo(library.app, library.by, outer)
    assert [library.home(each) for each in (east, north, up)] == [second, second, third]
    undo(library.app, library.by, inner)
    assert [library.home(each) for each in (east, north, up)] == [first, second, third]


def test_a_merge_is_undone_in_a_later_edition(library: VectorLibrary) -> None:
    east, north = library.add(EAST), library.add(NORTH)
    target, source = library.home(east), library.home(north)
    decided = acts.merge(library.app, library.by, target, [source])

    library.do("rebuild")
    library.do("sweep")
    assert [library.home(each) for each in (east, north)] == [target, target]

    undo(library.app, library.by, decided.decision_id)
    assert [library.home(each) for each in (east, north)] == [target, source]


def test_what_left_after_a_merge_does_not_come_back_by_its_undo(library: VectorLibrary) -> None:
    east, north, gone = library.add(EAST), library.add(NORTH), library.add(NORTHISH)
    target, source = library.home(east), library.home(north)
    decided = acts.merge(library.app, library.by, target, [source])
    moved = acts.move(library.app, library.by, gone, None)

    with pytest.raises(Refused, match=str(moved.decision_id)):
        undo(library.app, library.by, decided.decision_id)
    undo(library.app, library.by, moved.decision_id)
    assert library.home(gone) == target

    undo(library.app, library.by, decided.decision_id)
    assert [library.home(each) for each in (east, north, gone)] == [target, source, source]


def test_split_and_undo(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(EASTISH)
    cluster = library.home(one)

    decided = acts.split(library.app, library.by, cluster, [other])

    assert library.home(other) == decided.made[0]
    library.assign(other)
    library.assign(one)
    assert library.clusters() == sorted([{one}, {other}], key=min)
    undo(library.app, library.by, decided.decision_id)
    assert library.clusters() == [{one, other}]


def test_split_into_parts(library: VectorLibrary) -> None:
    cluster = library.home(library.add(EAST))
    acts.set_threshold(library.app, library.by, cluster, 0.0)
    east = {library.add((1.0, 0.01 * n)) for n in range(4)}
    north = {library.add((0.6, 1.0 + 0.01 * n)) for n in range(3)}

    decided = acts.split_into(library.app, library.by, cluster, 2)

    assert {library.home(each) for each in east} == {cluster}
    assert {library.home(each) for each in north} == set(decided.made)


def test_a_move_stays(library: VectorLibrary) -> None:
    east, north = library.add(EAST), library.add(NORTH)
    target = library.home(north)

    decided = acts.move(library.app, library.by, east, target)

    library.assign(east)
    assert library.home(east) == target
    undo(library.app, library.by, decided.decision_id)
    assert library.home(east) != target


def test_a_higher_threshold_sends_away_who_is_not_like_it(library: VectorLibrary) -> None:
    one, other, far = library.add(EAST), library.add(EAST), library.add((1.0, 0.6))
    cluster = library.home(one)
    assert library.home(far) == cluster

    decided = acts.set_threshold(library.app, library.by, cluster, 0.95)

    assert library.home(far) != cluster
    assert library.home(other) == cluster
    undo(library.app, library.by, decided.decision_id)
    assert library.home(far) == cluster


def test_links_hold(library: VectorLibrary) -> None:
    one, other, north = library.add(EAST), library.add(EAST), library.add(NORTH)

    _, apart = linking.cannot(library.app, library.by, one, other)
    linking.must(library.app, library.by, other, north)

    for each in (one, other, north):
        library.assign(each)
    assert library.home(one) != library.home(other)
    assert library.home(other) == library.home(north)
    with pytest.raises(Refused, match="may not be together"):
        acts.merge(library.app, library.by, library.home(one), [library.home(other)])
    with pytest.raises(Refused, match="Undo first"):
        undo(library.app, library.by, apart.decision_id)


@pytest.mark.parametrize("order", list(permutations((EAST, UP, NORTH))))
def test_what_must_be_together_is_sent_away_together(
    library: VectorLibrary, order: Sequence[tuple[float, ...]]
) -> None:
    """Whichever of a chain came first, and whatever each of them looks like by itself."""
    stays, north, up = library.add(EAST), library.add(NORTH), library.add(UP)
    came = {look: library.add(look) for look in order}
    first, middle, last = (came[look] for look in (EAST, UP, NORTH))
    linking.must(library.app, library.by, first, middle)
    linking.must(library.app, library.by, middle, last)
    assert {library.home(each) for each in came.values()} == {library.home(stays)}

    linking.cannot(library.app, library.by, stays, first)

    assert len({library.home(each) for each in came.values()}) == 1
    assert library.home(first) not in {library.home(each) for each in (stays, north, up)}


def test_what_is_sent_away_goes_nowhere_where_what_goes_along_must_not_be(
    library: VectorLibrary,
) -> None:
    stays, first, along = library.add(EAST), library.add(EAST), library.add(EAST)
    near = library.add((1.0, 0.9))
    linking.must(library.app, library.by, first, along)
    linking.cannot(library.app, library.by, near, along)
    assert library.home(near) != library.home(first)
    acts.set_threshold(library.app, library.by, library.home(near), 0.5)

    linking.cannot(library.app, library.by, stays, first)

    assert library.home(first) == library.home(along)
    assert library.home(along) not in {library.home(stays), library.home(near)}


@pytest.mark.parametrize("held", [0, 1])
def test_what_came_together_without_its_link_is_apart_again_with_it(
    library: VectorLibrary, held: int
) -> None:
    pair = library.add(EAST), library.add(EAST)
    apart, _ = linking.cannot(library.app, library.by, *pair)
    stays, goes = pair[held], pair[1 - held]
    home = library.home(stays)
    acts.confirm(library.app, library.by, home)
    unlinked = linking.unlink(library.app, library.by, apart)
    library.do("consolidate")
    assert library.home(goes) == library.home(stays) == home

    undo(library.app, library.by, unlinked.decision_id)

    assert library.home(goes) != library.home(stays) == home


def test_what_went_apart_without_its_link_is_together_again_with_it(
    library: VectorLibrary,
) -> None:
    stays, _ = library.add(EAST), library.add(EAST)
    first, along, north = (library.add(NORTH) for _ in range(3))
    bound, _ = linking.must(library.app, library.by, stays, first)
    linking.must(library.app, library.by, first, along)
    home = library.home(stays)
    # As after a hand has moved that one alone.
    library.rows("UPDATE joined SET pinned = asset_id = %(id)s", id=stays)
    library.rows("UPDATE cluster SET held_at = NULL")
    unlinked = linking.unlink(library.app, library.by, bound)
    library.do("consolidate")
    assert library.home(first) == library.home(along) == library.home(north)

    undo(library.app, library.by, unlinked.decision_id)

    assert {library.home(each) for each in (stays, first, along)} == {home}
    assert library.home(north) != home


def test_a_hands_name_is_never_changed(library: VectorLibrary) -> None:
    one, other = library.home(library.add(EAST)), library.home(library.add(NORTH))
    decided = acts.rename(library.app, library.by, one, "Beach")

    with pytest.raises(Refused, match="has this name"):
        acts.rename(library.app, library.by, other, "Beach")

    undo(library.app, library.by, decided.decision_id)
    acts.rename(library.app, library.by, other, "Beach")


def test_many_of_one_name_are_told_apart(library: VectorLibrary) -> None:
    acts.rename(library.app, library.by, library.home(library.add(EAST)), "Cluster")
    with library.worker.transaction() as connection:
        for _ in range(40):
            clusters.open_new(connection, "ada", 1, new_id(), name="Cluster", threshold=0.8)

    names = {row["name"] for row in library.rows("SELECT name FROM cluster")}
    assert names >= {"Cluster", *(f"Cluster {number}" for number in range(2, 21))}
    assert len(names) == 41


def test_what_depends_on_a_decision_is_named(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(NORTH)
    first = acts.merge(library.app, library.by, library.home(one), [library.home(other)])
    second = acts.split(library.app, library.by, library.home(one), [other])

    with pytest.raises(Refused, match=str(second.decision_id)):
        undo(library.app, library.by, first.decision_id)

    undo(library.app, library.by, second.decision_id)
    undo(library.app, library.by, first.decision_id)
    with pytest.raises(Refused, match="was undone by"):
        undo(library.app, library.by, first.decision_id)


def test_consolidation_joins_what_the_order_of_arrival_kept_apart(library: VectorLibrary) -> None:
    # The first two are too far from each other; what comes between would have joined them.
    ends = [library.add(EAST), library.add((0.5, 0.866))]
    between = [library.add((0.866, 0.5 + 0.01 * n)) for n in range(5)]
    assert len(library.clusters()) == 2

    library.do("consolidate")

    assert library.clusters() == [{*ends, *between}]


def test_consolidation_takes_no_decision_back(library: VectorLibrary) -> None:
    one, other, north = library.add(EAST), library.add(EAST), library.add(NORTH)
    third = library.add(EAST)
    acts.split(library.app, library.by, library.home(one), [other])
    acts.move(library.app, library.by, third, library.home(north))
    before = library.clusters()

    library.do("consolidate")

    assert library.clusters() == before


def test_a_hand_holds_nothing_that_consolidation_brought_later(library: VectorLibrary) -> None:
    stays, comes = library.add(EAST), library.add(FURTHER)
    home = library.home(stays)
    acts.confirm(library.app, library.by, home)
    for _ in range(3):
        library.add(BETWEEN)

    library.do("consolidate")

    assert library.home(comes) == home
    assert library.held() == {stays: home}


def test_nearly_alike_clusters_are_suggested_for_a_merge(library: VectorLibrary) -> None:
    one = [library.add((1.0, 0.0)) for _ in range(3)]
    other = [library.add((0.76, 0.65)) for _ in range(3)]

    library.do("consolidate")

    (found,) = library.rows("SELECT kind, cluster_ids, similarity FROM suggestion")
    assert found["kind"] == "merge"
    assert set(found["cluster_ids"]) == {library.home(one[0]), library.home(other[0])}
    assert found["similarity"] == pytest.approx(0.76, abs=0.01)
    first, second = found["cluster_ids"]
    acts.merge(library.app, library.by, first, [second])
    library.do("consolidate")
    assert library.rows("SELECT kind FROM suggestion") == []


def test_clusters_are_named_after_what_they_show(
    library: VectorLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without places none are looked up.
    monkeypatch.setitem(sys.modules, "reverse_geocode", None)
    ids = [library.add(EAST) for _ in range(3)]
    for each in ids[:2]:
        library.rows(
            "INSERT INTO tag (owner, asset_id, label, source, score, asset_created_at)"
            " VALUES ('ada', %(id)s, 'beach', 'zero-shot', 0.9, now())",
            id=each,
        )
    library.rows(
        "INSERT INTO media (owner, asset_id, taken_at, everything)"
        " SELECT 'ada', unnest(%(ids)s::uuid[]), '2024-07-14T12:00:00', '{}'",
        ids=ids,
    )

    library.do("name")

    assert library.rows("SELECT name FROM cluster") == [{"name": "Beach, 14 July 2024"}]


def test_clusters_are_named_after_their_city_unless_a_hand_named_them(
    library: VectorLibrary,
) -> None:
    named, east, north = library.add(UP), library.add(EAST), library.add(NORTH)
    acts.rename(library.app, library.by, library.home(named), "Opera")
    library.rows(
        "INSERT INTO media (owner, asset_id, latitude, longitude, everything)"
        " SELECT 'ada', unnest(%(ids)s::uuid[]), -33.857, 151.215, '{}'",
        ids=[named, east, north],
    )

    library.do("name")

    names = {row["name"] for row in library.rows("SELECT name FROM cluster")}
    assert names == {"Opera", "Sydney", "Sydney 2"}


def test_anothers_clusters_do_not_exist(library: VectorLibrary) -> None:
    cluster = library.home(library.add(EAST))
    bob = VectorLibrary(library.urls, library.worker, library.app, owner="bob")
    bob.add(EAST)

    with pytest.raises(NotFound):
        acts.rename(bob.app, bob.by, cluster, "Mine")
    bob.check_sums()
    bob.superuser.close()


def test_a_rebuild_keeps_ids_names_and_every_decision(library: VectorLibrary) -> None:
    east = [library.add(EAST) for _ in range(3)]
    north = [library.add(NORTH) for _ in range(3)]
    up = library.add(UP)
    acts.rename(library.app, library.by, library.home(east[0]), "Beach")
    acts.move(library.app, library.by, up, library.home(north[0]))
    split_off = acts.split(library.app, library.by, library.home(east[0]), [east[2]])
    before, ids = library.clusters(), [library.home(each) for each in (*east, *north, up)]

    library.do("rebuild")

    assert library.place().edition == 2
    assert library.clusters() == before
    assert [library.home(each) for each in (*east, *north, up)] == ids
    assert library.rows("SELECT name FROM cluster WHERE id = %(id)s", id=ids[0]) == [
        {"name": "Beach"}
    ]
    library.do("sweep")
    assert library.rows("SELECT DISTINCT edition FROM membership") == [{"edition": 2}]
    undo(library.app, library.by, split_off.decision_id)
    assert library.home(east[2]) == library.home(east[0])


def test_a_decision_while_building_is_not_missed(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(NORTH)
    for _ in range(3):
        with library.worker.transaction() as connection:
            assert not rebuild(connection, library.owner)

    acts.merge(library.app, library.by, library.home(one), [library.home(other)])

    library.do("rebuild")
    assert library.clusters() == [{one, other}]


def test_what_came_while_building_is_in_the_new_edition(library: VectorLibrary) -> None:
    one = library.add(EAST)
    for _ in range(3):
        with library.worker.transaction() as connection:
            rebuild(connection, library.owner)
    other = library.add(EAST)

    library.do("rebuild")

    assert library.clusters() == [{one, other}]


def test_after_a_switch_of_spaces_clusters_are_rebuilt_there(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(EASTISH)
    cluster = library.home(one)
    library.add_space("second-00000000", {one: EAST, other: NORTH})

    with library.worker.transaction() as connection:
        assert clusterings.outside(connection, library.active_space(), 10) == [library.owner]
    assert library.clusters() == [{one, other}]
    library.do("rebuild")

    assert library.clusters() == sorted([{one}, {other}], key=min)
    assert cluster in (library.home(one), library.home(other))
