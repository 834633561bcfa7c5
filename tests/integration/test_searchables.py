"""What search looks at is always what the rest of the catalogue makes it, and goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from random import Random
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest
from mammothbox import by_hand, making_anew, removal
from mammothbox.by_hand import Change
from mammothbox.catalog import asset_removal, assets, lexicon, searchables, spaces, tags
from mammothbox.catalog.connection import Database
from mammothbox.clustering import undo, verdicts
from mammothbox.errors import Refused, Unavailable
from mammothbox.tagging.tag import Tag
from psycopg.rows import DictRow

from infra.local.postgres import DatabaseUrls
from tests.house import House
from tests.pictures import BEACH, pairs, take
from tests.vector_library import SPACE, VectorLibrary

BY = {"actor": "key:ada", "request_id": "r"}
ROWS = "SELECT to_jsonb(s) AS row FROM searchable s ORDER BY owner, asset_id"
LEXICON = "SELECT owner, word FROM lexicon ORDER BY owner, word"


def settle_doubts(worker: Database) -> None:
    with worker.transaction() as connection:
        for owner in lexicon.doubting(connection, 10):
            lexicon.settle_doubts(connection, owner, 1000)


def found_by(rows: Callable[[str], list[DictRow]], word: str) -> set[UUID]:
    found = rows(f"SELECT asset_id FROM searchable WHERE words @@ '{word}'::tsquery")
    return {row["asset_id"] for row in found}


def check_drift(rows: Callable[[str], list[DictRow]], worker: Database) -> None:
    """All of it is what it would be if it were made now."""
    settle_doubts(worker)
    before = rows(ROWS), rows(LEXICON)
    rows("DELETE FROM searchable")
    rows("DELETE FROM lexicon")
    with worker.transaction() as connection:
        connection.execute("SELECT 1")
        for row in rows("SELECT owner, array_agg(id) AS ids FROM asset GROUP BY owner"):
            searchables.refresh(connection, row["owner"], row["ids"])
    assert (rows(ROWS), rows(LEXICON)) == before


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[VectorLibrary]:
    library = VectorLibrary.open(database_urls)
    yield library
    library.close()


class Life:
    """What happens to pictures, by chance."""

    def __init__(self, library: VectorLibrary, chance: Random) -> None:
        self.library, self.chance, self.decided = library, chance, list[UUID]()
        self.ids = [take(library, BEACH, width=400 + 10 * n) for n in range(4)]
        library.rows("UPDATE asset SET filename = 'IMG_' || left(id::text, 4) || '.jpg'")
        library.rows("UPDATE media SET latitude = 1, longitude = 2 WHERE width = 400")
        # One of them came twice.
        self.ids.append(library.add((1.0,), assigned=False))
        library.rows(
            "UPDATE asset SET sha256 = repeat('a', 64), verified = true,"
            " duplicate_of = CASE WHEN id = %(copy)s THEN %(of)s::uuid END,"
            " status = CASE WHEN id = %(copy)s THEN 'duplicate' ELSE status END"
            " WHERE id IN (%(copy)s, %(of)s)",
            copy=self.ids[-1],
            of=self.ids[0],
        )
        self.refresh(library.worker)

    def step(self) -> None:
        acts = (self.say, self.tag, self.comment, self.trash, self.restore, self.confirm)
        self.chance.choice((*acts, self.confirm, self.take_back, self.refresh, self.purge))()

    def some(self) -> UUID:
        return self.chance.choice(self.ids)

    def word(self) -> str:
        return self.chance.choice(["Beach", "dog", "Zürich", "red car"])

    def say(self) -> None:
        add, remove = {self.word()}, {self.word()}
        self.change(Change(add=add, remove=remove - add))

    def comment(self) -> None:
        self.change(Change(describe={"comments": self.word(), "rating": 3}))

    def change(self, wanted: Change) -> None:
        by_hand.change(self.library.app, "ada", self.some(), wanted, **BY)

    def tag(self) -> None:
        """As the end of a stage does."""
        asset_id = self.some()
        said = [Tag(self.word(), "zero-shot", 0.5, ("thing",))]
        with self.library.worker.transaction() as connection:
            assets.lock(connection, "ada", asset_id)
            tags.replace(
                connection, "ada", asset_id, source="zero-shot", tags=said, space=SPACE.name
            )
            searchables.refresh(connection, "ada", [asset_id])

    def trash(self) -> None:
        removal.trash(self.library.app, "ada", self.some(), **BY)

    def restore(self) -> None:
        removal.restore(self.library.app, "ada", self.some(), **BY)

    def confirm(self) -> None:
        keep = self.some()
        for pair in pairs(self.library, keep).values():
            try:
                told = verdicts.confirm(self.library.app, self.library.by, pair.id, keep)
            except Refused:
                continue
            self.decided.append(told.decision_id)
            return

    def take_back(self) -> None:
        if self.decided:
            undo.undo(self.library.app, self.library.by, self.decided.pop())

    def refresh(self, as_role: Database | None = None) -> None:
        with (as_role or self.library.app).transaction("ada") as connection:
            searchables.refresh(connection, "ada", self.ids)

    def purge(self) -> None:
        if len(self.ids) < 3:
            return
        asset_id = self.ids.pop()
        removal.begin_purge(self.library.app, "ada", asset_id, **BY)
        with self.library.app.transaction("ada") as connection:
            lexicon.doubt(connection, "ada", asset_id)
            asset_removal.delete(connection, "ada", asset_id)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_every_row_is_what_it_would_be_if_it_were_made_now(
    library: VectorLibrary, seed: int
) -> None:
    life = Life(library, Random(seed))
    for _ in range(30):
        life.step()
        check_drift(library.rows, library.worker)
        hidden = library.rows("SELECT asset_id FROM searchable WHERE hidden")
        trashed = library.rows("SELECT id AS asset_id FROM asset WHERE trashed_at IS NOT NULL")
        assert sorted(map(str, hidden)) == sorted(map(str, trashed))

    assert len(library.rows(ROWS)) == len(life.ids)


def test_an_asset_is_found_by_all_that_is_known_of_it(library: VectorLibrary) -> None:
    keep, other = take(library, BEACH), take(library, BEACH, width=200)
    library.rows(
        "UPDATE asset SET filename = 'IMG2024_BeachParty.JPEG', comments = 'with Ada',"
        " collection = 'Holidays' WHERE id = %(id)s",
        id=keep,
    )
    library.rows(
        "INSERT INTO caption VALUES ('ada', %(id)s, 'Two dogs', 'STOP', 'm', 1, now())", id=keep
    )
    library.rows(
        "UPDATE media SET latitude = 52.5, longitude = 13.4, taken_at = '2020-01-02 03:04',"
        ' camera = \'{"make": "Canon", "model": "EOS 5D PowerShot", "lens": "EF24-70"}\''
        " WHERE asset_id = %(id)s",
        id=other,
    )
    for label, space in (("Sunset", SPACE.name), ("cat", "another")):
        library.rows(
            "INSERT INTO tag SELECT owner, id, %(label)s, 'zero-shot', %(space)s, 0.5,"
            " '{evening}', created_at FROM asset WHERE id = %(id)s",
            **{"label": label, "space": space, "id": keep},
        )
    (pair,) = pairs(library, keep).values()

    verdicts.confirm(library.app, library.by, pair.id, keep)

    (row,) = library.rows("SELECT * FROM searchable WHERE asset_id = %(id)s", id=keep)
    assert set(row["facets"]) == {
        *("kind:image", "type:image/png", "collection:Holidays", "orientation:landscape"),
        *("has:caption", "has:place", "tag:sunset", "camera:canon", "camera:eos", "camera:5"),
        *("camera:d", "lens:ef", "lens:24", "lens:70", "camera:power", "camera:shot"),
        "camera:powershot",
    }
    assert (row["latitude"], row["longitude"], row["at"].year) == (52.5, 13.4, 2020)
    (found,) = library.rows(
        "SELECT array_agg(lexeme || coalesce(weights[1], 'D') ORDER BY lexeme) AS words"
        " FROM searchable, unnest(words) WHERE asset_id = %(id)s AND lexeme = ANY("
        "'{beach,party,parti,2024,ada,dogs,dog,sunset,stop,evening,jpeg,canon,holidays,cat}')",
        id=keep,
    )
    assert " ".join(found["words"]) == (
        "2024A adaB beachA canonD dogB dogsB eveningD holidaysD jpegA partiA partyA stopC sunsetB"
    )
    words = {row["word"] for row in library.rows(LEXICON)}
    assert {"beach", "dogs", "canon"} <= words
    assert not words & {"parti", "2024", "ef"}


def test_no_file_has_words_too_long_to_be_found_by(library: VectorLibrary) -> None:
    asset_id = take(library, BEACH)
    letters = Random(0).choices([chr(n) for n in range(0x4E00, 0x9000)], k=9000)
    library.rows(
        "UPDATE media SET camera = json_build_object('model', %(long)s::text)",
        long="".join(letters),
    )
    library.rows("UPDATE asset SET comments = %(long)s", long="".join(letters))

    with library.worker.transaction() as connection:
        searchables.refresh(connection, "ada", [asset_id])

    (row,) = library.rows("SELECT facets FROM searchable")
    assert [facet for facet in row["facets"] if facet.startswith("camera:")]


def test_a_keeper_is_found_by_what_yields_to_it(library: VectorLibrary) -> None:
    keep, other, third = (take(library, BEACH, width=width) for width in (400, 300, 200))
    for number, asset_id in enumerate((keep, other, third)):
        camera = f'{{"model": "Cam{number}", "lens": "Lens{number}"}}'
        library.rows(
            "UPDATE media SET taken_at = CASE WHEN %(n)s > 0 THEN '2019-07-01'::date + %(n)s END,"
            " camera = %(camera)s::jsonb WHERE asset_id = %(id)s",
            **{"n": number, "camera": camera, "id": asset_id},
        )
        library.rows(
            "UPDATE asset SET filename = %(name)s WHERE id = %(id)s",
            name=f"name{'xyz'[number]}.jpg",
            id=asset_id,
        )

    with library.worker.transaction() as connection:
        searchables.refresh(connection, "ada", [keep, other, third])

    def confirm(kept: UUID, yielding: UUID) -> UUID:
        (pair,) = [
            each
            for each in pairs(library, kept).values()
            if yielding in (each.asset_a, each.asset_b)
        ]
        return verdicts.confirm(library.app, library.by, pair.id, kept).decision_id

    confirm(other, third)
    decided = confirm(keep, other)

    cameras = "SELECT at::date::text AS at, facets FROM searchable WHERE asset_id = %(id)s"
    (row,) = library.rows(cameras, id=keep)
    assert row["at"] == "2019-07-02"
    assert {"camera:0", "camera:1", "camera:2", "lens:2", "lens:lens"} <= set(row["facets"])
    assert found_by(library.rows, "namez") == {keep, other, third}
    undo.undo(library.app, library.by, decided)
    assert found_by(library.rows, "namez") == {other, third}
    check_drift(library.rows, library.worker)


def test_from_upload_to_purge(house: House) -> None:
    client = house.client()
    picture = house.upload(client, b"What the mammoth saw.", filename="Kittens on holiday.txt")
    again = house.upload(client, b"What the mammoth saw.", filename="Omas Geburtstag.txt")
    report = house.upload(client, b'[{"a": 1}, {"a": 2}]', filename="report.json")
    house.upload(client, b"unheard of", filename="odd.bin")
    house.run_queues()
    with closing(Database(house.urls.worker)) as worker:
        check_drift(house.rows, worker)
        found = house.rows("SELECT asset_id, duplicate, facets FROM searchable ORDER BY asset_id")
        assert len(found) == 4
        assert [row["asset_id"] for row in found if row["duplicate"]] == [again]
        (data,) = [row["facets"] for row in found if row["asset_id"] == report]
        assert [facet for facet in data if facet.startswith("collection:")]

        # The original is found by the names of its copies: those that came, and one that its
        # digest tells to be here already.
        digest = sha256(b"What the mammoth saw.").hexdigest()
        third = house.upload(client, b"What the mammoth saw.", filename="Opa.txt", sha256=digest)
        assert found_by(house.rows, "geburtstag") == {picture, again}
        assert found_by(house.rows, "opa") == {picture, third}
        assert client.delete(f"/api/v1/objects/{third}?purge=true").status_code == 204
        assert found_by(house.rows, "opa") == set()

        body: dict[str, Any] = {"tags": {"add": ["Zanzibar"]}}
        assert client.patch(f"/api/v1/objects/{picture}", json=body).status_code == 200
        assert client.delete(f"/api/v1/objects/{picture}").status_code == 204
        # The duplicate is the original now, and has been through its stages.
        house.run_queues()
        assert house.rows("SELECT asset_id FROM searchable WHERE duplicate OR hidden") == [
            {"asset_id": picture}
        ]
        check_drift(house.rows, worker)
        assert {"owner": "ada", "word": "zanzibar"} in house.rows(LEXICON)
        assert found_by(house.rows, "geburtstag") == {again}

    for item in [picture, *(row["asset_id"] for row in found if row["asset_id"] != picture)]:
        assert client.delete(f"/api/v1/objects/{item}?purge=true").status_code == 204
        assert {"owner": "ada", "word": "zanzibar"} not in house.rows(LEXICON)
    for table in ("searchable", "lexicon", "lexicon_doubt", "document_words"):
        assert house.rows(f"SELECT * FROM {table}") == []


class Group:
    """Pictures of equal bytes, the first of them the original of the others."""

    def __init__(self, library: VectorLibrary, number: int) -> None:
        self.library = library
        self.ids = [library.add((1.0,), assigned=False) for _ in range(number)]
        library.rows(
            "UPDATE asset SET sha256 = repeat('a', 64), verified = true,"
            " duplicate_of = nullif(%(of)s::uuid, id),"
            " status = CASE id WHEN %(of)s THEN 'ready' ELSE 'duplicate' END",
            of=self.ids[0],
        )

    def tag(self, label: str) -> None:
        by_hand.change(self.library.app, "ada", self.ids[0], Change(add=[label]), **BY)

    def made_anew(self) -> int:
        return making_anew.go_on(self.library.worker)

    def tagged(self, label: str) -> int:
        tagged = "SELECT 1 FROM searchable WHERE facets @> ARRAY[%(facet)s]"
        return len(self.library.rows(tagged, facet=f"tag:{label}"))


NOWHERE: Any = Mock()
NOWHERE.store.first_version.return_value = None


@pytest.mark.parametrize("trashed", [False, True])
def test_no_duplicate_tells_of_a_purged_original(
    library: VectorLibrary, monkeypatch: pytest.MonkeyPatch, trashed: bool
) -> None:
    group = Group(library, 8)
    group.tag("whiskers")
    group.made_anew()
    assert group.tagged("whiskers") == 8
    # Fewer follow at once than there are, and a purge has no time but for one piece.
    monkeypatch.setattr(searchables, "_MOST_SAME", 2)
    monkeypatch.setattr(making_anew, "_DUPLICATES_PER_PIECE", 3)
    monkeypatch.setattr(making_anew, "_SECONDS_PER_PURGE", 0)
    if trashed:
        removal.trash(library.app, "ada", group.ids[0], **BY)

    asset, _ = removal.begin_purge(library.app, "ada", group.ids[0], **BY)
    left = [group.tagged("whiskers")]
    for _ in range(2):
        with pytest.raises(Unavailable):
            removal.finish_purge(library.app, NOWHERE, asset)
        left.append(group.tagged("whiskers"))
    removal.finish_purge(library.app, NOWHERE, asset)

    # With its own row; whoever comes again goes on.
    assert left == [5, 2, 1]
    assert group.tagged("whiskers") == 0
    assert {"owner": "ada", "word": "whiskers"} not in library.rows(LEXICON)
    check_drift(library.rows, library.worker)


def test_of_each_original_duplicates_follow(
    library: VectorLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searchables, "_MOST_SAME", 2)
    group = Group(library, 6)
    first, *_, last = group.ids
    library.rows(
        "UPDATE asset SET sha256 = repeat('b', 64), duplicate_of = nullif(%(of)s::uuid, id),"
        " status = CASE id WHEN %(of)s THEN 'ready' ELSE 'duplicate' END WHERE id = ANY(%(ids)s)",
        **{"of": last, "ids": group.ids[3:]},
    )

    with library.worker.transaction() as connection:
        searchables.refresh(connection, "ada", [first, last])

    assert len(library.rows(ROWS)) == 6


def test_rows_made_by_old_rules_are_made_anew_once(library: VectorLibrary) -> None:
    group = Group(library, 2)
    group.tag("whiskers")
    library.rows("UPDATE searchable SET facets = '{}', told_by = NULL")
    library.rows("DELETE FROM searchable_rules")

    assert group.made_anew() == 2

    assert group.tagged("whiskers") == 2
    check_drift(library.rows, library.worker)
    assert group.made_anew() == 0
    library.rows("UPDATE searchable_rules SET number = number - 1")
    assert group.made_anew() == 2


def test_tags_of_another_space_count_once_it_is_active(library: VectorLibrary) -> None:
    ids = [library.add((1.0, n / 10), assigned=False) for n in range(5)]
    library.rows(
        "INSERT INTO tag SELECT owner, id, label, 'zero-shot', space, 0.5, '{}', created_at"
        " FROM asset, (VALUES ('old', %(space)s), ('new', 'another')) said (label, space)",
        space=SPACE.name,
    )
    library.rows("INSERT INTO searchable_walk DEFAULT VALUES")
    assert making_anew.go_on(library.worker) == len(ids)
    tagged = "SELECT count(*) FROM searchable WHERE facets @> ARRAY[%(facet)s]"
    assert library.rows(tagged, facet="tag:old") == [{"count": 5}]
    library.rows(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
        " VALUES ('another', 'other', '1', 8)"
    )

    with closing(Database(library.urls.operator)) as operator, operator.transaction() as connection:
        spaces.activate(connection, "another")
    assert library.rows(tagged, facet="tag:old") == [{"count": 5}]
    assert making_anew.go_on(library.worker) == len(ids)

    assert library.rows(tagged, facet="tag:old") == [{"count": 0}]
    assert library.rows(tagged, facet="tag:new") == [{"count": 5}]
    check_drift(library.rows, library.worker)
    assert making_anew.go_on(library.worker) == 0


def test_who_hides_an_asset_has_no_say_in_what_the_owner_of_the_tables_writes(
    library: VectorLibrary,
) -> None:
    asset_id = library.add((1.0,), assigned=False)
    with library.app.transaction("ada") as connection:
        searchables.refresh(connection, "ada", [asset_id])
        connection.execute("CREATE TEMP TABLE searchable AS SELECT * FROM owned.searchable")
        connection.execute("UPDATE owned.asset SET trashed_at = now() WHERE id = %s", [asset_id])
        mine = connection.execute("SELECT hidden FROM pg_temp.searchable").fetchall()

    assert mine == [{"hidden": False}]
    assert library.rows("SELECT hidden FROM searchable") == [{"hidden": True}]


@pytest.mark.parametrize(
    ("dimension", "of"), [(9, 7), (8, 1)], ids=["other", "made with less care"]
)
def test_every_space_has_an_index_of_its_own_dimension(
    library: VectorLibrary, dimension: int, of: int
) -> None:
    defined = "SELECT indexdef FROM pg_indexes WHERE indexname = 'embedding_near_1'"
    (first,) = library.rows(defined)
    assert "halfvec(8)" in first["indexdef"]
    library.rows("DROP INDEX embedding_near_1")
    library.rows(
        "CREATE INDEX embedding_near_1 ON embedding USING hnsw"
        f" ((vector::halfvec({dimension})) halfvec_cosine_ops) WHERE space_id = {of}"
    )

    spaces.offer(library.urls.superuser, [(SPACE, {})], SPACE.name)

    assert library.rows(defined) == [first]


def test_the_janitor_forgets_what_searches_left_behind(house: House) -> None:
    house.rows(
        "INSERT INTO frozen_search SELECT 'ada', gen_random_uuid(), '', '{}', true,"
        " now() + make_interval(mins => n) FROM generate_series(-1, 1, 2) n (n)"
    )
    house.rows(
        "INSERT INTO query_vector SELECT 'ada', id, days::text::bytea, '[1]',"
        " now() - make_interval(days => days) FROM embedding_space, generate_series(29, 31, 2) days"
    )
    house.rows(
        "INSERT INTO frozen_search SELECT 'bob', gen_random_uuid(), '', '{}', true, now()"
        " FROM generate_series(1, 6000)"
    )
    house.rows("INSERT INTO lexicon VALUES ('ada', 'beach')")
    house.rows(
        "INSERT INTO lexicon_doubt (owner, word) SELECT 'ada', 'beach' FROM generate_series(1, 700)"
    )

    swept = house.sweep()

    assert (swept["searches_forgotten"], swept["words_doubted"]) == (6002, 700)
    assert len(house.rows("SELECT 1 FROM frozen_search WHERE expires_at > now()")) == 1
    assert house.rows("SELECT digest FROM query_vector") == [{"digest": b"29"}]
    assert house.rows(LEXICON) == []
