"""Collections as they were: their tables approved, their contracts said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clients.cli.commands.schemas import settled
from clients.cli.exporting.folder import Line
from clients.cli.paths import collection_path
from clients.cli.problems import ServerProblem, sentence
from clients.cli.server import Server

_PROPOSAL_S = 90.0
_PAUSE_S = 0.5
_OVERRIDDEN = ("name", "type", "required", "indexed")


@dataclass(frozen=True)
class Tables:
    """`trouble` hears what could not be done again."""

    server: Server
    trouble: Callable[[str], None]

    def restore(self, collections: Iterable[Line], schemas: Iterable[Line]) -> None:
        """Approve what was approved, reject what was rejected, and say each contract."""
        by_id = {schema["id"]: schema for schema in schemas}
        for collection in collections:
            try:
                active = by_id.get(collection["active_schema"] or "")
                if collection["storage"] == "sql" and active:
                    self._approve(collection["name"], active)
                self._contract(collection)
            except ServerProblem as problem:
                if problem.status in (401, 403):
                    raise
                self.trouble(f"{collection['name']}: {sentence(problem)}")

    def _approve(self, name: str, active: Line) -> None:
        if self.server.get(collection_path(name))["storage"] == "sql":
            return
        proposal = self._proposed(name)
        if proposal is None:
            self.trouble(f"{name}: no table was proposed here, so none could be approved.")
            return
        body = _differences(proposal, active)
        if body:
            changed = self.server.patch(f"schemas/{proposal['id']}", body)
            proposal = settled(self.server, changed["id"])
        said = {"ddl_sha256": proposal["ddl_sha256"]}
        self.server.post(f"schemas/{proposal['id']}/approve", said)
        ended = settled(self.server, proposal["id"])
        if ended["status"] != "active":
            self.trouble(f"{name}: its table is {ended['status']}: {ended['error'] or ''}")

    def _proposed(self, name: str) -> dict[str, Any] | None:
        """The proposal that waits, once there is one."""
        deadline = time.monotonic() + _PROPOSAL_S
        while time.monotonic() < deadline:
            waiting = self.server.get(collection_path(name))["waiting_schema"]
            if waiting:
                found = settled(self.server, waiting)
                if found["status"] == "provisional":
                    return found
            self.server.stop.wait(_PAUSE_S)
        return None

    def _contract(self, collection: Line) -> None:
        path = collection_path(collection["name"])
        if self.server.get(path)["contract"] != collection["contract"]:
            self.server.patch(path, {"contract": collection["contract"]})


def _differences(proposal: dict[str, Any], active: Line) -> dict[str, Any]:
    """What to override so that the proposal becomes what was approved."""
    proposed = {column["path"]: column for column in proposal["columns"]}
    columns = {}
    for column in active["columns"]:
        now = proposed.get(column["path"], {})
        if other := {name: column[name] for name in _OVERRIDDEN if column[name] != now.get(name)}:
            columns[column["path"]] = other
    storage = {} if proposal["storage_choice"] == "sql" else {"storage": "sql"}
    return {**storage, **({"columns": columns} if columns else {})}
