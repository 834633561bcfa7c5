"""Collections of JSON: what there is, and their documents as a query finds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from mammothbox.catalog import collection_list, collections, document_query, single_documents
from mammothbox.catalog.collections import Collection as Row
from mammothbox.catalog.connection import Connection
from mammothbox.documents import profile as profiles
from mammothbox.documents import query_cursor
from mammothbox.documents.change_contract import change_contract
from mammothbox.documents.drifting import drift_of
from mammothbox.documents.profile import Profile
from mammothbox.documents.proposals import By
from mammothbox.documents.query import Known, parse_query
from mammothbox.errors import NotFound
from mammothbox.storage.keys import COLLECTION_LIMIT, collection_name
from mammothbox.web.callers import Admin, Caller, KeyedRoute, Viewer
from mammothbox.web.parameters import refuse_repeated

from functions.api import services
from functions.api.collection_shapes import (
    Asked,
    Collection,
    CollectionDetail,
    CollectionEdit,
    Collections,
    Document,
    Documents,
    Refusal,
    Refusals,
    name_cursor,
    parse_name_cursor,
    parse_refusal_cursor,
    refusal_cursor,
)
from functions.api.schema_shapes import Drift

router = APIRouter(prefix="/collections", tags=["collections"], route_class=KeyedRoute)
# It names its parameters after fields, so it refuses by itself those it does not know.
documents = APIRouter(prefix="/collections", tags=["collections"], route_class=KeyedRoute)

# A name may have slashes in it, sent as %2F, which is a slash again before we see it.
Name = Annotated[
    str, Path(min_length=1, max_length=COLLECTION_LIMIT, description="The name, or the id.")
]
Limit = Annotated[int, Query(ge=1, le=200)]
_KNOWN = sorted([*Asked.model_fields, "owner"])
_FILTER: dict[str, Any] = {
    "name": "filter",
    "in": "query",
    "style": "deepObject",
    "explode": True,
    "description": "`filter[field][operator]=value`, as often as you like: all of them hold."
    " A field is a key, a dotted path (`address.city`), or a JSON pointer (`/a.b/c`)."
    " A value means what the value it is compared with is: a number, exact to the last digit; a"
    " string, by code points; `true`, `false` or `null`. `eq`, `ne`, `lt`, `lte`, `gt`, `gte`;"
    ' `in` takes several between commas (`a,"b,c"`); `like` has `%`, `_` and a backslash before'
    " them; `exists` is true or false, and null exists. `ne` finds fields that are there and"
    " differ.",
    "schema": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                operator: {"type": "string"}
                for operator in ("eq", "ne", "lt", "lte", "gt", "gte", "in", "like", "exists")
            },
        },
    },
}


@documents.get(
    "/{name:path}/documents",
    response_model=Documents,
    openapi_extra={"parameters": [_FILTER]},
)
def list_documents(
    name: Name, request: Request, asked: Annotated[Asked, Query()], caller: Viewer
) -> Response:
    """The documents that a query finds: the same whether they are kept as JSONB or in a table."""
    filters = _filters(request)
    with services.database().transaction(caller.owner) as connection:
        collection = _find(connection, caller, name)
        query = parse_query(filters, asked.sort, asked.fields, _known(collection))
        digest = query_cursor.digest(collection.id, filters, asked.sort)
        after = None
        if asked.cursor is not None:
            after = query_cursor.parse_cursor(asked.cursor, digest, len(query.orders))
        page = document_query.page(connection, collection, query, after, asked.limit)
    following = query_cursor.cursor(page.ended, digest) if page.ended else None
    return Response(_written(page.documents, following), media_type="application/json")


def _filters(request: Request) -> list[tuple[str, str]]:
    sent = request.query_params.multi_items()
    filters = [(name, text) for name, text in sent if name.partition("[")[0] == "filter"]
    unknown = {name for name, _ in sent} - {name for name, _ in filters} - {*_KNOWN}
    hint = f"known are {', '.join(_KNOWN)}, and filter[field][operator]"
    refuse_repeated(request, {name for name, _ in filters})
    if unknown:
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": _NO_SUCH + hint}
                for name in sorted(unknown)
            ]
        )
    return filters


_NO_SUCH = "no such parameter; "


def _written(found: Sequence[document_query.Document], following: str | None) -> str:
    items = ",".join(map(_one_written, found))
    return f'{{"items":[{items}],"next_cursor":{json.dumps(following)}}}'


def _one_written(one: document_query.Document) -> str:
    """With the very text of the document: parsed, its numbers would lose digits."""
    ids = f'"document_id":"{one.document_id}","system_id":"{one.asset_id}"'
    if one.text is None:
        return f'{{{ids},"doc":null,"too_large_bytes":{one.size}}}'
    return f'{{{ids},"doc":{one.text}}}'


# Of an id alone: a collection may have `/documents/` in its name.
@router.get("/{name:path}/documents/{document_id:uuid}", response_model=Document)
def get_document(name: Name, document_id: UUID, caller: Viewer) -> Response:
    """One document, as a search finds it by its `document_id`."""
    with services.database().transaction(caller.owner) as connection:
        collection = _find(connection, caller, name)
        found = single_documents.one(connection, collection, document_id)
    if found is None:
        raise NotFound("document", document_id)
    return Response(_one_written(found), media_type="application/json")


@router.get("")
def list_collections(
    caller: Viewer,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=800)] = None,
) -> Collections:
    """The collections, by name."""
    after = parse_name_cursor(cursor) if cursor else None
    with services.database().transaction(caller.owner) as connection:
        found = collection_list.page(connection, caller.owner, after, limit + 1)
    page = found[:limit]
    return Collections(
        items=[Collection.of(each) for each in page],
        next_cursor=name_cursor(page[-1].name) if len(found) > limit else None,
    )


@router.get("/{name:path}/drift")
def get_drift(name: Name, caller: Viewer) -> Drift:
    """How the documents changed since their schema was made, field by field."""
    with services.database().transaction(caller.owner) as connection:
        found = drift_of(connection, _find(connection, caller, name))
    return Drift.of(*found) if found else Drift(schema_id=None)


@router.get("/{name:path}/refusals")
def list_refusals(
    name: Name,
    caller: Viewer,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Refusals:
    """Documents that could not be kept, and why. The others of their files were."""
    after = parse_refusal_cursor(cursor) if cursor else None
    with services.database().transaction(caller.owner) as connection:
        collection = _find(connection, caller, name)
        found = collection_list.refused(connection, caller.owner, collection.id, after, limit + 1)
    page = found[:limit]
    return Refusals(
        items=[Refusal.model_validate({**vars(each), "system_id": each.asset_id}) for each in page],
        next_cursor=refusal_cursor(page[-1]) if len(found) > limit else None,
    )


@router.get("/{name:path}")
def get_collection(name: Name, caller: Viewer) -> CollectionDetail:
    """A collection, and the fields that its documents have."""
    with services.database().transaction(caller.owner) as connection:
        return _shown(connection, _find(connection, caller, name))


@router.patch("/{name:path}")
def change_collection(name: Name, edit: CollectionEdit, caller: Admin) -> CollectionDetail:
    """Say what is to become of documents that do not fit the schema."""
    with services.database().transaction(caller.owner) as connection:
        collection = _find(connection, caller, name)
        by = By(caller.owner, caller.actor, caller.request_id)
        change_contract(connection, by, collection, edit.contract)
        return _shown(connection, _find(connection, caller, name))


def _shown(connection: Connection, collection: Row) -> CollectionDetail:
    listed = collection_list.several(connection, collection.owner, [collection.id])
    return CollectionDetail.with_fields(
        listed[collection.id], _profile(collection), stale=collection.profile_stale
    )


def _find(connection: Connection, caller: Caller, name: str) -> Row:
    """The collection of that id or, as a name may be any text, of that name.

    An id is one collection's for ever: no other that is called so comes before it.
    """
    identifier = _as_id(name)
    found = collections.get(connection, caller.owner, identifier) if identifier else None
    if found is None and (known_as := collection_name(name)):
        found = collections.by_name(connection, caller.owner, known_as)
    if found is None:
        raise NotFound("collection", name)
    return found


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _known(collection: Row) -> Known:
    """Of documents that have no profile for a while, any field may be asked for."""
    if collection.profile is None:
        return Known({}, is_whole=False)
    return Known.of(profiles.from_json(collection.profile))


def _profile(collection: Row) -> Profile:
    return profiles.from_json(collection.profile) if collection.profile else Profile()
