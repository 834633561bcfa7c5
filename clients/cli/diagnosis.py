"""What may be wrong between this machine and the server, and what to do about each."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from typing import Any, Literal

import httpx2

from clients.cli import config
from clients.cli.output import counted, when
from clients.cli.problems import (
    FAILED,
    PROBLEMS,
    UNREACHABLE,
    Problem,
    Unreachable,
    exit_status,
    sentence,
)
from clients.cli.server import Server, another_program

_PYTHON = (3, 11)
_API_VERSION = "1"
# Signed addresses name the time; more than this and S3 may refuse them.
_MOST_SKEW_S = 60.0
_LEAST_FREE = 100 * 1024 * 1024
_SOON_DAYS = 7
_WORKERS_S = 45.0
_PAUSE_S = 0.2
_SETTLED = ("ready", "duplicate", "failed")
_MANY = 100
_NO_SERVER = "Start it with `make up`, or name another with --url or `mammothbox login`."
_UPLOADERS = ("uploader", "admin", "operator")


State = Literal["well", "warning", "wrong", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, and how it is.

    A `warning` is about the library or about what comes, and nothing that was looked at fails of
    it; `unknown` could not be looked at. `status` is what the doctor ends with for a wrong one.
    """

    what: str
    state: State
    said: str
    do: str = ""
    status: int = FAILED


def of_this_machine() -> Iterator[Finding]:
    """What can be known without any server."""
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info[:2] >= _PYTHON
    do = "" if enough else "Install Python 3.11 or newer."
    yield Finding("Python", _well(enough), version, do)
    try:
        folder = config.state_folder()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        do = "Give yourself the right to write there, or set XDG_STATE_HOME."
        yield Finding("journal", "wrong", f"cannot be written: {error}", do)
        return
    roomy = free >= _LEAST_FREE
    do = "" if roomy else "Make room: uploads could not be resumed."
    yield Finding(
        "journal", _well(roomy, "warning"), f"{folder}, {free // 1_000_000:,} MB free", do
    )


def of_server(server: Server) -> Iterator[Finding]:
    """What the server says of itself, and whether a tiny file goes all the way through."""
    try:
        answer = server.answer("GET", "health/live")
        alive = answer.json()["status"] == "ok"
    except PROBLEMS as problem:
        told = str(problem) if isinstance(problem, Unreachable) else sentence(problem)
        yield _wrong("address", problem, _NO_SERVER, told)
        return
    except (ValueError, KeyError, TypeError):
        yield Finding("address", "wrong", another_program(server.url), _NO_SERVER)
        return
    yield Finding("address", _well(alive), server.url)
    yield _clock(answer)
    yield from _asked("parts", lambda: _ready(server))
    yield from _asked("version", lambda: _version(server))
    try:
        key = server.get("keys/current")
        yield _key(key)
    except PROBLEMS as problem:
        yield _wrong("key", problem, "Run `mammothbox login` again.")
        return
    if key["role"] in _UPLOADERS:
        yield from _through(server)
    yield from _asked("failures", lambda: _failures(server))
    if key["role"] == "operator":
        yield from _asked("dead letters", lambda: _dead_letters(server))
        yield from _asked("models", lambda: _models(server))


def _asked(what: str, look: Callable[[], Finding]) -> Iterator[Finding]:
    try:
        yield look()
    except PROBLEMS as problem:
        yield _wrong(what, problem, "See the logs of the server.")
    except (KeyError, TypeError, IndexError):
        yield Finding(what, "unknown", "the server tells it in a way this version does not know")


def _well(so: bool, otherwise: State = "wrong") -> State:
    return "well" if so else otherwise


def _wrong(what: str, problem: Problem, do: str, said: str = "") -> Finding:
    return Finding(what, "wrong", said or sentence(problem), do, exit_status(problem))


def _clock(answer: httpx2.Response) -> Finding:
    if "date" not in answer.headers:
        return Finding("clock", "unknown", "the server tells no time")
    told = parsedate_to_datetime(answer.headers["date"])
    skew_s = abs((datetime.now(UTC) - told).total_seconds())
    right = skew_s <= _MOST_SKEW_S
    do = "" if right else "Set the clock of this machine, or that of the server."
    return Finding("clock", _well(right), f"{skew_s:.0f} s from that of the server", do)


def _ready(server: Server) -> Finding:
    server.get("health/ready")
    return Finding("parts", "well", "database, buckets, queues and model are ready")


def _version(server: Server) -> Finding:
    theirs = str(server.get("openapi.json")["info"]["version"])
    do = "" if theirs == _API_VERSION else "Update the older of the two."
    said = f"mammothbox {metadata.version('mammothbox')} speaks version {_API_VERSION} of the API"
    return Finding("version", _well(not do), f"{said}, the server version {theirs}", do)


