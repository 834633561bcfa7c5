"""The API. Under API Gateway `handler.py` wraps it; locally uvicorn serves it as it is."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import RedirectResponse

from functions.api import problems
from functions.api.callers import authenticated
from functions.api.envelope import Envelope
from functions.api.parameters import refuse_unknown
from functions.api.problems import MEDIA_TYPE, Problem
from functions.api.routes import (
    admin,
    clusters,
    collections,
    decisions,
    duplicates,
    health,
    ingest,
    objects,
    schemas,
    similar,
    spaces,
    thumbnails,
    uploads,
)

BASE = "/api/v1"


def build() -> FastAPI:
    """The app with every route: public ones apart, and all others behind a key."""
    app = FastAPI(
        title="MammothBox",
        version="1",
        description="Drop any file or any JSON; get back an organised, audited library."
        " Whatever answers GET answers HEAD too, without a body.",
        openapi_url=f"{BASE}/openapi.json",
        docs_url=f"{BASE}/docs",
        redoc_url=None,
        redirect_slashes=False,
        responses={"default": {"model": Problem, "description": "Any error"}},
    )
    public = APIRouter(prefix=BASE, dependencies=[refuse_unknown])
    public.include_router(health.router)
    # A query names its parameters after fields, and refuses by itself those it does not know.
    asking = APIRouter(prefix=BASE, dependencies=[authenticated])
    asking.include_router(collections.documents)
    private = APIRouter(prefix=BASE, dependencies=[authenticated, refuse_unknown])
    for routes in (
        uploads,
        ingest,
        objects,
        thumbnails,
        clusters,
        decisions,
        duplicates,
        similar,
        collections,
        schemas,
        admin,
        spaces,
    ):
        private.include_router(routes.router)
    app.include_router(public)
    app.add_api_route("/", _to_the_docs, include_in_schema=False)
    app.include_router(asking)
    app.include_router(private)
    problems.install(app)
    app.add_middleware(Envelope)
    # FastAPI's own way to extend the document.
    app.openapi = partial(_contract, app)  # type: ignore[method-assign]
    return app


def _to_the_docs() -> RedirectResponse:
    """There is no console yet; the docs are what a person can look at."""
    return RedirectResponse(f"{BASE}/docs")


@cache
def _contract(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, in which errors have the media type they are sent with."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for path in document["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            content[MEDIA_TYPE] = content.pop("application/json")
    return document


app = build()
