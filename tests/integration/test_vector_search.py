"""The nearest by vectors: complete, nearly perfect, and found by the plan that was meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg
import pytest
from mammothbox.catalog import searchable_list, vector_plan, vector_search
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.vector_plan import Plan
from mammothbox.searching import retrieve
from mammothbox.searching.asked import Asked
from mammothbox.searching.filters import NOTHING, Box, Circle, Filters
from mammothbox.searching.found import Ranking
from mammothbox.searching.understand import understand
from psycopg import sql

from infra.local.postgres import DatabaseUrls, Server
from tests.vector_search_library import (
    OWNERS,
    PER_CENT,
    WORDS,
    Floats,
    Library,
    fill,
    space_of,
    text_of,
)

# One filled library serves them all.
pytestmark = pytest.mark.xdist_group("vectors")

SHAPES = ("any", "near", "far")
# What `make prove` looks at and what `make test` does.
LARGE, SMALL = (200_000, 512), (20_000, 64)
DEPTH = 200


@dataclass(frozen=True)
class Filled:
    library: Library
    app: Database
    urls: DatabaseUrls

    def nearest(
        self, query: Floats, filters: Filters = NOTHING, depth: int = DEPTH, owner: str = "ada"
    ) -> Ranking:
        with self.app.transaction(owner) as connection:
            return vector_search.nearest(
                connection, owner, self.library.space, text_of(query), filters, depth
            )


@pytest.fixture(scope="module")
def filled(postgres_server: Server) -> Iterator[Filled]:
    yield from _filled(postgres_server, *SMALL)


@pytest.fixture(scope="module")
def large(postgres_server: Server) -> Iterator[Filled]:
    yield from _filled(postgres_server, *LARGE)


def _filled(server: Server, size: int, dimension: int) -> Iterator[Filled]:
    name = f"vectors_{size}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    server.create_database(name, template="migrated")
    urls = server.urls(name)
    with closing(Database(urls.app)) as app:
        yield Filled(fill(urls, size, space_of(dimension)), app, urls)
    server.drop_database(name)


def tagged(*tags: str) -> Filters:
    return Filters(all_tags=frozenset(tags))


def queries(library: Library, count: int) -> Floats:
    """Like something in the library, like a text, and where the tags `near` are."""
    return np.concatenate([library.pictures(count), library.texts(count), library.anchor[None]])


def recall_at_10(
    filled: Filled, query: Floats, tag: str | None, depth: int, owner: str = "ada"
) -> tuple[float, str]:
    """How much of the ten best was found, when all is found that there is, once, and rightly."""
    library = filled.library
    allowed = library.allowed(owner, tag)
    found = filled.nearest(query, tagged(tag) if tag else NOTHING, depth, owner)
    exact = library.exact(query, allowed, depth)
    ids = [hit.asset_id for hit in found.hits]
    mine = {library.ids[int(at)] for at in np.flatnonzero(allowed)}
    assert len(set(ids)) == len(ids) == min(depth, len(mine))
    assert set(ids) <= mine
    assert found.exhausted == (len(mine) < depth)
    distances = [hit.distance or 0.0 for hit in found.hits]
    assert distances == sorted(distances)
    # No hit can be nearer than the exact one of its rank.
    assert all(
        distance >= best - 1e-5 for distance, (_, best, _) in zip(distances, exact, strict=True)
    )
    best_ids = {asset_id for asset_id, _, _ in exact[:10]}
    return len(best_ids & set(ids[:10])) / max(1, len(best_ids)), found.plan


@pytest.mark.parametrize("per_cent", PER_CENT)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_short_and_the_best_are_found(
    filled: Filled, shape: str, per_cent: float
) -> None:
    check(filled, f"{shape}-{per_cent:g}", each=2)


@pytest.mark.prove
@pytest.mark.parametrize("per_cent", PER_CENT)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_short_in_a_large_library(large: Filled, shape: str, per_cent: float) -> None:
    check(large, f"{shape}-{per_cent:g}", each=10)


def check(filled: Filled, tag: str, each: int) -> None:
    for depth in (10, DEPTH):
        recalls = [
            recall_at_10(filled, query, tag, depth)[0] for query in queries(filled.library, each)
        ]
        assert np.mean(recalls) >= 0.95


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_is_a_filter_too(filled: Filled, owner: str) -> None:
    recalls = [recall_at_10(filled, q, None, DEPTH, owner)[0] for q in queries(filled.library, 2)]

    assert np.mean(recalls) >= 0.95


@pytest.mark.parametrize("depth", [1, 1000])
def test_any_depth_is_reached(filled: Filled, depth: int) -> None:
    for query in queries(filled.library, 2):
        assert recall_at_10(filled, query, "any-50", depth)[0] >= 0.9


@pytest.mark.parametrize(
    ("tag", "depth", "plan"),
    [
        (None, DEPTH, "hnsw"),
        (None, 1000, "iterative"),
        ("any-100", DEPTH, "hnsw"),
        ("near-50", DEPTH, "hnsw"),
        ("far-50", DEPTH, "hnsw, then exact"),
        ("any-50", 1000, "exact"),
        ("any-10", DEPTH, "exact"),
        ("far-0.01", DEPTH, "exact"),
    ],
)
def test_the_plan_follows_from_what_is_to_be_expected(
    filled: Filled, tag: str | None, depth: int, plan: str
) -> None:
    recall, chosen = recall_at_10(filled, filled.library.anchor, tag, depth)

    assert (chosen, recall) == (plan, 1.0)


def test_what_has_no_direction_is_not_near_anything(filled: Filled) -> None:
    for tag in (None, "any-1"):
        found = filled.nearest(
            np.zeros(SMALL[1], np.float32), tagged(tag) if tag else NOTHING, DEPTH
        )
        assert (found.hits, found.exhausted) == ((), True)


@pytest.mark.parametrize("width", [0, 200, 1000])
@pytest.mark.parametrize("tag", ["any-0.1", "far-10", "near-10", None])
def test_a_wrong_estimate_costs_time_and_nothing_else(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, width: int, tag: str | None
) -> None:
    for candidates in (1, 10_000_000):
        plan = Plan(candidates, width)
        monkeypatch.setattr(vector_plan, "choose", lambda *_, plan=plan: plan)

        assert recall_at_10(filled, filled.library.anchor, tag, DEPTH)[0] >= 0.9


def test_a_frame_that_is_near_tells_its_time_and_its_asset_comes_once(filled: Filled) -> None:
    library = filled.library
    frames = np.flatnonzero(library.at_ms >= 0)
    shown = frames[library.allowed("ada")[library.asset_of[frames]]]
    for at in shown[:5]:
        # The other frames of the video are nearer than any other asset: two hits are six vectors.
        found = filled.nearest(library.vectors[at], depth=2)

        assert found.plan == "hnsw"
        assert len({hit.asset_id for hit in found.hits}) == 2
        assert found.hits[0].asset_id == library.ids[library.asset_of[at]]
        assert found.hits[0].at_ms == library.at_ms[at]
        assert found.hits[0].distance == pytest.approx(0, abs=1e-6)


def test_of_equal_vectors_the_one_that_has_a_time_tells_it(filled: Filled) -> None:
    """A video's own vector is a mean, and of one frame, but for rounding, that frame's."""
    library = filled.library
    own = library.allowed("ada", "any-1")[library.asset_of] & (library.at_ms < 0)
    lone = next(
        at for at in np.flatnonzero(own) if np.sum(library.asset_of == library.asset_of[at]) == 1
    )
    row = {
        "id": library.ids[library.asset_of[lone]],
        "space": library.space.id,
        "vector": text_of(library.vectors[lone] * np.float32(1.1)),
    }
    with psycopg.connect(filled.urls.superuser, autocommit=True) as superuser:
        superuser.execute("SET search_path = catalog, public")
        superuser.execute(
            "INSERT INTO embedding (owner, asset_id, space_id, frame, at_ms, vector) VALUES"
            " ('ada', %(id)s, %(space)s, 1, 1200, %(vector)s::text::vector)",
            row,
        )
        try:
            queries = [library.vectors[lone], *library.texts(3)]
            plans = set()
            for query in queries:
                for tag in (None, "any-1"):
                    found = filled.nearest(query, tagged(tag) if tag else NOTHING)
                    plans.add(found.plan)
                    times = [hit.at_ms for hit in found.hits if hit.asset_id == row["id"]]
                    assert times in ([], [1200])
            assert plans >= {"exact", "hnsw"}
        finally:
            superuser.execute("DELETE FROM embedding WHERE asset_id = %(id)s AND frame = 1", row)


def test_what_it_is_like_can_be_left_out(filled: Filled) -> None:
    library = filled.library
    at = int(np.flatnonzero(library.allowed("ada"))[0])
    with filled.app.transaction("ada") as connection:
        found = vector_search.nearest(
            connection,
            "ada",
            library.space,
            text_of(library.vectors[at]),
            NOTHING,
            5,
            apart_from=library.ids[at],
        )

    expected = library.exact(library.vectors[at], library.allowed("ada"), 6)[1:]
    assert [hit.asset_id for hit in found.hits] == [asset_id for asset_id, _, _ in expected]


def test_nothing_of_other_owners_is_found_while_they_search_too(filled: Filled) -> None:
    library = filled.library
    owner_of = dict(zip(library.ids, library.owner_of, strict=True))
    asked = queries(library, 3)

    def search(number: int) -> None:
        owner = OWNERS[number % 3]
        tag = (None, "any-50", "near-10", "far-50")[number % 4]
        found = filled.nearest(
            asked[number % len(asked)], tagged(tag) if tag else NOTHING, 50, owner
        )
        assert {OWNERS[owner_of[hit.asset_id]] for hit in found.hits} <= {owner}
        assert len(found.hits) == min(50, library.count(owner, tag))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(search, range(48)))


# --- the plans of the database, as role app


class Explaining:
    """A connection that keeps the plan of each statement that looks at vectors or lists."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[dict[str, Any]] = []

    def execute(self, statement: Any, values: Any = None, *, prepare: bool | None = None) -> Any:
        if isinstance(statement, sql.Composed) and "LIMIT" in statement.as_string(None):
            explain = sql.SQL("EXPLAIN (FORMAT json) ") + statement
            row = self._connection.execute(explain, values).fetchone()
            assert row is not None
            self.plans.append(row["QUERY PLAN"][0]["Plan"])
        return self._connection.execute(statement, values, prepare=prepare)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def indexes(plans: list[dict[str, Any]]) -> list[set[str]]:
    """Which indexes each plan reads. None reads a table from end to end."""
    assert not [node for plan in plans for node in nodes(plan) if node["Node Type"] == "Seq Scan"]
    return [{node["Index Name"] for node in nodes(plan) if "Index Name" in node} for plan in plans]