def _key(key: dict[str, Any]) -> Finding:
    said = f"{key['owner']}, {key['role']}"
    if not key["expires_at"]:
        return Finding("key", "well", said)
    days = (datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)).days
    do = "" if days > _SOON_DAYS else "Have an admin make a new one: `mammothbox keys create`."
    return Finding("key", _well(not do, "warning"), f"{said}, in force for {days} more days", do)


def _through(server: Server) -> Iterator[Finding]:
    """Send a tiny file, wait for the workers, and take it out again."""
    content = f"MammothBox, are you well? {datetime.now(UTC).isoformat()}\n".encode()
    announced = {"filename": "doctor.txt", "size_bytes": len(content)}
    try:
        upload = server.post("uploads", {"files": [announced]})["uploads"][0]
    except PROBLEMS as problem:
        yield _wrong("upload", problem, "See the logs of the server.")
        return
    system_id = upload["system_id"]
    try:
        sent = _sent(upload, content)
        yield sent
        if sent.state == "well":
            yield from _asked("workers", lambda: _processed(server, system_id))
            yield from _asked("download", lambda: _back(server, system_id, content))
    finally:
        _taken_out(server, system_id)


def _sent(upload: dict[str, Any], content: bytes) -> Finding:
    host = httpx2.URL(upload["url"]).netloc.decode()
    do = "Open the way to it: a proxy or firewall stands between, or its name is unknown here."
    try:
        files = {"file": ("doctor.txt", content)}
        answer = httpx2.post(upload["url"], data=upload["fields"], files=files, timeout=10)
    except httpx2.TransportError as error:
        return Finding("store", "wrong", f"{host} cannot be reached: {error}", do, UNREACHABLE)
    said = f"{host} answered {answer.status_code}"
    if not answer.is_success:
        return Finding(
            "store", "wrong", said, "Look at the clock, and at the rights of the bucket."
        )
    return Finding("store", "well", said)


def _processed(server: Server, system_id: str) -> Finding:
    began = time.monotonic()
    while time.monotonic() < began + _WORKERS_S and not server.stop.is_set():
        status = server.get(f"objects/{system_id}")["status"]
        if status in _SETTLED:
            said = f"a tiny file was {status} after {time.monotonic() - began:.1f} s"
            return Finding("workers", _well(status != "failed"), said)
        server.stop.wait(_PAUSE_S)
    said = f"a tiny file was not processed within {_WORKERS_S:.0f} s"
    return Finding("workers", "wrong", said, "Look whether the workers run: `make up` logs them.")


def _back(server: Server, system_id: str, content: bytes) -> Finding:
    address = server.answer("GET", f"objects/{system_id}/content").headers["location"]
    try:
        same = httpx2.get(address, timeout=10).content == content
    except httpx2.TransportError as error:
        do = "Open the way to the store."
        return Finding("download", "wrong", str(error), do, UNREACHABLE)
    return Finding("download", _well(same), "the same bytes" if same else "other bytes")


def _taken_out(server: Server, system_id: str) -> None:
    """Leave nothing behind; whoever may not erase puts it into the trash."""
    for query in ({"purge": True}, {}):
        with suppress(*PROBLEMS):
            server.delete(f"objects/{system_id}", query)
            return


def _failures(server: Server) -> Finding:
    found = list(server.pages("objects", {"status": "failed"}, limit=_MANY))
    if not found:
        return Finding("failures", "well", "no object failed")
    many = f"{_MANY} or more objects" if len(found) == _MANY else counted(len(found), "object")
    do = "`mammothbox ls --status failed` shows them, `mammothbox replay --failed` tries again."
    return Finding("failures", "warning", f"{many} failed", do)


def _dead_letters(server: Server) -> Finding:
    told = ", ".join(
        f"{one['name']}: {many}"
        + (f" since {when(since)}" if (since := one["oldest_dead_at"]) else "")
        for one in server.get("admin/queues")["items"]
        if (many := one["dead_letters"]["waiting"] + one["dead_stages"])
    )
    do = "`mammothbox dlq show QUEUE`, then `dlq redrive QUEUE` or `dlq discard`." if told else ""
    return Finding("dead letters", _well(not told, "warning"), told or "none", do)


def _models(server: Server) -> Finding:
    active = [one for one in server.get("admin/spaces")["items"] if one["state"] == "active"]
    if not active:
        return Finding("models", "wrong", "no space is active", "`mammothbox models list`")
    missing = active[0]["fill"]["missing"] if active[0]["fill"] else 0
    do = f"`mammothbox models fill {active[0]['name']}`" if missing else ""
    said = f"{active[0]['model']}, {missing} not embedded"
    return Finding("models", _well(not missing, "warning"), said, do)
