"""Reading one version of an object piece by piece, wherever a decoder wants to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mammothbox.errors import Permanent
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
        last = min(offset + length, self.size) - 1
        if last < offset:
            return b""
        try:
            with answering():
                answer = self.client.get_object(
                    Bucket=self.bucket,
                    Key=self.key,
                    VersionId=self.version_id,
                    Range=f"bytes={offset}-{last}",
                )
                return answer["Body"].read()
        except BlobGone:
            raise Permanent("object_gone", "The object is no longer in the bucket.") from None
