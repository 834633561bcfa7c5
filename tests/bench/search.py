"""Search through its function over HTTP, beside plain SQL by hand; `SCALE` is how many assets."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psycopg
from mammothbox.catalog import api_keys, vector_search
from mammothbox.catalog.connection import Database
from mammothbox.catalog.migrate import migrate
from mammothbox.searching.filters import NOTHING, Filters

from infra.local import postgres
from infra.local.postgres import DatabaseUrls
from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.bench import clip_towers
from tests.bench.figures import row, scratch_folder, timed
from tests.house import event
from tests.vector_search_library import OWNERS, WORDS, Library, fill, text_of

OWNER = OWNERS[0]
CLIENTS = 8
SECONDS = 10
TIMES = 300
# What a page of 20 looks at, and how many of the nearest the index is asked for to get it.
DEPTH, WIDTH = 40, 90
_REPOSITORY = Path(__file__).parents[2]

# What the function reads beside vectors and words: made from those, in the database.
_REST = """
    INSERT INTO asset_raw (owner, id, bucket, key, version_id)
        SELECT owner, id, 'raw', 'incoming/' || owner || '/' || id, 'v' FROM asset;
    INSERT INTO media (owner, asset_id, width, height, everything)
        SELECT owner, id, 4000, 3000, '{}' FROM asset;
    INSERT INTO derivative (owner, asset_id, name, content_type, width, height, size_bytes)
        SELECT owner, id, 'thumb-300.webp', 'image/webp', 300, 225, 9000 FROM asset;
    INSERT INTO tag (owner, asset_id, label, source, score, asset_created_at)
        SELECT owner, asset_id, substr(facet, 5), 'caption', 0.5, created_at
        FROM searchable, unnest(facets) facet WHERE facet LIKE 'tag:%';
    INSERT INTO lexicon SELECT DISTINCT owner, word FROM searchable,
        unnest(tsvector_to_array(words)) word WHERE word ~ '^[[:alpha:]]{3,30}$';
    VACUUM ANALYZE;
