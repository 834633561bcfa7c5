"""For operators: embedding spaces, and changing from one to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from mammothbox.catalog import space_walks, spaces
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.space_walks import SpaceWalk
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.errors import NotFound, Refused
from mammothbox.web import spellings
from mammothbox.web.callers import KeyedRoute, Operator
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/admin/spaces", tags=["admin"], route_class=KeyedRoute)

SpaceName = Annotated[str, Path(max_length=100, pattern=spellings.SPACE)]


class Fill(BaseModel):
    """Media that is embedded in the space, waits to be, failed to be, or was never asked for."""

    done: int
    waiting: int
    failed: int
    missing: int


class Walk(BaseModel):
    """The way past all objects to queue what a space lacks or, called off, to take that back.

    It goes on every minute until `ended_at`.
    """

    aim: Literal["fill", "clear"]
    looked_at: int = Field(description="Objects of every kind that are behind it.")
    begun_at: datetime
    ended_at: datetime | None


class Space(BaseModel):
    """A model with its weights: vectors are comparable within it."""

    name: str
    model: str
    dimension: int
    state: Literal["known", "filling", "active", "retired"]
    calibrated_on: str | None = Field(description="Null says that tag thresholds are guesses.")
    walk: Walk | None = Field(description="Null before the first fill.")
    fill: Fill | None = Field(description="Null where it is not counted: ask for the list.")


class Spaces(BaseModel):
    """Every space a deployment had a model of."""

    items: list[Space]


@router.get("")
def list_spaces(caller: Operator) -> Spaces:
    """Every space, and how full it is."""
    with services.operator_database().transaction() as connection:
        walks = space_walks.every(connection)
        return Spaces(
            items=[
                _shown(row, walks.get(row.id), spaces.fill_of(connection, row.name))
                for row in spaces.every(connection)
            ]
        )


@router.post("/{name}/fill", status_code=202)
def fill_space(name: SpaceName, caller: Operator) -> Space:
    """Embed everything in this space too, in the background. The list shows how it goes on."""
    with services.operator_database().transaction() as connection:
        spaces.begin_fill(connection, _find(connection, name), caller.request_id)
        return _found_again(connection, name)


@router.delete("/{name}/fill", status_code=202)
def call_off_fill(name: SpaceName, caller: Operator) -> Space:
    """Embed nothing more in this space. What is embedded stays: a later fill goes on from there."""
    with services.operator_database().transaction() as connection:
        space = _find(connection, name)
        if space.state == "active":
            raise Refused(
                409, "space_active", "This space is in use: activate another one in its place."
            )
        spaces.call_off_fill(connection, space, caller.request_id)
        return _found_again(connection, name)


@router.post("/{name}/activate")
def activate_space(name: SpaceName, caller: Operator, incomplete: bool = False) -> Space:
    """Use this space from now on; with `incomplete=true` even if media is missing in it."""
    with services.operator_database().transaction() as connection:
        fill = spaces.fill_of(connection, _find(connection, name).name)
        lacking = fill.waiting + fill.failed + fill.missing
        if lacking and not incomplete:
            raise Refused(
                409,
                "space_not_full",
                f"{lacking} objects have no vector in this space yet: fill it first, or say"
                " incomplete=true.",
            )
        spaces.activate(connection, name)
        return _found_again(connection, name, fill)


def _find(connection: Connection, name: str) -> SpaceRow:
    space = spaces.find(connection, name)
    if space is None:
        raise NotFound("space", name)
    return space


def _found_again(connection: Connection, name: str, fill: spaces.Fill | None = None) -> Space:
    space = _find(connection, name)
    return _shown(space, space_walks.every(connection).get(space.id), fill)


def _shown(row: SpaceRow, walk: SpaceWalk | None, fill: spaces.Fill | None) -> Space:
    return Space(
        name=row.name,
        model=row.model,
        dimension=row.dimension,
        state=row.state,
        calibrated_on=(row.calibration or {}).get("measured_on"),
        walk=Walk.model_validate(walk, from_attributes=True) if walk else None,
        fill=Fill.model_validate(fill, from_attributes=True) if fill else None,
    )
