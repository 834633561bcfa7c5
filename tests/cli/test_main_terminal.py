"""What a person sees at a terminal: bars that fit, and words when they press Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Person
from tests.cli.faulty import Proxy
from tests.cli.shelf import fill

# Ctrl-C reaches who has the terminal.
_PROGRAM = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from clients.cli.main import run
run()
"""
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal of so many columns in which a command runs."""

    def __init__(self, person: Person, columns: int, *arguments: str | Path) -> None:
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {name: os.environ[name] for name in os.environ if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
            cwd=ROOT,
            env={**kept, **person.environment, "TERM": "xterm-256color"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)
        self.shown = b""

    def until(self, text: str) -> None:
        """Read until that was shown, or the command has ended."""
        while text.encode() not in self.shown and self._read():
            pass

    def type(self, text: str) -> None:
        os.write(self.leader, text.encode())

    def end(self) -> tuple[int, str]:
        """The status and everything that was shown, without colours and movements."""
        while self._read():
            pass
        os.close(self.leader)
        return self.process.wait(30), _ESCAPES.sub(b"", self.shown).decode()

    def _read(self) -> bool:
        ready, _, _ = select.select([self.leader], [], [], 60)
        assert ready, self.shown
        try:
            more = os.read(self.leader, 4096)
        except OSError:
            # Nobody has the other end any more.
            return False
        self.shown += more
        return bool(more)


@pytest.mark.parametrize("columns", [100, 40])
def test_bars_show_how_far_it_is_and_fit(person: Person, tmp_path: Path, columns: int) -> None:
    fill(tmp_path / "photos", 30, largest=20_000)

    status, shown = Terminal(person, columns, "upload", tmp_path / "photos").end()

    assert status == 0, shown
    bars = [line.strip() for line in re.split(r"[\r\n]+", shown) if "Sending" in line]
    assert any("30/30" in line for line in bars), shown
    assert max(map(len, bars)) <= columns
    assert "30 sent" in shown and "0 failed" in shown


def test_ctrl_c_stops_at_once_and_says_how_to_go_on(
    person: Person, storage: Proxy, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 20)
    storage.fails("stall", method="POST", path="/mammothbox-raw")
    terminal = Terminal(person, 80, "upload", tmp_path / "photos")
    terminal.until("0/20")

    terminal.type("\x03")
    status, shown = terminal.end()

    assert status == 130
    assert "Interrupted: 0 of 20 files are in the library. Nothing is lost" in shown
    assert "Traceback" not in shown


def test_a_key_that_is_typed_is_not_shown(person: Person) -> None:
    key, url = (person.environment.pop(f"MAMMOTHBOX_{name}") for name in ("KEY", "URL"))
    terminal = Terminal(person, 80, "login", "--url", url)
    terminal.until("API key: ")
    terminal.type(f"{key}\n")

    status, shown = terminal.end()

    assert status == 0, shown
    assert "Signed in" in shown and key not in shown


def test_ids_in_tables_stay_whole(person: Person, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    person("upload", tmp_path / "a.txt")
    system_id = json.loads(person("ls", "--json").out)["system_id"]

    for columns in (160, 60):
        _, shown = Terminal(person, columns, "ls").end()
        assert system_id in shown
