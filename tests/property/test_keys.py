"""Keys of the raw bucket: any key means something or nothing, and ids never depend on the name."""

from __future__ import annotations

from uuid import UUID

from hypothesis import assume, example, given
from hypothesis import strategies as st
from mammothbox.storage.keys import (
    DropKey,
    IncomingKey,
    collection_name,
    dropped_asset_id,
    incoming_key,
    parse_key,
)

OWNERS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
ANY_TEXT = st.text(st.characters(exclude_categories=()))
NAMES = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        ["../../etc/passwd", "a\u202egnp.exe", "é" * 512, " ", "a//b", "/", "été+1 %20.png", "\n"]
    ),
)
KEYS = st.one_of(
    NAMES,
    st.builds("{}/{}/{}".format, st.sampled_from(["incoming", "drop", "Drop"]), NAMES, NAMES),
    st.builds("{}/{}/{}".format, st.sampled_from(["incoming", "drop"]), OWNERS, NAMES),
    st.builds(
        "incoming/{}/{}".format, OWNERS, st.text("0123456789abcdef-", min_size=36, max_size=36)
    ),
)


@given(KEYS)
@example("incoming/ada/" + "-" * 36)
@example("drop/ada/")
def test_any_key_means_something_or_nothing(key: str) -> None:
    place = parse_key(key)

    match place:
        case IncomingKey(owner, asset_id):
            assert key.startswith(f"incoming/{owner}/")
            assert UUID(key.rsplit("/", 1)[1]) == asset_id
        case DropKey(owner, path):
            assert key == f"drop/{owner}/{path}"
            assert path
            assert "\0" not in path
            assert path.endswith(place.filename)
            assert "/" not in place.filename
        case None:
            pass


@given(OWNERS, st.uuids())
def test_a_key_of_ours_comes_back_as_it_was_made(owner: str, asset_id: UUID) -> None:
    assert parse_key(incoming_key(owner, asset_id)) == IncomingKey(owner, asset_id)


@given(OWNERS, st.uuids())
def test_one_asset_has_one_key(owner: str, asset_id: UUID) -> None:
    """Written otherwise it would be another object for the same asset."""
    for other in (asset_id.hex, str(asset_id).upper(), f"{{{asset_id}}}", f"{asset_id} "):
        assume(other != str(asset_id))
        assert parse_key(f"incoming/{owner}/{other}") is None


@given(st.text("0123456789abcdef-", min_size=36, max_size=36))
@example("12345678123456781234567812345678----")
@example("1234567812-34567812-34567812-3456781")
def test_an_oddly_hyphenated_id_is_none_of_ours(text: str) -> None:
    place = parse_key(f"incoming/ada/{text}")

    assert place is None or place == IncomingKey("ada", UUID(text))
    assert place is None or str(UUID(text)) == text


@given(OWNERS, NAMES.filter(lambda name: name and "\0" not in name))
def test_whatever_a_partner_calls_it_is_theirs(owner: str, path: str) -> None:
    place = parse_key(f"drop/{owner}/{path}")

    assert place == DropKey(owner, path)
    assert isinstance(place, DropKey)
    collection = place.collection
    assert collection is None or collection == collection_name(path.partition("/")[0])
    # What it is called is the name that it has.
    assert collection is None or collection == collection_name(collection)


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_a_dropped_object_has_one_id_for_ever(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert dropped_asset_id(*one) == dropped_asset_id(*one)
    plain = all("?" not in text and "/" not in text for text in (*one, *other))
    assert not plain or (dropped_asset_id(*one) == dropped_asset_id(*other)) == (one == other)


def test_the_id_of_a_drop_is_pinned() -> None:
    """It is what keeps an event told again after years from making a second asset."""
    identifier = dropped_asset_id("mammothbox-raw", "drop/ada/é 1.png", "v1")

    assert identifier == UUID("de9160b1-1fab-5a0c-99ad-d7285c484a12")
