"""What people say about a pair unites the two or parts them for good, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from mammothbox import by_hand, removal
from mammothbox.by_hand import Change
from mammothbox.catalog import asset_removal
from mammothbox.clustering import undo, verdicts
from mammothbox.errors import NotFound, Refused

from infra.local.postgres import DatabaseUrls
from tests.pictures import BEACH, LOOK, find_duplicates, pairs, read_anew, replay, take
from tests.vector_library import VectorLibrary

LOOKED_AT = (
    "SELECT a.rating, a.comments,"
    " (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.label, t.source, t.space) FROM tag t"
    "  WHERE t.asset_id = a.id) AS tags,"
    " (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.label) FROM tag_by_hand h"
    "  WHERE h.asset_id = a.id) AS words,"
    " (SELECT count(*) FROM united u WHERE u.keeper = a.id) AS united,"
    " (SELECT to_jsonb(m) FROM media m WHERE m.asset_id = a.id) AS facts"
    " FROM asset a WHERE a.id = %(id)s"
)


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[VectorLibrary]:
    library = VectorLibrary.open(database_urls)
    yield library
    library.close()


def pair_of(library: VectorLibrary, one: UUID, other: UUID) -> UUID:
    return pairs(library, one)[other].id


def confirm(library: VectorLibrary, keep: UUID, other: UUID) -> UUID:
    pair_id = pair_of(library, keep, other)
    return verdicts.confirm(library.app, library.by, pair_id, keep).decision_id


def take_back(library: VectorLibrary, decision_id: UUID) -> None:
    undo.undo(library.app, library.by, decision_id)


def change(library: VectorLibrary, asset_id: UUID, **wanted: Any) -> None:
    by_hand.change(
        library.app, library.owner, asset_id, Change(**wanted), actor="key:ada", request_id="r"
    )


def look(library: VectorLibrary, asset_id: UUID) -> dict[str, Any]:
    (row,) = library.rows(LOOKED_AT, id=asset_id)
    return row


def machine_tag(library: VectorLibrary, asset_id: UUID, label: str) -> None:
    library.rows(
        "INSERT INTO tag (owner, asset_id, label, source, space, score, hypernyms,"
        " asset_created_at) SELECT owner, id, %(label)s, 'zero-shot', 'tiny-00000000', 0.25,"
        " '{animal}', created_at FROM asset WHERE id = %(id)s",
        label=label,
        id=asset_id,
    )


def labels(library: VectorLibrary, asset_id: UUID) -> set[str]:
    rows = library.rows("SELECT label FROM tag WHERE asset_id = %(id)s", id=asset_id)
    return {row["label"] for row in rows}


def purge(library: VectorLibrary, asset_id: UUID) -> None:
    """As far as the catalogue goes."""
    removal.begin_purge(library.app, library.owner, asset_id, actor="key:ada", request_id="r")
    with library.app.transaction(library.owner) as connection:
        asset_removal.delete(connection, library.owner, asset_id)


def test_the_keeper_gets_what_it_lacks_and_gives_it_back(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    machine_tag(library, keep, "dog")
    machine_tag(library, keep, "sand")
    machine_tag(library, other, "cat")
    change(library, keep, add=["mine"], describe={"comments": "Evening."})
    change(
        library,
        other,
        add=["holiday"],
        remove=["dog", "mine"],
        describe={"comments": "With Ada.", "rating": 4},
    )
    library.rows(
        "UPDATE media SET taken_at = '2024-05-01 18:30', latitude = 52.5, longitude = 13.4,"
        ' camera = \'{"make": "Canon"}\' WHERE asset_id = %(id)s',
        id=other,
    )
    before = [look(library, each) for each in (keep, other)]

    decision_id = confirm(library, keep, other)

    assert labels(library, keep) == {"sand", "mine", "holiday"}
    united = look(library, keep)
    assert (united["rating"], united["comments"]) == (4, "Evening.\n\nWith Ada.")
    assert united["facts"] == before[0]["facts"]
    (got,) = library.rows("SELECT * FROM united")
    assert (got["taken_at"].year, got["latitude"], got["camera"]) == (2024, 52.5, {"make": "Canon"})
    assert look(library, other) == before[1]

    take_back(library, decision_id)

    assert [look(library, each) for each in (keep, other)] == before
    assert pairs(library, keep)[other].state == "open"


def test_one_spelling_of_a_tag_comes_and_another_goes(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    machine_tag(library, keep, "beach")
    change(library, other, add=["Beach"], remove=["beach"])
    before = look(library, keep)

    decision_id = confirm(library, keep, other)

    assert labels(library, keep) == labels(library, other) == {"Beach"}
    take_back(library, decision_id)
    assert look(library, keep) == before


def test_the_keepers_own_word_stands(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    change(library, keep, add=["dog"], describe={"rating": 0, "comments": "Here."})
    change(library, other, remove=["dog"], describe={"rating": 5, "comments": "Here."})
    library.rows("UPDATE media SET taken_at = '2024-05-01 18:30'")
    library.rows("UPDATE media SET taken_at = '2023-05-01' WHERE asset_id = %(id)s", id=other)

    confirm(library, keep, other)

    assert labels(library, keep) == {"dog"}
    assert look(library, keep)["rating"] == 0
    assert look(library, keep)["comments"] == "Here."
    assert library.rows("SELECT taken_at FROM united") == [{"taken_at": None}]


def test_what_a_hand_said_since_is_not_taken_back(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    change(library, other, add=["holiday", "sea"], describe={"rating": 4, "comments": "Theirs."})
    decision_id = confirm(library, keep, other)

    change(library, keep, remove=["sea"], describe={"rating": 2, "comments": "Mine."})
    take_back(library, decision_id)

    after = look(library, keep)
    assert (after["rating"], after["comments"], labels(library, keep)) == (2, "Mine.", set())
    assert [(word["label"], word["present"]) for word in after["words"]] == [("sea", False)]


def test_without_a_word_the_suggested_one_is_kept(library: VectorLibrary) -> None:
    take(library, BEACH, width=100)
    large = take(library, BEACH, width=500)
    (pair,) = pairs(library, large).values()

    decided = verdicts.confirm(library.app, library.by, pair.id, None).pair

    assert (decided.state, decided.keeper) == ("confirmed", large)


def test_a_dismissed_pair_stays_dismissed(library: VectorLibrary) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    decided = verdicts.dismiss(library.app, library.by, pair_of(library, one, other))

    read_anew(library, one, 1)
    find_duplicates(library, one)
    read_anew(library, one, BEACH)
    for each in (one, other):
        replay(library, each)
    assert pairs(library, one)[other].state == "dismissed"

    take_back(library, decided.decision_id)
    assert pairs(library, one)[other].state == "open"


def test_what_is_decided_is_not_decided_twice(library: VectorLibrary) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    pair_id = pair_of(library, one, other)
    verdicts.dismiss(library.app, library.by, pair_id)

    with pytest.raises(Refused, match="already_decided"):
        verdicts.confirm(library.app, library.by, pair_id, None)


def test_only_a_half_is_kept_and_only_a_live_pair_confirmed(library: VectorLibrary) -> None:
    one, other, third = (take(library, BEACH) for _ in range(3))
    pair_id = pair_of(library, one, other)
    with pytest.raises(Refused, match="not_in_pair"):
        verdicts.confirm(library.app, library.by, pair_id, third)

    removal.trash(library.app, library.owner, other, actor="key:ada", request_id="r")
    with pytest.raises(Refused, match="in_trash"):
        verdicts.confirm(library.app, library.by, pair_id, one)


def test_something_is_always_kept(library: VectorLibrary) -> None:
    one, two, three = (take(library, BEACH) for _ in range(3))
    confirm(library, one, two)
    confirm(library, two, three)

    with pytest.raises(Refused, match="would_keep_nothing"):
        confirm(library, three, one)
    confirm(library, one, three)


def test_what_was_united_later_is_undone_first(library: VectorLibrary) -> None:
    keep, two, three = (take(library, BEACH) for _ in range(3))
    change(library, two, describe={"comments": "Two."})
    change(library, three, describe={"comments": "Three.", "rating": 3})
    before = look(library, keep)
    first, second = confirm(library, keep, two), confirm(library, keep, three)
    assert look(library, keep)["comments"] == "Two.\n\nThree."

    with pytest.raises(Refused, match=str(second)):
        take_back(library, first)
    take_back(library, second)
    assert look(library, keep)["comments"] == "Two."
    take_back(library, first)

    assert look(library, keep) == before


def test_what_came_from_one_goes_on_to_the_next(library: VectorLibrary) -> None:
    one, two, three = (take(library, BEACH) for _ in range(3))
    library.rows("UPDATE media SET taken_at = '2024-05-01' WHERE asset_id = %(id)s", id=one)
    confirm(library, two, one)
    confirm(library, three, two)

    got = library.rows("SELECT taken_at FROM united WHERE keeper = %(id)s", id=three)
    assert got[0]["taken_at"].year == 2024


def test_a_purge_of_the_yielding_one_leaves_the_keeper_what_it_got(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    change(library, other, add=["holiday"])
    before = look(library, keep)
    decision_id = confirm(library, keep, other)

    purge(library, other)

    assert pairs(library, keep) == {}
    assert labels(library, keep) == {"holiday"}
    take_back(library, decision_id)
    assert look(library, keep) == before


def test_nothing_of_a_purged_keeper_stays(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH)
    change(library, keep, add=["secret"], describe={"comments": "A secret."})
    decision_id = confirm(library, keep, other)

    purge(library, keep)

    assert pairs(library, other) == {}
    assert library.rows("SELECT * FROM united") == []
    told = library.rows("SELECT to_jsonb(d)::text AS told FROM decision d")
    assert not any("secret" in row["told"] for row in told)
    take_back(library, decision_id)
    assert labels(library, other) == set()


def test_another_owners_pair_is_not_there(
    library: VectorLibrary, database_urls: DatabaseUrls
) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    stranger = VectorLibrary.open(database_urls)
    stranger.owner = "bob"
    for _ in range(2):
        with pytest.raises(NotFound):
            verdicts.dismiss(stranger.app, stranger.by, pair_of(library, one, other))
        take(stranger, BEACH)
    stranger.close()


def copy_of(library: VectorLibrary, original: UUID) -> UUID:
    """The same bytes sent again."""
    copy = library.add(LOOK, assigned=False)
    for each, of in ((original, None), (copy, original)):
        library.rows(
            "UPDATE asset SET verified = true, sha256 = repeat('a', 64), duplicate_of = %(of)s,"
            " status = CASE WHEN %(of)s::uuid IS NULL THEN status ELSE 'duplicate' END"
            " WHERE id = %(id)s",
            id=each,
            of=of,
        )
    return copy


@pytest.mark.parametrize("is_purged", [False, True])
def test_what_is_no_duplicate_is_none_of_the_heir_of_its_bytes(
    library: VectorLibrary, is_purged: bool
) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    copy = copy_of(library, one)
    decided = verdicts.dismiss(library.app, library.by, pair_of(library, one, other))
    told = {"actor": "key:ada", "request_id": "r"}

    if is_purged:
        library.purge(one)
    else:
        removal.trash(library.app, library.owner, one, **told)
    read_anew(library, copy, BEACH)
    replay(library, copy)

    assert pairs(library, copy)[other].state == "dismissed"
    heir = copy
    if not is_purged:
        removal.restore(library.app, library.owner, one, **told)
        removal.trash(library.app, library.owner, copy, **told)
        heir = one
        assert pairs(library, heir)[other].state == "dismissed"
    take_back(library, decided.decision_id)
    assert pairs(library, heir)[other].state == "open"


def test_what_is_no_duplicate_of_an_heir_is_none_of_an_original_that_comes_back(
    library: VectorLibrary,
) -> None:
    """Though a machine paired that one, too, as long as it was original."""
    one, other = take(library, BEACH), take(library, BEACH)
    copy = copy_of(library, one)
    throw_away(library, one)
    read_anew(library, copy, BEACH)
    replay(library, copy)
    bring_back(library, one)
    decided = verdicts.dismiss(library.app, library.by, pair_of(library, copy, other))

    throw_away(library, copy)
    replay(library, one)

    assert pairs(library, one)[other].state == "dismissed"
    take_back(library, decided.decision_id)
    assert {pair.state for pair in pairs(library, other).values()} == {"open"}


@pytest.mark.parametrize("way", ["trashed", "purged", "known before"])
def test_the_heir_of_what_yields_yields_in_its_place(library: VectorLibrary, way: str) -> None:
    one, kept = take(library, BEACH), take(library, BEACH)
    copy = copy_of(library, one)
    read_anew(library, copy, BEACH)
    if way == "known before":
        throw_away(library, one)
        replay(library, copy)
        bring_back(library, one)
        throw_away(library, copy)
        bring_back(library, copy)
    change(library, one, add=["sea"])
    for each in (one, kept, copy):
        change(library, each, describe={"rating": None})
    decision = confirm(library, kept, one)

    if way == "purged":
        purge(library, one)
    else:
        throw_away(library, one)
    replay(library, copy)

    assert pairs(library, copy)[kept].keeper == kept
    assert found(library) == {kept}
    assert labels(library, kept) == {"sea"}
    take_back(library, decision)
    assert {pair.state for pair in pairs(library, kept).values()} == {"open"}
    assert found(library) == {kept, copy}
    assert labels(library, kept) == set()


def test_through_others_and_equal_bytes_something_is_kept(library: VectorLibrary) -> None:
    one, middle, other = (take(library, BEACH) for _ in range(3))
    copy = copy_of(library, one)
    read_anew(library, copy, BEACH)
    throw_away(library, one)
    replay(library, copy)
    confirm(library, middle, other)
    confirm(library, copy, middle)
    throw_away(library, copy)
    bring_back(library, one)
    bring_back(library, copy)

    with pytest.raises(Refused, match="would_keep_nothing"):
        confirm(library, other, one)

    assert found(library) == {one}


@pytest.mark.parametrize("back_before", [True, False])
def test_something_is_kept_whichever_of_equal_bytes_is_the_original(
    library: VectorLibrary, back_before: bool
) -> None:
    one, other = take(library, BEACH), take(library, BEACH)
    copy = copy_of(library, one)
    read_anew(library, copy, BEACH)
    confirm(library, one, other)
    throw_away(library, one)
    replay(library, copy)
    if back_before:
        bring_back(library, one)

    with pytest.raises(Refused, match="would_keep_nothing"):
        confirm(library, other, copy)

    confirm(library, copy, other)
    if not back_before:
        bring_back(library, one)
    assert found(library) == {copy}


def test_what_yields_to_an_original_does_not_yield_to_its_heir(library: VectorLibrary) -> None:
    """Which has not got what the original got by it."""
    one, other = take(library, BEACH), take(library, BEACH)
    copy = copy_of(library, one)
    read_anew(library, copy, BEACH)
    confirm(library, one, other)

    throw_away(library, one)
    replay(library, copy)
    assert pairs(library, copy)[other].state == "open"

    bring_back(library, one)
    assert pairs(library, one)[other].keeper == one


def found(library: VectorLibrary) -> set[UUID]:
    """What a search finds."""
    rows = library.rows("SELECT asset_id FROM searchable WHERE NOT hidden AND NOT duplicate")
    return {row["asset_id"] for row in rows}


def throw_away(library: VectorLibrary, asset_id: UUID) -> None:
    removal.trash(library.app, library.owner, asset_id, actor="key:ada", request_id="r")


def bring_back(library: VectorLibrary, asset_id: UUID) -> None:
    removal.restore(library.app, library.owner, asset_id, actor="key:ada", request_id="r")
