"""Whether the API is alive, and whether what it needs answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from mammothbox.catalog import spaces
from mammothbox.errors import Unavailable
from mammothbox.web.problems import FieldError, problem
from pydantic import BaseModel

from functions.api import services

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/live")
def live() -> Health:
    """The process answers."""
    return Health()


def _active_space() -> None:
    with services.database().session() as connection:
        if spaces.active(connection) is None:
            raise Unavailable("no embedding space is active: run the migrations")


@router.get("/ready", response_model=Health)
def ready(request: Request) -> Health | JSONResponse:
    """Database, buckets and queues answer, and a space is active; else 503 naming what is not."""
    checks: dict[str, Callable[[], object]] = {
        "database": services.database().ping,
        "active space": _active_space,
        "buckets": services.store().ping,
        "queues": lambda: [services.queues().depth(name) for name in services.queues().urls],
    }
    errors = []
    for name, check in checks.items():
        try:
            check()
        except Unavailable as error:
            errors.append(FieldError(field=name, message=str(error)))
    if not errors:
        return Health()
    return problem(
        request.state.request_id,
        503,
        "not_ready",
        f"Not answering: {', '.join(error.field for error in errors)}.",
        errors=errors,
        headers={"Retry-After": "2"},
    )
