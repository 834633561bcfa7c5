"""A search as a whole: its order, its plan, its pages, and what it costs."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from mammothbox.catalog import query_vectors, word_search
from mammothbox.catalog.connection import Database
from mammothbox.errors import Permanent, Refused
from mammothbox.plain_text import one_line
from mammothbox.searching import pages, retrieve
from mammothbox.searching import search as searching
from mammothbox.searching.answer import Answer, Result
from mammothbox.searching.asked import Asked
from mammothbox.searching.filters import Filters
from mammothbox.searching.retrieve import Example

from infra.local.postgres import DatabaseUrls
from tests.integration.test_round_trips import Wire
from tests.search_library import SearchLibrary

BEACH = (1.0, 0.0)
# To understand and to plan; to look for vectors while words are; to show, and to end.
CACHED_SEARCH = 4
SEA = [(1.0, n / 50) for n in range(30)]


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[SearchLibrary]:
    library = SearchLibrary.open(database_urls)
    library.means["beach"] = BEACH
    yield library
    library.close()


def refusal(library: SearchLibrary, text: str = "", **asked: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        library.search(text, **asked)
    return refused.value.status, refused.value.code


def walk(library: SearchLibrary, text: str, limit: int, **asked: Any) -> list[UUID]:
    """All pages, one behind the other."""
    found: list[UUID] = []
    cursor = None
    while True:
        page = library.search(text, limit=limit, cursor=cursor, **asked)
        found += [result.asset_id for result in page.results]
        assert page.results or cursor is None or page.next_cursor is None
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_what_most_retrievers_find_comes_first_and_tells_why(library: SearchLibrary) -> None:
    looks = library.add("1.jpg", direction=(1, 0.3))
    all_three = library.add("beach.jpg", tags={"beach": 0.8}, direction=(1, 0.2))
    named = library.add("beach.pdf", direction=(0, 0, 1))
    library.add("beach.jpg", owner="bob", direction=BEACH, tags={"beach": 1})

    answer = library.search("beach", explain=True)

    assert answer.results[0].asset_id == all_three
    assert {result.asset_id for result in answer.results} == {looks, all_three, named}
    best = answer.results[0]
    assert 0.99 < (best.score or 0) < 1
    assert best.similarity == pytest.approx(1 / 1.04**0.5, abs=1e-6)
    assert {why.retriever: why.rank for why in best.why} == {"vector": 1, "words": 1, "tags": 1}
    doubt = math.prod(1 - why.contribution for why in best.why)
    assert 1 - doubt == pytest.approx(best.score)
    scores = [result.score or 0 for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert {step.retriever: step.plan for step in answer.plan} == {
        "vector": "exact",
        "words": "words",
        "documents": "words",
        "tags": "tags",
    }
    assert all(result.why == () for result in library.search("beach").results)


def test_nothing_good_is_an_answer(library: SearchLibrary) -> None:
    library.add("1.jpg", direction=(0.01, 1))
    named = library.add("beach.jpg", direction=(0.01, 1))

    assert library.found("beach", min_score=0.5) == [named]
    assert library.found("unicorn", min_score=0.5) == []
    assert len(library.found("unicorn")) == 2


def test_a_text_that_was_asked_before_needs_no_model(library: SearchLibrary) -> None:
    library.add("1.jpg", direction=BEACH)

    assert library.found("beach") == library.found("  BEACH kind:image")
    assert library.embedded == ["beach"]
    assert library.found("beach", owner="bob") == []
    assert library.embedded == ["beach", "beach"]
    # That it is in use is noted once a day.
    for unused, noted in (("2 days", True), ("2 hours", False)):
        library.vectors.rows(
            "UPDATE query_vector SET used_at = now() - %(ago)s::interval", ago=unused
        )
        library.search("beach")
        used = library.vectors.rows(
            "SELECT used_at > now() - interval '1 hour' AS just FROM query_vector"
            " WHERE owner = 'ada'"
        )
        assert [row["just"] for row in used] == [noted]


def test_without_a_vector_words_are_still_found_and_the_plan_says_so(
    library: SearchLibrary,
) -> None:
    named = library.add("beach.jpg")

    def no_model(space: str, text: str) -> list[float]:
        raise Permanent("no_text_in_space", "It is a histogram.")

    answer = searching.search(library.vectors.app, "ada", Asked("beach"), no_model)

    assert [result.asset_id for result in answer.results] == [named]
    assert ("vector", "none: no_text_in_space") in [
        (step.retriever, step.plan) for step in answer.plan
    ]


def test_without_a_vector_pages_go_on_to_the_last_that_has_one_of_many_words(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model(space: str, text: str) -> list[float]:
        raise Permanent("no_text_in_space", "It is a histogram.")

    monkeypatch.setattr(library, "embed", no_model)
    # As in a library of many.
    monkeypatch.setattr(word_search, "_FEW", 0)
    added = {library.add(f"sunset {n}.jpg") for n in range(30)}
    text = "sunset 901 902 903 904 905 906 907"

    assert len(library.search(text, limit=20).results) == 20
    assert set(walk(library, text, 20)) == added


@pytest.mark.parametrize(
    "text",
    [
        "beach",
        "red beach car",
        "red beach car sunset tag:sea",
        "car tag:sea,red -sunset",
        "type:media red sea",
        "lisbon beach kind:image",
        "cluster:Lisbon red car",
        "the beach duplicates:include",
        "nothingness beach",
    ],
)
def test_what_one_look_at_few_finds_is_what_each_retriever_finds_alone(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    words = ("red", "beach", "car", "sunset", "sea", "tower")
    members = []
    for n in range(40):
        own = [word for at, word in enumerate(words) if (n * 37 + at * at * 11) % 5 < 2]
        kind = ("image", "image", "video", "json")[n % 4]
        tags = {word: None if at else n / 60 for at, word in enumerate(own[:2])}
        direction = (n % 7, n % 5, 1)
        added = library.add("-".join([*own, f"{n}.x"]), tags=tags, direction=direction, kind=kind)
        members += [added] if n % 3 else []
        if kind == "json":
            library.add_document(added, f"a {' '.join(own)} of Ada")
    library.vectors.rows(
        "DELETE FROM embedding WHERE asset_id IN (SELECT id FROM asset WHERE kind = 'json')"
    )
    library.add_cluster("Lisbon", members[:20])
    library.trash(members[-1])
    library.add("red-beach.jpg", tags={"sea": 1}, direction=BEACH, owner="bob")

    together = library.search(text, limit=100, explain=True)
    monkeypatch.setattr(retrieve, "_TOGETHER_UP_TO", -1)
    alone = library.search(text, limit=100, explain=True)

    assert (together.results, together.plan) == (alone.results, alone.plan)
    assert {step.retriever: step.plan for step in alone.plan}["vector"] == "exact"
    assert len(alone.results) > 3


def test_a_cached_search_takes_few_round_trips(
    library: SearchLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        library.add(f"beach {n}.jpg", tags={"beach": 0.9}, direction=BEACH)
    library.search("beach")
    wire = Wire(tmp_path)
    connect = psycopg.connect

    def listened(*given: Any, **named: Any) -> psycopg.Connection[Any]:
        connection = connect(*given, **named)
        wire.listen(connection)
        return connection

    monkeypatch.setattr(psycopg, "connect", listened)
    database = Database(library.vectors.urls.app)
    database.ping()

    def show(connection: Any, results: Any) -> None:
        connection.execute("SELECT id FROM asset").fetchall()

    with wire.counting() as counted:
        found = searching.search(database, "ada", Asked("beach", limit=2), library.embed, show)

    assert found.next_cursor is not None
    assert counted == [CACHED_SEARCH]
    database.close()
    wire.close()


def test_words_spelt_wrong_are_corrected_and_the_answer_says_so(library: SearchLibrary) -> None:
    named = library.add("sunset.jpg", tags={"beach": 0.9})
    library.add_cluster("Lisbon", [named])
    file = library.add("orders.json", kind="json")
    document = library.add_document(file, "Zwingli")

    answer = library.search("sunste baech", about="media")
    assert answer.corrected == "sunset beach"
    assert answer.results[0].asset_id == named
    # What something has is right: another form, the name of a cluster, a word of a document.
    for right in ("beaches", "lisbon", "zwingli", '"baech"', "sun"):
        assert library.search(right).corrected is None
    assert library.search("zwingli").results[0].document_id == document
    assert library.search("sunste", owner="bob").corrected is None


def test_a_word_is_a_beginning_or_right_before_it_is_spelt_wrong(library: SearchLibrary) -> None:
    tower = library.add("eiffeltower.jpg")
    russian = library.add("Иванова.jpg")
    moose = library.add("moose.jpg")

    def by_words(text: str, *known: str) -> tuple[str | None, list[UUID]]:
        answer = searching.search(
            library.vectors.app,
            "ada",
            Asked(text, explain=True),
            library.embed,
            known=known.__contains__,
        )
        named = [each.asset_id for each in answer.results if any(_by_words(each))]
        return answer.corrected, named

    assert by_words("eiff") == (None, [tower])
    assert by_words("иванов") == (None, [russian])
    assert by_words("goose") == ("moose", [moose])
    assert by_words("goose", "goose") == (None, [])
    assert by_words("moosse eiff") == ("moose eiff", [moose, tower])


def _by_words(result: Result) -> Iterator[bool]:
    return (why.retriever == "words" for why in result.why)


def test_media_documents_or_both(library: SearchLibrary) -> None:
    picture = library.add("beach.jpg")
    file = library.add("beach.json", kind="json", direction=(0, 1))
    library.vectors.rows("DELETE FROM embedding WHERE asset_id = %(id)s", id=file)
    document = library.add_document(file, "the beach")

    def found(about: Any) -> set[tuple[UUID, UUID | None]]:
        results = library.search("beach", about=about).results
        return {(result.asset_id, result.document_id) for result in results}

    assert found("media") == {(picture, None)}
    assert found("document") == {(file, None), (file, document)}
    assert found("all") == found(None) == found("media") | found("document")
    assert library.found("type:document") == [file]
    assert refusal(library, "type:media", about="document") == (422, "invalid_query")
    assert refusal(library, "kind:image type:document") == (422, "invalid_query")


def test_clusters_by_name_or_id(library: SearchLibrary) -> None:
    inside, outside = library.add("1.jpg"), library.add("2.jpg")
    cluster = library.add_cluster("Summer 2024", [inside])

    assert library.found('cluster:"summer 2024"') == [inside]
    assert library.found(f"cluster:{cluster}") == [inside]
    assert library.found('-cluster:"Summer 2024"') == [outside]
    assert library.found(clusters=frozenset({"Summer 2024"})) == [inside]
    # A name and an id may mean the same; two that do not cannot both be.
    named = 'cluster:"summer 2024"'
    assert library.found(f'{named} cluster:{cluster},"Summer 2024"') == [inside]
    assert library.found(named, clusters=frozenset({str(cluster)})) == [inside]
    other = library.add_cluster('The "Other"', [outside])
    assert library.found(r'cluster:"the \"other\""') == [outside]
    assert refusal(library, named, clusters=frozenset({str(other)})) == (422, "invalid_query")
    assert refusal(library, f"{named} cluster:{other}") == (422, "invalid_query")
    assert refusal(library, f"cluster:{uuid4()}") == (422, "unknown_cluster")
    assert refusal(library, "cluster:winter") == (422, "unknown_cluster")
    bobs = library.add_cluster("Winter", [], owner="bob")
    assert refusal(library, "cluster:winter") == (422, "unknown_cluster")
    assert refusal(library, f"cluster:{bobs}") == (422, "unknown_cluster")


def test_a_merged_cluster_leads_to_where_it_went(library: SearchLibrary) -> None:
    inside, outside = library.add("1.jpg"), library.add("2.jpg")
    last = library.add_cluster("Summer", [inside])
    early = library.add("3.jpg")
    first, second = library.add_cluster("June", [early]), library.add_cluster("July", [])
    for cluster, into in ((first, second), (second, last)):
        library.vectors.rows(
            "UPDATE cluster SET status = 'merged', merged_into = %(into)s WHERE id = %(id)s",
            id=cluster,
            into=into,
        )

    for name in (first, second, last, "june", "July"):
        assert sorted(library.found(f"cluster:{name}")) == sorted([inside, early])
        assert library.found(f"-cluster:{name}") == [outside]
    # A name that is borne is not another's who bore it.
    library.add_cluster("June", [outside])
    assert library.found("cluster:june") == [outside]


def test_a_tag_is_worth_the_part_of_the_query_that_it_is(library: SearchLibrary) -> None:
    tower = library.add("1.jpg", tags={"tower": 0.99})
    eiffel = library.add("2.jpg", tags={"eiffel tower": 0.6})
    sign = library.add("3.jpg", tags={"the": 1})

    scores = {
        each.asset_id: each.score or 0 for each in library.search("the eiffel towers paris").results
    }
    assert scores[eiffel] > 1.5 * scores[tower]
    assert scores[tower] < 0.25
    assert scores[sign] < 0.01


@pytest.mark.parametrize("text", ["", "beach"])
def test_a_list_that_ends_before_what_there_is_says_so_on_each_page(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for module in (searching, retrieve, pages):
        monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(searching, "_LEAST_DEPTH", 2)
    for n in range(3):
        library.add(f"beach {n}.jpg")
    whole = library.search(text, limit=2)
    assert not whole.cut_off
    assert not library.search(text, limit=2, cursor=whole.next_cursor).cut_off
    library.add("beach.jpg")

    page = library.search(text, limit=2)
    assert page.cut_off
    page = library.search(text, limit=2, cursor=page.next_cursor)
    assert (len(page.results), page.next_cursor, page.cut_off) == (1, None, True)
    if text:
        assert not library.search(text, min_score=0.99).cut_off


@pytest.mark.parametrize("text", ["beach", ""])
def test_pages_neither_repeat_nor_skip_while_assets_come_and_go(
    library: SearchLibrary, text: str
) -> None:
    added = {library.add(f"{n}.jpg", direction=each) for n, each in enumerate(SEA)}
    first = library.search(text, limit=4)
    shown = [result.asset_id for result in first.results]
    library.add("new beach.jpg", direction=BEACH, tags={"beach": 1})
    order = walk(library, text, 7)
    gone = next(asset for asset in order if asset in added and asset not in shown)
    library.trash(gone)
    cursor = first.next_cursor

    page = library.search(text, limit=10, cursor=cursor)
    assert len(page.results) == 10
    again = library.search(text, limit=10, cursor=cursor)
    assert again.results == page.results
    shown += [result.asset_id for result in page.results]
    while page.next_cursor:
        page = library.search(text, limit=6, cursor=page.next_cursor)
        shown += [result.asset_id for result in page.results]

    assert len(shown) == len(set(shown))
    assert set(shown) == added - {gone}


def test_a_list_that_was_not_looked_for_deep_enough_is_lengthened_once(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_LEAST_DEPTH", 5)
    monkeypatch.setattr(searching, "_DEEPER", 1)
    added = {library.add(f"{n}.jpg", direction=each) for n, each in enumerate(SEA)}
    page = library.search("beach", limit=5)
    results = list(page.results)
    newcomer = library.add("beach.jpg", direction=BEACH)
    while page.next_cursor:
        page = library.search("beach", limit=5, cursor=page.next_cursor)
        results += page.results

    found = [result.asset_id for result in results]
    assert len(found) == len(set(found))
    assert set(found) == added | {newcomer}
    scores = [result.score or 0 for result in results]
    assert scores == sorted(scores, reverse=True)


def test_what_is_good_enough_does_not_hang_on_the_length_of_pages(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_LEAST_DEPTH", 5)
    monkeypatch.setattr(searching, "_DEEPER", 1)
    # What looks most like it is the oldest, and words of equals have the newest first.
    for n, each in enumerate(SEA):
        library.add(f"beach {n}.jpg", direction=each)
    all_of_it = library.search("beach", limit=200).results
    least = all_of_it[-1].score or 0

    assert len(all_of_it) == len(SEA)
    shown = walk(library, "beach", 5, min_score=least)
    assert shown == [result.asset_id for result in all_of_it]


def test_cursors_are_bound_to_their_search_and_do_not_last(library: SearchLibrary) -> None:
    for n in range(5):
        library.add(f"{n}.jpg")
    cursor = library.search("", limit=2).next_cursor
    assert cursor is not None

    assert refusal(library, "kind:image", limit=2, cursor=cursor) == (422, "invalid_cursor")
    assert refusal(library, explain=True, cursor=cursor) == (422, "invalid_cursor")
    assert refusal(library, owner="bob", cursor=cursor) == (410, "cursor_expired")
    library.vectors.rows("UPDATE frozen_search SET expires_at = now()")
    assert refusal(library, limit=2, cursor=cursor) == (410, "cursor_expired")


def test_by_example(library: SearchLibrary) -> None:
    itself = library.add("1.jpg", direction=BEACH)
    near = library.add("2.jpg", direction=(1, 0.1))
    far = library.add("3.png", direction=(0, 1))
    with library.vectors.app.transaction("ada") as connection:
        space = query_vectors.find(connection, "ada", "")().space
    assert space is not None
    example = Example(space, "[1,0,0,0,0,0,0,0]", apart_from=itself)

    def by(**asked: Any) -> Answer:
        return searching.by_vector(library.vectors.app, "ada", Asked(**asked), example)

    answer = by()
    assert [result.asset_id for result in answer.results] == [near, far]
    assert [result.score for result in answer.results] == pytest.approx([1 / 1.01**0.5, 0])
    assert [result.asset_id for result in by(min_score=0.5).results] == [near]
    assert by(filters=Filters(all_tags=frozenset({"x"}))).results == ()
    page = by(limit=1)
    # As another processor may make it of the same.
    example = replace(example, vector="[1.0000001,0,0,0,0,0,0,0]")
    assert [r.asset_id for r in by(limit=1, cursor=page.next_cursor).results] == [far]
    example = replace(example, apart_from=None, made_of="a picture")
    with pytest.raises(Refused, match="another search"):
        by(limit=1, cursor=page.next_cursor)


EVIL = [
    "'; DROP TABLE asset; --",
    "a' | 'b & !c <-> (d",
    ":* & ! | ( ) <-> \\",
    "%_%",
    "\0",
    "\ud800 lone",
    "\u202etxt.exe\u202c beach",
    "{}{0}{owner}%(owner)s%s",
    "'" * 200,
    "\\" * 99,
    "$1 $$ $tag$",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🏖️ \u200d\ufeff",
    "ﷺ" * 300,
]


@pytest.mark.parametrize("evil", EVIL, ids=lambda evil: ascii(evil[:12]))
def test_whatever_is_asked_is_answered_or_refused(library: SearchLibrary, evil: str) -> None:
    library.add("beach.jpg", tags={one_line(evil, 99) or "-": 1})
    library.add("secret.jpg", owner="bob", direction=BEACH)
    quoted = evil.replace('"', "")
    for asked in (
        {"text": evil},
        {"text": f'"{quoted}"'},
        {"text": f'-"{quoted}"'},
        {"text": f'tag:"{quoted}"'},
        {"text": f'cluster:"{quoted}"'},
        {"text": f'camera:"{quoted}" collection:"{quoted}"'},
        {"clusters": frozenset({evil})},
        {"filters": Filters(all_tags=frozenset({evil}), collection=evil)},
        {"cursor": evil},
        {"cursor": base64.urlsafe_b64encode(json.dumps([evil, 1]).encode()).decode()},
    ):
        try:
            answer = library.search(**asked)
        except Refused as refused:
            assert 400 <= refused.status < 500
        else:
            assert len(answer.results) <= 1
