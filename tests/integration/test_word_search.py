"""What is found by its words, tags and documents, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from mammothbox.catalog import (
    document_search,
    filter_estimate,
    near_words,
    query_words,
    questions,
    tag_search,
    word_search,
)
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.questions import Question
from mammothbox.searching.filters import Filters
from mammothbox.searching.found import Hit
from mammothbox.searching.plain_words import plain_words
from mammothbox.searching.query_text import parse

from infra.local.postgres import DatabaseUrls
from tests.search_library import SearchLibrary
from tests.vector_library import SPACE

NO_FILTERS = Filters()


@pytest.fixture
def library(database_urls: DatabaseUrls) -> Iterator[SearchLibrary]:
    library = SearchLibrary.open(database_urls)
    yield library
    library.close()


def ask(library: SearchLibrary, owner: str, asked: Callable[[Connection], Question]) -> list[Hit]:
    with library.vectors.app.transaction(owner) as connection:
        return list(questions.ask(connection, asked(connection))().hits)


def by_words(
    library: SearchLibrary,
    text: str,
    owner: str = "ada",
    depth: int = 10,
    expected: int | None = None,
) -> dict[UUID, float]:
    """What is found by the words, and the share of them that it has."""
    query = parse(text)

    def asked(connection: Connection) -> Question:
        words = query_words.understand(connection, owner, query.terms)()
        rows = expected or filter_estimate.rows(connection, owner, query.filters)()
        return word_search.matching(owner, words, query.filters, depth, rows)

    return {hit.asset_id: hit.share for hit in ask(library, owner, asked)}


def matching(library: SearchLibrary, text: str, owner: str = "ada", depth: int = 10) -> list[UUID]:
    """What has all of the words."""
    found = by_words(library, text, owner, depth)
    return [asset_id for asset_id, share in found.items() if share == 1]


def tagged(
    library: SearchLibrary, *labels: str, owner: str = "ada", filters: Filters = NO_FILTERS
) -> list[UUID]:
    terms = {label: 1 << number for number, label in enumerate(labels)}
    question = tag_search.tagged(owner, terms, filters, 10, space=SPACE.name, of=len(labels))
    return [hit.asset_id for hit in ask(library, owner, lambda connection: question)]


def documents(library: SearchLibrary, text: str, owner: str = "ada") -> list[UUID | None]:
    def asked(connection: Connection) -> Question:
        query = parse(text)
        words = query_words.understand(connection, owner, query.terms)()
        return document_search.documents_matching(owner, words, query.filters, 10)

    return [hit.document_id for hit in ask(library, owner, asked)]


def test_words_are_found_wherever_they_stand_and_in_their_other_forms(
    library: SearchLibrary,
) -> None:
    named = library.add("Sunset_at-theBeach2024.jpg")
    tag = library.add("1.jpg", tags={"beach": None})
    told = library.add("2.jpg", caption="Two dogs are running along the beaches of Lübeck.")
    library.add("beach of another.jpg", owner="bob")

    assert set(matching(library, "beach")) == {named, tag, told}
    assert matching(library, "run dog") == [told]
    assert matching(library, "LUBECK beach") == [told]
    assert matching(library, "a dog on the beach") == [told]
    assert matching(library, "sunset 2024") == [named]
    assert matching(library, "sunset dog") == []
    # A name and a hand's tag say more than a machine's words.
    assert matching(library, "beach")[-1] == told


def test_phrases_stand_as_they_are_and_excluded_words_nowhere(library: SearchLibrary) -> None:
    car = library.add("a.jpg", caption="A red car before a blue house.")
    house = library.add("b.jpg", caption="A blue car, and a red house.")

    assert matching(library, '"red car"') == [car]
    assert matching(library, '"cars"') == []
    assert set(matching(library, "cars")) == {car, house}
    assert matching(library, 'car -"red car"') == [house]
    assert matching(library, "car -before") == [house]
    # A word that is none excludes nothing.
    assert set(matching(library, "car -&")) == {car, house}


def test_what_has_some_of_the_words_is_the_same_however_many_rows_are_expected(
    library: SearchLibrary,
) -> None:
    library.add("a.jpg", caption="A red car.", tags={"toy": None})
    library.add("b.jpg", caption="A blue car before a house.", tags={"toy": None})
    library.add("c.jpg", caption="A red kite.")

    ten = "red car house blue kite tower one two three four"
    for text in ("red car house", "blue house", "red car house tag:toy", "kite tower", ten):
        few, many = (by_words(library, text, expected=expected) for expected in (1, 10**9))
        assert list(few.items()) == list(many.items()) != []


def test_members_are_found_by_the_name_of_their_cluster(library: SearchLibrary) -> None:
    one = library.add("1.jpg", tags={"beach": 0.9})
    other = library.add("2.jpg", tags={"tower": 0.9})
    apart = library.add("3.jpg", tags={"beach": 0.9})
    gone = library.add("4.jpg")
    library.add_cluster("Summer in Lisbon", [one, other, gone])
    library.trash(gone)

    assert set(matching(library, "lisbon")) == {one, other}
    assert matching(library, "beach lisbon") == [one]
    assert matching(library, "summers -tower") == [one]
    assert matching(library, "lisbon", owner="bob") == []
    assert set(matching(library, "beach")) == {one, apart}

    library.vectors.rows("UPDATE cluster SET name = 'Porto'")
    assert matching(library, "lisbon") == []
    assert set(matching(library, "porto")) == {one, other}


def test_members_are_found_by_the_name_of_what_their_cluster_was_merged_into(
    library: SearchLibrary,
) -> None:
    one, other = library.add("1.jpg"), library.add("2.jpg")
    into = library.add_cluster("Lisbon", [one])
    merged = library.add_cluster("Porto", [other])
    library.vectors.rows(
        "UPDATE cluster SET status = 'merged', merged_into = %(into)s WHERE id = %(id)s",
        into=into,
        id=merged,
    )

    assert set(matching(library, "lisbon")) == {one, other}
    assert matching(library, "porto") == []


def test_names_are_found_as_they_are_written_and_by_their_parts(library: SearchLibrary) -> None:
    moon = library.add("FullMoon.webp")
    japanese = library.add("山田太郎とタージマハル_旅行.webp")

    for text in ("fullmoon", "full moon", "FullMoon.webp", '"full moon.webp"', "moon.webp"):
        assert matching(library, text) == [moon]
    assert set(matching(library, "webp -fullmoon")) == {japanese}
    for part in ("山田", "太郎", "マハル", "旅行"):
        assert matching(library, part) == [japanese]
    assert matching(library, "田山") == []


def test_what_has_some_of_the_words_follows_what_has_all(
    library: SearchLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = library.add("full red moon.jpg")
    two = library.add("red.jpg", caption="the moon")
    one = library.add("moon.jpg", tags={"night": 0.9})
    in_cluster = library.add("1.jpg")
    library.add_cluster("Red", [in_cluster])
    library.add("red moon.png", owner="bob")

    found = by_words(library, "the full red moon")

    assert list(found)[:2] == [every, two]
    assert found == pytest.approx({every: 1, two: 2 / 3, one: 1 / 3, in_cluster: 1 / 3})
    assert by_words(library, "moon full -red") == {one: 0.5}
    assert by_words(library, "the nightjar") == {}
    assert by_words(library, "unicorn night moose") == {one: 1 / 3}
    monkeypatch.setattr(word_search, "_ENOUGH", 1)
    assert by_words(library, "the full red moon") == {every: 1}


def test_of_few_what_has_most_of_the_words_is_found_among_many_with_one(
    library: SearchLibrary,
) -> None:
    older = [library.add(f"red {n}.jpg") for n in range(15)]
    two = library.add("full red.jpg")
    newer = [library.add(f"moon {n}.jpg") for n in range(15)]

    found = list(by_words(library, "full red moon", depth=5))

    assert found == [two, *reversed(newer[-4:])]
    assert older[0] not in found


def test_tags_come_by_how_many_and_how_sure_they_are(library: SearchLibrary) -> None:
    unsure = library.add("1.jpg", tags={"Golden retriever": 0.6})
    sure = library.add("2.jpg", tags={"golden retriever": 0.8})
    by_hand = library.add("3.jpg", tags={"golden retriever": None})
    both = library.add("4.jpg", tags={"golden retriever": 0.5, "beach": 0.5})
    library.add("5.jpg", tags={"retriever": 1.0})
    library.add("6.jpg", tags={"golden retriever": 1.0}, owner="bob")

    labels = ("golden retriever", "beach", "golden", "retriever on")

    assert tagged(library, *labels) == [both, by_hand, sure, unsure]
    narrowed = tagged(library, *labels, filters=Filters(kinds=frozenset({"image"})))
    assert narrowed == [both, by_hand, sure, unsure]
    library.trash(by_hand)
    beach = Filters(all_tags=frozenset({"beach"}))
    assert tagged(library, *labels, filters=beach) == [both]
    assert tagged(library, *labels) == [both, sure, unsure]


def test_documents_are_found_unless_their_file_is_in_the_trash(library: SearchLibrary) -> None:
    orders, gone = (library.add(name, kind="json") for name in ("orders.json", "old.json"))
    first = library.add_document(orders, "Ada Lovelace ordered two engines")
    library.add_document(orders, "Grace ordered none")
    library.add_document(gone, "Ada ordered engines")
    library.trash(gone)

    assert documents(library, "ada engine") == [first]
    assert documents(library, "ada", owner="bob") == []


def test_excluded_words_leave_out_documents_and_not_their_file(library: SearchLibrary) -> None:
    file = library.add("orders.json", kind="json")
    sent = library.add_document(file, "Ada ordered two engines, sent by ship")
    called_off = library.add_document(file, "Ada ordered an engine, which was called off")

    assert documents(library, 'ada -"called off"') == documents(library, "ada -calls") == [sent]
    assert documents(library, "ada -ships") == [called_off]
    assert documents(library, "ada -orders") == []


def test_python_takes_words_apart_as_the_catalogue_does(library: SearchLibrary) -> None:
    texts = [
        "EOS R5m2",
        "Canon EF50mm f/1.8 STM",
        "Großvaters Œuvre",
        "naïve—Ångström",
        "iPhone15Pro",
    ]
    texts += ["", " - ", "x100V", "70-200mm", "Smörgåsbord łódź", "CamelCase", "日本語 ガテスト"]
    texts += ["PowerShot한국어 가나SX70"]
    rows = library.vectors.rows(
        "SELECT plain_words(text) AS plain FROM unnest(%(texts)s::text[]) text", texts=texts
    )

    assert [row["plain"].split() for row in rows] == [plain_words(text) for text in texts]


def test_a_word_that_nothing_has_is_looked_up_where_every_word_is_frequent(
    library: SearchLibrary,
) -> None:
    file = library.add("report.json", kind="json")
    library.vectors.rows(
        "INSERT INTO document_words SELECT 'ada', gen_random_uuid(), gen_random_uuid(), %(file)s,"
        " 0, to_tsvector('simple', 'city' || n %% 90) FROM generate_series(1, 9000) n",
        file=file,
    )
    library.vectors.rows("VACUUM ANALYZE document_words")
    scans = "SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relname = 'document_words'"

    with library.vectors.app.transaction("ada") as connection:
        (word,) = query_words.understand(connection, "ada", parse("zzyzx").terms)()
        assert near_words.find(connection, "ada", word)() == near_words.Near()
        assert connection.execute(scans).fetchall() == [{"seq_scan": 0}]
