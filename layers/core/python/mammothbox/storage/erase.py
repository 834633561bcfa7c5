"""Removing many objects at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mammothbox.errors import Unavailable
from mammothbox.storage.blobs import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 takes so many keys in one call.
MOST_PER_CALL = 1000


def erase(client: S3Client, bucket: str, keys: Sequence[str]) -> None:
    """Remove the objects under these keys; what is gone is gone.

    Raises `Unavailable` when S3 does not answer, or keeps one of them.
    """
    for at in range(0, len(keys), MOST_PER_CALL):
        some = keys[at : at + MOST_PER_CALL]
        with answering():
            answer = client.delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
            )
        for fault in answer.get("Errors", []):
            raise Unavailable(f"the object store answers {fault.get('Code')}")
