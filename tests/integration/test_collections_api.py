"""Collections and schemas over HTTP: look, query, approve, change; and nobody else's."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from tests.house import House

BASE = "/api/v1"
ORDERS: list[dict[str, Any]] = [
    {"order_id": n, "customer": f"c{n % 7}", "total": n / 4, "address": {"city": f"city {n % 3}"}}
    for n in range(40)
]


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


def store(house: House, *texts: str, collection: str = "orders", owner: str = "ada") -> UUID:
    """A file of these documents, taken in."""
    body = "".join(f"{text}\n" for text in texts).encode()
    client = house.client(owner=owner)
    asset_id = house.upload(client, body, filename="a.ndjson", collection=collection)
    house.run_queues()
    return asset_id


def store_orders(house: House) -> UUID:
    return store(house, *map(json.dumps, ORDERS))


def think(house: House) -> None:
    """Let the janitor call for chores until there are none."""
    while house.rows("SELECT 1 FROM chore WHERE name IN ('propose', 'prove', 'build', 'undo')"):
        house.rows("UPDATE chore SET due_at = now()")
        house.sweep()
        house.run_queues("schema")


def get(client: TestClient, path: str, status: int = 200, /, **parameters: Any) -> dict[str, Any]:
    answer = client.get(BASE + path, params=parameters)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def documents(client: TestClient, collection: str = "orders", **parameters: Any) -> list[Any]:
    found = get(client, f"/collections/{quote(collection, safe='')}/documents", **parameters)
    return [item["doc"] for item in found["items"]]


# --- collections


def test_collections_are_listed_by_name_page_by_page(house: House, client: TestClient) -> None:
    for name in ("b", "a", "ü", "a b"):
        store(house, json.dumps({"name": name}), collection=name)

    first = get(client, "/collections", limit=3)
    second = get(client, "/collections", limit=3, cursor=first["next_cursor"])

    names = [item["name"] for item in first["items"] + second["items"]]
    assert sorted(names) == ["a", "a b", "b", "ü"]
    assert second["next_cursor"] is None
    assert first["items"][0]["documents"] == 1
    assert first["items"][0]["storage"] == "jsonb"
    for cursor in ("!", "é", "AAAA_w", "AA"):
        assert get(client, "/collections", 422, cursor=cursor)["code"] == "invalid_cursor"


def test_a_collection_tells_its_fields(house: House, client: TestClient) -> None:
    store(house, '{"a": 1, "b": {"c.d": "x"}}', '{"a": null}', '{"a": "2026-01-01"}')

    found = get(client, "/collections/orders")

    fields = {field["field"]: field for field in found["fields"]}
    assert set(fields) == {"a", "b", "/b/c.d"}
    assert fields["a"]["types"] == {"null": 1, "integer": 1, "string": 1}
    assert (fields["a"]["presence"], fields["b"]["presence"]) == (1.0, 0.3333)
    assert fields["a"]["formats"] == ["date"]
    assert (found["documents"], found["contract"], found["origin"]) == (3, "evolve", "named")
    assert get(client, f"/collections/{found['id']}") == found


@pytest.mark.parametrize("name", ["a/b", "documents", "100% 'sure'?#", "../a", "ü"])
def test_a_name_may_have_any_signs(house: House, client: TestClient, name: str) -> None:
    store(house, '{"n": 1}', collection=name)
    (listed,) = get(client, "/collections")["items"]

    assert listed["name"] == name
    assert documents(client, name) == [{"n": 1}]
    assert documents(client, listed["id"]) == [{"n": 1}]
    (item,) = get(client, f"/collections/{listed['id']}/documents")["items"]
    path = f"/collections/{quote(name, safe='')}/documents/{item['document_id']}"
    assert get(client, path) == item
    assert get(client, path[:-1] + ("0" if path[-1] != "0" else "1"), 404)["code"] == "not_found"
    found = get(client, f"/collections/{listed['id']}")
    assert found["name"] == name
    assert get(client, f"/collections/{quote(name, safe='')}") == found


def test_a_name_that_is_none_is_not_found(client: TestClient) -> None:
    for name in ("nobody", "%00", "a%0Ab", str(uuid4()), "a" * 128):
        for suffix in ("", "/documents", "/drift", "/refusals"):
            assert get(client, f"/collections/{name}{suffix}", 404)["code"] == "not_found"
    for name in ("a" * 129, ""):
        assert get(client, f"/collections/{name}", 422)["errors"][0]["field"] == "path.name"


def test_the_contract_can_be_changed(house: House, client: TestClient) -> None:
    store_orders(house)

    changed = client.patch(f"{BASE}/collections/orders", json={"contract": "freeze"})

    assert changed.status_code == 200, changed.text
    assert changed.json()["contract"] == "freeze"
    assert get(client, "/collections/orders")["contract"] == "freeze"
    (told,) = house.rows("SELECT detail FROM lineage WHERE event = 'collection.contract_changed'")
    assert (told["detail"]["before"], told["detail"]["contract"]) == ("evolve", "freeze")
    for body in ({"contract": "bend"}, {}, {"contract": "freeze", "name": "x"}):
        refused = client.patch(f"{BASE}/collections/orders", json=body)
        assert refused.status_code == 422


def test_documents_that_could_not_be_kept_are_listed(house: House, client: TestClient) -> None:
    asset_id = store(house, '{"n": 1}', '{"n": 1, "n": 2}', '{"n": NaN}', '{"n": 4}', "{")

    first = get(client, "/collections/orders/refusals", limit=2)
    second = get(client, "/collections/orders/refusals", limit=2, cursor=first["next_cursor"])

    refused = first["items"] + second["items"]
    assert [each["position"] for each in refused] == sorted(each["position"] for each in refused)
    assert [each["code"] for each in refused][:2] == ["duplicate_key", "not_a_number"]
    assert len(refused) == 3
    assert second["next_cursor"] is None
    assert {each["system_id"] for each in refused} == {str(asset_id)}
    assert {each["filename"] for each in refused} == {"a.ndjson"}
    assert all(each["detail"] for each in refused)
    one = house.get(client, asset_id)
    assert (one["status"], one["documents_refused"]) == ("ready", 3)
    assert [each["position"] for each in one["refused"]] == [each["position"] for each in refused]
    (of_job,) = get(client, f"/ingest/{one['job_id']}/status")["objects"]
    (listed,) = get(client, "/objects")["items"]
    (month,) = get(client, "/timeline")["items"]
    (tile,) = get(client, "/timeline/objects", at=month["at"])["items"]
    for shown in (of_job, listed, tile):
        assert shown["documents_refused"] == 3
    for cursor in ("x", f"{asset_id}.x.1", f"{asset_id}", "1.2.3"):
        refusal = get(client, "/collections/orders/refusals", 422, cursor=cursor)
        assert refusal["code"] == "invalid_cursor"
    assert client.delete(f"{BASE}/objects/{asset_id}").status_code == 204
    assert get(client, "/collections/orders/refusals")["items"] == []


# --- documents


def test_documents_come_back_digit_for_digit(house: House, client: TestClient) -> None:
    texts = [
        '{"n": 1.10, "big": 12345678901234567890123}',
        '"text"',
        "[1, 2.50]",
        '{"é\\"": "\\n"}',
    ]
    asset_id = store(house, *texts)

    answer = client.get(f"{BASE}/collections/orders/documents")

    assert answer.headers["content-type"] == "application/json"
    assert '"doc":{"n": 1.10, "big": 12345678901234567890123}' in answer.text
    assert '"doc":[1, 2.50]' in answer.text
    items = answer.json()["items"]
    assert [item["doc"] for item in items] == [json.loads(text) for text in texts]
    assert {item["system_id"] for item in items} == {str(asset_id)}
    assert len({item["document_id"] for item in items}) == 4


def test_a_query_filters_sorts_and_projects(house: House, client: TestClient) -> None:
    store_orders(house)
    asked = {
        "filter[customer][in]": "c1,c2",
        "filter[total][gte]": "5.0",
        "sort": "-address.city,total",
        "fields": "order_id,address",
    }

    found = documents(client, **asked)

    chosen = [one for one in ORDERS if one["customer"] in ("c1", "c2") and one["total"] >= 5]
    chosen.sort(key=lambda one: one["total"])
    chosen.sort(key=lambda one: one["address"]["city"], reverse=True)
    assert found == [{key: one[key] for key in ("order_id", "address")} for one in chosen]
    assert len(found) > 3


def test_pages_follow_each_other_and_belong_to_their_query(
    house: House, client: TestClient
) -> None:
    store_orders(house)
    way = "/collections/orders/documents"
    asked = {"filter[total][gt]": "3", "sort": "customer,-total", "limit": 5}
    first = get(client, way, **asked)
    seen, cursor = [item["document_id"] for item in first["items"]], first["next_cursor"]
    while cursor:
        page = get(client, way, **asked, cursor=cursor)
        seen += [item["document_id"] for item in page["items"]]
        cursor = page["next_cursor"]

    every = get(client, way, **{**asked, "limit": 200})["items"]
    assert seen == [item["document_id"] for item in every]
    word = first["next_cursor"]
    for other in ({"sort": "customer"}, {"filter[total][gt]": "3.5"}, {"filter[total][lt]": "9"}):
        refused = get(client, way, 422, **{**asked, **other}, cursor=word)
        assert refused["code"] == "other_query"
    assert get(client, way, **asked, fields="total", cursor=word)["items"]
    assert get(client, way, 422, cursor="none")["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("filter[custmer][eq]", "x", "unknown_field"),
        ("filter[total][gt]", "cheap", "not_comparable"),
        ("filter[total]", "1", "invalid_filter"),
        ("filter", "1", "invalid_filter"),
        ("filter[total][is]", "1", "invalid_filter"),
        ("sort", "custmer", "unknown_field"),
        ("sort", "", "invalid_field"),
        ("fields", "nothing", "unknown_field"),
        ("fields", '"', "invalid_list"),
        ("limit", "201", "invalid_request"),
        ("filtre[total][eq]", "1", "invalid_request"),
        ("filter[customer][eq]", "a\0", "invalid_text"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    house: House, client: TestClient, name: str, value: str, code: str
) -> None:
    store_orders(house)

    refused = get(client, "/collections/orders/documents", 422, **{name: value})

    assert refused["code"] == code
    assert refused["detail"]


def test_while_the_fields_are_counted_anew_any_may_be_asked_for(
    house: House, client: TestClient
) -> None:
    store_orders(house)
    house.rows("UPDATE collection SET profile = NULL")

    assert documents(client, **{"filter[order_id][lt]": "2"}) == ORDERS[:2]
    assert documents(client, **{"filter[nothing][eq]": "2"}, sort="nothing") == []


def test_what_is_in_the_trash_is_left_out(house: House, client: TestClient) -> None:
    one = store(house, '{"n": 1}', '{"n": 2}')
    store(house, '{"n": 3}')
    first, *_ = get(client, "/collections/orders/documents")["items"]

    assert client.delete(f"{BASE}/objects/{one}").status_code == 204
    get(client, f"/collections/orders/documents/{first['document_id']}", 404)
    trashed = documents(client, sort="-n"), documents(client, **{"filter[n][lt]": "3"})
    counted = [get(client, "/collections")["items"][0], get(client, "/collections/orders")]
    assert client.post(f"{BASE}/objects/{one}/restore").status_code == 200
    restored = documents(client, sort="-n")
    counted.append(get(client, "/collections/orders"))
    assert client.delete(f"{BASE}/objects/{one}?purge=true").status_code == 204

    assert trashed == ([{"n": 3}], [])
    assert restored == [{"n": 3}, {"n": 2}, {"n": 1}]
    assert [each["documents"] for each in counted] == [1, 1, 3]
    assert documents(client) == [{"n": 3}]


def test_a_document_too_large_for_an_answer_is_named(house: House, client: TestClient) -> None:
    store(house, json.dumps({"n": 1, "text": "x" * (3 * 1024 * 1024)}), '{"n": 2}')
    way = "/collections/orders/documents"

    first = get(client, way)
    second = get(client, way, cursor=first["next_cursor"])

    (item,) = first["items"]
    assert item["doc"] is None
    assert item["too_large_bytes"] > 3 * 1024 * 1024
    assert get(client, f"{way}/{item['document_id']}") == item
    assert [item["doc"] for item in second["items"]] == [{"n": 2}]
    assert documents(client, fields="n") == [{"n": 1}, {"n": 2}]


def test_another_owners_documents_never_appear(house: House, client: TestClient) -> None:
    store(house, '{"secret": 1}', owner="eve")
    (theirs,) = get(house.client(owner="eve"), "/collections")["items"]

    assert get(client, "/collections")["items"] == []
    for name in ("orders", theirs["id"]):
        for suffix in ("", "/documents", "/drift", "/refusals"):
            assert get(client, f"/collections/{name}{suffix}", 404)
        assert (
            client.patch(f"{BASE}/collections/{name}", json={"contract": "freeze"}).status_code
            == 404
        )
    store(house, '{"mine": 1}')
    assert documents(client) == [{"mine": 1}]
    assert documents(house.client("operator", owner="ops"), owner="eve") == [{"secret": 1}]


# --- schemas


def test_a_proposal_shows_its_reasons_and_answers_are_the_same_after_approval(
    house: House, client: TestClient
) -> None:
    # Given orders and what was asked of them,
    store_orders(house)
    think(house)
    asked: list[dict[str, Any]] = [
        {"filter[order_id][gte]": "30"},
        {"filter[customer][eq]": "c3", "sort": "-total"},
        {"filter[address.city][like]": "%1", "fields": "total"},
        {"filter[total][lt]": "2.1", "sort": "customer"},
    ]
    before = [documents(client, **each) for each in asked]
    (listed,) = get(client, "/schemas", collection="orders", status="provisional")["items"]
    shown = get(client, f"/schemas/{listed['id']}")
    assert listed.items() <= shown.items()
    assert (shown["storage_choice"], shown["collection"]) == ("sql", "orders")
    assert all(rule["passed"] for rule in shown["rationale"])
    assert {column["path"] for column in shown["columns"]} == {
        *("/order_id", "/customer", "/total", "/address/city")
    }
    assert (shown["dry_run"]["rows"], shown["dry_run"]["misfits"]) == (40, [])
    assert shown["ddl"].startswith("CREATE TABLE")
    assert get(client, "/collections/orders")["waiting_schema"] == listed["id"]

    # when what was looked at is approved,
    approve = f"{BASE}/schemas/{listed['id']}/approve"
    refused = client.post(approve, json={"ddl_sha256": "0" * 64})
    assert (refused.status_code, refused.json()["code"]) == (409, "other_statements")
    approved = client.post(approve, json={"ddl_sha256": shown["ddl_sha256"]})
    assert (approved.status_code, approved.json()["status"]) == (202, "building"), approved.text
    think(house)

    # then the documents are in a table, their files name its schema, and answers are the same.
    file = get(client, "/objects", limit=1)["items"][0]
    assert file["schema_id"] == listed["id"]
    assert get(client, f"/objects/{file['system_id']}")["schema_id"] == listed["id"]
    found = get(client, "/collections/orders")
    assert (found["storage"], found["active_schema"]) == ("sql", listed["id"])
    assert [documents(client, **each) for each in asked] == before
    assert client.post(approve).status_code == 409


def test_a_proposal_can_be_changed_and_rejected(house: House, client: TestClient) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    way = f"{BASE}/schemas/{listed['id']}"

    nothings: list[dict[str, Any]] = [{}, {"columns": {}}, {"columns": {"/total": {}}}]
    for nothing in nothings:
        same = client.patch(way, json=nothing)
        assert (same.status_code, same.json()["status"]) == (202, "provisional"), same.text
    changed = client.patch(way, json={"columns": {"/total": {"type": "text", "name": "sum"}}})
    assert (changed.status_code, changed.json()["status"]) == (202, "proving"), changed.text
    more = client.patch(way, json={"columns": {"/total": {"type": "numeric"}}})
    assert more.json()["overrides"] == {"columns": {"/total": {"type": "numeric", "name": "sum"}}}
    column = next(each for each in more.json()["columns"] if each["path"] == "/total")
    assert (column["name"], column["type"]) == ("sum", "numeric")
    think(house)
    assert get(client, f"/schemas/{listed['id']}")["status"] == "provisional"
    for override, code in (
        ({"columns": {"/nothing": {"name": "x"}}}, "invalid_override"),
        ({"columns": {"total": {"name": "x"}}}, "invalid_override"),
        ({"columns": {"/to~tal": {"name": "x"}}}, "invalid_override"),
        ({"columns": {"/total": {"name": "extra"}}}, "invalid_override"),
        ({"columns": {"/total": {"name": 'a"; DROP TABLE x; --\n'}}}, "invalid_override"),
        ({"columns": {"/total": {"type": "money"}}}, "invalid_request"),
        ({"storage": "paper"}, "invalid_request"),
    ):
        refused = client.patch(way, json=override)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text

    assert client.post(f"{way}/reject", json={"reason": "a" * 1001}).status_code == 422
    rejected = client.post(f"{way}/reject", json={"reason": " We have that elsewhere.\n"}).json()
    assert (rejected["status"], rejected["error"]) == ("rejected", None)
    assert rejected["reason"] == "We have that elsewhere."
    assert rejected["decided_by_name"] == "test"
    assert rejected.items() >= get(client, "/schemas")["items"][0].items()
    assert client.post(f"{way}/approve").json()["code"] == "schema_status"
    think(house)
    assert [each["status"] for each in get(client, "/schemas")["items"]] == ["rejected"]


def test_fields_are_named_by_json_pointers_everywhere(house: House, client: TestClient) -> None:
    # Given a key to look up, arrays of objects, keys with signs, and values of other types,
    store(house, *(json.dumps({"id": f"c{n}"}) for n in range(12)), collection="customers")
    visits = [{"customer_id": f"c{n}", "at": n} for n in range(12)]
    store(house, *map(json.dumps, visits), collection="visits")
    lines = [
        {"a/b": {"c~d": n}, "customer_id": f"c{n % 12}", "rows": [{"x/y": n}]} for n in range(40)
    ]
    store(house, *map(json.dumps, lines), collection="lines")
    think(house)
    (listed,) = get(client, "/schemas", collection="lines")["items"]
    way = f"{BASE}/schemas/{listed['id']}"
    asked = {"/a~1b/c~0d": {"type": "text"}, "/customer_id": {"type": "uuid"}}

    client.patch(way, json={"storage": "sql", "columns": asked})
    think(house)
    shown = get(client, f"/schemas/{listed['id']}")

    assert {one["path"] for one in shown["columns"]} == {"/a~1b/c~0d", "/customer_id", "/rows"}
    assert {one["path"] for one in shown["profile"]["fields"]} == {
        *("/a~1b", "/a~1b/c~0d", "/customer_id", "/rows")
    }
    elements = next(one for one in shown["profile"]["fields"] if one["path"] == "/rows")["lists"]
    assert [one["path"] for one in elements["elements"]["fields"]] == ["/x~1y"]
    (referring,) = get(client, "/schemas", collection="visits")["items"]
    (key,) = get(client, f"/schemas/{referring['id']}")["foreign_keys"]
    assert (key["path"], key["collection"], key["field"]) == ("/customer_id", "customers", "/id")
    (child,) = shown["child_tables"]
    assert (child["path"], [one["path"] for one in child["columns"]]) == (
        *("/rows", [None, None, "/x~1y"]),
    )
    assert {one["path"] for one in shown["dry_run"]["misfits"]} == {*asked}


def test_a_proposal_with_statements_of_before_is_proved_anew_whoever_looked_at_them(
    house: House, client: TestClient
) -> None:
    store_orders(house)
    think(house)
    house.rows("UPDATE schema_def SET ddl = '-- ' || ddl, ddl_sha256 = %s", "0" * 64)
    (listed,) = get(client, "/schemas")["items"]
    approve = f"{BASE}/schemas/{listed['id']}/approve"

    outdated = client.post(approve, json={"ddl_sha256": "0" * 64})
    think(house)
    proved = get(client, f"/schemas/{listed['id']}")

    assert (outdated.status_code, outdated.json()["code"]) == (409, "proposal_outdated")
    assert proved["status"] == "provisional"
    assert client.post(approve, json={"ddl_sha256": proved["ddl_sha256"]}).status_code == 202


@pytest.mark.parametrize("no", ["reject", "rollback"])
def test_what_was_turned_down_as_a_person_had_changed_it_is_not_proposed_again(
    house: House, client: TestClient, no: str
) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    way = f"{BASE}/schemas/{listed['id']}"
    assert client.patch(way, json={"columns": {"/total": {"type": "text"}}}).status_code == 202
    think(house)
    for act in ("reject",) if no == "reject" else ("approve", "rollback"):
        assert client.post(f"{way}/{act}").is_success
        think(house)

    store(house, json.dumps({**ORDERS[0], "order_id": 40}))
    think(house)

    assert [each["id"] for each in get(client, "/schemas")["items"]] == [listed["id"]]


def test_what_a_person_put_into_a_proposal_that_failed_is_in_the_next(
    house: House, client: TestClient
) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    theirs = {"columns": {"/total": {"type": "text", "name": "sum"}}}
    assert client.patch(f"{BASE}/schemas/{listed['id']}", json=theirs).status_code == 202
    house.rows("UPDATE schema_def SET status = 'failed', error = 'ddl_failed: No room.'")

    store(house, json.dumps({**ORDERS[0], "order_id": 40}))
    think(house)
    assert [each["status"] for each in get(client, "/schemas")["items"]] == ["failed"]
    store(house, *(json.dumps({**each, "paid": True}) for each in ORDERS))
    think(house)

    following, failed = get(client, "/schemas")["items"]
    assert (following["status"], failed["id"]) == ("provisional", listed["id"])
    assert get(client, f"/schemas/{following['id']}")["overrides"] == theirs


def test_jsonb_instead_of_a_table(house: House, client: TestClient) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    way = f"{BASE}/schemas/{listed['id']}"

    changed = client.patch(way, json={"storage": "jsonb"})
    think(house)
    approved = client.post(f"{way}/approve")

    assert changed.json()["storage_choice"] == "jsonb", changed.text
    assert (approved.status_code, approved.json()["status"]) == (202, "active")
    assert get(client, "/collections/orders")["storage"] == "jsonb"


def test_back_to_jsonb(house: House, client: TestClient) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    client.post(f"{BASE}/schemas/{listed['id']}/approve")
    think(house)

    asked = client.post(f"{BASE}/schemas/{listed['id']}/rollback")

    assert (asked.status_code, asked.json()["status"]) == (202, "undoing")
    assert documents(client, limit=200) == ORDERS
    think(house)
    assert get(client, "/collections/orders")["storage"] == "jsonb"
    assert documents(client, limit=200, **{"filter[total][gte]": "0"}) == ORDERS


def test_drift_is_told_field_by_field(house: House, client: TestClient) -> None:
    store_orders(house)
    think(house)
    (listed,) = get(client, "/schemas")["items"]
    still = get(client, "/collections/orders/drift")
    assert (still["schema_id"], still["drifted"]) == (listed["id"], False)
    client.post(f"{BASE}/schemas/{listed['id']}/approve")
    think(house)

    store(house, *(json.dumps({"order_id": f"x{n}", "gift": True}) for n in range(20)))

    drift = get(client, "/collections/orders/drift")
    told = {field["path"]: field["what"] for field in drift["fields"]}
    assert drift["drifted"]
    assert (drift["documents_before"], drift["documents_since"]) == (40, 20)
    assert told["/gift"] == "new"
    assert told["/order_id"] == "wider"
    assert told["/customer"] == "vanished"
    house.rows("DELETE FROM schema_def")
    without = get(client, "/collections/orders/drift")
    assert (without["schema_id"], without["fields"]) == (None, [])


def test_schemas_are_listed_page_by_page(house: House, client: TestClient) -> None:
    for name in ("a", "b", "c"):
        store(house, *(json.dumps({**each, "of": name}) for each in ORDERS), collection=name)
    think(house)

    first = get(client, "/schemas", limit=2)
    second = get(client, "/schemas", limit=2, cursor=first["next_cursor"])

    assert {each["collection"] for each in first["items"] + second["items"]} == {"a", "b", "c"}
    assert second["next_cursor"] is None
    assert get(client, "/schemas", 422, cursor="random")["code"] == "invalid_cursor"
    assert get(client, "/collections", 422, cursor="*")["code"] == "invalid_cursor"
    for way in ("/collections", "/schemas", "/objects", "/collections/a/documents"):
        repeated = client.get(f"{BASE}{way}?limit=1&limit=2")
        assert (repeated.status_code, repeated.json()["detail"]) == (
            *(422, "limit: sent 2 times; send it once"),
        )
    assert get(client, "/schemas", cursor="")["items"] == get(client, "/schemas")["items"]
    assert get(client, "/schemas", collection="none")["items"] == []
    assert get(client, "/schemas", status="active")["items"] == []
    assert get(house.client(owner="eve"), "/schemas")["items"] == []
    assert get(house.client(owner="eve"), f"/schemas/{first['items'][0]['id']}", 404)
