"""Uploading: what arrives, what is known, and what is told of the rest."""

from __future__ import annotations

import io
import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from clients.cli import hashing
from clients.cli.uploading import run
from tests.cli.conftest import Person
from tests.cli.faulty import Fault, Proxy
from tests.cli.shelf import fill, hashes, stored, waited_for
from tests.house import House

MEBIBYTE = 1024**2


def parts_sent(storage: Proxy) -> int:
    """How many parts of large files have arrived."""
    return sum(n for what, n in storage.seen.items() if what.startswith("PUT /mam"))


def sent(storage: Proxy) -> int:
    """How many forms have arrived."""
    return sum(n for what, n in storage.seen.items() if what.startswith("POST /mam"))


def test_a_folder_arrives_whole_and_is_known_the_second_time(
    house: House, person: Person, storage: Proxy, front: Proxy, tmp_path: Path
) -> None:
    files = fill(tmp_path / "photos", 30)

    first = person("upload", tmp_path / "photos", "--comments", "from the attic")
    again = person("upload", tmp_path / "photos", "--json")

    assert first.status == 0, first.err
    assert "30 sent" in first.err and "0 failed" in first.err
    assert stored(house) == hashes(files)
    names = {row["filename"] for row in house.rows("SELECT filename FROM asset")}
    assert names == {path.name for path in files}
    assert {r["comments"] for r in house.rows("SELECT comments FROM asset")} == {"from the attic"}
    outcomes = [json.loads(line) for line in again.lines]
    assert {(one["state"], one["reason"]) for one in outcomes} == {("known", "sent before")}
    assert {one["path"] for one in outcomes} == {str(path) for path in files}
    assert sent(storage) == 30
    assert front.seen["POST /api/v1/uploads"] == 1


