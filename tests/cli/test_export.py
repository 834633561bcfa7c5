"""A library as a folder, and that folder as a library: nothing that hands did is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from clients.cli import server
from clients.cli.exporting import names
from clients.cli.locks import alone_in
from tests.cli.conftest import Person, Said
from tests.cli.faulty import Proxy
from tests.cli.filled import PHOTOS, fill, lines, near_copy
from tests.house import House


class Working(threading.Event):
    """Whoever waits by it lets the workers work meanwhile."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self.work = work

    def wait(self, timeout: float | None = None) -> bool:
        self.work()
        return self.is_set()


@pytest.fixture
def working(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers work whenever a command waits for them."""
    plain = server.Server

    def new(
        url: str, http: httpx2.Client, storage: httpx2.Client, patience_s: float, waiting: Any
    ) -> server.Server:
        return plain(url, http, storage, patience_s, waiting, Working(house.run_queues))

    monkeypatch.setattr(server, "Server", new)
    monkeypatch.setattr("clients.cli.jobs.time.sleep", lambda _: house.run_queues())


def report(said: Said) -> dict[str, Any]:
    """What a command printed at its end; workers in this process write their logs before it."""
    text = f"\n{said.out}"
    return dict(json.loads(text[text.rindex("\n{\n") :]))


def worked_on(house: House, person: Person, folder: Path) -> None:
    """A library in which hands did something of each kind."""
    folder.mkdir()
    (folder / "small.jpg").write_bytes(near_copy(PHOTOS / "cat.webp"))
    (folder / "exact.json").write_text('{"n":12345678901234567890.10,"deep":{"x":[1.0,null]}}')
    fill(house, person, folder, photos=["cat.webp", "bulb.webp", "moose.webp"])
    (folder / "again").mkdir()
    key = house.client()
    copy = {"filename": "twin.webp", "size_bytes": (PHOTOS / "cat.webp").stat().st_size}
    place = key.post("/api/v1/uploads", json={"files": [copy]}).json()["uploads"][0]
    house.put(place["fields"]["key"], (PHOTOS / "cat.webp").read_bytes())
    nameless = [{"order": 99, "total": 1.10, "paid": True, "at": "2026-02-01"}, {"order": 100}]
    key.post("/api/v1/ingest?collection=orders", json=nameless)
    house.run_queues()
    ids = {one["filename"]: one["system_id"] for one in lines(person("ls", "--all", "--json").out)}
    person("tag", "add", ids["cat.webp"], "mine", "ünser")
    person("tag", "rm", ids["cat.webp"], "animal")
    person("rate", "5", ids["cat.webp"], ids["twin.webp"])
    person("comment", "first\nsecond", ids["bulb.webp"])
    home = json.loads(person("show", ids["cat.webp"], "--json").out)["cluster"]["id"]
    person("clusters", "rename", home, "Pets & more")
    person("clusters", "move", ids["moose.webp"], "--to", home)
    person("clusters", "part", ids["cat.webp"], ids["bulb.webp"])
    [pair] = lines(person("duplicates", "list", "--class", "same", "--json").out)
    person("duplicates", "dismiss", pair["id"])
    person("searches", "save", "Mine", "tag:mine")
    person("schemas", "approve", "orders", "--yes", "--no-wait")
    house.run_queues()
    person("collections", "contract", "orders", "freeze")
    person("trash", ids["bulb.webp"])


def test_what_is_exported_is_restored_and_equal(
    house: House, person: Person, working: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(house, person, tmp_path / "mine")
    folder = tmp_path / "export"

    exported = person("export", folder, "--json")
    again = person("export", folder)
    into_itself = person("restore", folder)
    monkeypatch.setenv("MAMMOTHBOX_KEY", house.key(owner="grace"))
    restored = person("restore", folder, "--verify", "--json")
    repeated = person("restore", folder, "--verify", "--json")

    assert exported.status == 0 and again.status == 0, exported.err
    assert into_itself.status == 5 and "not empty" in into_itself.err
    said = report(restored)
    assert (said["troubles"], said["differences"]) == ([], []), restored.err
    assert report(repeated)["differences"] == [], repeated.err
    mine = house.rows("SELECT count(*) AS n FROM asset WHERE owner = 'ada'")
    theirs = house.rows("SELECT count(*) AS n FROM asset WHERE owner = 'grace'")
    assert mine == theirs == [{"n": json.loads(exported.out)["counts"]["objects.jsonl"]}]
    [pets] = [one for one in lines(person("ls", "--tag", "mine", "--json").out) if one["cluster"]]
    assert pets["cluster"]["name"] == "Pets & more"
    told = json.loads(person("show", pets["system_id"], "--json").out)
    assert told["tags_removed"] == ["animal"]
    person("rate", "1", pets["system_id"])
    assert report(person("restore", folder, "--verify", "--json"))["differences"] == []
    assert json.loads(person("show", pets["system_id"], "--json").out)["rating"] == 5


def test_a_damaged_original_is_told_and_all_else_restored_if_that_is_wanted(
    house: House,
    person: Person,
    working: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(house, person, tmp_path / "mine", photos=["cat.webp", "bulb.webp"])
    folder = tmp_path / "export"
    assert person("export", folder).status == 0
    monkeypatch.setenv("MAMMOTHBOX_KEY", house.key(owner="grace"))
    (original,) = folder.rglob("cat.webp")
    original.write_bytes(original.read_bytes()[:-1] + b"!")

    spoilt = person("restore", folder, "--verify")
    nothing = lines(person("ls", "--all", "--json").out)
    partly = person("restore", folder, "--verify", "--without-damaged")
    again = person("restore", folder, "--verify", "--without-damaged")

    assert spoilt.status == 1 and "cat.webp is not as it was exported" in spoilt.err
    assert "--without-damaged" in spoilt.err and nothing == []
    assert partly.status == again.status == 1 and "equals" not in partly.err + again.err
    names = [one["filename"] for one in lines(person("ls", "--all", "--json").out)]
    assert names.count("bulb.webp") == 1 and "cat.webp" not in names


def test_an_original_named_like_a_part_of_another_is_kept_beside_it(
    house: House, person: Person, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    contents = {"film.bin": b"the film", "film.bin.part": b"what a browser left", "a.part": b"a"}
    for name, content in contents.items():
        (mine / name).write_bytes(content)
    assert person("upload", *mine.iterdir()).status == 0
    house.run_queues()

    assert person("export", tmp_path / "export").status == 0

    kept = [path.read_bytes() for path in (tmp_path / "export" / "originals").rglob("*.*")]
    assert sorted(kept) == sorted(contents.values())


def test_an_export_goes_on_where_it_was_cut_off(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    fill(house, person, tmp_path / "mine", photos=["cat.webp", "bulb.webp"])
    folder = tmp_path / "export"
    storage.fails("drop", method="GET")

    cut_off = person("export", folder, "--patience", "0.5")
    storage.works()
    refused = person("restore", folder)
    whole = person("export", folder, "--json")
    (original,) = folder.rglob("cat.webp")
    original.write_bytes(b"changed")
    spoilt = person("export", folder)

    assert cut_off.status != 0 and refused.status == 5, cut_off.err
    assert whole.status == 0 and json.loads(whole.out)["counts"]["objects.jsonl"] == 3
    assert spoilt.status == 1 and "other bytes" in spoilt.err
    assert original.read_bytes() == b"changed", "nothing is written over"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert person("export", tmp_path / "full").status == 5
    (tmp_path / "file").write_text("no folder")
    in_a_file = person("export", tmp_path / "file/below")
    assert in_a_file.status == 2 and "cannot be made: Not a directory" in in_a_file.err
    assert person("restore", tmp_path / "full").status == 2


def test_originals_come_one_after_another_over_one_line(
    house: House, person: Person, storage_line: Proxy, tmp_path: Path
) -> None:
    for number in range(4):
        house.upload(house.client(), b"note %d" % number, filename=f"note {number}.txt")
    house.run_queues("intake")
    storage_line.renew()

    assert person("export", tmp_path / "out", "--parallel", "1").status == 0

    assert storage_line.seen.total() >= 4
    assert storage_line.lines == 1


def test_two_exports_do_not_write_into_one_folder(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()

    with alone_in(folder, "exporting into it"):
        refused = person("export", folder)

    assert refused.status == 5 and "another process is exporting into it" in refused.err
    assert not list(folder.iterdir())
    assert person("export", folder).status == 0


def test_the_name_of_a_collection_leads_out_of_no_export(
    house: House, person: Person, tmp_path: Path
) -> None:
    key = house.client()
    collection = "../../../../../escaped/x"
    key.post("/api/v1/ingest", params={"collection": collection}, json=[{"order": 1}])
    house.run_queues()

    exported = person("export", tmp_path / "export")

    assert exported.status == 0, exported.err
    (original,) = (tmp_path / "export" / "originals").rglob("*.json")
    assert json.loads(original.read_bytes()) == {"order": 1}
    assert not list(tmp_path.parent.rglob("escaped"))


@pytest.mark.parametrize(
    "given",
    [
        "../../etc/passwd",
        "",
        None,
        "con.txt",
        ".ssh",
        "a" * 300 + ".jpeg",
        "a/b\\c",
        "x\u202egpj.exe",
    ],
)
def test_names_lead_nowhere_else(given: str | None, tmp_path: Path) -> None:
    for name in (names.safe(given, "object"), names.safe(None, given or "")):
        written = tmp_path / name
        written.write_text("x")
        assert written.resolve().parent == tmp_path.resolve()
        assert not name.startswith(".") and len(name.encode()) <= 200 and "\u202e" not in name
