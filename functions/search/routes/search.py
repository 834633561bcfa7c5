"""Search: by words and filters, and by what is wanted looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from mammothbox.catalog import (
    assets,
    cards,
    examples,
    saved_searches,
    single_documents,
    spaces,
)
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.errors import NotFound, Refused
from mammothbox.searching import search as searching
from mammothbox.searching.answer import Answer, Result
from mammothbox.searching.asked import Asked
from mammothbox.searching.retrieve import Example
from mammothbox.searching.understand import understand
from mammothbox.web.callers import Caller, KeyedRoute, Viewer, may_know_the_place
from mammothbox.web.forms import parts_of
from pydantic import BaseModel, Field, ValidationError

from functions.search import services, shapes
from functions.search.asking import Wanted, as_saved, understood
from functions.search.shapes import Known, SearchResults

router = APIRouter(prefix="/search", tags=["search"], route_class=KeyedRoute)

Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, Field(min_length=1, max_length=300)]
_NO_VECTOR = "This object has no vector to compare: it is no picture or video, or not embedded yet."


class Search(Wanted):
    """What is looked for, and which part of what is found is shown."""

    saved: UUID | None = Field(None, description="A saved search, instead of anything asked here.")
    limit: Limit = 20
    cursor: Cursor | None = Field(None, description="The next_cursor of the page before.")
    explain: bool = Field(False, description="Show what each way of looking said of each result.")


class Like(Wanted):
    """What a search by example is narrowed to. A query may hold filters here, but no words."""

    limit: Limit = 20
    cursor: Cursor | None = None
    explain: bool = False


class ExampleObject(BaseModel, extra="forbid"):
    """An object that is like what is looked for."""

    system_id: UUID


_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ExampleObject.model_json_schema()},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.get("", response_model=SearchResults)
def search(asked: Annotated[Search, Query()], caller: Viewer) -> Response:
    """What fits best: by words, by what pictures show, by tags and in documents, all in one list.

    Without words it is a list of all that matches the filters, the newest first. `plan` tells
    how it was found. Pages neither repeat nor skip anything, for ten minutes.
    """
    wanted = _paged(_saved(caller, asked) if asked.saved else understood(asked, caller), asked)
    known = Known()
    answer = searching.search(
        services.database(),
        caller.owner,
        wanted,
        services.embed_text,
        _reading(caller, known),
        known=services.is_known_word,
    )
    return _shown(answer, known, caller, wanted)


async def _read(request: Request) -> bytes:
    return await request.body()


@router.post("/by-image", response_model=SearchResults, openapi_extra=_REQUEST)
def search_by_image(
    request: Request,
    asked: Annotated[Like, Query()],
    caller: Viewer,
    content: Annotated[bytes, Depends(_read)],
) -> Response:
    """What looks like a picture, sent as it is or in a form, or like an object of the library.

    A next page takes the same body again. Of 4 MiB, a picture is better made smaller first: a
    model sees no more than a few hundred pixels of it.
    """
    wanted = _paged(understood(asked, caller), asked)
    _refuse_what_is_not_compared(wanted)
    header = request.headers.get("content-type", "")
    content_type = header.partition(";")[0].strip().lower()
    if content_type == "application/json":
        example = _example(caller, _example_object(content).system_id)
    else:
        example = _seen(_picture(header, content_type, content))
    known = Known()
    answer = searching.by_vector(
        services.database(),
        caller.owner,
        wanted,
        example,
        _reading(caller, known),
    )
    return _shown(answer, known, caller, wanted)


def _paged(asked: Asked, page: Search | Like) -> Asked:
    return replace(asked, limit=page.limit, cursor=page.cursor, explain=page.explain)


def _refuse_what_is_not_compared(wanted: Asked) -> None:
    """An example is compared with pictures and videos, and with nothing that is read."""
    query = understand(wanted)
    if query.terms:
        raise Refused(
            422,
            "words_not_compared",
            "Pictures are compared here: leave the words out of the query, or search without one.",
        )
    if query.about == "document":
        raise Refused(
            422, "documents_not_compared", "No document looks like a picture: leave out the type."
        )


def _saved(caller: Caller, asked: Search) -> Asked:
    """What the saved search asks. Raises `Refused` when more is asked beside it."""
    own = {
        Search.model_fields[name].alias or name
        for name in asked.model_fields_set - {"saved", "limit", "cursor", "explain"}
    }
    if own:
        raise Refused(
            422,
            "saved_or_asked",
            f"A saved search says itself what is looked for: leave out {', '.join(sorted(own))}.",
        )
    assert asked.saved is not None  # noqa: S101 - or nobody called
    with services.database().transaction(caller.owner) as connection:
        saved = saved_searches.get(connection, caller.owner, asked.saved)
    if saved is None:
        raise NotFound("saved search", asked.saved)
    return as_saved(saved, caller)


def _picture(header: str, content_type: str, content: bytes) -> bytes:
    if content_type == "multipart/form-data":
        files = [part for part in parts_of(header, content) if part.filename is not None]
        if len(files) != 1:
            raise Refused(422, "one_picture", "Send one picture, as a part with a file name.")
        content = files[0].content
    elif not content_type.startswith("image/"):
        raise Refused(
            415,
            "unsupported_media_type",
            'Send a picture as image/*, a form with one, or JSON such as {"system_id": "…"}.',
        )
    if not content:
        raise Refused(422, "empty_file", "The picture has no bytes.")
    return content


def _example_object(content: bytes) -> ExampleObject:
    try:
        return ExampleObject.model_validate_json(content)
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from None


def _example(caller: Caller, system_id: UUID) -> Example:
    with services.database().transaction(caller.owner) as connection:
        if assets.get(connection, caller.owner, system_id) is None:
            raise NotFound("object", system_id)
        space = _active(connection)
        found = examples.find(connection, caller.owner, system_id, space.id)
    if found is None:
        raise Refused(409, "no_vector", _NO_VECTOR)
    return Example(space, found.vector, found.asset_id)


def _seen(picture: bytes) -> Example:
    with services.database().transaction() as connection:
        space = _active(connection)
    vector = services.vector_of_picture(space.name, picture)
    return Example(space, vector, made_of=sha256(picture).hexdigest())


def _active(connection: Connection) -> SpaceRow:
    space = spaces.active(connection)
    if space is None:
        raise Refused(503, "model_unavailable", "No embedding space is active.")
    return space


def _reading(caller: Caller, known: Known) -> searching.Show:
    """Reads what a page's results are shown with into `known`."""

    def show(connection: Connection, page: Sequence[Result]) -> None:
        ids = [result.asset_id for result in page]
        documents = single_documents.small(connection, caller.owner, page)
        known.cards.update(cards.of_assets(connection, caller.owner, ids))
        known.documents.update(documents())

    return show


def _shown(answer: Answer, known: Known, caller: Caller, asked: Asked) -> Response:
    text = shapes.written(
        answer, known, with_place=may_know_the_place(caller), explain=asked.explain
    )
    return Response(text, media_type="application/json")
