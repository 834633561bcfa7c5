"""What people decided, and what is erased, while an edition makes place for the next."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from mammothbox import removal
from mammothbox.catalog import editions, spaces
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.editions import Home
from mammothbox.clustering import acts, linking
from mammothbox.clustering.assign import assign
from mammothbox.clustering.chore_names import REBUILD, SWEEP
from mammothbox.clustering.rebuild import rebuild
from mammothbox.clustering.undo import undo

from tests.e2e.stack import wait_for
from tests.vector_library import VectorLibrary

EAST, NORTH, UP = (1.0, 0.0), (0.0, 1.0), (0.0, 0.0, 1.0)
EASTISH = (1.0, 0.2)
OTHER = "other-1"
_WAITS = (
    "SELECT 1 AS x FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE d.datname = current_database() AND NOT granted"
)


def size_of(library: VectorLibrary, cluster_id: UUID) -> int:
    found = library.rows(
        "SELECT size FROM cluster_shape s JOIN clustering c USING (owner, edition)"
        " WHERE cluster_id = %(id)s",
        id=cluster_id,
    )
    return int(found[0]["size"])


def test_a_cluster_whose_held_members_have_no_vector_any_more_goes_on(
    library: VectorLibrary,
) -> None:
    held, _ = library.add(EAST), library.add(EAST)
    moved = library.add(UP)
    home = library.home(held)
    acts.move(library.app, library.by, moved, home)
    later = [library.add(EAST) for _ in range(3)]

    library.add_space(OTHER, dict.fromkeys(later, EAST))
    library.do(REBUILD)

    assert {library.cluster_of(each) for each in later} == {home}
    assert library.cluster_of(held) is None


def test_a_rebuild_asks_once_for_all_of_a_page_where_hands_had_them(
    library: VectorLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, other = library.add(EAST), library.add(UP)
    home = library.home(held)
    acts.confirm(library.app, library.by, home)
    library.add_space(OTHER, {other: UP})
    library.do(REBUILD)
    assert library.cluster_of(held) is None
    for each in (held, *(library.add(EAST, assigned=False) for _ in range(3))):
        library.put_vector(each, EAST, OTHER)
    pages, homes = list[int](), editions.homes

    def counted(connection: Connection, owner: str, ids: Sequence[UUID]) -> dict[UUID, Home]:
        pages.append(len(ids))
        return homes(connection, owner, ids)

    monkeypatch.setattr(editions, "homes", counted)
    library.do(REBUILD)

    assert library.cluster_of(held) == home
    assert max(pages) > 1 and len(pages) < 4


def test_a_cluster_whose_held_member_is_erased_during_a_rebuild_goes_on(
    library: VectorLibrary,
) -> None:
    held = library.add(EAST)
    home = library.home(held)
    acts.confirm(library.app, library.by, home)
    later = [library.add(EAST) for _ in range(3)]
    library.add_space(OTHER, {held: UP, **dict.fromkeys(later, EAST)})
    for _ in range(3):
        with library.worker.transaction() as connection:
            rebuild(connection, library.owner)

    library.purge(held)
    library.do(REBUILD)

    assert {library.cluster_of(each) for each in later} == {home}


def test_what_a_hand_moved_is_still_there_when_its_vector_comes_late(
    library: VectorLibrary,
) -> None:
    stays, moved = library.add(EAST), library.add(UP)
    home = library.home(stays)
    acts.move(library.app, library.by, moved, home)
    library.add_space(OTHER, {stays: EAST})
    library.do(REBUILD)
    library.do(SWEEP)
    assert library.cluster_of(moved) is None

    library.embed_late(moved, UP, OTHER)

    assert library.home(moved) == home
    assert library.rows("SELECT pinned FROM membership WHERE asset_id = %(id)s", id=moved) != [
        {"pinned": False}
    ]
    # And an edition later it has not been forgotten, nor is anything left of the first
    library.do(REBUILD)
    library.do(SWEEP)
    assert library.home(moved) == home
    assert library.rows("SELECT DISTINCT edition FROM membership") == [{"edition": 3}]


def test_what_a_hand_moved_follows_its_cluster_into_another(library: VectorLibrary) -> None:
    stays, moved, other = library.add(EAST), library.add(UP), library.add(NORTH)
    acts.move(library.app, library.by, moved, library.home(stays))
    library.add_space(OTHER, {stays: EAST, other: NORTH})
    library.do(REBUILD)
    library.do(SWEEP)
    acts.merge(library.app, library.by, library.home(other), [library.home(stays)])

    library.embed_late(moved, UP, OTHER)

    assert library.home(moved) == library.home(other)


def test_what_a_hand_moved_comes_home_in_a_rebuild_whatever_became_of_its_cluster(
    library: VectorLibrary,
) -> None:
    first, _, moved = library.add(EAST), library.add(EAST), library.add(UP)
    home = library.home(first)
    acts.move(library.app, library.by, moved, home)
    later = [library.add(EAST) for _ in range(3)]
    library.add_space(OTHER, dict.fromkeys(later, EAST))
    library.do(REBUILD)
    library.do(SWEEP)
    assert {library.cluster_of(each) for each in later} == {home}

    library.put_vector(moved, UP, OTHER)
    library.do(REBUILD)

    assert library.home(moved) == home
    assert len({library.cluster_of(each) for each in later}) == 1


@pytest.mark.parametrize("in_a_rebuild", [False, True])
def test_what_comes_home_late_is_with_what_it_must_be_with(
    library: VectorLibrary, in_a_rebuild: bool
) -> None:
    stays, late, other = library.add(EAST), library.add(UP), library.add(NORTH)
    linking.must(library.app, library.by, stays, late)
    library.add_space(OTHER, {stays: EAST, other: NORTH})
    library.do(REBUILD)
    acts.move(library.app, library.by, stays, library.home(other))

    come_late(library, late, in_a_rebuild=in_a_rebuild)

    assert library.home(late) == library.home(stays) == library.home(other)


@pytest.mark.parametrize("in_a_rebuild", [False, True])
def test_what_comes_home_late_is_not_with_what_it_cannot_be_with(
    library: VectorLibrary, in_a_rebuild: bool
) -> None:
    stays, late, other = library.add(EAST), library.add(UP), library.add(NORTH)
    acts.move(library.app, library.by, late, library.home(stays))
    linking.cannot(library.app, library.by, other, late)
    library.add_space(OTHER, {stays: EAST, other: NORTH})
    library.do(REBUILD)
    acts.merge(library.app, library.by, library.home(stays), [library.home(other)])

    come_late(library, late, in_a_rebuild=in_a_rebuild)

    assert library.home(late) != library.home(other)


def come_late(library: VectorLibrary, asset_id: UUID, *, in_a_rebuild: bool) -> None:
    """Get a vector in the space, and a cluster by it."""
    if not in_a_rebuild:
        library.embed_late(asset_id, UP, OTHER)
        return
    library.put_vector(asset_id, UP, OTHER)
    library.do(REBUILD)


def test_an_edition_without_a_cluster_has_room_for_what_is_moved_there(
    library: VectorLibrary,
) -> None:
    erased, stays, other = library.add(EAST), library.add(NORTH), library.add(NORTH)
    empty = library.home(erased)
    acts.rename(library.app, library.by, empty, "The first")
    library.purge(erased)
    library.add_space(OTHER, {stays: NORTH, other: NORTH})
    library.do(REBUILD)
    library.do(SWEEP)

    acts.move(library.app, library.by, stays, empty)

    assert (library.home(stays), size_of(library, empty)) == (empty, 1)
    acts.merge(library.app, library.by, empty, [library.home(other)])
    assert size_of(library, empty) == 2


def test_an_edition_without_a_cluster_has_room_for_what_a_split_took(
    library: VectorLibrary,
) -> None:
    erased, stays = library.add(EAST), library.add(EASTISH)
    origin = library.home(erased)
    split = acts.split(library.app, library.by, origin, [stays])
    library.purge(erased)
    library.add_space(OTHER, {stays: NORTH})
    library.do(REBUILD)
    library.do(SWEEP)

    undo(library.app, library.by, split.decision_id)

    assert (library.home(stays), size_of(library, origin)) == (origin, 1)


def test_clusters_of_an_edition_that_was_given_up_keep_no_names(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(NORTH)
    library.add_space(OTHER, {one: EAST, other: NORTH})
    for _ in range(4):
        with library.worker.transaction() as connection:
            rebuild(connection, library.owner)
    assert len(library.rows("SELECT id FROM cluster")) == 4
    acts.confirm(library.app, library.by, library.home(one))

    library.do(REBUILD)
    library.do(SWEEP)

    shown = {library.home(one), library.home(other)}
    assert {row["id"] for row in library.rows("SELECT id FROM cluster")} == shown


def test_trash_waits_for_the_very_first_cluster(library: VectorLibrary) -> None:
    first = library.add(EAST, assigned=False)
    told = {"actor": "key:t", "request_id": "r"}
    with ThreadPoolExecutor(1) as pool:
        with library.worker.transaction() as connection:
            space = spaces.active(connection)
            assert space is not None
            assign(connection, library.owner, first, space)
            trashing = pool.submit(removal.trash, library.app, library.owner, first, **told)
            wait_for(lambda: library.rows(_WAITS))
        trashing.result()
    assert library.rows("SELECT size, trashed FROM cluster_shape") == [{"size": 1, "trashed": 1}]

    removal.restore(library.app, library.owner, first, **told)

    assert library.rows("SELECT size, trashed FROM cluster_shape") == [{"size": 1, "trashed": 0}]


def test_a_link_to_what_was_erased_is_not_put_back(library: VectorLibrary) -> None:
    one, other = library.add(EAST), library.add(NORTH)
    link, _ = linking.must(library.app, library.by, one, other)
    unlinked = linking.unlink(library.app, library.by, link)
    library.purge(other)

    undo(library.app, library.by, unlinked.decision_id)

    assert library.rows("SELECT id FROM link") == []
