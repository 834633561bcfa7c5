"""Copies of originals in the library bucket, made by S3 itself, in folders by cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import filetype

from mammothbox.errors import Unavailable
from mammothbox.settings import GIBIBYTE, MEBIBYTE
from mammothbox.storage.blobs import BlobGone, answering
from mammothbox.storage.erase import erase
from mammothbox.storage.multipart import MAX_PARTS, BadParts, Part, S3Multipart, UploadGone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, HeadObjectOutputTypeDef

# S3 lists so many parts in one call.
_PARTS_A_PAGE = 1000
# What S3 takes for a part or a small object, before the function's own end.
SPARE_S = 20
_CHECKSUMS = (
    "ChecksumCRC64NVME",
    "ChecksumSHA256",
    "ChecksumSHA1",
    "ChecksumCRC32C",
    "ChecksumCRC32",
)
# Types that intake tells apart and `filetype` has no extension for.
_EXTENSIONS = {
    "application/json": "json",
    "application/json+gzip": "json.gz",
    "audio/x-ms-wma": "wma",
    "image/heif": "heif",
    "image/jxl": "jxl",
    "image/svg+xml": "svg",
    "image/x-adobe-dng": "dng",
    "image/x-canon-cr3": "cr3",
    "image/x-fuji-raf": "raf",
    "image/x-nikon-nef": "nef",
    "image/x-olympus-orf": "orf",
    "image/x-panasonic-rw2": "rw2",
    "image/x-pentax-pef": "pef",
    "image/x-samsung-srw": "srw",
    "image/x-sony-arw": "arw",
    "text/html": "html",
    "text/plain": "txt",
    "video/3gpp2": "3g2",
    "video/mp2t": "ts",
    "video/ogg": "ogv",
}
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True)
class Original:
    """One version of an object in the raw bucket."""

    bucket: str
    key: str
    version_id: str
    size: int


@dataclass(frozen=True)
class _Piece:
    """What becomes one part of a copy."""

    number: int
    start: int
    size: int


def canonical_key(cluster_id: UUID, asset_id: UUID, content_type: str | None) -> str:
    """Where an asset's copy lies; its extension tells the type that intake found."""
    extension = extension_of(content_type or _UNKNOWN)
    return f"media/clusters/{cluster_id}/{asset_id}" + (f".{extension}" if extension else "")


def extension_of(content_type: str) -> str | None:
    """The usual extension, without its dot; `None` where nothing is known of the content."""
    if content_type == _UNKNOWN:
        return None
    known = filetype.get_type(mime=content_type)
    return _EXTENSIONS.get(content_type) or (known.extension if known else None)


