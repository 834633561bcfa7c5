"""What every `BlobStore` does."""

from __future__ import annotations

import pytest
from mammothbox.errors import Unavailable
from mammothbox.storage.blobs import BlobGone, BlobStore, Version

from tests.contract.conftest import Store

NASTY_KEY = "drop/ada/holidays/2024 été+1 %20&?.png"


def put(store: BlobStore, key: str, body: bytes = b"bytes", **metadata: str) -> None:
    store.put(key, body, "application/octet-stream", metadata)


def versions(store: BlobStore, prefix: str, limit: int = 1000) -> list[Version]:
    """All of them, page by page."""
    found: list[Version] = []
    position = None
    while True:
        page = store.list_versions(prefix, position, limit)
        assert len(page.versions) <= limit
        found += page.versions
        position = page.next_position
        if position is None:
            return found


@pytest.mark.parametrize("key", ["incoming/ada/1", NASTY_KEY])
def test_what_is_put_can_be_read(store: Store, key: str) -> None:
    put(store.port, key, b"mammoth", sha256="ab")

    first = store.port.first_version(key)
    assert first is not None
    blob = store.port.open(key, first.version_id)
    assert (first.key, first.size) == (key, 7)
    assert blob.size == 7
    assert blob.metadata == {"sha256": "ab"}
    assert (blob.body.read(3), blob.body.read(100), blob.body.read(1)) == (b"mam", b"moth", b"")


def test_an_empty_object_is_an_object(store: Store) -> None:
    put(store.port, "k", b"")

    first = store.port.first_version("k")
    assert first is not None
    assert store.port.open("k", first.version_id).size == 0


def test_nothing_is_where_nothing_was_put(store: Store) -> None:
    assert store.port.first_version("k") is None
    assert versions(store.port, "") == []
    with pytest.raises(BlobGone):
        store.port.open("k", "v1")


def test_another_version_is_not_there(store: Store) -> None:
    put(store.port, "k")

    with pytest.raises(BlobGone):
        store.port.open("k", "00000000-0000-4000-8000-000000000000")


def test_the_first_version_stays_the_first(store: Store) -> None:
    put(store.port, "k", b"first")
    first = store.port.first_version("k")
    put(store.port, "k", b"second one")
    put(store.port, "k2", b"longer key")

    assert store.port.first_version("k") == first
    assert first is not None
    assert store.port.open("k", first.version_id).body.read(100) == b"first"


def test_a_longer_key_is_another_object(store: Store) -> None:
    put(store.port, "incoming/ada/12")

    assert store.port.first_version("incoming/ada/1") is None


def test_versions_are_listed_by_key_and_the_newest_first(store: Store) -> None:
    for key, body in (("b", b"1"), ("a", b"22"), ("b", b"333"), ("c/d", b"4444")):
        put(store.port, key, body)

    listed = versions(store.port, "")

    assert [(version.key, version.size) for version in listed] == [
        ("a", 2),
        ("b", 3),
        ("b", 1),
        ("c/d", 4),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_together_are_the_whole_list(store: Store, limit: int) -> None:
    for number in range(6):
        put(store.port, f"drop/two\nlines {number % 4}")
    put(store.port, "incoming/1")

    assert versions(store.port, "drop/", limit) == versions(store.port, "drop/")
    assert len(versions(store.port, "drop/", limit)) == 6


def test_what_is_erased_is_gone_and_the_next_is_the_first(store: Store) -> None:
    put(store.port, "k", b"first")
    put(store.port, "k", b"second")
    first = store.port.first_version("k")
    assert first is not None

    store.port.erase("k", first.version_id)
    store.port.erase("k", first.version_id)

    with pytest.raises(BlobGone):
        store.port.open("k", first.version_id)
    second = store.port.first_version("k")
    assert second is not None
    assert second.size == 6


def test_everything_can_be_erased(store: Store) -> None:
    put(store.port, "k")
    while (first := store.port.first_version("k")) is not None:
        store.port.erase("k", first.version_id)

    assert versions(store.port, "") == []


def test_all_of_a_key_is_erased_and_nothing_else(store: Store) -> None:
    for key in ("k", "k", "k2"):
        put(store.port, key)
        store.delete(key)

    store.port.erase_all("k")
    store.port.erase_all("k")

    assert [version.key for version in versions(store.port, "")] == ["k2"]
    assert (store.markers("k"), store.markers("k2")) == (0, 1)


def test_the_marks_of_a_deletion_are_erased_and_the_bytes_stay(store: Store) -> None:
    for key in ("k", "k2"):
        put(store.port, key)
        store.delete(key)

    store.port.erase_delete_markers("k")

    assert [version.key for version in versions(store.port, "")] == ["k", "k2"]
    assert (store.markers("k"), store.markers("k2")) == (0, 1)


def test_what_was_deleted_still_has_its_first_version(store: Store) -> None:
    put(store.port, "k", b"first")
    store.delete("k")

    first = store.port.first_version("k")

    assert first is not None
    assert store.port.open("k", first.version_id).body.read(100) == b"first"


def test_a_store_that_does_not_answer_is_unavailable(store: Store) -> None:
    put(store.port, "k")
    with store.cut():
        for call in (
            lambda: put(store.port, "k"),
            lambda: store.port.open("k", "v1"),
            lambda: store.port.first_version("k"),
            lambda: store.port.list_versions("", None, 10),
            lambda: store.port.erase("k", "v1"),
            lambda: store.port.erase_all("k"),
            lambda: store.port.erase_delete_markers("k"),
        ):
            with pytest.raises(Unavailable):
                call()

    assert store.port.first_version("k") is not None
