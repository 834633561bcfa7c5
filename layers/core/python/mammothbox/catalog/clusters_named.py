"""Which clusters a query means by a name or an id."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from mammothbox.catalog.connection import Connection

# The words of names lead to the few whose letters are then compared. A name that only merged
# clusters bear leads, as their ids do, to where their members are.
_MEANT = (
    "WITH asked AS (SELECT unnest(%(names)s::text[]) AS text),"
    " named AS (SELECT asked.text, c.id FROM asked JOIN cluster c ON c.owner = %(owner)s"
    "  AND c.status <> 'merged' AND c.words @@ phraseto_tsquery('simple', plain_words(asked.text))"
    "  AND lower(c.name) = lower(asked.text)"
    "  UNION SELECT name, id FROM cluster WHERE owner = %(owner)s AND status <> 'merged'"
    "  AND name = ANY(%(names)s::text[])),"
    " meant AS (SELECT text, id FROM named"
    "  UNION SELECT asked.text, c.root FROM asked JOIN cluster c"
    "   ON c.owner = %(owner)s AND c.status = 'merged' AND lower(c.name) = lower(asked.text)"
    "   WHERE NOT EXISTS (SELECT FROM named WHERE named.text = asked.text)"
    "  UNION SELECT c.id::text, c.root FROM cluster c"
    "   WHERE c.owner = %(owner)s AND c.id = ANY(%(ids)s::uuid[]))"
    " SELECT meant.text, meant.id, ARRAY(SELECT c.id FROM cluster c WHERE c.owner = %(owner)s"
    " AND c.root = meant.id) AS all_one FROM meant"
)


@dataclass
class Meant:
    """The clusters that a name means, and the same with all that was merged into them."""

    clusters: set[UUID] = field(default_factory=set)
    all_one: set[UUID] = field(default_factory=set)


def find(
    connection: Connection, owner: str, asked: Collection[str]
) -> Callable[[], dict[str, Meant]]:
    """Asks which clusters have these names, whatever their capitals, or ids; the result reads that.

    What no cluster has is not in it. What was merged is where it was merged into.
    """
    if not asked:
        return dict
    ids = {text: id_ for text in asked if (id_ := id_of(text)) is not None}
    cursor = connection.execute(
        _MEANT, {"owner": owner, "names": sorted({*asked} - {*ids}), "ids": list(ids.values())}
    )

    def read() -> dict[str, Meant]:
        found: dict[str, Meant] = {}
        for row in cursor.fetchall():
            meant = found.setdefault(row["text"], Meant())
            meant.clusters.add(row["id"])
            meant.all_one.update(row["all_one"])
        for text, id_ in ids.items():
            if str(id_) in found:
                found[text] = found[str(id_)]
        return found

    return read


def id_of(text: str) -> UUID | None:
    """The id that the text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
