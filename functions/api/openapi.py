"""The contract as a file: `make openapi` writes it, and a test holds it against the app."""

from __future__ import annotations

import json
from pathlib import Path

from functions.api.app import app

FILE = Path(__file__).with_name("openapi.json")


def contract() -> str:
    """The OpenAPI document of the app as it is."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(contract(), "utf-8")
