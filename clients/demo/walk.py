"""The checklist of the design, step by step, against a running stack."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from clients.cli import exact_json, output
from clients.cli.commands.query import documents
from clients.cli.commands.schemas import settled
from clients.cli.problems import NOT_FOUND, ServerProblem, Stop, exit_status
from clients.cli.server import Server
from clients.demo.documents import events, orders
from clients.demo.pictures import exact_copies, near_copies, photos
from clients.demo.sending import processed, send_objects, send_pictures
from clients.demo.stage import Stage

_PHOTOS, _ORDERS, _EVENTS = 48, 30, 12
_WAIT_S = 120.0
_PAUSE_S = 0.3
_QUESTIONS = ("an astronaut", "a cat", "a tall tower", "flowers")
_SHOWN = 3
_MOST_ROWS = 5
_MOST_RULES = 3


@dataclass(frozen=True)
class Copies:
    """The ids of pictures that are copies of others, by their names."""

    exact: Mapping[str, str]
    near: Mapping[str, str]


def walk(server: Server, stage: Stage) -> None:
    """Everything, in order. Raises `Stop` when something does not happen."""
    with stage.act("Is it well?"):
        _health(server, stage)
    turn = _turn(server)
    with stage.act("A hundred mixed objects"):
        copies = _send(server, stage, turn)
    with stage.act("What should become of the JSON?"):
        proposal = _proposals(server, stage, turn)
    with stage.act("Duplicates, together in their clusters"):
        _clusters(server, stage, copies)
    with stage.act("Accept the proposal, and look into its table"):
        _accept(server, stage, proposal)
    with stage.act("Pictures by words"):
        _search(server, stage)
    stage.end()


def _health(server: Server, stage: Stage) -> None:
    for name in ("live", "ready"):
        began = time.monotonic()
        status = server.get(f"health/{name}")["status"]
        stage.tell(f"/health/{name}: {status} ({1000 * (time.monotonic() - began):.0f} ms)")
    stage.look("library")


def _turn(server: Server) -> int:
    """Which time this is: collections of earlier times stay as they are."""
    for turn in count(1):
        try:
            server.get(f"collections/{_collection('orders', turn)}")
        except ServerProblem as problem:
            if exit_status(problem) == NOT_FOUND:
                return turn
            raise
    raise AssertionError("numbers never end")


def _collection(kind: str, turn: int) -> str:
    return f"demo-{kind}" if turn == 1 else f"demo-{kind}-{turn}"


def _send(server: Server, stage: Stage, turn: int) -> Copies:
    originals = photos(_PHOTOS)
    near, exact = near_copies(originals), exact_copies(originals)
    began = time.monotonic()
    first = send_pictures(server, [*originals, *near], by_hash=True)
    bought = send_objects(server, _collection("orders", turn), orders(_ORDERS, turn))
    happened = send_objects(server, _collection("events", turn), events(_EVENTS, turn))
    # Only once the originals are there is it sure which of the same bytes is the copy.
    ended = processed(server, [first, bought, happened])
    again = send_pictures(server, exact, by_hash=False)
    ended += processed(server, [again])
    files = len(originals) + len(near) + len(exact)
    sent = first.sent + again.sent
    stage.tell(
        f"{files} pictures ({len(near)} made smaller, {len(exact)} exact copies),"
        f" {_ORDERS} orders, {_EVENTS} events: {files + _ORDERS + _EVENTS} objects",
        f"{sent} pictures were sent, {files - sent} were known already and cost nothing",
        f"all processed after {output.duration(time.monotonic() - began)}: {_told(ended)}",
    )
    stage.look("library")
    near_ids = first.system_ids[len(originals) :]
    return Copies(
        dict(zip([one.name for one in exact], again.system_ids, strict=True)),
        dict(zip([one.name for one in near], near_ids, strict=True)),
    )


def _told(ended: Counter[str]) -> str:
    if failed := ended["failed"]:
        raise Stop(f"{failed} objects failed: `mammothbox ls --status failed` shows them.")
    return ", ".join(f"{many} {state}" for state, many in sorted(ended.items()))


def _proposals(server: Server, stage: Stage, turn: int) -> dict[str, Any]:
    found = {}
    for kind, storage in (("orders", "sql"), ("events", "jsonb")):
        name = _collection(kind, turn)
        waiting = _until(partial(_waiting, server, name), f"the proposal for {name}")
        proposal = found[kind] = settled(server, waiting)
        stage.tell(
            f"{name}: {proposal['storage_choice'].upper()}"
            f" (score {float(proposal['score']):.2f}, {_why(proposal)})"
        )
        stage.look("schemas", proposal["id"])
        if proposal["storage_choice"] != storage:
            raise Stop(f"{name} should have been proposed as {storage}.")
    return found["orders"]


def _waiting(server: Server, name: str) -> str | None:
    waiting: str | None = server.get(f"collections/{name}")["waiting_schema"]
    return waiting


def _why(proposal: Mapping[str, Any]) -> str:
    broken = [
        f"{one['rule'].replace('_', ' ')} {float(one['value']):.3g}, limit {float(one['limit']):g}"
        for one in proposal["rationale"]
        if not one["passed"] and one["limit"] is not None
    ]
    return "; ".join(broken[:_MOST_RULES]) or f"all {len(proposal['rationale'])} rules passed"


def _clusters(server: Server, stage: Stage, copies: Copies) -> None:
    """Show the clusters that hold copies as the directories they are."""
    pairs = _until(lambda: _all_pairs(server, copies), "all pairs of duplicates")
    kept = {half["system_id"] for pair in pairs for half in pair["objects"]}
    shown: set[str] = set()
    for one in sorted(kept):
        cluster = server.get(f"objects/{one}")["cluster"]
        if cluster is None or cluster["id"] in shown:
            continue
        shown.add(cluster["id"])
        members = list(server.pages("objects", {"cluster": cluster["id"]}))
        stage.tell(f"{cluster['name']}/")
        for member in members:
            stage.tell(f"  {member['filename']}")
            for pair in pairs:
                _tell_pair(stage, pair, member["system_id"], copies)
    if not shown:
        raise Stop("No copy is in a cluster.")
    stage.tell(f"{len(pairs)} pairs of duplicates in {len(shown)} clusters")
    stage.look("clusters")
    stage.look("duplicates")


def _all_pairs(server: Server, copies: Copies) -> list[dict[str, Any]] | None:
    """The pairs of the copies, once each exact and some near copies are found."""
    names = {**copies.exact, **copies.near}.values()
    pairs = [
        pair
        for pair in server.pages("duplicates")
        if any(half["system_id"] in names for half in pair["objects"])
    ]
    exact = {
        half["system_id"] for pair in pairs if pair["class"] == "exact" for half in pair["objects"]
    }
    same = any(pair["class"] == "same" for pair in pairs)
    return pairs if same and exact >= set(copies.exact.values()) else None


def _tell_pair(stage: Stage, pair: Mapping[str, Any], member: str, copies: Copies) -> None:
    """The copy, below what it is a copy of."""
    copied = {*copies.exact.values(), *copies.near.values()}
    first, other = sorted(pair["objects"], key=lambda half: half["system_id"] in copied)
    if first["system_id"] == member:
        said = "the same bytes" if pair["class"] == "exact" else "the same picture"
        stage.tell(f"    = {other['filename']} ({said})")


def _accept(server: Server, stage: Stage, proposal: Mapping[str, Any]) -> None:
    name = proposal["collection"]
    server.post(f"schemas/{proposal['id']}/approve", {"ddl_sha256": proposal["ddl_sha256"]})
    active = settled(server, proposal["id"])
    now = server.get(f"collections/{name}")
    if (active["status"], now["storage"]) != ("active", "sql"):
        raise Stop(f"The table of {name} is {active['status']}: {active['error']}")
    statement = next(line for line in active["ddl"].splitlines() if line.startswith("CREATE TABLE"))
    stage.tell(f"{statement} …", f"{now['documents']} documents are rows of it; paid, the dearest:")
    asked = {"filter[paid][eq]": "true", "sort": "-total", "fields": "order_id,item,total"}
    rows = [one["doc"] for one in documents(server, name, asked)][:_MOST_ROWS]
    if not rows:
        raise Stop(f"The table of {name} answers nothing.")
    columns = ("order_id", "item", "total")
    stage.table(columns, [[_shown(row[each]) for each in columns] for row in rows])
    stage.look("schemas", proposal["id"])
    stage.look("collections", name)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else exact_json.write(value)


def _search(server: Server, stage: Stage) -> None:
    for question in _QUESTIONS:
        began = time.monotonic()
        query = {"query": question, "type": "media", "limit": _SHOWN}
        results: Sequence[dict[str, Any]] = server.get("search", query)["results"]
        ms = 1000 * (time.monotonic() - began)
        if not results:
            raise Stop(f"Nothing was found for {question!r}.")
        told = ", ".join(
            f"{one['filename']} ({float(one['similarity'] or 0):.2f})" for one in results
        )
        stage.tell(f"{question}: {told}  [{ms:.0f} ms]")
        stage.look("search", q=question)


def _until(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, once it does. Raises `Stop` after two minutes."""
    deadline = time.monotonic() + _WAIT_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise Stop(f"Waited two minutes for {what}; `mammothbox doctor` may know why.")
        time.sleep(_PAUSE_S)
    return found
