"""Looking at a library, and changing what a hand may: the commands for objects."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest

from clients.cli.locks import hold
from infra.topology import RAW_BUCKET
from tests.cli.conftest import Person
from tests.cli.faulty import Proxy
from tests.cli.filled import PHOTOS, fill, lines
from tests.house import House, object_created


@pytest.fixture
def cat(house: House, person: Person) -> str:
    """The id of a cat that no model has looked at yet."""
    assert person("upload", PHOTOS / "cat.webp").status == 0
    house.run_queue("intake")
    [found] = lines(person("ls", "--kind", "image", "--json").out)
    return str(found["system_id"])


def test_a_list_is_cut_where_it_was_asked_to_be_and_says_so(
    house: House, person: Person, tmp_path: Path
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(str(number))
    person("upload", *sorted(tmp_path.glob("*.txt")), "--no-wait")
    house.run_queues("intake")

    two, everything = person("ls", "-n", "2"), person("ls", "--all", "--json")

    assert len(two.lines) == 3 and "more than these 2" in two.err
    assert {one["filename"] for one in lines(everything.out)} == {f"{n}.txt" for n in range(5)}
    assert person("ls", "--kind", "video").err.strip() == "Nothing here matches."
    assert lines(person("ls", "--from", "2999", "--json").out) == []


def test_an_original_comes_back_verified_and_nothing_is_written_over(
    cat: str, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = (PHOTOS / "cat.webp").read_bytes()

    got = person("get", cat)
    again = person("get", cat)
    told = json.loads(person("get", cat, "-o", "other.webp", "--json").out)
    os.mkfifo("pipe")
    device = person("get", cat, "-o", "pipe", "--force")

    assert got.status == 0 and (tmp_path / "cat.webp").read_bytes() == content
    assert again.status == 5 and "--force" in again.err
    assert told["sha256"] == hashlib.sha256((tmp_path / "other.webp").read_bytes()).hexdigest()
    assert not list(tmp_path.glob("*.part"))
    assert device.status == 2 and (tmp_path / "pipe").is_fifo(), "nothing takes its place"


def test_a_partial_download_goes_on_and_a_wrong_one_begins_anew(
    cat: str, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    content = (PHOTOS / "cat.webp").read_bytes()
    for kept in (content[:5000], b"x" * 5000, content + b"too long"):
        target = tmp_path / "mine.webp"
        (tmp_path / f".{cat}.part").write_bytes(kept)
        storage.fails("drop", method="GET", times=1)

        assert person("get", cat, "-o", target, "--force").status == 0

        assert target.read_bytes() == content


def test_a_download_touches_nothing_that_another_process_writes_or_a_person_keeps(
    cat: str, person: Person, tmp_path: Path
) -> None:
    target, foreign = tmp_path / "mine.webp", tmp_path / "mine.webp.part"
    foreign.write_bytes(b"somebody's own")
    partial = tmp_path / f".{cat}.part"

    with partial.open("ab") as another:
        assert hold(another)
        refused = person("get", cat, "-o", target)

    assert refused.status == 5 and "another process is fetching it" in refused.err
    assert partial.read_bytes() == b""
    assert person("get", cat, "-o", target).status == 0
    assert target.read_bytes() == (PHOTOS / "cat.webp").read_bytes()
    assert foreign.read_bytes() == b"somebody's own"


def test_bytes_come_as_they_lie_in_the_store_whatever_it_says_of_their_coding(
    house: House, person: Person, tmp_path: Path
) -> None:
    content = gzip.compress(b"a diary")
    said = {"filename": "diary.txt.gz", "size_bytes": len(content)}
    announced = house.client().post("/api/v1/uploads", json={"files": [said]}).json()["uploads"][0]
    key = announced["fields"]["key"]
    put = house.s3.put_object(Bucket=RAW_BUCKET, Key=key, Body=content, ContentEncoding="gzip")
    house.tell(object_created(key, put["VersionId"], len(content)))
    house.run_queue("intake")

    got = person("get", announced["system_id"], "-o", tmp_path / "again.gz")

    assert got.status == 0, got.err
    assert (tmp_path / "again.gz").read_bytes() == content


def test_what_is_known_of_an_object_is_shown(cat: str, person: Person) -> None:
    shown, story = person("show", cat), person("get", cat, "--lineage")

    assert "cat.webp" in shown.out and "intake done" in shown.out
    assert json.loads(person("show", cat, "--json").out)["system_id"] == cat
    assert "asset.announced" in story.out
    missing = person("show", cat.replace(cat[:8], "00000000"))
    assert missing.status == 4 and "not_found" in missing.err


def test_hands_change_objects_whose_ids_are_piped_in(
    cat: str, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = person("ls", "--kind", "image", "--json").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(listed))

    tagged = person("tag", "add", "mine", "two words", "--json")
    person("tag", "rm", cat, "two words")
    person("rate", "4", cat)
    person("comment", "Ünser Kater", cat)
    now = json.loads(person("show", cat, "--json").out)
    table = person("ls", "--kind", "image", "--to", "2999").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(table))

    assert "Rated 1 of 1" in person("rate", "3", "-").err
    assert [one["system_id"] for one in lines(tagged.out)] == [cat]
    assert [tag["label"] for tag in now["tags"] if tag["source"] == "hand"] == ["mine"]
    assert (now["rating"], now["comments"]) == (4, "Ünser Kater")


def test_refusals_speak_of_what_was_typed(
    cat: str, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "a.txt").write_text("a")

    no_id = person("tag", "add", "garbage", "x")
    tag = person("tag", "add", cat, "x", "y" * 61)
    collection = person("upload", tmp_path / "a.txt", "--collection", "a\nb")

    assert no_id.status == 2 and "'garbage' is no id of an object" in no_id.err
    assert f"{cat}: tag: String should have at most 60" in tag.err
    assert "mammothbox: collection: must be one line" in collection.err


def test_what_fails_for_one_is_told_and_the_others_are_done(cat: str, person: Person) -> None:
    other = "00000000-0000-7000-8000-000000000000"

    told = person("trash", other, cat, "--json")

    assert told.status == 1 and "1 of 2" in told.err
    assert lines(told.out)[0] == {"system_id": other, "error": "not_found"}
    assert lines(person("ls", "--kind", "image", "--json").out) == []
    assert person("untrash", cat).status == 0
    assert person("trash", cat, "--purge").status == 2, "nobody was there to answer"
    assert person("trash", cat, "--purge", "--yes").status == 0
    assert person("show", cat).status == 4
    assert person("trash", "cat.webp").status == 2


def test_what_is_ready_is_found_by_words_by_example_and_by_name(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    fill(house, person, tmp_path / "mine", photos=["cat.webp"])
    cat = lines(person("ls", "--kind", "image", "--json").out)[0]["system_id"]
    by_words = person("search", "a", "cat", "--explain", "--json")
    by_id = lines(person("search", "--like", cat, "--type", "media", "--json").out)
    by_file = lines(person("search", "--like", PHOTOS / "cat.webp", "--json").out)
    person("searches", "save", "Cats", "kind:image", "cat")
    kept = lines(person("searches", "list", "--json").out)
    by_name = lines(person("search", "--saved", "Cats", "--json").out)
    # A line that was kept is found closed.
    storage.fails("drop", method="GET", times=1)
    picture = person("get", cat, "--thumbnail", "150", "-o", tmp_path / "small.webp")
    metadata = json.loads(person("get", cat, "--metadata").out)

    found = lines(by_words.out)
    assert found[0]["id"] == cat and found[0]["why"] and ", found " in by_words.err
    assert storage.faults["drop"] == 1
    assert picture.status == 0 and (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
    assert isinstance(metadata, dict)
    assert {one["id"] for one in (*by_id[:1], *by_file[:1], *by_name[:1])} == {cat}
    assert [one["name"] for one in kept] == ["Cats"]
    good, poor = person("search", "cat"), person("search", "a steam engine")
    assert "cat.webp" in good.out and "Nothing fits" not in good.err
    assert "cat.webp" in poor.out and "Nothing fits well" in poor.err
    assert person("searches", "rename", "Cats", "Beasts").status == 0
    changed = json.loads(person("searches", "change", "Beasts", "kind:image", "--json").out)
    assert (changed["name"], changed["asked"]) == ("Beasts", {"query": "kind:image"})
    assert person("searches", "rm", "Beasts").status == 0
    assert person("search", "--saved", "Cats").status == 4
    assert person("search", "near:nowhere").status == 2
    assert person("search", "--like", tmp_path / "none.jpg").status == 2
    # Words to leave out are no options.
    picked = lines(person("search", "kind:image", "-tag:toy", "-n", "1", "--json").out)
    without = lines(person("search", "-kind:image", "after:2020", "-n5", "--json").out)
    assert [one["id"] for one in picked] == [cat]
    assert without and cat not in [one["id"] for one in without]
    assert person("searches", "save", "Rest", "-kind:image").status == 0
    assert person("search", "cat", "--bogus").status == 2


def test_what_failed_is_told_and_tried_again(house: House, person: Person, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes((PHOTOS / "cat.webp").read_bytes()[:2000])
    person("upload", broken, "--no-wait")
    house.run_queues()
    [failed] = lines(person("ls", "--status", "failed", "--json").out)
    code = failed["error"]["code"]

    known = person("upload", broken, "--wait")
    other = person("replay", "--failed", "--code", "no_such_code")
    again = person("replay", "--failed", "--code", code, "--kind", "image", "--json")
    twice = person("replay", "--failed")

    assert known.status == 1 and f"[{code}]" in known.err and "1 known" in known.err
    assert (other.status, other.err.strip()) == (0, "Nothing matches.")
    assert json.loads(again.out) == {"matched": 1, "queued": 1, "refused": []}
    assert twice.err.strip() == "Nothing matches.", "it has not ended yet"
    misused = [(), ("x", "--failed"), ("--done",), ("x", "--code", code)]
    assert {person("replay", *each).status for each in misused} == {2}
