"""Which fields tell documents apart, and which ones name documents of other collections."""

from __future__ import annotations

from mammothbox.documents import sketch
from mammothbox.documents.fields import Field, Profile
from mammothbox.documents.naming import slug
from mammothbox.documents.pointers import Path

DEEPEST = 2
# A sketch of so many values is exact; a larger one may be off by a fifth.
_ALL_BUT = 0.8
_LONGEST_KEY = 200
_LONGEST_UNNAMED = 80
# Written together, too: `geonameid`.
_KEY_NAMES = ("id", "_uuid", "key", "code", "number", "_no", "ref", "sku", "slug")
_BY_CHANCE = 2


def key_candidates(profile: Profile) -> tuple[Path, ...]:
    """Fields whose value is there in each document and, as it seems, in none twice."""
    found = [
        path
        for path, known in profile.fields.items()
        if len(path) <= DEEPEST and _is_key(path, known, profile.documents)
    ]
    return tuple(sorted(found, key=lambda path: (_rank(path), path)))


def references(profile: Profile) -> tuple[Path, ...]:
    """Fields that are called like the id of something else: `customer_id`, `customerId`."""
    return tuple(
        sorted(
            path
            for path, known in profile.fields.items()
            if len(path) <= DEEPEST and refers_to(path) and can_be_key(known)
        )
    )


def refers_to(path: Path) -> str | None:
    """`customer` for the field `customer_id`."""
    name = slug(path[-1])
    return name.removesuffix("_id").strip("_") or None if name.endswith("_id") else None


def can_be_key(known: Field) -> bool:
    """Whether all values are whole numbers, or strings that are not too long."""
    if known.text and known.text.longest > _LONGEST_KEY:
        return False
    return known.scalars > 0 and known.scalars in (known.count("integer"), known.count("string"))


def is_called_id(path: Path) -> bool:
    """Whether it is called the id of the document itself."""
    return slug(path[-1]).strip("_") in {"id", "uuid"}


def _is_key(path: Path, known: Field, documents: int) -> bool:
    if not can_be_key(known) or known.scalars != known.present or known.present != documents:
        return False
    if _rank(path) == _BY_CHANCE and not _looks_like_one(known):
        return False
    exact = documents <= sketch.KEPT
    return known.distinct == documents if exact else known.distinct >= _ALL_BUT * documents


def _looks_like_one(known: Field) -> bool:
    """Of what is not called a key: numbers without a gap, and short strings."""
    if known.numeric:
        return known.numeric.largest - known.numeric.smallest + 1 == known.present
    return known.text is not None and known.text.longest <= _LONGEST_UNNAMED


def _rank(path: Path) -> int:
    """`id` before `order_id` before what merely happens to differ."""
    if is_called_id(path):
        return 0
    return 1 if slug(path[-1]).strip("_").endswith(_KEY_NAMES) else _BY_CHANCE
