"""Schemas: what is proposed for collections, and what people say to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox.catalog import api_keys, collection_list, collections, schema_defs
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.documents import proposals, second_say
from mammothbox.documents.chore_names import BUILD, PROVE, UNDO
from mammothbox.documents.proposals import By
from mammothbox.errors import NotFound, Refused
from mammothbox.messages import ChoreCall, Outgoing
from mammothbox.web.callers import Admin, Caller, KeyedRoute, Viewer
from mammothbox.web.fields import Collection

from functions.api import services
from functions.api.cursors import parse_id_cursor
from functions.api.schema_shapes import (
    Approval,
    Known,
    Override,
    Rejection,
    Schema,
    SchemaDetail,
    Schemas,
    Status,
)

router = APIRouter(prefix="/schemas", tags=["schemas"], route_class=KeyedRoute)


@router.get("")
def list_schemas(
    caller: Viewer,
    status: Status | None = None,
    collection: Annotated[Collection | None, Query(description="Its name.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Schemas:
    """What was proposed and what became of it, newest first."""
    after = parse_id_cursor(cursor)
    with services.database().transaction(caller.owner) as connection:
        collection_id = None
        if collection is not None:
            found = collections.by_name(connection, caller.owner, collection)
            if found is None:
                return Schemas(items=[], next_cursor=None)
            collection_id = found.id
        rows = schema_defs.page(
            connection,
            caller.owner,
            status=status,
            collection_id=collection_id,
            after=after,
            limit=limit + 1,
        )
        page = rows[:limit]
        known = _known(connection, caller.owner, page)
    return Schemas(
        items=[Schema.of(row, known) for row in page],
        next_cursor=page[-1].id if len(rows) > limit else None,
    )


@router.get("/{schema_id}")
def get_schema(schema_id: UUID, caller: Viewer) -> SchemaDetail:
    """A schema: its reasons, its statements, and what their dry run showed."""
    with services.database().transaction(caller.owner) as connection:
        found = schema_defs.get(connection, caller.owner, schema_id)
        if found is None:
            raise NotFound("schema", schema_id)
        return _shown(connection, found)


@router.patch("/{schema_id}", status_code=202)
def change_schema(schema_id: UUID, override: Override, caller: Admin) -> SchemaDetail:
    """Put other names, types or another storage in place of what was found; proved anew.

    What asks for nothing else than was asked for before leaves a waiting proposal as it is.
    """
    asked = override.model_dump(exclude_none=True)
    with services.database().transaction(caller.owner) as connection:
        changed = second_say.override(connection, _by(caller), schema_id, asked)
        shown = _shown(connection, changed)
    if changed.status == "proving":
        _call_for(PROVE, caller)
    return shown


@router.post("/{schema_id}/approve", status_code=202)
def approve_schema(
    schema_id: UUID, caller: Admin, approval: Approval | None = None
) -> SchemaDetail:
    """Let it come into force. It is `active` once its table holds every document."""
    looked_at = approval.ddl_sha256 if approval else None
    with services.database().transaction(caller.owner) as connection:
        approved = proposals.approve(connection, _by(caller), schema_id)
        # One that is proved anew has other statements now: undone, it would be outdated for ever.
        if approved.status != "proving" and looked_at not in (None, approved.ddl_sha256):
            raise Refused(
                409, "other_statements", "The proposal has changed: look at its statements again."
            )
        shown = _shown(connection, approved)
    if approved.status == "proving":
        _call_for(PROVE, caller)
        raise Refused(
            409,
            "proposal_outdated",
            "The table it would change has become another; the proposal is proved anew.",
        )
    _call_for(BUILD, caller)
    return shown


@router.post("/{schema_id}/reject")
def reject_schema(
    schema_id: UUID, caller: Admin, rejection: Rejection | None = None
) -> SchemaDetail:
    """Say no, and why. The same is not proposed again for documents of this structure."""
    said = rejection.reason if rejection else None
    reason = (said or "").strip() or None
    with services.database().transaction(caller.owner) as connection:
        return _shown(connection, proposals.reject(connection, _by(caller), schema_id, reason))


@router.post("/{schema_id}/rollback", status_code=202)
def roll_back_schema(schema_id: UUID, caller: Admin) -> SchemaDetail:
    """Back to JSONB: its table is dropped soon. No document is lost."""
    with services.database().transaction(caller.owner) as connection:
        undone = proposals.request_rollback(connection, _by(caller), schema_id)
        shown = _shown(connection, undone)
    _call_for(UNDO, caller)
    return shown


def _call_for(chore: str, caller: Caller) -> None:
    """Have a chore that was asked for done at once; should the call be lost, the janitor calls."""
    call = ChoreCall(chore=chore, owner=caller.owner)
    services.dispatch().send(Outgoing(chores=(call,)), caller.owner)


def _by(caller: Caller) -> By:
    return By(caller.owner, caller.actor, caller.request_id)


def _shown(connection: Connection, row: SchemaDef) -> SchemaDetail:
    return SchemaDetail.of(row, _known(connection, row.owner, [row]))


def _known(connection: Connection, owner: str, rows: Sequence[SchemaDef]) -> Known:
    return Known(
        collection_list.several(connection, owner, list({row.collection_id for row in rows})),
        api_keys.names(connection, owner, {row.decided_by for row in rows if row.decided_by}),
    )
