"""How often each way through the house asks Postgres and waits for an answer."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from anyio import to_thread
from starlette.testclient import TestClient

from tests.house import House
from tests.samples import PNG

TEXT = b"What the mammoth saw."

# Of these, every call of the API spends one on the caller's key.
UPLOAD_REQUEST = 4
INTAKE_OF_AN_UPLOAD = 9
INTAKE_OF_A_DROP = 11
# Of media, intake asks into which spaces it is to be embedded.
LOOK_AT_SPACES = 1
LIST_PAGE = 4
GET = 5
STATUS = 5
# What was asked before, so that its vector is known.
SEARCHES = {
    "search": 5,
    "search?query=warm": 5,
    "timeline": 3,
    "map": 3,
    "searches": 3,
}
# Of a page that shows any.
DOCUMENTS = 1
# To another thread: to ask for the key, and to search.
HANDED_OVER = 2


class Wire:
    """What passes between this process and Postgres, over every connection it opens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[IO[bytes]] = []

    def listen(self, connection: psycopg.Connection[Any]) -> None:
        """Let libpq write down each message that leaves (F) or comes (B)."""
        file = (self._folder / str(len(self._files))).open("wb", buffering=0)
        self._files.append(file)
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(psycopg.pq.Trace.SUPPRESS_TIMESTAMPS)

    @contextmanager
    def counting(self) -> Iterator[list[int]]:
        """How often, in the body, this process spoke and then listened."""
        counted: list[int] = []
        before = self._round_trips()
        yield counted
        counted.append(self._round_trips() - before)

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _round_trips(self) -> int:
        return sum(_turns(Path(file.name).read_text("utf-8", "replace")) for file in self._files)


def _turns(trace: str) -> int:
    """How often a message that asks for an answer is followed by one.

    Of a long batch some answers come while it is still being sent; nobody waits for those.
    """
    messages = re.findall(r"^([FB])\t\d+\t(\w+)", trace, re.MULTILINE)
    asks = [who == "F" and what in ("Sync", "Flush", "Query") for who, what in messages]
    answers = [who == "B" for who, _ in messages]
    return sum(map(operator.and_, asks, answers[1:]))


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    wire = Wire(tmp_path)
    connect = psycopg.connect

    def connect_and_listen(*arguments: Any, **named: Any) -> psycopg.Connection[Any]:
        connection = connect(*arguments, **named)
        wire.listen(connection)
        return connection

    monkeypatch.setattr(psycopg, "connect", connect_and_listen)
    yield wire
    wire.close()


@pytest.fixture
def client(wire: Wire, house: House) -> TestClient:
    """A client of a house whose connections are open already."""
    client = house.client()
    house.upload(client, b"warm")
    house.run_queues()
    return client


def announce(client: TestClient, files: int, **more: Any) -> dict[str, Any]:
    body = {"files": [{"filename": "a.png", "size_bytes": len(PNG), **more}] * files}
    answer = client.post("/api/v1/uploads", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("files", [1, 2, 100])
def test_asking_for_many_uploads_costs_what_one_costs(
    wire: Wire, client: TestClient, files: int
) -> None:
    with wire.counting() as counted:
        announce(client, files)

    assert counted == [UPLOAD_REQUEST]


@pytest.mark.parametrize(("content", "more"), [(TEXT, 0), (PNG, LOOK_AT_SPACES)])
def test_intake_of_an_upload(
    wire: Wire, house: House, client: TestClient, content: bytes, more: int
) -> None:
    asset_id = house.upload(client, content)
    with wire.counting() as counted:
        house.run_queues("intake")

    assert counted == [INTAKE_OF_AN_UPLOAD + more]
    assert house.get(client, asset_id)["stages"][0]["state"] == "done"


@pytest.mark.parametrize(("content", "more"), [(TEXT, 0), (PNG, LOOK_AT_SPACES)])
def test_intake_of_a_drop(
    wire: Wire, house: House, client: TestClient, content: bytes, more: int
) -> None:
    house.put("drop/ada/holidays/a.png", content)
    with wire.counting() as counted:
        house.run_queues("intake")

    assert counted == [INTAKE_OF_A_DROP + more]
    assert len(client.get("/api/v1/objects?collection=holidays").json()["items"]) == 1


@pytest.mark.parametrize("objects", [1, 50])
def test_a_page_of_a_list(wire: Wire, client: TestClient, objects: int) -> None:
    announce(client, objects)
    with wire.counting() as counted:
        answer = client.get("/api/v1/objects?status=awaiting_upload")

    assert len(answer.json()["items"]) == objects
    assert counted == [LIST_PAGE]


def test_a_look_at_an_object(wire: Wire, client: TestClient) -> None:
    asset_id = announce(client, 1)["uploads"][0]["system_id"]
    with wire.counting() as counted:
        assert client.get(f"/api/v1/objects/{asset_id}").status_code == 200

    assert counted == [GET]


@pytest.mark.parametrize("objects", [1, 50])
def test_the_status_of_a_job(wire: Wire, client: TestClient, objects: int) -> None:
    job_id = announce(client, objects)["job_id"]
    with wire.counting() as counted:
        answer = client.get(f"/api/v1/ingest/{job_id}/status")

    assert len(answer.json()["objects"]) == objects
    assert counted == [STATUS]


def test_documents_are_read_with_the_page_that_shows_them(
    wire: Wire, house: House, client: TestClient
) -> None:
    for collection in ("a", "b", "c"):
        house.upload(client, b'{"n": "mammoth"}\n{"n": "mammoth"}', collection=collection)
    house.run_queues()
    house.sweep()
    house.run_queues()

    path = "/api/v1/search?query=mammoth"
    results = client.get(path).json()["results"]
    with wire.counting() as counted:
        assert client.get(path).status_code == 200

    shown = [each["document"] for each in results if each["document_id"]]
    assert shown == [{"n": "mammoth"}] * 6
    assert counted == [SEARCHES["search?query=warm"] + DOCUMENTS]


@pytest.mark.parametrize(("path", "trips"), SEARCHES.items())
def test_a_search(wire: Wire, client: TestClient, path: str, trips: int) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 200
    with wire.counting() as counted:
        assert client.get(f"/api/v1/{path}").status_code == 200

    assert counted == [trips]


def test_a_call_leaves_its_thread_for_its_key_and_for_its_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for each thing that is looked at on the way: that costs more than the look."""
    handed_over: list[str] = []
    run = to_thread.run_sync

    async def noting(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
        handed_over.append(repr(work))
        return await run(work, *args, **options)

    monkeypatch.setattr(to_thread, "run_sync", noting)

    assert client.get("/api/v1/search?query=warm&tags=dog").status_code == 200
    assert len(handed_over) == HANDED_OVER, handed_over
