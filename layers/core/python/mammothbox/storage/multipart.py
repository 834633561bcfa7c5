"""Multipart uploads: how to cut them, and S3's calls around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError

from mammothbox.errors import Unavailable
from mammothbox.settings import MEBIBYTE
from mammothbox.storage.blobs import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_PARTS = 10_000
MAX_OBJECT = 5 * 1000**4
_SMALLEST_PART = 8 * MEBIBYTE
# Faults that say the client's list of parts is wrong.
_BAD_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}


class UploadGone(Exception):
    """S3 knows no such multipart upload: it was completed, aborted or has expired."""


class BadParts(Exception):
    """S3 refuses the list of parts; the message is S3's reason."""


@dataclass(frozen=True)
class PartPlan:
    """Into how many parts of which size an object is cut; the last may be smaller."""

    size: int
    count: int


@dataclass(frozen=True)
class Part:
    """A part that arrived."""

    number: int
    etag: str
    size: int = 0


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that S3 still holds open."""

    key: str
    upload_id: str
    initiated: datetime


@dataclass(frozen=True)
class UploadPage:
    """One page of open uploads and where the next one begins."""

    uploads: list[UnfinishedUpload]
    next_position: str | None


def plan_parts(size: int) -> PartPlan:
    """The fewest parts S3 accepts without making any of them large: 8 MiB, or more if it must."""
    needed = -(-size // MAX_PARTS)
    part = max(_SMALLEST_PART, -(-needed // MEBIBYTE) * MEBIBYTE)
    return PartPlan(part, -(-size // part))


class S3Multipart:
    """Multipart uploads of one bucket. Calls raise `Unavailable` when S3 does not answer."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def create(self, key: str, content_type: str, metadata: dict[str, str]) -> str:
        """Open an upload and return its id."""
        with answering():
            return self._client.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=content_type, Metadata=metadata
            )["UploadId"]

    def arrived(self, key: str, upload_id: str, after: int, limit: int) -> list[Part]:
        """The parts with numbers after `after` that S3 holds. Raises `UploadGone`."""
        with answering(), _naming_the_clients_faults():
            answer = self._client.list_parts(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                PartNumberMarker=after,
                MaxParts=limit,
            )
        return [
            Part(item["PartNumber"], item["ETag"].strip('"'), item["Size"])
            for item in answer.get("Parts", [])
        ]

    def complete(self, key: str, upload_id: str, parts: list[Part]) -> bool:
        """Put the object together; `False` when S3 is still at it after our patience ends.

        Raises `UploadGone` and `BadParts`. Asking again while S3 is at work is harmless.
        """
        try:
            with answering(), _naming_the_clients_faults():
                self._client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={
                        "Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
                    },
                )
        except Unavailable as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                return False
            raise
        return True

    def abort(self, key: str, upload_id: str) -> None:
        """Drop the upload and its parts; gone already is done."""
        try:
            with answering(), _naming_the_clients_faults():
                self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except UploadGone:
            return

    def unfinished(self, position: str | None, limit: int) -> UploadPage:
        """Uploads that S3 still holds open, in key order, from `position` on."""
        arguments: dict[str, Any] = {}
        if position is not None:
            key, _, upload_id = position.rpartition("\n")
            arguments = {"KeyMarker": key, "UploadIdMarker": upload_id}
        with answering():
            answer = self._client.list_multipart_uploads(
                Bucket=self.bucket, MaxUploads=limit, **arguments
            )
        uploads = [
            UnfinishedUpload(item["Key"], item["UploadId"], item["Initiated"])
            for item in answer.get("Uploads", [])
        ]
        following = None
        if answer["IsTruncated"]:
            following = f"{answer['NextKeyMarker']}\n{answer['NextUploadIdMarker']}"
        return UploadPage(uploads, following)


@contextmanager
def _naming_the_clients_faults() -> Iterator[None]:
    """Tell apart what the client got wrong before `answering` calls it a fault of the store."""
    try:
        yield
    except ClientError as error:
        fault = error.response["Error"]
        if fault["Code"] == "NoSuchUpload":
            raise UploadGone from error
        if fault["Code"] in _BAD_PARTS:
            raise BadParts(fault.get("Message", fault["Code"])) from error
        raise
