"""What a request comes to: its text and its parameters, put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass, replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

from mammothbox.catalog import clusters_named
from mammothbox.catalog.clusters_named import Meant
from mammothbox.catalog.connection import Connection
from mammothbox.errors import Refused
from mammothbox.plain_text import one_line
from mammothbox.searching.asked import Asked, Query
from mammothbox.searching.filters import Filters
from mammothbox.searching.narrowing import Contradiction, both
from mammothbox.searching.query_text import LONGEST, parse

_NOT_PART_OF_IT = ("limit", "cursor")


def understand(asked: Asked) -> Query:
    """The request's text, narrowed by its parameters.

    Raises `Refused` when the text cannot be understood, or says what the parameters rule out.
    """
    query = parse(asked.text)
    try:
        filters = both(query.filters, _harmless(asked.filters))
        if asked.about is not None and query.about not in (None, asked.about):
            raise Contradiction("type")
    except Contradiction as error:
        raise contradicted(str(error)) from None
    given = frozenset(one_line(name, LONGEST) for name in asked.clusters)
    return replace(
        query,
        filters=filters,
        clusters=frozenset(_settled(asked, each) for each in (*query.clusters, given) if each),
        not_clusters=_settled(asked, query.not_clusters),
        about=asked.about or query.about,
    )


def contradicted(what: str) -> Refused:
    """What is asked for cannot be."""
    return Refused(
        422,
        "invalid_query",
        f"The parts of the query, or its parameters, contradict each other in {what}: nothing can"
        " match both.",
    )


def narrowed(connection: Connection, owner: str, query: Query) -> Filters:
    """The query's filters, with clusters as they are on record.

    Raises `Refused` for a name or an id that no cluster of the owner has.
    """
    read = clusters_named.find(connection, owner, names(query))
    return with_clusters(query, read())


def names(query: Query) -> frozenset[str]:
    """The clusters that are meant, by their names or ids."""
    return query.not_clusters.union(*query.clusters)


def with_clusters(query: Query, found: Mapping[str, Meant]) -> Filters:
    """The query's filters, with its clusters by their ids.

    Only now it is known whether two names, or a name and an id, are of the same cluster.
    """
    filters = replace(query.filters, not_clusters=_ids(query.not_clusters, found))
    try:
        for each in sorted(map(sorted, query.clusters)):
            filters = both(filters, Filters(clusters=_ids(each, found)))
        return filters
    except Contradiction as error:
        raise contradicted(str(error)) from None


def digest(asked: Asked, example: str = "") -> bytes:
    """The same for requests that have the same pages; `example` is what was shown."""
    plain = {name: value for name, value in vars(asked).items() if name not in _NOT_PART_OF_IT}
    text = json.dumps([plain, example], default=_plain, sort_keys=True)
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _harmless(filters: Filters) -> Filters:
    """Without what the catalogue would not take, such as half a character."""
    return replace(filters, **{name: _clean(value) for name, value in vars(filters).items()})


def _clean(value: Any) -> Any:
    if isinstance(value, frozenset):
        return frozenset(map(_clean, value))
    return one_line(value, LONGEST) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return vars(value)
    # A set has its members in another order in each process, and so has one within it.
    return (
        sorted(str(_plain(each)) for each in value) if isinstance(value, frozenset) else str(value)
    )


def _ids(wanted: Iterable[str], found: Mapping[str, Meant]) -> frozenset[UUID]:
    ids: set[UUID] = set()
    for name in sorted(wanted):
        if name not in found:
            raise _unknown(name[:100])
        ids |= found[name].all_one
    return frozenset(ids)


def _unknown(cluster: str) -> Refused:
    if clusters_named.id_of(cluster) is None:
        return Refused(422, "unknown_cluster", f"No cluster is named {cluster}.")
    return Refused(422, "unknown_cluster", f"No cluster has the id {cluster}; it may be gone.")


def _settled(asked: Asked, clusters: Iterable[str]) -> frozenset[str]:
    """The clusters, by their ids where names were settled before."""
    meant: dict[str, set[str]] = {}
    for name, id_ in asked.meant:
        meant.setdefault(name, set()).add(str(id_))
    return frozenset(each for name in clusters for each in meant.get(name, {name}))
