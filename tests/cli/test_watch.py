"""Watching a folder: what rests in it is uploaded, once, across renames and restarts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from clients.cli.problems import Unreachable
from clients.cli.server import Server
from clients.cli.uploading.files import Choice
from clients.cli.uploading.journal import Shelf, open_journal
from clients.cli.uploading.watched import PARTIAL, Watched, follow_deletion
from tests.cli.conftest import Person
from tests.cli.shelf import hashes, stored
from tests.e2e.stack import wait_for
from tests.house import House


@contextmanager
def watching(person: Person, folder: Path, log: Path, *options: str) -> Iterator[None]:
    """A watch of the folder, which tells the log, as long as the block runs."""
    with log.open("wb") as out:
        process = person.start(
            "watch",
            folder,
            "--settle",
            "0.3",
            "--json",
            *options,
            stdout=out.fileno(),
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 130


def told(log: Path) -> list[tuple[str, str]]:
    """What became of which files, in order."""
    outcomes = [json.loads(line) for line in log.read_text().splitlines()]
    return [(Path(one["path"]).name, one["state"]) for one in outcomes]


def test_what_rests_is_sent_once_and_what_is_deleted_is_trashed(
    house: House, person: Person, tmp_path: Path
) -> None:
    folder, log = tmp_path / "inbox", tmp_path / "first.log"
    folder.mkdir()
    (folder / "there.txt").write_text("there before")
    with watching(person, folder, log, "--mirror-deletions"):
        wait_for(lambda: told(log) == [("there.txt", "sent")])
        download = folder / "film.mkv.part"
        download.write_bytes(b"half")
        (folder / "new.txt").write_text("new")
        wait_for(lambda: ("new.txt", "sent") in told(log))
        download.write_bytes(b"half and the other half")
        download.rename(folder / "film.mkv")
        wait_for(lambda: ("film.mkv", "sent") in told(log))
        (folder / "new.txt").rename(folder / "renamed.txt")
        wait_for(lambda: ("renamed.txt", "known") in told(log))
        (folder / "there.txt").unlink()
        wait_for(lambda: ("there.txt", "trashed") in told(log))

    assert stored(house) == hashes([folder / "film.mkv", folder / "renamed.txt"])
    again = tmp_path / "second.log"
    (folder / "film.mkv").unlink()
    with watching(person, folder, again, "--mirror-deletions"):
        wait_for(lambda: len(told(again)) == 2)
    assert sorted(told(again)) == [("film.mkv", "trashed"), ("renamed.txt", "known")]
    assert len(house.rows("SELECT 1 FROM asset")) == 3


def test_a_folder_that_loses_nearly_everything_at_once_trashes_nothing(
    house: House, person: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text(str(number))
    person("upload", folder)
    for path in folder.iterdir():
        path.unlink()

    refused = person("watch", folder, "--mirror-deletions", "--settle", "0.1")

    assert refused.status == 1
    assert "12 files are gone" in refused.err
    assert house.rows("SELECT 1 FROM asset WHERE trashed_at IS NOT NULL") == []


def test_a_key_that_may_do_too_little_is_told_at_once(
    house: House, person: Person, tmp_path: Path
) -> None:
    viewer, uploader = house.key("viewer"), house.key("uploader")

    sends = person("--key", viewer, "watch", tmp_path)
    trashes = person("--key", uploader, "watch", tmp_path, "--mirror-deletions")

    assert (sends.status, trashes.status) == (3, 3)
    assert "needs the role 'uploader'; yours is 'viewer'" in sends.err
    assert "needs the role 'admin'; yours is 'uploader'" in trashes.err


def test_a_deletion_is_followed_later_when_the_server_is_away(tmp_path: Path) -> None:
    shelf, path = Shelf("https://box.example ada", ""), tmp_path / "gone.txt"
    with open_journal(tmp_path) as journal:
        journal.begin(shelf, [("a" * 64, {"filename": path.name})], None)
        entry = journal.find(shelf, "a" * 64)
        assert entry is not None
        journal.announced(entry.batch, "job", ["sys"])
        journal.place(shelf, path, "a" * 64)
        for handle, is_left in ((_away, True), (lambda _: httpx2.Response(204), False)):
            with httpx2.Client(transport=httpx2.MockTransport(handle)) as http:
                server = Server("https://box.example", http, http, patience_s=0)
                with suppress(Unreachable):
                    follow_deletion(server, journal, shelf, path, "a" * 64)
            assert bool(journal.places(shelf, tmp_path)) is is_left


def _away(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


def test_a_file_rests_only_once_it_has_not_changed_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    watched = Watched(tmp_path, Choice((), PARTIAL), settle_s=3)
    path = tmp_path / "growing.bin"

    def names_at(now: float) -> list[str]:
        clock[0] = now
        settled = watched.settled()
        watched.handed_out(settled)
        return [one.name for one in settled]

    path.write_bytes(b"a")
    assert names_at(0) == []
    path.write_bytes(b"ab")
    assert names_at(2) == []
    assert names_at(4) == []
    assert watched.is_waiting
    assert names_at(5) == ["growing.bin"]
    assert names_at(60) == []
    assert not watched.is_waiting
    os.utime(path, ns=(1, 1))
    assert names_at(61) == []
    assert names_at(64) == ["growing.bin"]
