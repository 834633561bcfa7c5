"""Whether a restored library equals the export: every difference, in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clients.cli import exact_json
from clients.cli.commands.query import documents
from clients.cli.commands.search import MOST_KEPT
from clients.cli.exporting.collect import documents_file
from clients.cli.exporting.folder import Line, read_lines
from clients.cli.exporting.hands import by_hand, members_of
from clients.cli.exporting.sending import Ids
from clients.cli.interruptions import lanes
from clients.cli.paths import collection_path
from clients.cli.problems import ServerProblem
from clients.cli.server import Server

# What is the same of an object wherever it is; what models say of it is theirs.
_SAME = ("filename", "content_type", "kind", "status", "size_bytes", "sha256", "collection")
_BY_HAND = ("comments", "rating")
_COLLECTION = ("storage", "contract", "documents")
_COLUMN = ("path", "name", "type", "required", "indexed")


def objects(server: Server, lines: Sequence[Line], ids: Ids, parallel: int) -> Iterator[str]:
    """What differs between objects and their counterparts."""
    with lanes(parallel, server.stop) as pool:
        for told in pool.map(lambda line: list(_object(server, line, ids)), lines):
            yield from told


def _object(server: Server, line: Line, ids: Ids) -> Iterator[str]:
    told = line["object"]
    name = told["filename"] or told["system_id"]
    try:
        now = server.get(f"objects/{ids[told['system_id']]}")
    except ServerProblem:
        yield f"{name} is not there"
        return
    for each in (*_SAME, *_BY_HAND):
        if told[each] != now[each]:
            yield f"{name}: {each} was {told[each]!r}, and is {now[each]!r}"
    if by_hand(told) != by_hand(now):
        yield f"{name}: tags by hand were {by_hand(told)}, and are {by_hand(now)}"
    if bool(told["trashed_at"]) != bool(now["trashed_at"]):
        yield f"{name} {'was' if told['trashed_at'] else 'was not'} in the trash"
    original = told["duplicate_of"] and ids.get(told["duplicate_of"])
    if original != now["duplicate_of"]:
        yield f"{name} is a copy of another object"


def collections(server: Server, folder: Path, schemas: Iterable[Line]) -> Iterator[str]:
    """What differs between collections: documents digit for digit, tables, contracts."""
    by_id = {schema["id"]: schema for schema in schemas}
    for told in read_lines(folder / "collections.jsonl"):
        name = told["name"]
        try:
            now = server.get(collection_path(name))
        except ServerProblem:
            yield f"there is no collection {name}"
            continue
        for each in _COLLECTION:
            if told[each] != now[each]:
                yield f"{name}: {each} was {told[each]}, and is {now[each]}"
        was = Counter(_said(one) for one in read_lines(folder / documents_file(told)))
        is_now = Counter(_said(one) for one in documents(server, now["id"], {}))
        if was != is_now:
            yield f"{name}: {(was - is_now).total()} documents are missing or different"
        if told["storage"] == now["storage"] == "sql":
            table = server.get(f"schemas/{now['active_schema']}")
            if _columns(by_id[told["active_schema"]]) != _columns(table):
                yield f"{name}: its table has other columns"


def clusters(
    server: Server,
    exported: Iterable[Line],
    lines: Sequence[Line],
    ids: Ids,
    *,
    homes: Ids,
    acts: set[str],
) -> Iterator[str]:
    """What differs between clusters that hands made what they are."""
    # What is in the trash is shown in no cluster.
    members = members_of(line for line in lines if not line["object"]["trashed_at"])
    for cluster in exported:
        home = homes.get(cluster["id"])
        if home is None:
            continue
        now = server.get(f"clusters/{home}")
        if cluster["name_source"] == "hand" and cluster["name"] != now["name"]:
            yield f"the cluster {cluster['name']} is called {now['name']}"
        if cluster["threshold_source"] == "hand" and cluster["threshold"] != now["threshold"]:
            yield f"the cluster {cluster['name']} has another threshold"
        if cluster["id"] in acts:
            there = {one["system_id"] for one in server.pages("objects", {"cluster": home})}
            if there != {ids[one] for one in members.get(cluster["id"], ())}:
                yield f"the cluster {cluster['name']} has other members"


def decided(server: Server, folder: Path, ids: Ids) -> Iterator[str]:
    """What differs between links, verdicts and saved searches."""
    links = {_pair(one["kind"], one["system_ids"], {}) for one in server.pages("links")}
    for one in read_lines(folder / "links.jsonl"):
        if _pair(one["kind"], one["system_ids"], ids) not in links:
            yield f"a link ({one['kind']}) is missing"
    now = {_verdict(one, {}) for one in server.pages("duplicates", {"class": "same"})}
    for one in read_lines(folder / "duplicates.jsonl"):
        if one["class"] == "same" and one["state"] != "open" and _verdict(one, ids) not in now:
            yield f"a verdict ({one['state']}) is missing"
    kept = {one["name"] for one in server.pages("searches", {"limit": MOST_KEPT})}
    for one in read_lines(folder / "searches.jsonl"):
        if one["name"] not in kept:
            yield f"the search {one['name']} is missing"


def _said(document: Line) -> str:
    return exact_json.canonical(document["doc"])


def _columns(schema: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {tuple(column[each] for each in _COLUMN) for column in schema["columns"]}


def _pair(kind: str, pair: Iterable[str], ids: Ids) -> tuple[str, frozenset[str]]:
    return kind, frozenset(ids.get(one, one) for one in pair)


def _verdict(pair: Line, ids: Ids) -> tuple[str, frozenset[str], str | None]:
    halves = [half["system_id"] for half in pair["objects"]]
    keeper = pair["keeper"]
    return (*_pair(pair["state"], halves, ids), ids.get(keeper, keeper) if keeper else None)