@dataclass(frozen=True)
class Copies:
    """Copies by key. Every call raises `Unavailable` when S3 does not answer.

    Originals beyond `most_in_one_call` are copied in parts of at least `part_size`.
    """

    client: S3Client
    bucket: str
    # S3 takes five times as much in one call, but then for longer than a function's last seconds.
    most_in_one_call: int = GIBIBYTE
    part_size: int = 256 * MEBIBYTE

    def copy(
        self, original: Original, key: str, content_type: str | None, time_left: Callable[[], float]
    ) -> bool:
        """Copy an original and make sure that the copy is the same; done already is done.

        `False` when the time is over: asking again goes on where this one stopped. Raises
        `BlobGone` when the original is not there.
        """
        if original.size > self.most_in_one_call:
            if not self._is_complete(original, key) and not self._copy_in_parts(
                original, key, content_type or _UNKNOWN, time_left
            ):
                return False
        else:
            self._copy_at_once(original, key, content_type or _UNKNOWN)
        if not self._is_complete(original, key):
            raise Unavailable("a copy that the object store made is not like its original")
        return True

    def erase(self, keys: Sequence[str]) -> None:
        """Remove copies; done already is done."""
        erase(self.client, self.bucket, keys)

    def abort(self, key: str) -> None:
        """Drop what was copied in parts and never put together."""
        for upload_id in self._unfinished(key):
            self._multipart.abort(key, upload_id)

    def _copy_at_once(self, original: Original, key: str, content_type: str) -> None:
        with answering():
            self.client.copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource=_source(original),
                # Neither the type that was declared, nor whatever else was said of the bytes.
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                ContentType=content_type,
            )

    def _copy_in_parts(
        self, original: Original, key: str, content_type: str, time_left: Callable[[], float]
    ) -> bool:
        upload_id = self._upload(key, content_type)
        try:
            arrived = self._arrived(key, upload_id)
            parts = []
            for piece in _pieces(original.size, self.part_size):
                part = arrived.get(piece.number)
                if part is None or part.size != piece.size:
                    if time_left() < SPARE_S:
                        return False
                    part = self._copy_piece(original, key, upload_id, piece)
                parts.append(part)
            if not self._multipart.complete(key, upload_id, parts):
                raise Unavailable("the object store is still putting a copy together")
            return True
        except UploadGone:
            # A purge dropped it.
            return False
        except BadParts as error:
            self._multipart.abort(key, upload_id)
            raise Unavailable("the parts of a copy do not fit together") from error

    def _copy_piece(self, original: Original, key: str, upload_id: str, piece: _Piece) -> Part:
        with answering():
            answer = self.client.upload_part_copy(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=piece.number,
                CopySource=_source(original),
                CopySourceRange=f"bytes={piece.start}-{piece.start + piece.size - 1}",
            )
        return Part(piece.number, answer["CopyPartResult"]["ETag"].strip('"'), piece.size)

    def _upload(self, key: str, content_type: str) -> str:
        """The upload that an earlier call began, or a new one; what lies beside it goes."""
        unfinished = self._unfinished(key)
        for upload_id in unfinished[1:]:
            self._multipart.abort(key, upload_id)
        if unfinished:
            return unfinished[0]
        return self._multipart.create(key, content_type, {})

    def _unfinished(self, key: str) -> list[str]:
        """The open uploads of exactly `key`."""
        with answering():
            answer = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key)
        return sorted(
            upload["UploadId"] for upload in answer.get("Uploads", []) if upload["Key"] == key
        )

    def _arrived(self, key: str, upload_id: str) -> dict[int, Part]:
        found: dict[int, Part] = {}
        while page := self._multipart.arrived(key, upload_id, max(found, default=0), _PARTS_A_PAGE):
            found |= {part.number: part for part in page}
        return found

    @property
    def _multipart(self) -> S3Multipart:
        return S3Multipart(self.client, self.bucket)

    def _is_complete(self, original: Original, key: str) -> bool:
        """Whether the object there has the original's size, and its checksums as far as told."""
        try:
            with answering():
                copy = self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except BlobGone:
            return False
        if copy["ContentLength"] != original.size:
            return False
        with answering():
            source = self.client.head_object(
                Bucket=original.bucket,
                Key=original.key,
                VersionId=original.version_id,
                ChecksumMode="ENABLED",
            )
        told, expected = _fingerprints(copy), _fingerprints(source)
        return all(told[name] == expected[name] for name in told.keys() & expected.keys())


def _pieces(size: int, part_size: int) -> list[_Piece]:
    step = max(part_size, -(-size // MAX_PARTS))
    return [
        _Piece(number, start, min(step, size - start))
        for number, start in enumerate(range(0, size, step), start=1)
    ]


def _source(original: Original) -> CopySourceTypeDef:
    return {"Bucket": original.bucket, "Key": original.key, "VersionId": original.version_id}


def _fingerprints(head: HeadObjectOutputTypeDef) -> dict[str, object]:
    """What two objects with the same bytes have in common, however each was put together."""
    found = {name: head[name] for name in _CHECKSUMS if name in head}  # type: ignore[literal-required]
    if head.get("ServerSideEncryption", "AES256") == "AES256":
        found["ETag"] = head["ETag"]
    # With a dash it is a checksum of the checksums of parts.
    return {name: value for name, value in found.items() if "-" not in value}