"""
_BY_HAND = (
    "SELECT asset_id FROM catalog.embedding WHERE space_id = 1 AND owner = %(owner)s"
    " ORDER BY vector::halfvec(512) <=> %(query)s::halfvec(512) LIMIT %(limit)s"
)
_FILTERED_BY_HAND = (
    "SELECT e.asset_id FROM catalog.searchable s JOIN catalog.embedding e ON e.owner = s.owner"
    " AND e.asset_id = s.asset_id AND e.space_id = 1 WHERE s.owner = %(owner)s"
    " AND s.facets @> '{tag:any-1}' ORDER BY e.vector <=> %(query)s::vector LIMIT %(limit)s"
)


def run(_assets: int) -> None:
    """Print what searches take, warm and cold, and what the same costs in SQL by hand."""
    size = int(os.environ.get("SCALE", "200000"))
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        manifest = clip_towers.install(_models(folder))
        server.create_database("bench")
        urls = server.urls("bench")
        migrate(urls.superuser)
        began = time.perf_counter()
        library = fill(urls, size, manifest.space())
        with psycopg.connect(urls.superuser, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET search_path = catalog, public")
            for statement in _REST.split(";"):
                connection.execute(statement.encode())
        print(f"  {size:,} assets filled in {time.perf_counter() - began:.0f} s")
        by_hand = _by_hand(urls, library)
        _by_library(urls, library, by_hand)
        key = api_keys.create(
            urls.superuser, owner=OWNER, role="viewer", name="bench", expires_at=None
        )
        environment = _environment(urls, folder)
        with _served(environment) as port:
            _over_http(port, key)
        _cold(environment, key)


def _models(folder: Path) -> Path:
    (folder / "models").mkdir()
    (folder / "models" / "builtin").symlink_to(_REPOSITORY / "models" / "builtin")
    (folder / "models" / "vocabulary").symlink_to(_REPOSITORY / "models" / "vocabulary")
    return folder / "models" / "clip"


def _environment(urls: DatabaseUrls, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DATABASE_URL": urls.app,
        "RAW_BUCKET": RAW_BUCKET,
        "LIBRARY_BUCKET": LIBRARY_BUCKET,
        "MODELS_FOLDER": str(folder / "models"),
        "ENCODER_THREADS": str(os.cpu_count() or 1),
    }


# --- the floor


def _by_hand(urls: DatabaseUrls, library: Library) -> dict[str, float]:
    """Medians of plain statements, by a role that reads the tables, with nothing around them."""
    medians = {}
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(f"SET hnsw.ef_search = {WIDTH}".encode())
        connection.execute("SET max_parallel_workers_per_gather = 0")
        for what, statement in (("nearest", _BY_HAND), ("1 % filter", _FILTERED_BY_HAND)):
            asked = cycle([text_of(query) for query in library.pictures(100)])

            def ask(statement: str = statement, asked: Iterator[str] = asked) -> None:
                values = {"owner": OWNER, "query": next(asked), "limit": DEPTH}
                connection.execute(statement.encode(), values).fetchall()

            taken = timed(ask, TIMES, warm_up=100)
            row(f"SQL by hand: {what}, {DEPTH}", taken)
            medians[what] = statistics.median(taken)
    return medians


def _by_library(urls: DatabaseUrls, library: Library, by_hand: dict[str, float]) -> None:
    """The retriever of vectors alone: permitted rows only, planned, complete, ranked exactly."""
    tag = Filters(all_tags=frozenset({"any-1"}))
    with closing(Database(urls.app)) as database:
        for what, filters in (("nearest", NOTHING), ("1 % filter", tag)):
            asked = cycle([text_of(query) for query in library.pictures(100)])

            def ask(filters: Filters = filters, asked: Iterator[str] = asked) -> None:
                with database.transaction(OWNER) as connection:
                    vector_search.nearest(
                        connection, OWNER, library.space, next(asked), filters, DEPTH
                    )

            taken = timed(ask, TIMES, warm_up=100)
            row(f"vector_search: {what}, {DEPTH}", taken)
            over = statistics.median(taken) - by_hand[what]
            print(f"    over SQL by hand: {over:.1f} ms")


# --- the function


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[int]:
    port = 8765
    command = [sys.executable, "-m", "tests.bench.search_server", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=_REPOSITORY, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.connect()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("search did not start") from None
            time.sleep(0.1)


class _Client:
    """One client with one connection, as a browser has."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {key}"}

    def search(self, **query: str) -> Any:
        self._connection.request("GET", f"/api/v1/search?{urlencode(query)}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(body.decode())
        return json.loads(body)


def _texts(number: int, seed: int) -> list[str]:
    """Common and rare words, alone or with another, as people write."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    chosen = random.choice(len(WORDS), (number, 2), p=weights / weights.sum())
    return [
        WORDS[one] if random.random() < 0.5 else f"{WORDS[one]} {WORDS[two]}" for one, two in chosen
    ]


def _over_http(port: int, key: str) -> None:
    client = _Client(port, key)
    known = _texts(100, 1)
    for text in known * (os.cpu_count() or 1):
        client.search(query=text)
    asked = cycle(known)

    def measured(what: str, ask: Callable[[], object], times: int = TIMES) -> None:
        row(what, timed(ask, times, warm_up=20))

    measured("search: cached query vector", lambda: client.search(query=next(asked)))
    measured("search: cached, 1 % filter", lambda: client.search(query=next(asked), tags="any-1"))
    measured("search: filters alone", lambda: client.search(tags="any-10"))
    new = count()
    measured(
        "search: a new text through the text tower",
        lambda: client.search(query=f"{next(asked)} in picture {next(new)}"),
    )
    _together(port, key, known)


def _together(port: int, key: str, known: list[str]) -> None:
    ends = time.monotonic() + SECONDS

    def ask_on(number: int) -> list[float]:
        client, taken = _Client(port, key), []
        for text in cycle(known[number:] + known[:number]):
            began = time.perf_counter()
            client.search(query=text)
            taken.append((time.perf_counter() - began) * 1000)
            if time.monotonic() > ends:
                return taken
        return taken

    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = [ms for each in pool.map(ask_on, range(CLIENTS)) for ms in each]
    row(f"search: {CLIENTS} clients at once", taken)
    print(f"    {len(taken) / SECONDS:.0f} searches/s")


def _cold(environment: dict[str, str], key: str) -> None:
    """A new process's own work: imports, the model, and the first answer."""
    request = json.loads(event("api_gateway_list_objects.json"))
    own = []
    for number in range(5):
        query = {"query": f"what nobody asked before {number}"}
        request |= {
            "path": "/api/v1/search",
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {name: [text] for name, text in query.items()},
            "multiValueHeaders": {"authorization": [f"Bearer {key}"]},
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "tests.bench.search_child"],
            input=json.dumps(request).encode(),
            env=environment,
            cwd=_REPOSITORY,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
        own.append(spent * 1000)
    row("cold start with a first answer, own CPU", own)