def test_what_is_no_file_to_send_is_told_and_stops_nothing(
    house: House, person: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    good = fill(folder, 3)
    (folder / "empty.txt").touch()
    (folder / "round").symlink_to(folder)
    (folder / "broken").symlink_to(folder / "nowhere")
    (folder / ".hidden").write_text("secret")
    (folder / "old.tmp").write_text("x")
    os.mkfifo(folder / "pipe")

    told = person("upload", folder, tmp_path / "missing.jpg", "--exclude", "*.tmp", "--json")

    assert told.status == 7, "one that was named is missing"
    left_out = {
        Path(one["path"]).name: one["reason"]
        for one in map(json.loads, told.lines)
        if one["state"] == "left_out"
    }
    assert left_out == {
        "empty.txt": "it is empty",
        "round": "it is a link: name what it leads to",
        "broken": "it is a link: name what it leads to",
        "pipe": "it is neither a file nor a folder",
        "missing.jpg": "no such file or directory",
    }
    assert stored(house) == hashes(good)
    assert person("upload", folder, "--exclude", "*.tmp").status == 0, "nobody named these"
    named = person("upload", folder / "empty.txt", folder / "pipe", good[0], "--dry-run")
    assert named.status == 7 and "2 files were left out" in named.err


@pytest.mark.parametrize(("everything", "why"), [("/", "all of this"), ("/sys", "makes up")])
def test_nobody_means_the_whole_computer(
    house: House, person: Person, monkeypatch: pytest.MonkeyPatch, everything: str, why: str
) -> None:
    monkeypatch.setattr(os, "scandir", lambda _path: pytest.fail("it is walked into"))

    told = person("upload", everything)
    watched = person("watch", everything)

    assert (told.status, watched.status) == (7, 2)
    assert why in told.err and why in watched.err
    assert waited_for(house) == 0


def test_folders_in_folders_without_end_and_names_too_long_stop_nothing(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").joinpath(*["d"] * 520).mkdir(parents=True)
    (tmp_path / "deep").joinpath(*["d"] * 520, "a.txt").write_text("a")

    told = person("upload", "deep", "n" * 300, "p" * 300 + "*", "--dry-run", "--json")

    assert told.status == 7, told.err
    said = [json.loads(line) for line in told.lines]
    assert {one.get("reason") for one in said} == {
        None,
        "file name too long",
        "nothing matches this pattern",
    }
    [found] = [one for one in said if "reason" not in one]
    assert found["path"].endswith("d/a.txt")


def test_names_that_are_no_unicode_are_told_all_the_same(
    house: House, person: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt"))
    path.write_text("coffee")

    planned = person("upload", folder, "--dry-run")
    sent = person("upload", folder, "--json", "--no-wait")

    assert planned.status == sent.status == 0, planned.err + sent.err
    assert "caf\ufffd.txt" in planned.out
    assert [one["path"] for one in map(json.loads, sent.lines)] == [str(path)]


def test_patterns_choose_and_the_same_bytes_go_once(
    house: House, person: Person, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.JPG", "c.png", "twin.jpg", ".d.jpg"):
        (tmp_path / name).write_text("same" if name in ("a.jpg", "twin.jpg") else name)

    told = person("upload", tmp_path / "*.jpg", tmp_path / "a.jpg", tmp_path / "c.png")

    assert told.status == 0, told.err
    assert "2 sent" in told.err and "1 known" in told.err
    assert stored(house) == hashes([tmp_path / "a.jpg", tmp_path / "c.png"])


def test_a_dry_run_sends_nothing(house: House, person: Person, tmp_path: Path) -> None:
    fill(tmp_path / "photos", 3)

    told = person("upload", tmp_path / "photos", "--dry-run")

    assert told.status == 0
    assert len(told.lines) == 4 and "3 files" in told.err
    assert house.rows("SELECT 1 FROM job") == []


def test_standard_input_becomes_a_named_object(
    house: House, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"total": 1}')))
    killed = tmp_path / "state/mammothbox/stdin/of-one-that-was-killed.json"
    killed.parent.mkdir(parents=True)
    killed.write_text("{")
    os.utime(killed, (1, 1))

    told = person("upload", "-", "--name", "order.json", "--collection", "orders")

    assert told.status == 0, told.err
    stored(house)
    (asset,) = house.rows("SELECT filename, collection FROM asset")
    assert asset == {"filename": "order.json", "collection": "orders"}
    assert list((tmp_path / "state/mammothbox/stdin").iterdir()) == []
    assert person("upload", "-").status == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    nothing = person("upload", "-", "--name", "dump.sql")
    assert nothing.status == 7 and "dump.sql: left out: it is empty" in nothing.err
    assert list((tmp_path / "state/mammothbox/stdin").iterdir()) == []


def test_an_empty_name_is_not_the_folder_one_is_in(
    house: House, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private.txt").write_text("of nobody's business")
    monkeypatch.chdir(tmp_path)

    assert person("upload", "").status == 7
    assert {person(command, "").status for command in ("watch", "import", "export")} == {2}
    assert house.rows("SELECT 1 FROM asset") == []


def test_a_file_that_changes_on_the_way_is_not_stored_until_it_rests(
    house: House, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing, calm = tmp_path / "growing.log", tmp_path / "calm.txt"
    growing.write_text("first")
    calm.write_text("calm")
    hash_of = hashing.sha256_of

    def hashed_and_grown(path: Path, *rest: int, **more: object) -> str:
        sha256 = hash_of(path, *rest, **more)  # type: ignore[arg-type]
        if path == growing:
            path.write_text("First")
        return sha256

    with monkeypatch.context() as patch:
        patch.setattr(run, "sha256_of", hashed_and_grown)
        first = person("upload", growing, calm)
    after_first = stored(house)
    again = person("upload", growing, calm)

    assert first.status == 1
    assert "growing.log: it changed" in first.err and "1 sent" in first.err
    assert after_first == hashes([calm])
    assert again.status == 0, again.err
    assert stored(house) == hashes([calm, growing])


def test_a_file_that_was_changed_behind_its_date_is_not_taken_for_what_it_was(
    house: House, person: Person, tmp_path: Path
) -> None:
    path = tmp_path / "a.raw"
    sent: Counter[str] = Counter()
    for content in (b"before", b"behind"):
        path.write_bytes(content)
        os.utime(path, (1_000_000_000, 1_000_000_000))
        sent += hashes([path])
        assert person("upload", path, "--no-wait").status == 0

    assert stored(house) == sent


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three parts."""
    path = tmp_path / "film.mkv"
    path.write_bytes(os.urandom(17 * MEBIBYTE))
    return path


def test_a_large_file_goes_on_with_the_parts_that_are_missing(
    house: House, person: Person, storage: Proxy, large: Path
) -> None:
    storage.fails("busy", method="PUT", path="partNumber=2")

    first = person("upload", large, "--patience", "0", "--parallel", "1")
    arrived = parts_sent(storage)
    storage.works()
    again = person("upload", large)

    assert first.status == 6
    assert "Nothing is lost" in first.err
    assert arrived in (1, 2)
    assert again.status == 0, again.err
    assert parts_sent(storage) == 3
    assert stored(house) == hashes([large])


def test_a_large_file_whose_completion_was_never_heard_of_is_known(
    house: House, person: Person, storage: Proxy, front: Proxy, large: Path
) -> None:
    front.fails("lose", method="POST", path="/complete")

    first = person("upload", large, "--patience", "0")
    front.works()
    again = person("upload", large, "--patience", "1")

    assert first.status == 6
    assert again.status == 0, again.err
    assert "1 known" in again.err
    assert parts_sent(storage) == 3
    assert stored(house) == hashes([large])


def test_parts_that_fail_are_sent_again(
    house: House, person: Person, storage: Proxy, front: Proxy, large: Path
) -> None:
    ways: list[Fault] = ["drop", "lose", "busy"]
    storage.plan = lambda method, _path: ways.pop() if method == "PUT" and ways else None
    front.fails("lose", method="POST", path="/complete", times=1)

    told = person("upload", large)

    assert told.status == 0, told.err
    assert stored(house) == hashes([large])
    assert ways == [] and front.faults["lose"] == 1


def test_a_server_that_fails_in_every_way_is_waited_for(
    house: House, person: Person, storage: Proxy, front: Proxy, tmp_path: Path
) -> None:
    files = fill(tmp_path / "photos", 40)
    every: list[Fault] = ["drop", "lose", "busy", "stall"]
    ways = iter(every * 3)
    turns = iter(range(10**6))

    def plan(method: str, path: str) -> Fault | None:
        is_upload = method == "POST" and "mammothbox-raw" in path
        return next(ways, None) if is_upload and next(turns) % 3 == 0 else None

    storage.plan = plan
    front.fails("lose", method="POST", path="/uploads", times=1)

    told = person("upload", tmp_path / "photos", "--patience", "6", "--parallel", "8")

    assert told.status == 0, told.err
    assert stored(house) == hashes(files)
    assert waited_for(house) == 0
    assert storage.faults == {"drop": 3, "lose": 3, "busy": 3, "stall": 3}
    assert "Waiting for it" in told.err


def test_an_api_that_is_away_in_the_middle_is_waited_for(
    house: House, person: Person, storage: Proxy, front: Proxy, tmp_path: Path
) -> None:
    files = fill(tmp_path / "photos", 120, largest=200)
    front.plan = lambda _method, path: (
        "drop"
        if "/uploads" in path and front.seen.total() > 1 and front.faults["drop"] < 4
        else None
    )

    told = person("upload", tmp_path / "photos")

    assert told.status == 0, told.err
    assert front.faults["drop"] == 4
    assert stored(house) == hashes(files)


def test_patience_ends_and_the_next_run_finishes(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    files = fill(tmp_path / "photos", 20)
    storage.plan = lambda method, path: (
        "busy" if method == "POST" and "/mammothbox-raw" in path and sent(storage) >= 5 else None
    )

    first = person("upload", tmp_path / "photos", "--patience", "0.5", "--parallel", "1")
    storage.works()
    again = person("upload", tmp_path / "photos")

    assert first.status == 6
    assert "5 of 20 files are in the library" in first.err
    assert again.status == 0, again.err
    assert "15 sent" in again.err and "5 known" in again.err
    assert stored(house) == hashes(files)
    assert waited_for(house) == 0
    assert len(house.rows("SELECT 1 FROM job")) == 1


def test_what_expired_or_was_erased_meanwhile_is_sent_anew(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    expired, erased = tmp_path / "expired.txt", tmp_path / "erased.txt"
    expired.write_text("expired")
    erased.write_text("erased")
    storage.fails("busy", method="POST", path="/mammothbox-raw")
    person("upload", expired, "--patience", "0")
    storage.works()
    house.rows("UPDATE asset SET created_at = created_at - interval '25 hours'")
    house.sweep()
    person("upload", erased)
    stored(house)
    (found,) = house.rows("SELECT id FROM asset WHERE filename = 'erased.txt'")
    house.client().delete(f"/api/v1/objects/{found['id']}?purge=true")

    told = person("upload", expired, erased)

    assert told.status == 0, told.err
    assert "2 sent" in told.err
    assert stored(house) == hashes([expired, erased])


def test_another_machine_sends_no_bytes_that_the_library_has(
    house: House, person: Person, storage: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "photos", 5)
    person("upload", tmp_path / "photos")
    stored(house)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))

    told = person("upload", tmp_path / "photos", "--json")

    assert {json.loads(line)["reason"] for line in told.lines} == {"the library has these bytes"}
    assert sent(storage) == 5


def test_a_refused_collection_is_one_sentence_and_may_be_said_otherwise(
    house: House, person: Person, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text("{}")

    refused = person("upload", tmp_path / "a.json", "--collection", "x/drift")
    taken = person("upload", tmp_path / "a.json", "--collection", "orders")

    assert refused.status == 2 and "collection_name_reserved" in refused.err
    assert taken.status == 0, taken.err
    assert waited_for(house) == 1


def test_waiting_tells_what_became_of_it(house: House, person: Person, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    sending = person.start("upload", tmp_path / "a.txt", "--wait")

    while sending.poll() is None:
        house.run_queues()

    assert sending.returncode == 0
