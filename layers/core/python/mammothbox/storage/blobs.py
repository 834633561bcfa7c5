"""Bytes in a versioned bucket: put, read, find versions, erase."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from mammothbox.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef

_GONE = {"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed"}


class BlobGone(Exception):
    """The object, or the version asked for, is not there."""


@dataclass(frozen=True)
class Version:
    """One version of one object, as a listing shows it."""

    key: str
    version_id: str
    size: int


@dataclass(frozen=True)
class Page:
    """One page of a listing and where the next one begins."""

    versions: list[Version]
    next_position: str | None


class Readable(Protocol):
    """A body that is read once, from front to back."""

    def read(self, amount: int, /) -> bytes: ...


@dataclass(frozen=True)
class OpenBlob:
    """An object being read."""

    size: int
    metadata: dict[str, str]
    crc64nvme: str | None
    body: Readable


class BlobStore(Protocol):
    """What the rest of the house needs of a versioned bucket.

    Every call raises `Unavailable` when the store does not answer.
    """

    def put(self, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
        """Store `body` as the newest version of `key`."""
        ...

    def open(self, key: str, version_id: str) -> OpenBlob:
        """Begin to read a version. Raises `BlobGone` when it is not there."""
        ...

    def first_version(self, key: str) -> Version | None:
        """The oldest version of exactly `key` that holds bytes."""
        ...

    def list_versions(self, prefix: str, position: str | None, limit: int) -> Page:
        """Versions below `prefix` in key order, from `position` on."""
        ...

    def erase(self, key: str, version_id: str) -> None:
        """Remove a version for ever; done already is done."""
        ...

    def erase_all(self, key: str) -> None:
        """Remove every version of exactly `key` for ever, and every mark of its deletion."""
        ...

    def erase_delete_markers(self, key: str) -> None:
        """Remove every mark that exactly `key` was deleted; what holds bytes stays."""
        ...


class S3BlobStore:
    """`BlobStore` on one S3 bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def ping(self) -> None:
        """Raises `Unavailable` unless the bucket answers."""
        try:
            with answering():
                self._client.head_bucket(Bucket=self.bucket)
        except BlobGone as error:
            raise Unavailable("the bucket is not there") from error

    def put(self, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
        with answering():
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=metadata,
            )

    def open(self, key: str, version_id: str) -> OpenBlob:
        with answering():
            answer = self._client.get_object(
                Bucket=self.bucket, Key=key, VersionId=version_id, ChecksumMode="ENABLED"
            )
        return OpenBlob(
            size=answer["ContentLength"],
            metadata=answer["Metadata"],
            crc64nvme=answer.get("ChecksumCRC64NVME"),
            body=answer["Body"],
        )

    def first_version(self, key: str) -> Version | None:
        oldest = None
        for page in self._pages_of(key):
            for version in _versions(page):
                if version.key == key:
                    oldest = version
        return oldest

    def list_versions(self, prefix: str, position: str | None, limit: int) -> Page:
        arguments: dict[str, Any] = {}
        if position is not None:
            key, _, version_id = position.rpartition("\n")
            arguments = {"KeyMarker": key}
            if version_id:
                arguments["VersionIdMarker"] = version_id
        with answering():
            answer = self._client.list_object_versions(
                Bucket=self.bucket, Prefix=prefix, MaxKeys=limit, **arguments
            )
        following = None
        if answer["IsTruncated"]:
            following = f"{answer['NextKeyMarker']}\n{answer.get('NextVersionIdMarker', '')}"
        return Page(_versions(answer), following)

    def erase(self, key: str, version_id: str) -> None:
        with answering():
            self._client.delete_object(Bucket=self.bucket, Key=key, VersionId=version_id)

    def erase_all(self, key: str) -> None:
        for page in self._pages_of(key):
            for version in _versions(page):
                if version.key == key:
                    self.erase(key, version.version_id)
        self.erase_delete_markers(key)

    def erase_delete_markers(self, key: str) -> None:
        for page in self._pages_of(key):
            for marker in page.get("DeleteMarkers", []):
                if marker["Key"] == key:
                    self.erase(key, marker["VersionId"])

    def _pages_of(self, key: str) -> Iterator[ListObjectVersionsOutputTypeDef]:
        """Pages that show all there is of exactly `key`, the newest first, and longer keys."""
        pages = self._client.get_paginator("list_object_versions")
        with answering():
            for page in pages.paginate(Bucket=self.bucket, Prefix=key):
                yield page
                shown = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if any(item["Key"] != key for item in shown):
                    # Longer keys sort behind everything of this one.
                    return


def _versions(page: ListObjectVersionsOutputTypeDef) -> list[Version]:
    return [
        Version(item["Key"], item["VersionId"], item["Size"]) for item in page.get("Versions", [])
    ]


@contextmanager
def answering() -> Iterator[None]:
    """Turn S3's ways of failing into `BlobGone` and `Unavailable`."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            raise BlobGone(code) from error
        raise Unavailable(f"the object store answers {code}") from error
    except BotoCoreError as error:
        raise Unavailable(f"the object store does not answer: {type(error).__name__}") from error
