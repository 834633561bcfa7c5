"""For operators: embedding spaces, and changing from one to the next."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from mammothbox.catalog import spaces
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.errors import NotFound, Refused
from pydantic import BaseModel, Field

from functions.api import services
from functions.api.callers import KeyedRoute, Operator

router = APIRouter(prefix="/admin/spaces", tags=["admin"], route_class=KeyedRoute)

SpaceName = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class Fill(BaseModel):
    """Media that is embedded in the space, waits to be, failed to be, or was never asked for."""

    done: int
    waiting: int
    failed: int
    missing: int


class Space(BaseModel):
    """A model with its weights: vectors are comparable within it."""

    name: str
    model: str
    dimension: int
    state: Literal["known", "filling", "active", "retired"]
    calibrated_on: str | None = Field(description="Null says that tag thresholds are guesses.")
    fill: Fill


class Spaces(BaseModel):
    """Every space a deployment had a model of."""

    items: list[Space]


@router.get("")
def list_spaces(caller: Operator) -> Spaces:
    """Every space, and how full it is."""
    with services.operator_database().transaction() as connection:
        return Spaces(items=[_shown(connection, row) for row in spaces.every(connection)])


@router.post("/{name}/fill", status_code=202)
def fill_space(name: SpaceName, caller: Operator) -> Space:
    """Embed everything in this space too, in the background. The list shows how it goes on."""
    with services.operator_database().transaction() as connection:
        _find(connection, name)
        spaces.begin_fill(connection, name, caller.request_id)
        return _shown(connection, _find(connection, name))


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
        return _shown(connection, _find(connection, name))


def _find(connection: Connection, name: str) -> SpaceRow:
    space = spaces.find(connection, name)
    if space is None:
        raise NotFound("space", name)
    return space


def _shown(connection: Connection, row: SpaceRow) -> Space:
    return Space(
        name=row.name,
        model=row.model,
        dimension=row.dimension,
        state=row.state,
        calibrated_on=(row.calibration or {}).get("measured_on"),
        fill=Fill(**vars(spaces.fill_of(connection, row.name))),
    )
