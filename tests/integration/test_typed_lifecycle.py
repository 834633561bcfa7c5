"""A proposal's life: proved, approved, built, changed, rejected, rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from mammothbox.catalog.schema_defs import Status
from mammothbox.documents import proposals
from mammothbox.documents.build import build
from mammothbox.documents.design import Column, TableDesign
from mammothbox.documents.proposals import Wanted
from mammothbox.documents.prove import prove
from mammothbox.errors import NotFound, Refused
from mammothbox.ids import new_id

from infra.local.postgres import DatabaseUrls
from tests.typed_library import TypedLibrary, documents, plenty

A = Column(("a",), "a", "bigint")
B = Column(("b",), "b", "text")
AS_TEXT = Column(("a",), "a", "text")


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[TypedLibrary]:
    library = TypedLibrary.open(database_urls)
    yield library
    library.close()


def statuses(library: TypedLibrary) -> list[str]:
    rows = library.rows("SELECT status FROM schema_def ORDER BY version")
    return [row["status"] for row in rows]


def chores(library: TypedLibrary) -> set[str]:
    return {row["name"] for row in library.rows("SELECT name FROM chore")}


def test_all_documents_materialise_old_and_new(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}, {"a": 2}))

    made = library.built(A, B)
    library.add(documents({"a": 3, "b": "x"}))

    assert [(row["a"], row["b"]) for row in library.typed(made)] == [(1, None), (2, None), (3, "x")]
    assert chores(library) >= {"prove", "build"}


def test_documents_that_come_while_the_table_is_filled_are_in_it(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    schema_id = library.proposed(A)
    library.prove()
    library.approve(schema_id)
    # The table is made, and the time is over.
    build(library.worker, library.owner, lambda: 0.0)
    library.add(documents({"a": 2}))

    assert [row["a"] for row in library.typed(library.schema(schema_id))] == [2]
    library.build()

    assert [row["a"] for row in library.typed(library.schema(schema_id))] == [1, 2]


def test_a_piece_of_a_file_that_is_read_again_replaces_its_rows(library: TypedLibrary) -> None:
    made = library.built(A)
    asset_id = library.add(documents({"a": 1}, {"a": 2}))

    library.add(documents({"a": 3}), asset_id)

    assert [row["a"] for row in library.typed(made)] == [3]


def test_a_large_table_is_filled_in_many_pieces(library: TypedLibrary) -> None:
    for _ in range(3):
        library.add(documents(*({"a": number} for number in range(4_000))))

    made = library.built(A)

    rows = library.rows(f"SELECT count(*) AS rows, sum(a) AS sum FROM {made.table_name}")
    assert rows == [{"rows": 12_000, "sum": 3 * 3999 * 2000}]
    assert made.filled_to == max(row["document_id"] for row in library.typed(made))


def test_the_statements_that_run_are_those_that_were_approved(library: TypedLibrary) -> None:
    schema_id = library.proposed(A)
    library.prove()
    library.approve(schema_id)
    library.rows("UPDATE schema_def SET ddl = replace(ddl, 'bigint', 'text')")
    before = library.relations()

    library.build()

    failed = library.schema(schema_id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.startswith("ddl_changed")
    assert library.relations() == before


def test_the_next_version_changes_the_table_and_keeps_its_name(library: TypedLibrary) -> None:
    library.add(documents({"a": 1, "b": "x"}, {"a": "y"}))
    first = library.built(A)

    second = library.built(AS_TEXT, B)

    assert second.ddl.startswith("ALTER TABLE")
    assert (second.table_name, second.version) == (first.table_name, 2)
    assert statuses(library) == ["superseded", "active"]
    rows = [(row["a"], row["b"], row["extra"]) for row in library.typed(second)]
    assert rows == [(None, "x", {"variants": {'["a"]': 1}}), ("y", None, {})]
    assert library.texts_again(second) == library.texts()
    with library.app.transaction("ada") as connection:
        shown = connection.execute(f"SELECT * FROM {second.table_name}".encode()).fetchall()
    assert [*shown[0]] == ["document_id", "extra", "a", "b"]


def test_while_the_table_is_about_to_change_new_documents_wait_for_it(
    library: TypedLibrary,
) -> None:
    library.built(A)
    schema_id = library.proposed(A, B)
    library.prove()
    library.approve(schema_id)

    asset_id = library.add(documents({"a": 1, "b": "x"}))
    library.purge(asset_id)
    library.add(documents({"a": 2, "b": "y"}))
    library.build()

    assert [row["b"] for row in library.typed(library.schema(schema_id))] == ["y"]


def test_a_change_that_fails_leaves_the_table_as_it_was_and_complete(
    library: TypedLibrary,
) -> None:
    first = library.built(A)
    schema_id = library.proposed(A, B)
    library.prove()
    library.approve(schema_id)
    library.add(documents({"a": 1, "b": "x"}))
    library.rows("UPDATE schema_def SET ddl = ddl || ' ' WHERE status = 'building'")

    library.build()

    assert statuses(library) == ["active", "failed"]
    rows = [(row["a"], row["extra"]) for row in library.typed(first)]
    assert rows == [(1, {"rest": {"b": "x"}})]


def test_a_roll_back_drops_the_table_and_no_document(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    before = library.relations()
    made = library.built(A)

    library.roll_back(made.id)
    library.add(documents({"a": 2}))

    assert library.relations() == before
    assert statuses(library) == ["rolled_back"]
    assert len(library.texts()) == 2


def test_what_was_rolled_back_comes_again_when_somebody_wants_it(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    schema_id = library.built(A).id
    library.roll_back(schema_id)

    assert library.propose(A) is None
    with library.app.transaction("ada") as connection:
        wanted = Wanted("sql", "s", 1.0, [], {}, TableDesign((A,)))
        proposals.override(connection, library.by, schema_id, wanted)
    library.prove()
    library.approve(schema_id)
    library.build()

    assert [row["a"] for row in library.typed(library.schema(schema_id))] == [1]


def test_what_failed_is_not_proposed_as_it_was(library: TypedLibrary) -> None:
    library.add(documents({"b": "x"}))
    required = Column(("a",), "a", "bigint", required=True)
    library.proposed(required)
    library.prove()

    assert statuses(library) == ["failed"]
    assert library.propose(required) is None
    assert library.propose(A) is not None


def test_a_table_being_built_can_be_rolled_back(library: TypedLibrary) -> None:
    before = library.relations()
    schema_id = library.proposed(A)
    library.prove()
    library.approve(schema_id)

    library.roll_back(schema_id)

    assert statuses(library) == ["rolled_back"]
    assert library.relations() == before


def test_the_same_is_not_proposed_twice(library: TypedLibrary) -> None:
    first = library.proposed(A)

    assert library.propose(A) is None
    library.prove()
    library.approve(first)
    assert library.propose(A) is None
    library.build()
    assert library.propose(A) is None


def test_a_newer_proposal_takes_the_place_of_one_that_waits(library: TypedLibrary) -> None:
    library.proposed(A)

    library.proposed(A, B)

    assert statuses(library) == ["superseded", "proving"]


def test_a_rejected_table_stays_rejected_for_its_structure(library: TypedLibrary) -> None:
    schema_id = library.proposed(A)
    with library.app.transaction("ada") as connection:
        rejected = proposals.reject(connection, library.by, schema_id)

    assert (rejected.status, rejected.decided_by) == ("rejected", "key:test")
    assert library.propose(A) is None
    assert library.propose(A, B) is not None
    assert library.propose(A, structure="another") is not None


def test_a_proposal_is_proved_anew_when_its_table_has_changed(library: TypedLibrary) -> None:
    first = library.built(A)
    schema_id = library.proposed(A, B)
    library.prove()
    assert library.schema(schema_id).ddl.startswith("ALTER")

    library.roll_back(first.id)
    assert library.schema(schema_id).status == "proving"
    library.prove()

    assert library.schema(schema_id).ddl.startswith("CREATE")
    library.approve(schema_id)
    library.build()
    assert library.schema(schema_id).status == "active"


def test_an_override_is_proved_anew(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    schema_id = library.proposed(A)
    library.prove()
    wanted = Wanted(
        "sql", "s", 1.0, [], {}, TableDesign((AS_TEXT,)), {"columns": {"/a": {"type": "text"}}}
    )

    with library.app.transaction("ada") as connection:
        changed = proposals.override(connection, library.by, schema_id, wanted)
    assert (changed.status, changed.dry_run) == ("proving", None)
    library.prove()
    library.approve(schema_id)
    library.build()

    active = library.schema(schema_id)
    assert active.overrides == {"columns": {"/a": {"type": "text"}}}
    assert active.dry_run is not None
    assert active.dry_run["misfits"][0]["values"] == 1


def test_an_impossible_override_is_refused_and_changes_nothing(library: TypedLibrary) -> None:
    schema_id = library.proposed(A)
    before = library.schema(schema_id)
    columns = tuple(Column((f"{number}",), f"c{number}", "text") for number in range(251))

    with (
        pytest.raises(Refused, match="250 columns"),
        library.app.transaction("ada") as connection,
    ):
        wanted = Wanted("sql", "s", 1.0, [], {}, TableDesign(columns))
        proposals.override(connection, library.by, schema_id, wanted)

    assert library.schema(schema_id) == before


def test_to_stay_jsonb_is_a_proposal_too(library: TypedLibrary) -> None:
    with library.worker.transaction() as connection:
        schema_id = proposals.propose(
            connection, library.collection, Wanted("jsonb", "s", 0.2, [], {}), "request"
        )
    assert schema_id is not None
    library.prove()

    library.approve(schema_id)

    assert library.schema(schema_id).status == "active"
    library.add(documents({"a": 1}))
    made = library.built(A)
    assert statuses(library) == ["superseded", "active"]
    assert len(library.typed(made)) == 1


def test_what_passed_is_approved_by_itself_where_that_is_wanted(library: TypedLibrary) -> None:
    library.add(documents({"a": 1}))
    schema_id = library.proposed(A)

    prove(library.worker, library.owner, plenty, auto_migrate=True)

    approved = library.schema(schema_id)
    assert (approved.status, approved.decided_by) == ("building", "function:schema")


ACTS = {
    "approve": proposals.approve,
    "reject": proposals.reject,
    "roll back": proposals.request_rollback,
}
LEGAL = {
    "approve": {"provisional"},
    "reject": {"proving", "provisional", "failed"},
    "roll back": {"building", "active"},
}
EVERY = get_args(Status)


@pytest.mark.parametrize("status", EVERY)
@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_refused_where_it_makes_no_sense(
    library: TypedLibrary, act: str, status: str
) -> None:
    schema_id = library.proposed(A)
    library.rows("UPDATE schema_def SET status = %(status)s", {"status": status})
    if status in LEGAL[act]:
        with library.app.transaction("ada") as connection:
            ACTS[act](connection, library.by, schema_id)
        return

    with (
        pytest.raises(Refused, match=f"schema that is {status} cannot") as refused,
        library.app.transaction("ada") as connection,
    ):
        ACTS[act](connection, library.by, schema_id)

    assert refused.value.status == 409
    assert statuses(library) == [status]


@pytest.mark.parametrize("act", ACTS)
def test_another_owners_schema_is_not_found(library: TypedLibrary, act: str) -> None:
    schema_id = library.proposed(A)

    for owner, asked in (("eve", schema_id), ("ada", new_id())):
        with pytest.raises(NotFound), library.app.transaction(owner) as connection:
            ACTS[act](connection, proposals.By(owner, "key:test", "request"), asked)


def test_every_decision_is_on_record(library: TypedLibrary) -> None:
    made = library.built(A)
    library.roll_back(made.id)

    rows = library.rows("SELECT event, actor, detail FROM lineage ORDER BY id")
    assert [(row["event"], row["actor"]) for row in rows] == [
        ("schema.proposed", "function:schema"),
        ("schema.approved", "key:test"),
        ("schema.rollback_requested", "key:test"),
    ]
    assert {row["detail"]["ddl_sha256"] for row in rows} == {made.ddl_sha256}
