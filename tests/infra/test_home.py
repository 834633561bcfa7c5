"""The home of a stack: who is in, which ports, what a shell is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from infra.local import home as homes
from infra.local.environment import Stack, read_env, write_env
from infra.local.home import LOOPBACK, Home, UpError, choose_ports
from infra.local.postgres import DatabaseUrls


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home(tmp_path / "home")
    place.prepare()
    return place


def test_only_one_is_in(home: Home) -> None:
    assert not homes.is_occupied(home)
    with homes.occupied(home):
        homes.announce(home, "http://here")
        assert homes.is_occupied(home)
        with pytest.raises(UpError, match="it runs already: http://here"), homes.occupied(home):
            pass
    assert not homes.is_occupied(home)
    assert homes.occupant(home) == (None, "")


def test_free_ports_are_remembered(home: Home) -> None:
    first = choose_ports(home, 0)

    assert choose_ports(home, 0) == first
    assert first[0] != first[1]


def test_a_taken_port_is_refused_and_a_remembered_one_replaced(home: Home) -> None:
    api, emulator = choose_ports(home, 0)
    with socket.socket() as taken:
        taken.bind((LOOPBACK, api))
        taken.listen()

        with pytest.raises(UpError, match=f"port {api} is taken"):
            choose_ports(home, api)
        again = choose_ports(home, 0)

    assert again[0] != api
    assert again[1] == emulator


def test_what_a_shell_is_told_reads_back_and_is_private(home: Home) -> None:
    urls = DatabaseUrls("postgresql://a b'c\"$d", "app", "worker", "operator", "ddl")
    stack = Stack(urls, 8000, 9000, {"intake": "http://q"}, {"intake": "http://d"})

    write_env(home, stack, "mbx_key")

    told = read_env(home)
    assert told["DATABASE_URL"] == urls.superuser
    assert told["QUEUE_URLS"] == '{"intake": "http://q"}'
    assert told["MAMMOTHBOX_KEY"] == "mbx_key"
    assert home.env.stat().st_mode & 0o077 == 0
