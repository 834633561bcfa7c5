"""Whether documents should have a table with typed columns, and why.

The same profile always comes to the same decision, and every rule tells its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

from mammothbox.documents.fields import Field, Profile
from mammothbox.documents.knobs import DEFAULTS, Knobs
from mammothbox.documents.pointers import Path, pointer

Storage = Literal["sql", "jsonb"]
# How much each rule has a say in the score.
_WEIGHTS = {
    "stability": 0.3,
    "type_stability": 0.3,
    "top_level_keys": 0.1,
    "depth": 0.15,
    "arrays_of_objects": 0.15,
}
_MOST_NAMED = 10
_DIGITS = 4


@dataclass(frozen=True)
class Rule:
    """A number that was measured, and its limit. A veto that did not pass settles it alone."""

    rule: str
    value: float
    limit: float | None
    passed: bool
    veto: bool = False
    # JSON pointers to the fields that are to blame.
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Where documents should live."""

    storage: Storage
    score: float
    rationale: tuple[Rule, ...]


def decide(profile: Profile, knobs: Knobs = DEFAULTS) -> Decision:
    """A table if every rule is kept and the score reaches its limit; otherwise JSONB."""
    top = profile.top()
    objects = profile.documents - profile.not_objects
    presence = _rounded(_presences(top.values(), objects, knobs.rare))
    one_type = _rounded(map(main_share, top.values()))
    lists = [path for path, known in profile.fields.items() if holds_objects(known)]
    torn = [path for path, known in profile.fields.items() if torn_between(known, knobs)]
    keys = len(top) + (profile.skipped > 0)
    rules = [
        Rule("documents", profile.documents, 1, profile.documents >= 1, veto=True),
        Rule("not_objects", profile.not_objects, 0, profile.not_objects == 0, veto=True),
        Rule("fields", keys, 1, keys >= 1, veto=True),
        Rule("type_conflicts", len(torn), 0, not torn, veto=True, fields=_named(torn)),
        Rule("arrays_of_objects", len(lists), 0, not lists, veto=True, fields=_named(lists)),
        _at_most("top_level_keys", keys, knobs.max_top_level_keys),
        _at_most("depth", profile.max_depth, knobs.max_depth),
        _at_least("stability", presence, knobs.stability),
        _at_least("type_stability", one_type, knobs.type_stability),
    ]
    score = _score(rules)
    rules.append(_at_least("score", score, knobs.score))
    storage: Storage = "sql" if all(rule.passed for rule in rules) else "jsonb"
    return Decision(storage, score, tuple(rules))


def rationale_json(decision: Decision) -> list[dict[str, Any]]:
    """The rules as plain JSON."""
    return [
        {
            "rule": rule.rule,
            "value": rule.value,
            "limit": rule.limit,
            "passed": rule.passed,
            "veto": rule.veto,
            "fields": list(rule.fields),
        }
        for rule in decision.rationale
    ]


def families(known: Field) -> dict[str, int]:
    """How many values are of each type; whole and other numbers are of the same one."""
    counts = {
        "number": known.count("integer", "number"),
        "string": known.count("string"),
        "boolean": known.count("boolean"),
        "array": known.count("array"),
        "object": known.count("object"),
    }
    return {family: count for family, count in counts.items() if count}


def main_share(known: Field) -> float:
    """What share of the values are of the main type; nulls are of any."""
    counts = families(known).values()
    return max(counts) / sum(counts) if counts else 1.0


def holds_objects(known: Field) -> bool:
    """Whether it has arrays with objects in them."""
    return known.lists is not None and known.lists.elements is not None


def torn_between(known: Field, knobs: Knobs) -> bool:
    """Whether too many values are of another type than the others."""
    counts = families(known)
    arrays, objects = counts.pop("array", 0), counts.pop("object", 0)
    total = known.scalars + arrays + objects
    if not total:
        return False
    containers = total - max(known.scalars, arrays, objects)
    scalars = known.scalars - max(counts.values(), default=0)
    return containers / total > knobs.stray_containers or scalars / total > knobs.stray_scalars


def _presences(fields: Iterable[Field], objects: int, rare: float) -> list[float]:
    """How often each field is there. The rare ones count only where there are no others."""
    shares = [known.present / objects for known in fields]
    return [share for share in shares if share >= rare] or shares


def _score(rules: Iterable[Rule]) -> float:
    marks = {rule.rule: _mark(rule) for rule in rules if rule.rule in _WEIGHTS}
    return round(sum(weight * marks[rule] for rule, weight in _WEIGHTS.items()), _DIGITS)


def _mark(rule: Rule) -> float:
    """From 0 to 1: shares as they are, and numbers by how far they are beyond their limit."""
    if rule.rule in {"stability", "type_stability"}:
        return rule.value
    return 1.0 if rule.passed else (rule.limit or 0) / rule.value


def _at_most(rule: str, value: float, limit: float) -> Rule:
    return Rule(rule, value, limit, value <= limit)


def _at_least(rule: str, value: float, limit: float) -> Rule:
    return Rule(rule, value, limit, value >= limit)


def _rounded(shares: Iterable[float]) -> float:
    listed = list(shares)
    return round(fsum(listed) / len(listed), _DIGITS) if listed else 0.0


def _named(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(pointer(path) for path in sorted(paths)[:_MOST_NAMED])
