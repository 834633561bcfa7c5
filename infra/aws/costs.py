"""What it costs, from the topology, a context and `prices.toml`: `make costs`.

An estimate to decide by, and no bill: traffic to clients, logs beyond ours and free tiers are
left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.aws.network import ENDPOINTS
from infra.aws.settings import Settings, read
from infra.topology import API, JANITOR, MIGRATE, SEARCH, WORKERS

_PRICES = Path(__file__).with_name("prices.toml")
_HOURS = 730
_SECONDS = _HOURS * 3600
# A sweep that finds nothing.
_SWEEP_S = 1.5
# Lambda asks an idle queue with so many pollers, each waiting for so long.
_POLLERS = 5
_WAIT_S = 20
# Received, hidden or deleted, and sent: a message is about three requests.
_PER_MESSAGE = 3
# Alarms of a function, of a worker's queue, and of the whole; metrics of ours.
_ALARMS = {"function": 3, "queue": 2, "whole": 6}
_OWN_METRICS = 2 * len(WORKERS) + 9
_MEGABYTE = 1 / 1024
_CONTEXTS = ("dev", "prod")

Prices = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One line of a bill."""

    what: str
    dollars: float


def prices() -> Prices:
    """What `prices.toml` says."""
    return tomllib.loads(_PRICES.read_text("utf-8"))


def at_rest(settings: Settings, price: Prices) -> list[Item]:
    """A month in which nobody does anything."""
    return [one for one in _at_rest(settings, price) if one.dollars > 0]


def _at_rest(settings: Settings, price: Prices) -> Iterator[Item]:
    if settings.database is not None:
        wanted = settings.database
        zones = 2 if wanted.multi_az else 1
        hourly = price["rds"]["instance"][wanted.instance]
        yield Item(f"database, {wanted.instance}, zones: {zones}", hourly * _HOURS * zones)
        stored = wanted.storage_gb * price["rds"]["gb_month"] * zones
        yield Item(f"its storage, {wanted.storage_gb} GB", stored)
    if settings.network is not None:
        count = len(ENDPOINTS) * settings.network.endpoint_zones
        dollars = count * price["vpc"]["endpoint_hour"] * _HOURS
        yield Item(f"private endpoints, {count} ({', '.join(ENDPOINTS).lower()})", dollars)
    yield Item("the janitor's sweeps", _of_janitor(price))
    asked = len(WORKERS) * _POLLERS * _SECONDS / _WAIT_S * price["sqs"]["request"]
    yield Item("asking idle queues", asked)
    if settings.watched:
        alarms = alarms_of(settings)
        watching = price["cloudwatch"]
        dollars = alarms * watching["alarm"] + watching["dashboard"]
        yield Item(
            f"{alarms} alarms, a dashboard and {_OWN_METRICS} metrics",
            dollars + _OWN_METRICS * watching["metric"],
        )
    secrets = (settings.database is not None) + (settings.captions is not None)
    yield Item(f"secrets, {secrets}", secrets * price["secrets"]["secret"])
    if settings.api.firewall:
        rules = 2
        yield Item("firewall", price["waf"]["acl"] + rules * price["waf"]["rule"])


def alarms_of(settings: Settings) -> int:
    """How many alarms a context that is watched has."""
    in_steps = len(WORKERS) + len((API, SEARCH, JANITOR))
    functions = (in_steps + len((MIGRATE,))) * _ALARMS["function"]
    # Those that run once at a time ring for nothing that is turned away.
    functions -= len((JANITOR, MIGRATE))
    functions += in_steps if settings.release == "canary" else 0
    whole = _ALARMS["whole"] + (settings.captions is not None)
    return whole + functions + len(WORKERS) * _ALARMS["queue"]


def _of_janitor(price: Prices) -> float:
    sweeps = _SECONDS / JANITOR.every_s
    each = _SWEEP_S * JANITOR.memory_mb / 1024 * price["lambda"]["gb_second_arm"]
    measured = len(WORKERS) * price["sqs"]["request"]
    return float(sweeps * (each + price["lambda"]["request"] + measured))


def of_work(name: str, count: int, price: Prices) -> list[Item]:
    """What so many of a thing cost, once; what they lie there for, by the month, comes last."""
    work = price["work"][name]
    memory = {worker.name: worker.memory_mb / 1024 for worker in WORKERS}
    gb_seconds = sum(seconds * memory[stage] for stage, seconds in work["seconds"].items())
    answered = 0.05 * API.memory_mb / 1024 * work["api_requests"]
    messages = work.get("messages", len(work["seconds"]))
    return [
        Item("functions", count * (gb_seconds + answered) * price["lambda"]["gb_second_arm"]),
        Item(
            "requests to API, queues and bus",
            count
            * (
                work["api_requests"] * (price["api"]["request"] + price["lambda"]["request"])
                + messages * (_PER_MESSAGE * price["sqs"]["request"] + price["lambda"]["request"])
                + work["announcements"] * price["events"]["published"]
            ),
        ),
        Item(
            "requests to S3",
            count * (work["puts"] * price["s3"]["put"] + work["gets"] * price["s3"]["get"]),
        ),
        Item("a month in S3", count * work["megabytes"] * _MEGABYTE * price["s3"]["gb_month"]),
        Item(
            "a month in the database",
            count * work["database_megabytes"] * _MEGABYTE * price["rds"]["gb_month"],
        ),
    ]


def table() -> str:
    """The README's table."""
    price = prices()
    state = f"verified {price['verified']}" if price["verified"] else "not verified"
    lines = [f"Prices of {price['as_of']}, us-east-1, {state}.", ""]
    lines += ["| | US dollars |", "|---|---:|"]
    for name in _CONTEXTS:
        lines += _rows(f"**{name} at rest, a month**", at_rest(read(name), price))
    lines += _rows("**1,000 photos**", of_work("photo", 1_000, price))
    lines += _rows("**1,000,000 JSON documents**", of_work("document", 1_000_000, price))
    return "\n".join(lines)


def _rows(title: str, items: list[Item]) -> list[str]:
    total = sum(item.dollars for item in items)
    parts = [f"| {item.what} | {item.dollars:.2f} |" for item in items]
    return [f"| {title} | **{total:.2f}** |", *parts]


def main() -> None:
    print(table())


if __name__ == "__main__":
    main()
