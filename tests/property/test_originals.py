"""Whatever is uploaded, trashed, restored and purged: a group of equal bytes has one original.

Of JSON a group is about one collection; of anything else a collection tells nothing apart.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mammothbox import removal
from mammothbox.catalog.assets import Asset
from mammothbox.messages import Outgoing
from mammothbox.removal import Bytes

from infra.local.postgres import DatabaseUrls
from tests.property.small_house import SmallHouse

if TYPE_CHECKING:
    from mammothbox.storage.library import Library
    from mammothbox.storage.multipart import S3Multipart

_owners = (f"group-{number}" for number in count())
JSON = b'{"a": "document"}'
BODIES = [b"a letter", JSON]
bodies = st.sampled_from(BODIES)
collections = st.sampled_from([None, "here", "there"])


class NoLibrary:
    """Nothing is made of these assets."""

    def erase(self, asset_id: UUID) -> None:
        """Nothing is there."""


class Groups(RuleBasedStateMachine):
    """One owner's equal uploads, and what people do to them."""

    def __init__(self, urls: DatabaseUrls) -> None:
        super().__init__()
        self.house = SmallHouse(urls, next(_owners))
        self.kept: list[UUID] = []

    def pick(self, data: st.DataObject) -> UUID:
        return self.kept[data.draw(st.integers(0, len(self.kept) - 1))]

    @rule(body=bodies, collection=collections)
    def somebody_uploads(self, body: bytes, collection: str | None) -> None:
        asset, event = self.house.upload(body, collection=collection)
        self.house.finish_everything(event)
        self.keep(asset.id, body, collection)

    @rule(body=bodies, collection=collections)
    def somebody_announces_what_may_be_here(self, body: bytes, collection: str | None) -> None:
        asset = self.house.announce(hashlib.sha256(body).hexdigest(), body, collection)
        if asset.status == "awaiting_upload":
            return
        self.house.finish_everything(*self.house.sent())
        self.keep(asset.id, body, collection)

    def go_on(self, outgoing: Outgoing) -> None:
        """An heir that is JSON is read like any other."""
        self.house.dispatch.send(outgoing)
        self.house.finish_everything(*self.house.sent())

    def keep(self, asset_id: UUID, body: bytes, collection: str | None) -> None:
        """Without a name, JSON that is in the library is not stored once more."""
        asset = self.house.asset(asset_id)
        group = of_bytes(body, self.house.assets(self.kept))
        live = [one for one in group if one.trashed_at is None and one.verified]
        if body != JSON or collection is None:
            assert (asset.status == "duplicate") == bool(live)
        else:
            assert asset.sent_to == collection
        self.kept.append(asset_id)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def somebody_trashes(self, data: st.DataObject) -> None:
        asset_id = self.pick(data)
        outgoing = removal.trash(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.go_on(outgoing)
        assert self.house.asset(asset_id).trashed_at is not None

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def somebody_restores(self, data: st.DataObject) -> None:
        asset_id = self.pick(data)
        outgoing = removal.restore(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.go_on(outgoing)
        assert self.house.asset(asset_id).trashed_at is None

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), to_the_end=st.booleans())
    def somebody_purges(self, data: st.DataObject, to_the_end: bool) -> None:
        asset_id = self.pick(data)
        asset, outgoing = removal.begin_purge(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.go_on(outgoing)
        self.kept.remove(asset_id)
        if to_the_end:
            # None of these uploads is a multipart one.
            no_multipart = cast("S3Multipart", None)
            stored = Bytes(self.house.store, no_multipart, cast("Library", NoLibrary()))
            removal.finish_purge(self.house.app, stored, asset)

    @invariant()
    def every_group_has_one_original_and_its_bytes(self) -> None:
        kept = self.house.assets(self.kept)
        for body in BODIES:
            assets = of_bytes(body, kept)
            for sent_to in {asset.sent_to for asset in assets}:
                self.one_of_a_group_is_the_original(
                    body, [asset for asset in assets if asset.sent_to == sent_to]
                )

    def one_of_a_group_is_the_original(self, body: bytes, group: list[Asset]) -> None:
        (original,) = [asset for asset in group if asset.duplicate_of is None]
        for asset in group:
            assert asset.verified
            assert asset.sent_to in ("", asset.collection) or asset.collection is None
            assert asset.status == ("ready" if asset == original else "duplicate")
            assert asset == original or asset.duplicate_of == original.id
            assert self.house.store.open(asset.key, asset.version_id or "").size == len(body)
        if any(asset.trashed_at is None for asset in group):
            assert original.trashed_at is None
        if original.sent_to:
            assert original.collection == original.sent_to

    def teardown(self) -> None:
        self.house.close()


def of_bytes(body: bytes, kept: list[Asset]) -> list[Asset]:
    """Those of these bytes, whichever collections they were sent to."""
    sha256 = hashlib.sha256(body).hexdigest()
    return [one for one in kept if one.sha256 == sha256]


def test_a_group_of_equal_bytes_has_one_original(database_urls: DatabaseUrls) -> None:
    run_state_machine_as_test(
        lambda: Groups(database_urls),  # type: ignore[arg-type]
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
