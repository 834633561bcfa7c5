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
from typing import Any

import httpx2

from clients.cli import config
from clients.cli.problems import PROBLEMS, ServerProblem, Unreachable, sentence
from clients.cli.server import Server

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


@dataclass(frozen=True)
class Finding:
    """What was looked at, and how it is. `well` is None for what could not be looked at."""

    what: str
    well: bool | None
    said: str
    do: str = ""


def of_this_machine() -> Iterator[Finding]:
    """What can be known without any server."""
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info[:2] >= _PYTHON
    yield Finding("Python", enough, version, "" if enough else "Install Python 3.11 or newer.")
    try:
        folder = config.state_folder()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        do = "Give yourself the right to write there, or set XDG_STATE_HOME."
        yield Finding("journal", False, f"cannot be written: {error}", do)
        return
    roomy = free >= _LEAST_FREE
    do = "" if roomy else "Make room: uploads could not be resumed."
    yield Finding("journal", roomy, f"{folder}, {free // 1_000_000:,} MB free", do)


def of_server(server: Server) -> Iterator[Finding]:
    """What the server says of itself, and whether a tiny file goes all the way through."""
    try:
        answer = server.answer("GET", "health/live")
        alive = answer.json()["status"] == "ok"
    except (*PROBLEMS, ValueError, KeyError, TypeError) as problem:
        yield Finding("address", False, _not_there(server, problem), _NO_SERVER)
        return
    yield Finding("address", alive, server.url)
    yield _clock(answer)
    yield from _asked("parts", lambda: _ready(server))
    yield from _asked("version", lambda: _version(server))
    try:
        key = server.get("keys/current")
        yield _key(key)
    except PROBLEMS as problem:
        yield Finding("key", False, sentence(problem), "Run `mammothbox login` again.")
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
        yield Finding(what, False, sentence(problem), "See the logs of the server.")
    except (KeyError, TypeError, IndexError):
        yield Finding(what, None, "the server tells it in a way this version does not know")


def _not_there(server: Server, problem: Exception) -> str:
    if isinstance(problem, Unreachable | ServerProblem):
        return str(problem)
    return f"{server.url} answers, but not as MammothBox does."


def _clock(answer: httpx2.Response) -> Finding:
    if "date" not in answer.headers:
        return Finding("clock", None, "the server tells no time")
    told = parsedate_to_datetime(answer.headers["date"])
    skew_s = abs((datetime.now(UTC) - told).total_seconds())
    right = skew_s <= _MOST_SKEW_S
    do = "" if right else "Set the clock of this machine, or that of the server."
    return Finding("clock", right, f"{skew_s:.0f} s from that of the server", do)


def _ready(server: Server) -> Finding:
    server.get("health/ready")
    return Finding("parts", True, "database, buckets, queues and model are ready")


def _version(server: Server) -> Finding:
    theirs = str(server.get("openapi.json")["info"]["version"])
    do = "" if theirs == _API_VERSION else "Update the older of the two."
    said = f"mammothbox {metadata.version('mammothbox')} speaks version {_API_VERSION} of the API"
    return Finding("version", not do, f"{said}, the server version {theirs}", do)


def _key(key: dict[str, Any]) -> Finding:
    said = f"{key['owner']}, {key['role']}"
    if not key["expires_at"]:
        return Finding("key", True, said)
    days = (datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)).days
    do = "" if days > _SOON_DAYS else "Have an admin make a new one: `mammothbox keys create`."
    return Finding("key", days > _SOON_DAYS, f"{said}, in force for {days} more days", do)


def _through(server: Server) -> Iterator[Finding]:
    """Send a tiny file, wait for the workers, and take it out again."""
    content = f"MammothBox, are you well? {datetime.now(UTC).isoformat()}\n".encode()
    announced = {"filename": "doctor.txt", "size_bytes": len(content)}
    try:
        upload = server.post("uploads", {"files": [announced]})["uploads"][0]
    except PROBLEMS as problem:
        yield Finding("upload", False, sentence(problem), "See the logs of the server.")
        return
    system_id = upload["system_id"]
    try:
        sent = _sent(upload, content)
        yield sent
        if sent.well:
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
        return Finding("store", False, f"{host} cannot be reached: {error}", do)
    said = f"{host} answered {answer.status_code}"
    if not answer.is_success:
        return Finding("store", False, said, "Look at the clock, and at the rights of the bucket.")
    return Finding("store", True, said)


def _processed(server: Server, system_id: str) -> Finding:
    began = time.monotonic()
    while time.monotonic() < began + _WORKERS_S and not server.stop.is_set():
        status = server.get(f"objects/{system_id}")["status"]
        if status in _SETTLED:
            said = f"a tiny file was {status} after {time.monotonic() - began:.1f} s"
            return Finding("workers", status != "failed", said)
        server.stop.wait(_PAUSE_S)
    said = f"a tiny file was not processed within {_WORKERS_S:.0f} s"
    return Finding("workers", False, said, "Look whether the workers run: `make up` logs them.")


def _back(server: Server, system_id: str, content: bytes) -> Finding:
    address = server.answer("GET", f"objects/{system_id}/content").headers["location"]
    try:
        same = httpx2.get(address, timeout=10).content == content
    except httpx2.TransportError as error:
        return Finding("download", False, str(error), "Open the way to the store.")
    return Finding("download", same, "the same bytes" if same else "other bytes")


def _taken_out(server: Server, system_id: str) -> None:
    """Leave nothing behind; whoever may not erase puts it into the trash."""
    for query in ({"purge": True}, {}):
        with suppress(*PROBLEMS):
            server.delete(f"objects/{system_id}", query)
            return


def _failures(server: Server) -> Finding:
    found = list(server.pages("objects", {"status": "failed"}, limit=_MANY))
    if not found:
        return Finding("failures", True, "no object failed")
    many = f"{len(found)}{'+' if len(found) == _MANY else ''} objects failed"
    do = "`mammothbox ls --status failed` shows them, `mammothbox replay --failed` tries again."
    return Finding("failures", False, many, do)


def _dead_letters(server: Server) -> Finding:
    dead = {
        one["name"]: one["dead_letters"]["waiting"] + one["dead_stages"]
        for one in server.get("admin/queues")["items"]
    }
    told = ", ".join(f"{name}: {many}" for name, many in dead.items() if many)
    do = "`mammothbox dlq show QUEUE`, then `mammothbox dlq redrive QUEUE`." if told else ""
    return Finding("dead letters", not told, told or "none", do)


def _models(server: Server) -> Finding:
    active = [one for one in server.get("admin/spaces")["items"] if one["state"] == "active"]
    if not active:
        return Finding("models", False, "no space is active", "`mammothbox models list`")
    missing = active[0]["fill"]["missing"] if active[0]["fill"] else 0
    do = f"`mammothbox models fill {active[0]['name']}`" if missing else ""
    return Finding("models", not missing, f"{active[0]['model']}, {missing} not embedded", do)
