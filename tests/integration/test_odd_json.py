"""Names, keys and numbers of JSON that nobody would choose, and somebody has."""

from __future__ import annotations

import json
from contextlib import closing
from urllib.parse import quote
from uuid import UUID

import pytest
from mammothbox.catalog import collections, document_query, schema_defs
from mammothbox.catalog.connection import Database
from mammothbox.documents.contract import held_to
from mammothbox.documents.design import Column, TableDesign
from mammothbox.documents.lines import documents_on_lines
from mammothbox.documents.outcomes import Document
from mammothbox.documents.profile import from_json
from mammothbox.documents.propose import propose
from mammothbox.documents.query import Known, parse_query
from mammothbox.errors import Unavailable

from infra.local.postgres import DatabaseUrls
from tests.documents import settle, shelve
from tests.house import House
from tests.integration.test_collections_api import store as send
from tests.integration.test_schema_life import schemas, store, think


@pytest.mark.parametrize(
    "name", ["n" * 47, "n" * 48, "n" * 49, "n" * 128, "заказы клиентов по регионам", "订" * 128]
)
def test_a_collection_may_have_a_long_name(house: House, name: str) -> None:
    store(house, {"order_id": 1}, {"order_id": 2}, collection=name)

    found = house.client().get(f"/api/v1/collections/{quote(name)}/documents").json()

    assert len(found["items"]) == 2


def test_keys_with_a_percent_sign_hold_no_proposal_up(house: House) -> None:
    store(house, *({"% id": n, "name": "x"} for n in range(20)), collection="customers")
    store(house, *({"customer_id": n, "total": n / 4} for n in range(20)), collection="orders")
    store(house, *({"x": n, "total": n / 4} for n in range(20)), collection="others")

    think(house)

    proposed = house.rows(
        "SELECT n.name, s.id FROM schema_def s JOIN collection n ON n.id = s.collection_id"
    )
    ids = {each["name"]: each["id"] for each in proposed}
    assert ids.keys() == {"customers", "orders", "others"}
    answer = house.client().patch(
        f"/api/v1/schemas/{ids['orders']}", json={"columns": {"/total": {"name": "share %"}}}
    )
    assert (answer.status_code, "percent sign" in answer.text) == (422, True)


def test_a_proposal_that_fails_holds_no_other_up(database_urls: DatabaseUrls) -> None:
    texts = [json.dumps({"id": n, "total": n / 4}) for n in range(20)]
    torn, *others = (shelve(database_urls, texts) for _ in range(3))
    with closing(Database(database_urls.worker)) as database:
        with database.transaction() as connection:
            collections.set_profile(connection, torn, {"torn": 1})

        with pytest.raises(KeyError):
            propose(database, "ada")
        assert [propose(database, "ada") for _ in others] == [False, False]
        with database.transaction() as connection:
            for each in others:
                assert schema_defs.waiting(connection, "ada", each.id) is not None

        # It is tried again when the others are done.
        with pytest.raises(KeyError):
            propose(database, "ada")


@pytest.mark.parametrize("key", ["rank0", "number0", "string0", "rank\N{NO-BREAK SPACE}0"])
def test_fields_called_like_columns_of_ours_are_sorted_beside_them(
    database_urls: DatabaseUrls, key: str
) -> None:
    collection = shelve(database_urls, [json.dumps({key: n, "id": n}) for n in range(50)])

    def last() -> list[str | None]:
        with closing(Database(database_urls.app)) as app, app.transaction("ada") as connection:
            found = collections.get(connection, "ada", collection.id)
            assert found is not None and found.profile is not None
            known = Known.of(from_json(found.profile))
            query = parse_query([], "-id", None, known)
            page = document_query.page(connection, found, query, None, 2)
            return [document.text for document in page.documents]

    before = last()
    settle(database_urls, collection)

    assert last() == before != []


def test_an_exponent_beyond_any_integer_costs_its_own_row_only() -> None:
    design = TableDesign((Column(("a",), "a", "bigint"),))
    lines = documents_on_lines([b'{"a":1}\n{"a":1e5000}\n{"a":3}\n'], origin=0)

    outcomes = list(held_to("discard_row", design, lines))

    assert [isinstance(each, Document) for each in outcomes] == [True, False, True]


def test_what_a_contract_keeps_out_is_counted_once(house: House) -> None:
    store(house, *({"order_id": n, "total": n / 4} for n in range(30)))
    think(house)
    [schema] = schemas(house)
    client = house.client()
    assert client.post(f"/api/v1/schemas/{schema['id']}/approve").status_code == 202
    think(house)
    client.patch("/api/v1/collections/orders", json={"contract": "freeze"})

    late = send(house, '{"order_id": 31, "total": 1.5}', '{"order_id": "none", "total": 1.5}')

    [found] = [
        each
        for each in client.get("/api/v1/objects").json()["items"]
        if each["system_id"] == str(late)
    ]
    assert found["documents_refused"] == 1


def test_a_piece_that_is_kept_again_waits_for_those_who_fill_a_table(house: House) -> None:
    """Or what it takes away might be put into the table behind its back."""
    orders = [json.dumps({"order_id": n, "total": n / 4}) for n in range(40)]
    asset_id = send(house, *orders)
    think(house)
    assert not waits(house, asset_id, 0)

    [schema] = schemas(house)
    house.client().post(f"/api/v1/schemas/{schema['id']}/approve")

    assert [each["status"] for each in schemas(house)] == ["building"]
    # The second piece is a new one.
    assert [waits(house, asset_id, part) for part in (0, 1)] == [True, False]


def waits(house: House, asset_id: UUID, part: int) -> bool:
    """Whether a piece is not to be kept while somebody walks through the collection."""
    [row] = house.rows("SELECT id FROM collection")
    with closing(Database(house.urls.worker)) as one, closing(Database(house.urls.worker)) as other:
        try:
            with one.bulk() as walking, other.bulk() as keeping:
                collections.add_to(walking, row["id"])
                keeping.execute("SET LOCAL lock_timeout = '50ms'")
                collections.add_piece_to(keeping, row["id"], "ada", asset_id, part)
        except Unavailable:
            return True
    return False
