"""What `Copies` does with originals, on moto and on the emulator that `make up` runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

import pytest
from mammothbox.errors import Unavailable
from mammothbox.storage.blobs import BlobGone
from mammothbox.storage.placement import Copies, Original

from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.contract.conftest import cut_line_of

pytestmark = pytest.mark.xdist_group("emulator")

NASTY_KEY = "drop/ada/holidays/2024 été+1 %20&?versionId=x.png"
SMALL, PART = 30, 20
TEXT = b"What the mammoth saw."
LARGE = b"It saw more than goes into one call of S3, and less than it liked."


@dataclass
class Stand:
    """Two buckets, and the copies made from one to the other."""

    s3: Any
    copies: Copies

    def original(self, content: bytes, key: str | None = None, **more: Any) -> Original:
        key = key or f"incoming/ada/{uuid4()}"
        answer = self.s3.put_object(Bucket=RAW_BUCKET, Key=key, Body=content, **more)
        return Original(RAW_BUCKET, key, answer["VersionId"], len(content))

    def copy(
        self, original: Original, key: str, time_left: Callable[[], float] | None = None
    ) -> bool:
        return self.copies.copy(original, key, "image/png", time_left or (lambda: 300))

    def head(self, key: str) -> dict[str, Any]:
        head: dict[str, Any] = self.s3.head_object(Bucket=LIBRARY_BUCKET, Key=key)
        return head

    def body(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=LIBRARY_BUCKET, Key=key)["Body"].read()
        return body

    def begin_upload(self, key: str) -> None:
        self.s3.create_multipart_upload(Bucket=LIBRARY_BUCKET, Key=key)

    def uploads(self, prefix: str) -> list[str]:
        answer = self.s3.list_multipart_uploads(Bucket=LIBRARY_BUCKET)
        keys = [upload["Key"] for upload in answer.get("Uploads", [])]
        return [key for key in keys if key.startswith(prefix)]


@pytest.fixture(params=["moto", "emulator"])
def stand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stand:
    if request.param == "emulator":
        s3 = request.getfixturevalue("emulated")
    else:
        # Parts may be as small here as a test likes them; the emulator does not mind.
        monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
        s3 = request.getfixturevalue("aws").client("s3")
        for bucket in (RAW_BUCKET, LIBRARY_BUCKET):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=RAW_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Stand(s3, Copies(s3, LIBRARY_BUCKET, most_in_one_call=SMALL, part_size=PART))


@pytest.fixture
def key() -> str:
    return f"media/clusters/{uuid4()}/{uuid4()}.png"


@pytest.mark.parametrize("content", [b"", TEXT, LARGE], ids=["empty", "small", "large"])
def test_a_copy_has_the_bytes_of_its_original_and_the_type_it_is_given(
    stand: Stand, key: str, content: bytes
) -> None:
    original = stand.original(content, ContentType="text/html", Metadata={"who": "ada"})

    # Done twice is done.
    for _ in range(2):
        assert stand.copy(original, key)

    assert stand.body(key) == content
    assert (stand.head(key)["ContentType"], stand.head(key)["Metadata"]) == ("image/png", {})


@pytest.mark.parametrize("content", [TEXT, LARGE], ids=["small", "large"])
def test_the_version_is_copied_whatever_the_key_and_what_came_after(
    stand: Stand, key: str, content: bytes
) -> None:
    original = stand.original(content, NASTY_KEY)
    stand.original(b"A later one", NASTY_KEY)
    stand.s3.delete_object(Bucket=RAW_BUCKET, Key=NASTY_KEY)

    assert stand.copy(original, key)

    assert stand.body(key) == content


@pytest.mark.parametrize("content", [TEXT, LARGE], ids=["small", "large"])
def test_an_original_that_is_not_there_is_told(stand: Stand, key: str, content: bytes) -> None:
    original = stand.original(content)
    stand.s3.delete_object(Bucket=RAW_BUCKET, Key=original.key, VersionId=original.version_id)

    with pytest.raises(BlobGone):
        stand.copy(original, key)


def test_a_bucket_that_is_not_there_is_no_reason_to_give_up(stand: Stand, key: str) -> None:
    original = replace(stand.original(TEXT), bucket="no-such-bucket")

    with pytest.raises(Unavailable):
        stand.copy(original, key)


def test_a_copy_with_other_bytes_is_not_taken(stand: Stand, key: str) -> None:
    original = stand.original(TEXT)
    hurt = [TEXT[::-1], TEXT[1:]]

    for bytes_there in hurt:

        def spoil(**_: Any) -> None:
            stand.s3.put_object(Bucket=LIBRARY_BUCKET, Key=key, Body=bytes_there)  # noqa: B023

        stand.s3.meta.events.register("before-call.s3.HeadObject", spoil)
        with pytest.raises(Unavailable):
            stand.copy(original, key)
        stand.s3.meta.events.unregister("before-call.s3.HeadObject", spoil)

    assert stand.copy(original, key)


def test_a_large_copy_goes_on_from_the_parts_that_are_there(stand: Stand, key: str) -> None:
    original = stand.original(LARGE)
    copied: list[int] = []
    count = lambda **_: copied.append(1)  # noqa: E731
    stand.s3.meta.events.register("before-call.s3.UploadPartCopy", count)
    for done in (2, 3):
        time = chain(repeat(300.0, done - len(copied)), repeat(0.0))
        assert not stand.copy(original, key, lambda: next(time))  # noqa: B023
        assert len(copied) == done

    assert stand.copy(original, key)

    stand.s3.meta.events.unregister("before-call.s3.UploadPartCopy", count)
    assert (len(copied), stand.body(key), stand.uploads(key)) == (4, LARGE, [])


def test_parts_of_another_size_are_copied_again(stand: Stand, key: str) -> None:
    original = stand.original(LARGE)
    time = chain(repeat(300.0, 3), repeat(0.0))
    assert not stand.copy(original, key, lambda: next(time))

    larger = replace(stand, copies=replace(stand.copies, part_size=PART + 5))
    assert larger.copy(original, key)

    assert stand.body(key) == LARGE


def test_of_several_unfinished_uploads_one_is_finished_and_the_others_go(
    stand: Stand, key: str
) -> None:
    for _ in range(3):
        stand.begin_upload(key)

    assert stand.copy(stand.original(LARGE), key)

    assert (stand.body(key), stand.uploads(key)) == (LARGE, [])


def test_what_was_never_put_together_is_dropped_under_that_key_alone(
    stand: Stand, key: str
) -> None:
    for begun in (key, key, key + "2"):
        stand.begin_upload(begun)

    for _ in range(2):
        stand.copies.abort(key)

    assert stand.uploads(key) == [key + "2"]


def test_copies_are_erased_and_others_stay(stand: Stand, key: str) -> None:
    original = stand.original(TEXT)
    others = [f"{key}{number}" for number in range(1100)]
    for copied in (key, others[-1], key + "x"):
        stand.copy(original, copied)

    # More than S3 takes in one call, and most of them are not there.
    stand.copies.erase([key, *others])

    listed = stand.s3.list_objects_v2(Bucket=LIBRARY_BUCKET, Prefix=key)
    assert [item["Key"] for item in listed["Contents"]] == [key + "x"]
    stand.copies.erase([])


def test_without_a_line_every_call_says_so(stand: Stand, key: str) -> None:
    small, large = stand.original(TEXT), stand.original(LARGE)
    calls: list[Callable[[], object]] = [
        lambda: stand.copy(small, key),
        lambda: stand.copy(large, key),
        lambda: stand.copies.erase([key]),
        lambda: stand.copies.abort(key),
    ]
    for call in calls:
        with cut_line_of(stand.s3), pytest.raises(Unavailable):
            call()
