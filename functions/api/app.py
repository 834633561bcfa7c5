"""The API. Under API Gateway `handler.py` wraps it; locally uvicorn serves it as it is."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from mammothbox.web import application

from functions.api.routes import (
    admin,
    admin_work,
    clusters,
    collections,
    decisions,
    duplicates,
    health,
    ingest,
    keys,
    objects,
    schemas,
    similar,
    spaces,
    tags,
    thumbnails,
    uploads,
    usage,
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
                tags,
                thumbnails,
                clusters,
                decisions,
                duplicates,
                similar,
                collections,
                schemas,
                keys,
                admin,
                admin_work,
                usage,
                spaces,
            )
        ],
        with_docs=True,
    )
    # FastAPI's own way to extend the document.
    app.openapi = _published  # type: ignore[method-assign]
    return app


@cache
def _published() -> dict[str, Any]:
    """The contract of all functions: this one could not tell it without loading the others."""
    document: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    return document


app = build()
