"""The API. Under API Gateway `handler.py` wraps it; locally uvicorn serves it as it is."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from mammothbox.web import application
from mammothbox.web.addresses import DOCS

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

# The routes of every function: `make openapi` writes it.
CONTRACT = Path(__file__).with_name("openapi.json")


def build() -> FastAPI:
    """The app with every route but those of search."""
    app = application.build(
        public=[health.router],
        # A query names its parameters after fields, and refuses by itself those it does not know.
        asking=[collections.documents],
        private=[
            routes.router
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
            )
        ],
        with_docs=True,
    )
    app.add_api_route("/", _to_the_docs, include_in_schema=False)
    # FastAPI's own way to extend the document.
    app.openapi = _published  # type: ignore[method-assign]
    return app


def _to_the_docs() -> RedirectResponse:
    """There is no console yet; the docs are what a person can look at."""
    return RedirectResponse(DOCS)


@cache
def _published() -> dict[str, Any]:
    """The contract of all functions: this one could not tell it without loading the others."""
    document: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    return document


app = build()
