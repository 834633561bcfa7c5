"""Pictures of objects: what was made of them, at an address that works for a few minutes."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from mammothbox.catalog import assets, shown
from mammothbox.errors import NotFound, Refused
from mammothbox.web.callers import KeyedRoute, Viewer
from mammothbox.web.media_shapes import ThumbnailSize

from functions.api import services

router = APIRouter(prefix="/objects", tags=["objects"], route_class=KeyedRoute)

_NAMES = {
    ThumbnailSize.SMALL: "thumb-150.webp",
    ThumbnailSize.MEDIUM: "thumb-300.webp",
    ThumbnailSize.LARGE: "preview-1024.jpg",
}


@router.get("/{system_id}/thumbnail", status_code=302, response_class=RedirectResponse)
def thumbnail(
    system_id: UUID, caller: Viewer, size: ThumbnailSize = ThumbnailSize.MEDIUM
) -> RedirectResponse:
    """To a picture of the object whose longer side has about that many pixels.

    A sound without a cover is shown by its waveform.
    """
    with services.database().transaction(caller.owner) as connection:
        asset = assets.get(connection, caller.owner, system_id)
        made = shown.of_assets(connection, caller.owner, [system_id])
    if asset is None:
        raise NotFound("object", system_id)
    names = {item["name"] for item in made[system_id].derivatives}
    name = next((each for each in (_NAMES[size], "waveform.png") if each in names), None)
    if name is None:
        raise Refused(404, "no_thumbnail", "There is no picture of this object, or not yet.")
    return RedirectResponse(
        services.derivative_address(system_id, name),
        status_code=302,
        headers={"Cache-Control": "private, max-age=60"},
    )
