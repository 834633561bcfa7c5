"""Signing in: a key is checked, kept for its owner alone, and sent to no other server."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Person
from tests.house import House


@pytest.fixture
def newcomer(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Ada without anything in her environment that says who she is."""
    for name in ("MAMMOTHBOX_URL", "MAMMOTHBOX_KEY"):
        monkeypatch.delenv(name)
    return person


def sign_in(person: Person, key: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{key}\n".encode())))
    url = person.environment["MAMMOTHBOX_URL"]
    return person("login", "--url", f"{url}/", "--key-stdin").status


def test_a_login_is_kept_for_its_owner_alone_until_the_logout(
    newcomer: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = newcomer.environment["MAMMOTHBOX_KEY"]
    kept = tmp_path / "config/mammothbox/login.json"

    assert newcomer("whoami").status == 3
    assert sign_in(newcomer, key, monkeypatch) == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = json.loads(newcomer("whoami", "--json").out)
    assert (told["owner"], told["role"]) == ("ada", "admin")
    assert newcomer("logout").status == 0
    assert not kept.exists()
    assert newcomer("whoami").status == 3


def test_a_wrong_key_is_not_kept(
    newcomer: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(newcomer, "wrong", monkeypatch) == 3
    assert not (tmp_path / "config/mammothbox/login.json").exists()


def test_without_a_terminal_it_says_how_to_send_the_key(
    newcomer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("mbx_key\n"))

    refused = newcomer("login")

    assert refused.status == 2 and "--key-stdin" in refused.err
    assert len(refused.err.splitlines()) == 1


def test_a_kept_key_is_sent_to_no_other_server(
    newcomer: Person, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(newcomer, newcomer.environment["MAMMOTHBOX_KEY"], monkeypatch)

    elsewhere = newcomer("--url", "http://127.0.0.1:1", "whoami")
    as_another = newcomer("--key", house.key("viewer", "bob"), "whoami")

    assert elsewhere.status == 3
    assert "not signed in at http://127.0.0.1:1" in elsewhere.err
    assert as_another.out.startswith("bob (viewer)")
