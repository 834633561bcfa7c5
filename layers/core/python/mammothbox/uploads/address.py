"""Where announced files are to be sent: one presigned form, or the parts of a multipart upload."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from mammothbox.catalog import assets, raws
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Database
from mammothbox.settings import StorageSettings
from mammothbox.storage.multipart import PartPlan, S3Multipart, plan_parts
from mammothbox.storage.presign import PresignedPart, PresignedPost, presign_parts, presign_post
from mammothbox.uploads.request import Purged, Slot

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FIRST_PARTS = 10
_AT_ONCE = 8


@dataclass(frozen=True)
class Desk:
    """What it takes to hand out addresses."""

    database: Database
    client: S3Client
    settings: StorageSettings

    @property
    def multipart(self) -> S3Multipart:
        return S3Multipart(self.client, self.settings.raw_bucket)


@dataclass(frozen=True)
class MultipartAddress:
    """How to send a large file: its plan, and where its first parts go."""

    plan: PartPlan
    parts: list[PresignedPart]
    expires_at: datetime


@dataclass(frozen=True)
class NothingToSend:
    """The bytes are here already, or are no longer waited for."""

    reason: str
    duplicate_of: UUID | None


Address = PresignedPost | MultipartAddress | NothingToSend


def hand_out(desk: Desk, slots: Sequence[Slot]) -> list[Address]:
    """An address for each slot, signed anew. Large files get a multipart upload once.

    Raises `Unavailable` when S3 does not answer; asking again with the same idempotency key
    goes on where this stopped.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda slot: _address(desk, slot), slots))


def signed_parts(desk: Desk, asset: Asset, upload_id: str, numbers: range) -> list[PresignedPart]:
    """Addresses for some parts of an asset's multipart upload."""
    return presign_parts(
        desk.client,
        bucket=asset.bucket,
        key=asset.key,
        upload_id=upload_id,
        numbers=numbers,
        expires_s=desk.settings.part_expires_s,
    )


def parts_expire_at(desk: Desk) -> datetime:
    """When part addresses signed now stop working."""
    return datetime.now(UTC) + timedelta(seconds=desk.settings.part_expires_s)


def part_plan(asset: Asset, size: int) -> PartPlan:
    """How the asset's upload is cut: as it was begun, whatever is usual by now."""
    if asset.multipart_part_size is None:
        return plan_parts(size)
    return PartPlan(asset.multipart_part_size, -(-size // asset.multipart_part_size))


def _address(desk: Desk, slot: Slot) -> Address:
    if isinstance(slot, Purged):
        return NothingToSend("purged", None)
    if slot.status == "duplicate":
        return NothingToSend("already_stored", slot.duplicate_of)
    if slot.status != "awaiting_upload" or slot.declared_size is None:
        over = slot.error_code in ("upload_aborted", "upload_expired")
        return NothingToSend("upload_over" if over else "already_received", None)
    if slot.multipart_upload_id or slot.declared_size > desk.settings.single_upload_limit:
        return _multipart_address(desk, slot, slot.declared_size)
    return _form(desk, slot, slot.declared_size)


def _form(desk: Desk, asset: Asset, size: int) -> PresignedPost:
    return presign_post(
        desk.client,
        bucket=asset.bucket,
        key=asset.key,
        content_type=asset.declared_content_type or "application/octet-stream",
        size=size,
        metadata=object_metadata(asset),
        expires_s=desk.settings.upload_expires_s,
    )


def object_metadata(asset: Asset) -> dict[str, str]:
    """What travels with the object: who asked for it, and what it should be."""
    metadata = {"request-id": asset.request_id}
    if asset.declared_sha256:
        metadata["sha256"] = asset.declared_sha256
    return metadata


def _multipart_address(desk: Desk, asset: Asset, size: int) -> Address:
    plan = part_plan(asset, size)
    upload_id = asset.multipart_upload_id or _begin(desk, asset, plan)
    if upload_id is None:
        return _no_longer_waited_for(desk, asset)
    first = range(1, min(FIRST_PARTS, plan.count) + 1)
    return MultipartAddress(
        plan, signed_parts(desk, asset, upload_id, first), parts_expire_at(desk)
    )


def _begin(desk: Desk, asset: Asset, plan: PartPlan) -> str | None:
    """The upload that stands; `None` when none is needed any more."""
    content_type = asset.declared_content_type or "application/octet-stream"
    upload_id = desk.multipart.create(asset.key, content_type, object_metadata(asset))
    with desk.database.transaction(asset.owner) as connection:
        standing = raws.begin_multipart(connection, asset.owner, asset.raw_id, upload_id, plan.size)
    if standing != upload_id:
        # The same request came twice at once; the other one was first.
        desk.multipart.abort(asset.key, upload_id)
    return standing


def _no_longer_waited_for(desk: Desk, asset: Asset) -> NothingToSend:
    with desk.database.transaction(asset.owner) as connection:
        is_there = assets.get(connection, asset.owner, asset.id) is not None
    return NothingToSend("already_received" if is_there else "purged", None)
