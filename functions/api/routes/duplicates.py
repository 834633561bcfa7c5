"""Duplicates: which objects are the same, and what people say about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import clusters, duplicate_list
from mammothbox.catalog.duplicate_list import Half, Listed, Wanted
from mammothbox.clustering import verdicts
from mammothbox.errors import Refused
from mammothbox.web.callers import Admin, KeyedRoute, Viewer

from functions.api import services
from functions.api.cluster_shapes import by
from functions.api.cursors import parse_id_cursor
from functions.api.duplicate_shapes import (
    Duplicate,
    DuplicateEvidence,
    DuplicateFilters,
    DuplicateObject,
    Duplicates,
    VerdictAnswer,
    VerdictRequest,
)

router = APIRouter(prefix="/duplicates", tags=["duplicates"], route_class=KeyedRoute)


@router.get("")
def list_duplicates(filters: Annotated[DuplicateFilters, Query()], caller: Viewer) -> Duplicates:
    """Pairs of the same object, newest first. What is in the trash is left out."""
    limit, after = filters.limit, parse_id_cursor(filters.cursor)
    with services.database().transaction(caller.owner) as connection:
        cluster_id = filters.cluster and clusters.where_merged(
            connection, caller.owner, filters.cluster
        )
        wanted = Wanted(filters.pair_class, filters.state, cluster_id, filters.object)
        found = duplicate_list.page(connection, caller.owner, wanted, after, limit + 1)
        page = found[:limit]
        halves = duplicate_list.halves(
            connection, caller.owner, [half for pair in page for half in pair.asset_ids]
        )
    return Duplicates(
        # What is erased at this very moment has no halves to show any more.
        items=[_shown(pair, halves) for pair in page if halves.keys() >= set(pair.asset_ids)],
        next_cursor=page[-1].id if len(found) > limit else None,
    )


@router.post("/{pair_id}")
def decide(pair_id: UUID, said: VerdictRequest, caller: Admin) -> VerdictAnswer:
    """Confirm that the two are one picture, or say for good that they are not.

    Confirmed, the kept one gets the other's rating, comments, tags of hands, and what its own
    file does not tell; both stay until they are purged.
    """
    if said.verdict == "confirm":
        decided = verdicts.confirm(services.database(), by(caller), pair_id, said.keep)
    elif said.keep is not None:
        raise Refused(422, "contradiction", "Both of a dismissed pair are kept: leave out `keep`.")
    else:
        decided = verdicts.dismiss(services.database(), by(caller), pair_id)
    return VerdictAnswer.model_validate({**vars(decided.pair), "decision_id": decided.decision_id})


def _shown(pair: Listed, halves: Mapping[UUID, Half]) -> Duplicate:
    return Duplicate.model_validate(
        {
            **vars(pair),
            "pair_class": pair.kind,
            "objects": [_object(halves[each]) for each in pair.asset_ids],
            "evidence": DuplicateEvidence.model_validate(vars(pair)),
            "suggested_keeper": pair.suggested,
            "decision_id": pair.decision,
        }
    )


def _object(half: Half) -> DuplicateObject:
    address = services.derivative_address(half.id, half.thumbnail) if half.thumbnail else None
    return DuplicateObject.model_validate(
        {**vars(half), "system_id": half.id, "thumbnail": address}
    )
