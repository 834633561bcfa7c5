"""How keys are called in the database."""

from __future__ import annotations

from uuid import UUID

import pytest
from mammothbox.documents.naming import MOST_BYTES, column_names, docs_table_name, table_name

ID = UUID("01920000-0000-7000-8000-0000deadbeef")


def name_of(*path: str) -> str:
    return column_names([path])[path]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("customer_name", "customer_name"),
        ("customerName", "customer_name"),
        ("CustomerName", "customer_name"),
        ("customer-name", "customer_name"),
        ("Customer  name!", "customer_name"),
        ("customerID", "customer_id"),
        ("HTTPServer", "http_server"),
        ("line2Total", "line2_total"),
        ("_id", "_id"),
        ("PRICE", "price"),
        ("2020", "_2020"),
        ("Größe", "größe"),
        ("日本", "日本"),
        ("select", "select"),
        ("id", "id"),
        ("created_at", "created_at"),
        ('"; drop table x; --', "drop_table_x"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_a_key_becomes_words_in_small_letters(key: str, name: str) -> None:
    assert name_of(key) == name


def test_nested_keys_are_joined() -> None:
    assert name_of("address", "zipCode") == "address__zip_code"


@pytest.mark.parametrize(
    ("key", "beginning"),
    [
        ("", "field_"),
        ("_", "field_"),
        ("🐘", "field_"),
        ("extra", "extra_"),
        ("document_id", "document_id_"),
        ("documentId", "document_id_"),
        ("ctid", "ctid_"),
        ("k" * 200, "k" * 54 + "_"),
        ("é" * 200, "é" * 27 + "_"),
    ],
)
def test_a_key_without_a_name_of_its_own_gets_a_tag(key: str, beginning: str) -> None:
    name = name_of(key)

    assert name.startswith(beginning)
    assert len(name) == len(beginning) + 8
    assert len(name.encode()) <= MOST_BYTES


def test_a_key_that_is_spelled_like_the_name_keeps_it() -> None:
    names = column_names([("customerName",), ("customer_name",), ("Customer Name",)])

    assert names[("customer_name",)] == "customer_name"
    assert len(set(names.values())) == 3


def test_of_keys_that_would_be_called_the_same_none_is_preferred() -> None:
    names = column_names([("customerName",), ("Customer Name",)])

    assert all(name.startswith("customer_name_") for name in names.values())


def test_keys_that_are_the_same_for_63_bytes_are_told_apart() -> None:
    one, other = ("k" * 63 + "1",), ("k" * 63 + "2",)

    names = column_names([one, other])

    assert names[one] != names[other]
    assert names == {**column_names([one]), **column_names([other])}


def test_a_tag_that_is_a_key_already_grows() -> None:
    tagged = name_of("extra")

    names = column_names([("extra",), (tagged,)])

    assert names[(tagged,)] == tagged
    assert names[("extra",)] == tagged + names[("extra",)][-1]


def test_names_that_exist_stay_though_they_would_be_others_now() -> None:
    old = column_names([("customerName",)])

    names = column_names([("customerName",), ("customer_name",)], taken=old)

    assert names[("customerName",)] == "customer_name"
    assert names[("customer_name",)].startswith("customer_name_")


@pytest.mark.parametrize(
    ("collection", "table", "docs"),
    [
        ("orders", "orders_deadbeef", "docs_orders_deadbeef"),
        ("Sommer 2026/été", "sommer_2026_été_deadbeef", "docs_sommer_2026_été_deadbeef"),
        ("🦣", "collection_deadbeef", "docs_deadbeef"),
        # Room for what its indexes are called.
        ("c" * 128, "c" * 54 + "_deadbeef", "docs_" + "c" * 43 + "_deadbeef"),
    ],
)
def test_a_table_is_called_after_its_collection(collection: str, table: str, docs: str) -> None:
    assert table_name(collection, ID) == table
    assert docs_table_name(collection, ID) == docs
