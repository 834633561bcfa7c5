"""What people change about an asset by hand. No machine takes it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from mammothbox.catalog import assets, lineage, searchables, tags
from mammothbox.catalog.connection import Database
from mammothbox.catalog.tags import ByHand
from mammothbox.errors import NotFound, Refused


@dataclass(frozen=True)
class Change:
    """`describe` has new values of `comments` and `rating`; what is not in it stays.

    `before` has what `comments` are to be until then, if that matters.
    """

    add: Collection[str] = ()
    remove: Collection[str] = ()
    forget: Collection[str] = ()
    describe: dict[str, str | int | None] = field(default_factory=dict)
    before: dict[str, str | None] = field(default_factory=dict)


def change(
    database: Database,
    owner: str,
    asset_id: UUID,
    wanted: Change,
    *,
    actor: str,
    request_id: str,
) -> ByHand:
    """Change the asset; returns what takes the change of its tags back.

    Raises `NotFound`, and `Refused` for a tag of which two things are said, or when the comments
    are neither those of `before` nor already what they are to be.
    """
    said = ByHand(wanted.add, wanted.remove, wanted.forget)
    _refuse_contradictions(said)
    with database.transaction(owner) as connection:
        assets.lock(connection, owner, asset_id)
        asset = assets.get(connection, owner, asset_id)
        if asset is None:
            raise NotFound("object", asset_id)
        if "comments" in wanted.before and (asset.comments or None) not in {
            wanted.before["comments"] or None,
            wanted.describe.get("comments") or None,
        }:
            raise Refused(
                409,
                "comments_changed",
                "Somebody changed the comments meanwhile. Read them, and send what is to be"
                " together with them as `comments_before`.",
            )
        assets.describe(connection, owner, asset_id, wanted.describe)
        back = tags.change_by_hand(connection, owner, asset_id, said, actor=actor)
        lineage.record(
            connection,
            lineage.about(asset, "asset.changed_by_hand", actor=actor, request_id=request_id),
        )
        searchables.refresh(connection, owner, [asset_id])
    return back


def _refuse_contradictions(said: ByHand) -> None:
    counted = Counter(chain({*said.add}, {*said.remove}, {*said.forget}))
    if twice := [label for label, number in counted.items() if number > 1]:
        raise Refused(
            422,
            "contradiction",
            f"Of the tag {min(twice)!r} two things are said at once: add, remove or forget it.",
        )
