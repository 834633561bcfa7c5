"""An app as every function before clients has it: keys, envelope, problems, contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi

from mammothbox.settings import BrowserSettings, load
from mammothbox.web import problems
from mammothbox.web.addresses import BASE, DOCS, OPENAPI
from mammothbox.web.callers import authenticated
from mammothbox.web.envelope import Envelope
from mammothbox.web.parameters import refuse_unknown
from mammothbox.web.problems import MEDIA_TYPE, Problem

_DESCRIPTION = (
    "Drop any file or any JSON; get back an organised, audited library."
    " Whatever answers GET answers HEAD too, without a body."
)


def build(
    *,
    public: Sequence[APIRouter] = (),
    asking: Sequence[APIRouter] = (),
    private: Sequence[APIRouter] = (),
    with_docs: bool = False,
) -> FastAPI:
    """The app with these routes below `/api/v1`: `public` ones apart, all others behind a key.

    Routes that are `asking` refuse by themselves parameters that they do not know; for all
    others it is done here. One function shows the docs, which tell of the routes of all.
    """
    app = FastAPI(
        title="MammothBox",
        version="1",
        description=_DESCRIPTION,
        openapi_url=OPENAPI if with_docs else None,
        docs_url=DOCS if with_docs else None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"default": {"model": Problem, "description": "Any error"}},
    )
    for routers, dependencies in (
        (public, [refuse_unknown]),
        (asking, [authenticated]),
        (private, [authenticated, refuse_unknown]),
    ):
        within = APIRouter(prefix=BASE, dependencies=dependencies)
        for router in routers:
            within.include_router(router)
        app.include_router(within)
    problems.install(app)
    app.add_middleware(Envelope)
    if origins := load(BrowserSettings).cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Location", "Retry-After", "X-Request-Id"],
        )
    return app


def contract(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of one app, in which errors have the media type they are sent with."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for path in document["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            content[MEDIA_TYPE] = content.pop("application/json")
    return document
