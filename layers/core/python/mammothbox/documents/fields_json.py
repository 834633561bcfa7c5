"""Profiles as JSON: as they are kept, and as people see them."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mammothbox.documents.fields import Field, Lists, Numeric, Profile, Text
from mammothbox.documents.sketch import Sketch

# What of a shown field is taken from documents as it stands there.
_VALUES = ("values", "numeric", "examples")


def to_json(profile: Profile) -> dict[str, Any]:
    """Plain JSON: the same for equal profiles, byte for byte."""
    return {
        "documents": profile.documents,
        "not_objects": profile.not_objects,
        "max_depth": profile.max_depth,
        "skipped": profile.skipped,
        "fields": [
            {"path": list(path), **_field(profile.fields[path])} for path in sorted(profile.fields)
        ],
    }


def from_json(kept: Mapping[str, Any]) -> Profile:
    """The profile that `to_json` put down."""
    return Profile(
        documents=kept["documents"],
        not_objects=kept["not_objects"],
        fields={tuple(one["path"]): _read_field(one) for one in kept["fields"]},
        max_depth=kept["max_depth"],
        skipped=kept["skipped"],
    )


def shown(profile: Profile) -> dict[str, Any]:
    """The profile for people: shares and counts in place of hashes."""
    shares = profile.documents or 1
    return {
        "documents": profile.documents,
        "not_objects": profile.not_objects,
        "max_depth": profile.max_depth,
        "skipped": profile.skipped,
        "fields": [
            _shown(list(path), profile.fields[path], shares) for path in sorted(profile.fields)
        ],
    }


def without_values(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A profile for people that tells how many and how long, and repeats no value."""
    return {**shown, "fields": [_without_values(field) for field in shown["fields"]]}


def _without_values(field: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: what for name, what in field.items() if name not in _VALUES}
    lists = told.get("lists")
    if lists and lists["elements"]:
        told["lists"] = {**lists, "elements": without_values(lists["elements"])}
    return told


def _shown(path: list[str], known: Field, documents: int) -> dict[str, Any]:
    told = {"path": path, "presence": round(known.present / documents, 4), **_field(known)}
    told.pop("sketch", None)
    if known.scalars:
        told["distinct"] = known.distinct
    told["examples"] = [text for _, text in known.examples]
    if known.lists and known.lists.elements:
        told["lists"] = {**told["lists"], "elements": shown(known.lists.elements)}
    return told


def _field(known: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"counts": dict(known.counts)}
    if known.numeric:
        told["numeric"] = {
            "smallest": str(known.numeric.smallest),
            "largest": str(known.numeric.largest),
            "scale": known.numeric.scale,
            "double_exact": known.numeric.double_exact,
        }
    if known.text:
        told["text"] = {
            "shortest": known.text.shortest,
            "longest": known.text.longest,
            "formats": sorted(known.text.formats),
        }
    if known.lists:
        told["lists"] = _lists(known.lists)
    if known.sketch:
        told["sketch"] = b64encode(struct.pack(f">{len(known.sketch)}I", *known.sketch)).decode()
    if known.values is None or known.values:
        told["values"] = known.values and dict(sorted(known.values.items()))
    if known.examples:
        told["examples"] = [list(one) for one in known.examples]
    return told


def _read_field(kept: Mapping[str, Any]) -> Field:
    numeric, text, lists = kept.get("numeric"), kept.get("text"), kept.get("lists")
    return Field(
        counts=kept["counts"],
        numeric=numeric
        and Numeric(
            Decimal(numeric["smallest"]),
            Decimal(numeric["largest"]),
            numeric["scale"],
            numeric["double_exact"],
        ),
        text=text and Text(text["shortest"], text["longest"], frozenset(text["formats"])),
        lists=lists and _read_lists(lists),
        sketch=_read_sketch(kept.get("sketch", "")),
        values=kept.get("values", {}),
        examples=tuple((number, example) for number, example in kept.get("examples", [])),
    )


def _lists(lists: Lists) -> dict[str, Any]:
    return {
        "empty": lists.empty,
        "of_objects": lists.of_objects,
        "of_scalars": lists.of_scalars,
        "mixed": lists.mixed,
        "elements": to_json(lists.elements) if lists.elements else None,
    }


def _read_lists(kept: Mapping[str, Any]) -> Lists:
    elements = kept["elements"]
    return Lists(
        kept["empty"],
        kept["of_objects"],
        kept["of_scalars"],
        kept["mixed"],
        from_json(elements) if elements else None,
    )


def _read_sketch(kept: str) -> Sketch:
    packed = b64decode(kept)
    return struct.unpack(f">{len(packed) // 4}I", packed)