NEAR = "embedding_near_1"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (None, [{NEAR, "searchable_pkey"}]),
        ("any-50", [{NEAR, "searchable_pkey"}]),
        ("any-1", [{"embedding_pkey", "searchable_facets"}]),
        (
            "far-50",
            [{NEAR, "searchable_pkey"}, {"embedding_pkey", "searchable_facets"}],
        ),
    ],
)
def test_each_plan_reads_its_indexes(
    filled: Filled, tag: str | None, expected: list[set[str]]
) -> None:
    library = filled.library
    with filled.app.transaction("ada") as connection:
        explaining: Any = Explaining(connection)
        vector_search.nearest(
            explaining,
            "ada",
            library.space,
            text_of(library.anchor),
            tagged(tag) if tag else NOTHING,
            DEPTH,
        )

    assert indexes(explaining.plans) == expected


def test_what_a_filter_leaves_is_read_once_for_words_tags_and_vectors(filled: Filled) -> None:
    library = filled.library
    asked = understand(Asked(f"{WORDS[0]} {WORDS[1]}", filters=tagged("any-1")))
    with filled.app.transaction("ada") as connection:
        prepared = retrieve.prepare(connection, "ada", asked)
        prepared = replace(prepared, vector=text_of(library.anchor))
        explaining: Any = Explaining(connection)
        rankings = retrieve.of_text(explaining, "ada", prepared, 40)

    assert [each.retriever for each in rankings] == ["vector", "words", "tags", "documents"]
    assert all(each.hits for each in rankings[:2])
    together, _documents = explaining.plans
    indexes([together])
    read = [node.get("Index Name") for node in nodes(together)]
    assert read.count("searchable_facets") == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (NOTHING, "searchable_newest"),
        (tagged("any-50"), "searchable_newest"),
        (tagged("any-0.1"), "searchable_facets"),
        (Filters(circles=frozenset({Circle(48.1, 11.5, 100_000)})), "searchable_place"),
        (Filters(boxes=frozenset({Box(179.5, -20, -179.5, -18)})), "searchable_place"),
    ],
)
def test_a_list_reads_the_index_that_narrows_most(
    filled: Filled, filters: Filters, expected: str
) -> None:
    with filled.app.transaction("ada") as connection:
        explaining: Any = Explaining(connection)
        searchable_list.newest(explaining, "ada", filters, 50)

    assert indexes(explaining.plans) == [{expected}]
