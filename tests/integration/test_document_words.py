"""Words of JSON documents: written behind the documents, piece by piece, and gone with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from mammothbox.catalog import document_words
from mammothbox.catalog.connection import Database
from mammothbox.documents import errands, wording
from mammothbox.documents.pieces import Pieces

from tests.house import House
from tests.integration.test_documents import cut_into_parts
from tests.integration.test_documents_again import read_again

SOME: list[dict[str, Any]] = [
    {"name": f"Zoë{n} Müller", "deep": {"cities": ["San José", 42.5]}, "kept": n % 2 == 0}
    for n in range(60)
]
WORDS = (
    "SELECT array_agg(lexeme) AS words FROM document_words, unnest(words) WHERE document_id = %s"
)


@pytest.fixture
def worker(house: House) -> Iterator[Database]:
    with closing(Database(house.urls.worker)) as database:
        yield database


def upload(house: House, documents: list[dict[str, Any]]) -> UUID:
    body = "\n".join(map(json.dumps, documents)).encode()
    return house.upload(house.client(), body, filename="people.ndjson", collection="people")


def written(house: House) -> int:
    """How many documents have words; each has them once, and beside what it is of."""
    (docs,) = house.rows("SELECT docs_table FROM collection")
    (row,) = house.rows(
        "SELECT count(*) AS words, count(d.document_id) AS documents FROM document_words w"
        f" LEFT JOIN collections.{docs['docs_table']} d USING (document_id, asset_id, part)"
    )
    assert row["words"] == row["documents"]
    return int(row["words"])


def lacking(house: House) -> int:
    return len(house.rows("SELECT 1 FROM document_part WHERE NOT words_written AND documents > 0"))


def test_a_document_is_found_by_what_stands_in_it_however_deep(house: House) -> None:
    upload(house, SOME)
    house.run_queues()

    assert (written(house), lacking(house)) == (len(SOME), 0)
    (first,) = house.rows("SELECT min(document_id::text) AS id FROM document_words")
    (row,) = house.rows(WORDS, first["id"])
    assert set(row["words"]) == {"zoe", "0", "muller", "san", "jose", "42", "5"}


def test_documents_without_words_hold_up_no_others(house: House) -> None:
    upload(house, [{}, {"pagination": {}}, {"is": [True, None]}, {"found": "here"}])
    house.run_queues()

    assert (written(house), lacking(house)) == (4, 0)
    assert house.rows("SELECT 1 FROM document_words WHERE words @@ 'here'")


def test_words_go_on_where_they_stopped(
    house: House, worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_into_parts(monkeypatch, 1024)
    upload(house, SOME)
    with monkeypatch.context() as patches:
        patches.setattr(errands, "write_words", lambda *_: True)
        house.run_queues("intake", "schema")
    assert (written(house), lacking(house) > 2) == (0, True)
    monkeypatch.setattr(wording, "Pieces", partial(Pieces, most=4))

    before = steps = 0
    while not wording.write_words(worker, "ada", iter([300.0, 0.0]).__next__):
        # Its time is up after each piece, and nothing of one that fails is kept.
        assert before <= written(house) <= before + 4
        before, steps = written(house), steps + 1
        if steps == 5:
            with monkeypatch.context() as patches:
                patches.setattr(document_words, "_LONGEST", "many")
                with pytest.raises(psycopg.DataError):
                    wording.write_words(worker, "ada", lambda: 300.0)
            assert written(house) == before

    assert (before, lacking(house)) == (len(SOME), 0)


def test_what_is_read_again_or_erased_has_no_words_of_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_into_parts(monkeypatch, 2048)
    asset_id = upload(house, SOME)
    house.run_queues()
    house.rows("UPDATE document_words SET words = 'stale'")

    read_again(house, asset_id)
    house.sweep()
    house.run_queues()

    assert (written(house), lacking(house)) == (len(SOME), 0)
    assert house.rows("SELECT 1 FROM document_words WHERE words @@ 'stale'") == []
    assert house.client().delete(f"/api/v1/objects/{asset_id}?purge=true").status_code == 204
    assert written(house) == 0
