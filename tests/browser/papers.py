"""JSON for the journeys through schemas and collections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.browser.people import Owner
from tests.e2e.stack import wait_for


def orders(numbers: Iterable[int], **more: Any) -> list[str]:
    """Orders as lines of JSON, with totals whose last digit is a zero and numbers beyond 2^53."""
    return [
        json.dumps({"order": 9007199254740993 + n, "customer": f"c{n % 7}", "total": 0, **more})
        # A parser would write 1.10 as 1.1.
        .replace('"total": 0', f'"total": {n}.10')
        for n in numbers
    ]


def send(owner: Owner, collection: str, lines: Iterable[str]) -> str:
    """Send lines as one file, wait until it is ready, and say which it is."""
    answer = owner.http.post(
        "ingest",
        params={"collection": collection},
        content="\n".join(lines).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 202, answer.text
    system_id = str(answer.json()["system_ids"][0])
    assert owner.client.settled(system_id)["status"] == "ready"
    return system_id


def schema(owner: Owner, collection: str, status: str, version: int = 1) -> dict[str, Any]:
    """The schema of the collection in that version, once it is in that state."""

    def look() -> dict[str, Any] | None:
        items = owner.http.get("schemas", params={"collection": collection}).json()["items"]
        found = (s for s in items if (s["version"], s["status"]) == (version, status))
        return next(found, None)

    return wait_for(look)
