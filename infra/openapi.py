"""The contract as a file: `make openapi` writes it, and a test holds it against the apps."""

from __future__ import annotations

import json
from typing import Any

from mammothbox.web import application

from functions.api.app import CONTRACT
from functions.api.app import app as api
from functions.search.app import app as search


def document() -> dict[str, Any]:
    """The OpenAPI document of all routes, whichever function answers them.

    Raises `ValueError` when two functions mean different things by one name.
    """
    whole = application.contract(api)
    other = application.contract(search)
    _put_into(whole["paths"], other["paths"])
    for kind, named in other["components"].items():
        _put_into(whole["components"].setdefault(kind, {}), named)
    whole["components"]["schemas"] = dict(sorted(whole["components"]["schemas"].items()))
    return whole


def _put_into(whole: dict[str, Any], more: dict[str, Any]) -> None:
    for name, meaning in more.items():
        if whole.setdefault(name, meaning) != meaning:
            raise ValueError(f"two functions mean different things by {name}")


def contract() -> str:
    """The document as it stands in the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    CONTRACT.write_text(contract(), "utf-8")
