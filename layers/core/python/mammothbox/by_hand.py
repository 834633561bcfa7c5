"""What people change about an asset by hand. No machine takes it back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from mammothbox.catalog import assets, lineage, searchables, tags
from mammothbox.catalog.connection import Database
from mammothbox.errors import NotFound, Refused


@dataclass(frozen=True)
class Change:
    """`describe` has new values of `comments` and `rating`; what is not in it stays."""

    add: Collection[str] = ()
    remove: Collection[str] = ()
    describe: dict[str, str | int | None] = field(default_factory=dict)


def change(
    database: Database,
    owner: str,
    asset_id: UUID,
    wanted: Change,
    *,
    actor: str,
    request_id: str,
) -> None:
    """Change the asset. Raises `NotFound`, and `Refused` for a tag both added and removed."""
    if both := set(wanted.add) & set(wanted.remove):
        raise Refused(
            422, "contradiction", f"The tag {min(both)!r} cannot be added and removed at once."
        )
    with database.transaction(owner) as connection:
        assets.lock(connection, owner, asset_id)
        asset = assets.get(connection, owner, asset_id)
        if asset is None:
            raise NotFound("object", asset_id)
        assets.describe(connection, owner, asset_id, wanted.describe)
        if wanted.add or wanted.remove:
            tags.change_by_hand(
                connection, owner, asset_id, add=wanted.add, remove=wanted.remove, actor=actor
            )
        lineage.record(
            connection,
            lineage.about(asset, "asset.changed_by_hand", actor=actor, request_id=request_id),
        )
        searchables.refresh(connection, owner, [asset_id])
