"""Search, apart from the API: it has models to load. Under API Gateway `handler.py` wraps it."""

from __future__ import annotations

from mammothbox.web import application

from functions.search.routes import saved, search, timeline

app = application.build(private=[search.router, saved.router, timeline.router])
