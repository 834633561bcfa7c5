"""The first API key of a deployment, asked of the one function that owns the catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from mammothbox.catalog import api_keys
from mammothbox.catalog.connection import Database

from functions.migrate.handler import handler
from infra.local.postgres import DatabaseUrls


@dataclass(frozen=True)
class Context:
    function_name: str = "migrate"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:migrate"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"


def ask(event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = handler(event, Context())  # type: ignore[arg-type]
    return answer


def test_an_operators_key_is_made_and_told_once(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls.superuser)

    made = ask({"make_key": {"owner": "ada", "role": "operator", "expires_in_days": 30}})

    database = Database(database_urls.app)
    found = api_keys.find(database, made["key"])
    database.close()
    assert found is not None
    assert (found.owner, found.role, found.expired) == ("ada", "operator", False)
    assert made["key"] not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"owner": "Ada", "role": "operator"}, "owner"),
        ({"owner": "ada", "role": "queen"}, "role"),
        ({"owner": "ada", "role": "viewer", "secret": 1}, "secret"),
        ("ada", "make_key"),
    ],
)
def test_what_cannot_be_made_is_said(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, asked: object, what: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls.superuser)

    with pytest.raises(ValueError, match=f"^{what}: .*Ask with") as refusal:
        ask({"make_key": asked})

    example = json.loads(str(refusal.value).partition("Ask with ")[2])
    assert ask(example)["role"] == "operator"
