"""A hundred mixed objects on their way: files straight to the store, JSON through the API."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2

from clients.cli import jobs
from clients.cli.problems import Stop
from clients.cli.server import Server
from clients.demo.pictures import Picture

_AT_ONCE = 4
_OVER = ("upload_over", "purged")


@dataclass(frozen=True)
class Sent:
    """A job, the ids of what it was given in order, and how many had to be sent at all."""

    job_id: str
    system_ids: list[str]
    sent: int


def send_pictures(server: Server, pictures: Sequence[Picture], *, by_hash: bool) -> Sent:
    """Announce pictures and send what the library lacks; sent before, they keep their ids.

    `by_hash`: what it has by its hash is not sent. Otherwise it finds out itself what is an exact
    copy.
    """
    files = [
        {"filename": one.name, "size_bytes": len(one.content)}
        | ({"sha256": one.sha256} if by_hash else {})
        for one in pictures
    ]
    answer = _announced(server, {"files": files}, pictures)
    places = answer["uploads"]
    wanted = [
        (place, one)
        for place, one in zip(places, pictures, strict=True)
        if place["method"] == "POST"
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda pair: _post(*pair), wanted))
    return Sent(answer["job_id"], [place["system_id"] for place in places], len(wanted))


def _announced(server: Server, body: dict[str, Any], pictures: Sequence[Picture]) -> dict[str, Any]:
    """The same answer each time, until what it was about has been erased."""
    said = " ".join(f"{one.name} {one.sha256}" for one in pictures)
    key = hashlib.sha256(said.encode()).hexdigest()
    for number in count(1):
        headers = {"Idempotency-Key": f"demo-{number}-{key}"}
        answer = dict(server.post("uploads", body, repeatable=True, headers=headers))
        if not any(place.get("reason") in _OVER for place in answer["uploads"]):
            return answer
    raise AssertionError("numbers never end")


def send_objects(server: Server, collection: str, objects: Sequence[dict[str, Any]]) -> Sent:
    """Send JSON objects in one request; each becomes a document of the collection."""
    answer = server.post("ingest", objects, {"collection": collection})
    return Sent(answer["job_id"], answer["system_ids"], len(objects))


def processed(server: Server, sent: Sequence[Sent]) -> Counter[str]:
    """Wait for the jobs; how many objects ended how."""
    *_, last = jobs.follow(server, [one.job_id for one in sent])
    return Counter(one["state"] for job in last for one in job["objects"])


def _post(place: dict[str, Any], picture: Picture) -> None:
    try:
        answer = httpx2.post(
            place["url"], data=place["fields"], files={"file": picture.content}, timeout=30
        )
    except httpx2.TransportError as error:
        raise Stop(f"The store cannot be reached: {error}") from error
    if not answer.is_success:
        raise Stop(f"The store refused {picture.name}: {answer.status_code}.")
