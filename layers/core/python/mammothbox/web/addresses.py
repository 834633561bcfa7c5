"""Where the API is, whichever function answers."""

from __future__ import annotations

BASE = "/api/v1"
OPENAPI = f"{BASE}/openapi.json"
DOCS = f"{BASE}/docs"
