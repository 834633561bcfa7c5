"""Whatever is uploaded, trashed, restored and purged: a group of equal bytes has one original."""

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
from mammothbox.removal import Bytes

from infra.local.postgres import DatabaseUrls
from tests.property.small_house import SmallHouse

if TYPE_CHECKING:
    from mammothbox.storage.library import Library
    from mammothbox.storage.multipart import S3Multipart

_owners = (f"group-{number}" for number in count())
BODIES = [b"a letter", b"another letter"]
bodies = st.sampled_from(BODIES)


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

    @rule(body=bodies)
    def somebody_uploads(self, body: bytes) -> None:
        asset, event = self.house.upload(body)
        self.house.finish_everything(event)
        self.kept.append(asset.id)

    @rule(body=bodies)
    def somebody_announces_what_may_be_here(self, body: bytes) -> None:
        asset = self.house.announce(hashlib.sha256(body).hexdigest(), body)
        if asset.status == "awaiting_upload":
            return
        assert asset.status == "duplicate"
        self.kept.append(asset.id)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def somebody_trashes(self, data: st.DataObject) -> None:
        asset_id = self.pick(data)
        outgoing = removal.trash(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.house.dispatch.send(outgoing)
        assert self.house.asset(asset_id).trashed_at is not None

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def somebody_restores(self, data: st.DataObject) -> None:
        asset_id = self.pick(data)
        outgoing = removal.restore(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.house.dispatch.send(outgoing)
        assert self.house.asset(asset_id).trashed_at is None

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), to_the_end=st.booleans())
    def somebody_purges(self, data: st.DataObject, to_the_end: bool) -> None:
        asset_id = self.pick(data)
        asset, outgoing = removal.begin_purge(
            self.house.app, self.house.owner, asset_id, actor="key:t", request_id="r"
        )
        self.house.dispatch.send(outgoing)
        self.kept.remove(asset_id)
        if to_the_end:
            # None of these uploads is a multipart one.
            no_multipart = cast("S3Multipart", None)
            stored = Bytes(self.house.store, no_multipart, cast("Library", NoLibrary()))
            removal.finish_purge(self.house.app, stored, asset)

    @invariant()
    def every_group_has_one_original_and_its_bytes(self) -> None:
        for body in BODIES:
            group = [
                asset
                for asset in map(self.house.asset, self.kept)
                if asset.sha256 == hashlib.sha256(body).hexdigest()
            ]
            originals = [asset for asset in group if asset.duplicate_of is None]
            assert len(originals) == (1 if group else 0)
            for asset in group:
                assert asset.verified
                assert asset.status == ("ready" if asset in originals else "duplicate")
                assert asset in originals or asset.duplicate_of == originals[0].id
                assert self.house.store.open(asset.key, asset.version_id or "").size == len(body)
            if any(asset.trashed_at is None for asset in group):
                assert originals[0].trashed_at is None

    def teardown(self) -> None:
        self.house.close()


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
