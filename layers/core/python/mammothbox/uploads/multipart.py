"""Multipart uploads after they began: more addresses, completion, abort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mammothbox.announcing import announce
from mammothbox.catalog import asset_removal, assets, lineage
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.errors import NotFound, Refused
from mammothbox.messages import Announcement
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.multipart import BadParts, Part, PartPlan, UploadGone
from mammothbox.storage.presign import PresignedPart
from mammothbox.uploads.address import Desk, part_plan, signed_parts

PAGE = 100


@dataclass(frozen=True)
class PartsPage:
    """Addresses of some parts, and which of these parts S3 has."""

    plan: PartPlan
    parts: list[PresignedPart]
    arrived: list[Part]
    next_from: int | None


def parts_page(desk: Desk, owner: str, asset_id: UUID, first: int) -> PartsPage:
    """Up to a hundred parts from number `first` on.

    Raises `NotFound`, and `Refused` when the upload is not a multipart one, is over, or was put
    together.
    """
    asset, upload_id, plan = _upload(desk, owner, asset_id)
    if first > plan.count:
        raise Refused(422, "no_such_part", f"This upload has {plan.count} parts.")
    numbers = range(first, min(first + PAGE, plan.count + 1))
    try:
        arrived = desk.multipart.arrived(asset.key, upload_id, after=first - 1, limit=PAGE)
    except UploadGone:
        if _is_together(desk, asset):
            raise Refused(
                409, "already_received", "All parts have arrived; there is nothing more to send."
            ) from None
        raise _over() from None
    following = numbers.stop if numbers.stop <= plan.count else None
    return PartsPage(
        plan,
        signed_parts(desk, asset, upload_id, numbers),
        [part for part in arrived if part.number in numbers],
        following,
    )


def complete(desk: Desk, owner: str, asset_id: UUID, parts: Sequence[Part]) -> bool:
    """Put the object together; `False` when S3 is still at it: ask for the status later.

    Completing what is complete changes nothing. Raises `NotFound`, and `Refused` when the parts
    are not what S3 has, or the upload was aborted.
    """
    asset, upload_id, plan = _upload(desk, owner, asset_id)
    numbers = [part.number for part in parts]
    if numbers != list(range(1, plan.count + 1)):
        raise Refused(
            422,
            "parts_missing",
            f"List all {plan.count} parts once, in order, from 1 to {plan.count}.",
        )
    try:
        return desk.multipart.complete(asset.key, upload_id, list(parts))
    except BadParts as error:
        raise Refused(422, "invalid_part", f"The store refuses the parts: {error}") from None
    except UploadGone:
        if not _is_together(desk, asset):
            raise _over() from None
        return True


def abort(
    desk: Desk, owner: str, asset_id: UUID, *, actor: str, request_id: str
) -> tuple[Announcement, ...]:
    """Give an announced upload up; what still arrives for it is found in the trash.

    Returns what is to be published. Aborting what is aborted changes nothing. Raises `NotFound`,
    and `Refused` (409) when the bytes have arrived.
    """
    with desk.database.transaction(owner) as connection:
        assets.lock(connection, owner, asset_id)
        asset = assets.get(connection, owner, asset_id)
        if asset is None:
            raise NotFound("upload", asset_id)
        announcements = _give_up(connection, asset, actor=actor, request_id=request_id)
    if asset.multipart_upload_id is not None:
        desk.multipart.abort(asset.key, asset.multipart_upload_id)
    return announcements


def _give_up(
    connection: Connection, asset: Asset, *, actor: str, request_id: str
) -> tuple[Announcement, ...]:
    if asset.error_code == "upload_aborted":
        return ()
    if asset.status != "awaiting_upload":
        raise Refused(409, "already_received", "The bytes have arrived; delete the object instead.")
    settled = assets.fail(
        connection,
        asset.owner,
        asset.id,
        code="upload_aborted",
        detail="The client gave this upload up.",
        retryable=False,
    )
    asset_removal.trash(connection, asset.owner, asset.id)
    entry = lineage.about(asset, "upload.aborted", actor=actor, request_id=request_id)
    lineage.record(connection, entry)
    return announce(connection, asset, settled, asset.request_id)


def _upload(desk: Desk, owner: str, asset_id: UUID) -> tuple[Asset, str, PartPlan]:
    with desk.database.transaction(owner) as connection:
        asset = assets.get(connection, owner, asset_id)
    if asset is None:
        raise NotFound("upload", asset_id)
    if asset.multipart_upload_id is None or asset.declared_size is None:
        raise Refused(
            409, "not_multipart", "This file is sent with one POST; there is nothing to complete."
        )
    if asset.error_code in ("upload_aborted", "upload_expired"):
        raise _over()
    return asset, asset.multipart_upload_id, part_plan(asset, asset.declared_size)


def _is_together(desk: Desk, asset: Asset) -> bool:
    return S3BlobStore(desk.client, asset.bucket).first_version(asset.key) is not None


def _over() -> Refused:
    return Refused(409, "upload_over", "This upload was aborted or has expired; ask for a new one.")
