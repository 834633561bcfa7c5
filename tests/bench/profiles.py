"""Profiles and decisions: how many flat documents a second, and how long for the first 128."""

from __future__ import annotations

import json
import random
import time
from functools import partial
from uuid import UUID

from mammothbox.documents.decide import decide
from mammothbox.documents.design import design
from mammothbox.documents.profile import from_json, merge, profile_of, to_json
from mammothbox.documents.structure import key_paths, similarity
from mammothbox.documents.values import Digits, JsonValue

from tests.bench.figures import row, timed

DOCUMENTS = 200_000
_SAMPLE = 128
_ROUNDS = 5


def run(_assets: int) -> None:
    """Print the rates of flat and of nested documents, and what a first decision takes."""
    chance = random.Random(5)
    flat = [_order(chance, number) for number in range(DOCUMENTS)]
    nested = [_nested(chance, number) for number in range(DOCUMENTS // 5)]
    for what, values in (("flat, 10 fields", flat), ("nested, with lines", nested)):
        rates = sorted(_rate(values) for _ in range(_ROUNDS))
        print(f"  profile and decide, {what:<24} median {rates[_ROUNDS // 2]:10,.0f} documents/s")
    row("profile, decide and design of 128", timed(partial(_decide, flat[:_SAMPLE]), 200))
    kept, one = json.dumps(to_json(profile_of(flat))), flat[:1]
    row(f"add a document to a profile of {len(kept):,} B", timed(partial(_add, kept, one), 200))
    paths = [key_paths(nested[:_SAMPLE]), key_paths(flat[:_SAMPLE])]
    row("compare two structures", timed(partial(similarity, *paths), 200))


def _rate(values: list[JsonValue]) -> float:
    began = time.perf_counter()
    _decide(values)
    return len(values) / (time.perf_counter() - began)


def _decide(values: list[JsonValue]) -> None:
    profile = profile_of(values)
    design(profile, decide(profile))


def _add(kept: str, values: list[JsonValue]) -> None:
    json.dumps(to_json(merge(from_json(json.loads(kept)), profile_of(values))))


def _order(chance: random.Random, number: int) -> JsonValue:
    return {
        "id": number,
        "customer_id": chance.randrange(10**6),
        "email": f"user{chance.randrange(10**6)}@example.com",
        "name": f"Name {chance.randrange(10**5)} Smith",
        "total": Digits(f"{chance.random() * 1000:.2f}"),
        "currency": chance.choice(["EUR", "USD", "GBP"]),
        "paid": chance.random() < 1 / 2,
        "created_at": f"2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}T10:00:00Z",
        "token": str(UUID(int=chance.getrandbits(128))),
        "note": None,
    }


def _nested(chance: random.Random, number: int) -> JsonValue:
    order = _order(chance, number)
    address: JsonValue = {"city": f"City {chance.randrange(500)}", "geo": {"lat": Digits("52.5")}}
    lines: JsonValue = [{"sku": f"s{chance.randrange(999)}", "count": n} for n in range(3)]
    return {**order, "address": address, "lines": lines} if isinstance(order, dict) else order
