"""Addresses that let a client upload or download without credentials, for a short while."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from mammothbox.storage.signing import signed_get

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What a browser or a file system could read as more than a name.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"\\/:*?<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class PresignedPost:
    """A form to post: exactly one key, one type and one size."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


@dataclass(frozen=True)
class PresignedPart:
    """Where to PUT one part of a multipart upload."""

    number: int
    url: str


def presign_post(
    client: S3Client,
    *,
    bucket: str,
    key: str,
    content_type: str,
    size: int,
    metadata: dict[str, str],
    expires_s: int,
) -> PresignedPost:
    """Allow one upload of exactly `size` bytes; S3 itself refuses anything else."""
    fields = {
        "Content-Type": content_type,
        **{f"x-amz-meta-{name}": value for name, value in metadata.items()},
    }
    conditions = [
        *({name: value} for name, value in fields.items()),
        ["content-length-range", size, size],
    ]
    answer = client.generate_presigned_post(
        bucket, key, Fields=dict(fields), Conditions=conditions, ExpiresIn=expires_s
    )
    return PresignedPost(
        answer["url"], answer["fields"], datetime.now(UTC) + timedelta(seconds=expires_s)
    )


def presign_parts(
    client: S3Client, *, bucket: str, key: str, upload_id: str, numbers: range, expires_s: int
) -> list[PresignedPart]:
    """Addresses for the parts with these numbers."""
    return [
        PresignedPart(
            number,
            client.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": bucket,
                    "Key": key,
                    "UploadId": upload_id,
                    "PartNumber": number,
                },
                ExpiresIn=expires_s,
            ),
        )
        for number in numbers
    ]


def presign_download(
    *,
    bucket: str,
    key: str,
    version_id: str,
    filename: str,
    content_type: str,
    expires_s: int,
) -> str:
    """An address that downloads one version as an attachment under its own name."""
    parameters = {
        "versionId": version_id,
        "response-content-type": content_type,
        "response-content-disposition": content_disposition(filename),
    }
    return signed_get(bucket, key, parameters, expires_s)


def presign_derivative(*, bucket: str, key: str, expires_s: int) -> str:
    """An address that shows a derivative where it is asked for."""
    return signed_get(bucket, key, {}, expires_s)


def content_disposition(filename: str) -> str:
    """`attachment` with a name no browser can take for a path, a script or another type."""
    # Half a surrogate pair has no UTF-8.
    whole = filename.encode("utf-8", "replace").decode("utf-8")
    name = (_UNSAFE.sub("_", whole).strip(" .") or "download")[:200]
    plain = name.encode("ascii", "replace").decode("ascii").replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
