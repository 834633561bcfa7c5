"""The home of a stack: who is in, which ports, what a shell is told."""

from __future__ import annotations

import shlex
import socket
from pathlib import Path

import pytest

from infra.local import home as homes
from infra.local.environment import Stack, for_a_shell, read_env, write_env
from infra.local.home import LOOPBACK, Home, Ports, UpError, choose_ports
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


def test_a_home_that_cannot_be_made_is_named_in_one_line() -> None:
    with pytest.raises(UpError, match=r"^/dev/null/home cannot be used \(Not a directory\): .*$"):
        Home(Path("/dev/null/home")).prepare()


def test_a_home_that_cannot_be_written_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so the answer of the operating system is made up.
    monkeypatch.setattr("os.access", lambda *_: False)

    with pytest.raises(UpError, match=r"cannot be used \(Permission denied\)"):
        home.prepare()


def test_chosen_ports_stay_the_same(home: Home) -> None:
    first = choose_ports(home, 0)

    assert choose_ports(home, 0) == first
    assert len({*first}) == len(first)


def test_remembered_ports_are_preferred(home: Home) -> None:
    others = Ports(*(port + 9 for port in choose_ports(home, 0)))
    homes.remember_ports(home, others)

    assert choose_ports(home, 0) == others


def test_a_half_written_memory_of_ports_is_no_trouble(home: Home) -> None:
    chosen = choose_ports(home, 0)
    home.ports.write_text('{"api": 2')

    assert choose_ports(home, 0) == chosen


def test_no_chosen_port_is_one_that_the_system_gives_to_connections(home: Home) -> None:
    # Given a port that a connection of some program had once, and may have at any time
    homes.remember_ports(home, Ports(50_000, 50_001, 50_002))

    # Then neither is chosen: Linux begins at 32768, others later
    assert max(choose_ports(home, 0)) < 32_768


def test_a_taken_port_is_refused_and_a_remembered_one_replaced(home: Home) -> None:
    first = choose_ports(home, 0)
    api = first.api
    homes.remember_ports(home, first)
    with socket.socket() as taken:
        taken.bind((LOOPBACK, api))
        taken.listen()

        with pytest.raises(UpError, match=f"port {api} is taken"):
            choose_ports(home, api)
        again = choose_ports(home, 0)

    assert again.api != api
    assert again[1:] == first[1:]


def test_the_emulator_gives_way_to_the_port_that_is_wanted(home: Home) -> None:
    first = choose_ports(home, 0)
    homes.remember_ports(home, first)

    chosen = choose_ports(home, first.emulator)

    assert chosen.api == first.emulator
    assert chosen.emulator != first.emulator


def test_what_a_shell_is_told_reads_back_and_is_private(home: Home) -> None:
    urls = DatabaseUrls("postgresql://a b'c\"$d", "app", "worker", "operator", "ddl")
    stack = Stack(urls, 8000, 9000, {"intake": "http://q"}, {"intake": "http://d"})

    write_env(home, stack, "mbx_key")

    told = read_env(home)
    assert told["DATABASE_URL"] == urls.superuser
    assert told["QUEUE_URLS"] == '{"intake": "http://q"}'
    assert told["MAMMOTHBOX_KEY"] == "mbx_key"
    assert home.env.stat().st_mode & 0o077 == 0


def test_what_to_source_may_lie_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    told = for_a_shell(Home(tmp_path / "Ada's box ü"))

    assert shlex.split(told) == ["source", "Ada's box ü/env"]
