"""Every key there is gets a name that the database takes, and its own one."""

from __future__ import annotations

from random import Random
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st
from mammothbox.documents.naming import (
    MOST_BYTES,
    OURS,
    SYSTEM,
    column_names,
    docs_table_name,
    table_name,
)
from mammothbox.documents.pointers import Path

from tests.json_values import KEYS, ODD_KEYS

ANY_TEXT = st.text(st.characters(exclude_categories=()))
PATHS = st.lists(
    st.lists(st.one_of(KEYS, ANY_TEXT), min_size=1, max_size=2).map(tuple), max_size=12, unique=True
)


@given(PATHS)
@example([(key,) for key in ODD_KEYS] + [("a", "b"), ("A", "b")])
def test_names_are_short_and_unique_and_not_ours(paths: list[Path]) -> None:
    names = column_names(paths)

    assert set(names) == set(paths)
    assert len(set(names.values())) == len(paths)
    for name in names.values():
        assert 0 < len(name.encode()) <= MOST_BYTES
        assert name not in OURS | SYSTEM
        assert name == name.strip()
        assert all(letter.isprintable() for letter in name)
        assert not set(name) & set("\"';\\ ")


@given(PATHS, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_keys(paths: list[Path], chance: Random) -> None:
    shuffled = list(paths)
    chance.shuffle(shuffled)

    assert column_names(shuffled) == column_names(paths)


@given(PATHS, PATHS)
def test_names_that_are_taken_stay_and_stay_unique(old: list[Path], new: list[Path]) -> None:
    taken = column_names(old)

    names = column_names([*old, *new], taken=taken)

    assert taken.items() <= names.items()
    assert len(set(names.values())) == len(names)


@given(ANY_TEXT, st.uuids(), st.uuids())
def test_tables_of_any_two_collections_have_names_of_their_own(
    collection: str, one: UUID, other: UUID
) -> None:
    names = {table_name(collection, one), docs_table_name(collection, one)}

    assert len(names) == 2
    assert all(len(name.encode()) <= MOST_BYTES for name in names)
    assert docs_table_name(collection, one).startswith("docs_")
    if one.hex[-8:] != other.hex[-8:]:
        assert not names & {table_name(collection, other), docs_table_name(collection, other)}
