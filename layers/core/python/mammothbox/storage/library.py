"""The library bucket: what is made of originals. Nothing in it raises an event."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from mammothbox.storage.blobs import BlobGone, answering
from mammothbox.storage.erase import MOST_PER_CALL, erase
from mammothbox.storage.keys import derived_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 8


class Made(Protocol):
    """Something made of an original, with the name it goes by."""

    @property
    def name(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True)
class Library:
    """Derivatives by asset and name. Every call raises `Unavailable` when S3 does not answer."""

    client: S3Client
    bucket: str

    def store(self, made: Sequence[tuple[UUID, Made]]) -> None:
        """Put derivatives of several assets at once; those of an earlier run are replaced."""
        if not made:
            return
        with ThreadPoolExecutor(min(_AT_ONCE, len(made))) as pool:
            for _ in pool.map(lambda item: self.put(*item), made):
                pass

    def put(self, asset_id: UUID, made: Made) -> None:
        """Put one derivative."""
        with answering():
            self.client.put_object(
                Bucket=self.bucket,
                Key=derived_key(asset_id, made.name),
                Body=made.body,
                ContentType=made.content_type,
            )

    def read(self, asset_id: UUID, name: str) -> bytes | None:
        """A derivative's bytes; `None` when it is not there."""
        try:
            with answering():
                answer = self.client.get_object(Bucket=self.bucket, Key=derived_key(asset_id, name))
                return answer["Body"].read()
        except BlobGone:
            return None

    def erase(self, asset_id: UUID) -> None:
        """Remove everything made of the asset; done already is done."""
        while keys := self._keys(asset_id):
            erase(self.client, self.bucket, keys)

    def _keys(self, asset_id: UUID) -> list[str]:
        with answering():
            answer = self.client.list_objects_v2(
                Bucket=self.bucket, Prefix=derived_key(asset_id, ""), MaxKeys=MOST_PER_CALL
            )
        return [item["Key"] for item in answer.get("Contents", [])]
