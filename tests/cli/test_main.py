"""How commands end: one sentence and a status, whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import typer

from clients.cli import main
from clients.cli.commands import login
from tests.cli.conftest import PROGRAM, ROOT, Person
from tests.cli.faulty import Proxy


def test_help_tells_the_exit_statuses(person: Person) -> None:
    told = person("--help")

    assert told.status == 0
    for command in ("upload", "watch", "import", "status", "login"):
        assert f" {command} " in told.out
    statuses = " ".join(told.out.split())
    assert "6 the server" in statuses and "7 files that should" in statuses


def test_statuses_tell_scripts_what_happened(person: Person, front: Proxy, tmp_path: Path) -> None:
    assert person("no-such-command").status == 2
    assert person("--key", "wrong", "whoami").status == 3
    assert person("status", str(uuid4())).status == 4
    no_job = person("status", "latest")
    assert no_job.status == 2 and "'latest' is no id of a job" in no_job.err
    (tmp_path / "a").write_text("a")
    away = person("--url", "http://127.0.0.1:1", "upload", tmp_path / "a", "--patience", "0")
    assert away.status == 6
    assert "cannot be reached" in away.err and "Nothing is lost" in away.err
    front.fails("drop")
    assert person("upload", tmp_path / "a", "--patience", "0.1").status == 6


def test_a_key_may_end_in_a_line_break_and_has_no_other_odd_sign(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for end in ("\r", "\n", " "):
        monkeypatch.setenv("MAMMOTHBOX_KEY", person.environment["MAMMOTHBOX_KEY"] + end)
        assert person("whoami").status == 0
    for odd in ("mbx_a\nb", "mbx_ü"):
        told = person("--key", odd, "whoami")
        assert told.status == 3 and "signs that no key has" in told.err


def test_each_command_is_found_where_it_is_said_to_be() -> None:
    for module, names in main.COMMANDS.items():
        group = typer.main.get_group(main.build(["--key", "ls", names[0]]))
        assert set(group.commands) == set(names), module
    everything = {name for names in main.COMMANDS.values() for name in names}
    assert set(typer.main.get_group(main.build(["no-such-command"])).commands) == everything


def test_a_mistyped_address_is_told_at_once(person: Person) -> None:
    for mistyped in ("htp://127.0.0.1", "http:/127.0.0.1", "http://127.0.0.1:80000", "http://"):
        told = person("--url", mistyped, "whoami")
        assert told.status == 2 and "no address" in told.err
    assert person("--version").out.startswith("mammothbox ")
    assert person().status == 2


def test_what_nobody_thought_of_is_one_line_and_written_down(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the mammoth sat on it")

    monkeypatch.setattr(login, "tell", broken)

    told = person("whoami")

    assert told.status == 1
    assert "the mammoth sat on it" in told.err and told.err.count("\n") == 1
    assert "Traceback" in (tmp_path / "state/mammothbox/failures.log").read_text()


@pytest.mark.parametrize("command", [["--version"], ["import", "--dry-run", "--json", "."]])
def test_a_pipe_that_nobody_reads_is_left_quietly(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("a")
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )

    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_it_works_without_any_open_stream(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("a")
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", PROGRAM]

    ended = subprocess.run(
        [*closed, "import", "--dry-run", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )

    assert ended.returncode == 0


def test_a_busy_server_is_asked_again_for_what_may_be_repeated(
    person: Person, front: Proxy
) -> None:
    front.fails("busy", times=2)

    told = person("whoami")

    assert told.status == 0
    assert front.faults["busy"] == 2
    assert "Waiting for it" in told.err
