"""Reading one version of an object piece by piece, wherever a decoder wants to look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import PARTIAL_CONTENT
from typing import TYPE_CHECKING

from mammothbox.errors import Permanent, Unavailable
from mammothbox.storage.blobs import BlobGone, answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class RangedObject:
    """One version of one object and its size, which never changes."""

    client: S3Client
    bucket: str
    key: str
    version_id: str
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on; fewer than `length` only at the end.

        Raises `Unavailable`, and `Permanent` when the object is no longer there.
        """
        return b"".join(self.pieces(offset, offset + length, length))

    def pieces(self, first: int, end: int, most: int) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, or the object's, at most so many at a time.

        One request, which ends when no more is asked for. Fails as `read` does.
        """
        end = min(end, self.size)
        if end <= first:
            return
        with answering_permanently():
            answer = self.client.get_object(
                Bucket=self.bucket,
                Key=self.key,
                VersionId=self.version_id,
                Range=f"bytes={first}-{end - 1}",
            )
        with closing(answer["Body"]) as body:
            at = first
            if answer["ResponseMetadata"]["HTTPStatusCode"] != PARTIAL_CONTENT:
                # A store may answer with the whole version all the same.
                at = 0
            while at < end:
                until = first if at < first else end
                with answering_permanently():
                    piece = body.read(min(most, until - at))
                if not piece:
                    raise Unavailable("the object store closed the connection too early")
                if at >= first:
                    yield piece
                at += len(piece)


@contextmanager
def answering_permanently() -> Iterator[None]:
    """Turn S3's ways of failing into `Unavailable`, and into `Permanent` for what is not there."""
    try:
        with answering():
            yield
    except BlobGone:
        raise Permanent("object_gone", "The object is no longer in the bucket.") from None
