"""The catalogue and the real workers around fakes of everything else, moved step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mammothbox import stages
from mammothbox.catalog import assets, outbox
from mammothbox.catalog import stages as stage_rows
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.stages import StageKey
from mammothbox.dispatch import Dispatch
from mammothbox.intake.take_in import Intake, receive
from mammothbox.messages import Outgoing, parse_wake_up
from mammothbox.route import INTAKE, Next
from mammothbox.stages import Limits, Work
from mammothbox.storage.blobs import OpenBlob
from mammothbox.uploads.request import Announced, Asked, put_on_record

from infra.local.postgres import DatabaseUrls
from tests.fakes import MemoryBlobStore, MemoryBus, MemoryWakeUps
from tests.house import object_created

BUCKET = "the-raw-bucket"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20
# A made-up pipeline: two stages after intake, and one after the first of them.
AFTER_INTAKE = {"image": ("embed", "probe")}
FOLLOWING = {"embed": ("tag",)}

Hook = Callable[[], None]


class Crash(BaseException):
    """The worker's process is no more: nothing is caught and nothing is recorded."""


@dataclass
class HookedBlobStore(MemoryBlobStore):
    """Lets something happen in the middle of an intake."""

    hook: Hook = lambda: None

    def open(self, key: str, version_id: str) -> OpenBlob:
        self.hook()
        return super().open(key, version_id)


@dataclass
class SmallHouse:
    """One owner's uploads on their way. `hook` runs while a worker holds its claim."""

    urls: DatabaseUrls
    owner: str
    attempts: int = 1000
    hook: Hook = lambda: None
    wake_ups: MemoryWakeUps = field(default_factory=MemoryWakeUps)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        self.worker = Database(self.urls.worker)
        self.app = Database(self.urls.app)
        self.store = HookedBlobStore(hook=self._during)
        self.dispatch = Dispatch(self.worker, self.wake_ups, self.bus)
        self.intake = Intake(
            database=self.worker,
            store=self.store,
            limits=Limits(lifetime_s=300, lease_s=330, attempts=self.attempts),
            hash_limit=10**9,
            time_left=lambda: 300.0,
        )

    def close(self) -> None:
        self.worker.close()
        self.app.close()

    def announce(
        self, sha256: str | None = None, body: bytes = PNG, collection: str | None = None
    ) -> Asset:
        """What the API does for a client that announces a file."""
        file = Announced("a.png", "image/png", len(body), sha256, collection)
        asked = Asked(self.owner, "key:test", "r", "upload", [file])
        recorded = put_on_record(self.app, BUCKET, asked)
        self.dispatch.send(recorded.outgoing)
        return recorded.assets[0]

    def upload(
        self, body: bytes = PNG, sha256: str | None = None, collection: str | None = None
    ) -> tuple[Asset, str]:
        """Announce and send a file; returns S3's message about it."""
        asset = self.announce(sha256, body, collection)
        self.store.put(asset.key, body, "image/png", {})
        version = self.store.first_version(asset.key)
        assert version is not None
        return asset, object_created(asset.key, version.version_id, len(body))

    def work_on(self, body: str) -> Outgoing:
        """Let the worker that the message is for deal with it."""
        wake_up = parse_wake_up(body)
        if wake_up is None or wake_up.stage == INTAKE:
            return receive(self.intake, body)
        key = StageKey(wake_up.owner, wake_up.asset_id, wake_up.stage)
        return stages.run(self.worker, key, self.intake.limits, self._act)

    def finish_everything(self, *bodies: str) -> None:
        """Nothing crashes any more: deliver all there is until nothing is left to do."""
        self.hook = lambda: None
        waiting = list(bodies)
        while waiting or self.sweep():
            for body in waiting:
                self.dispatch.send(self.work_on(body))
            waiting = self.sent()

    def sent(self) -> list[str]:
        """The wake-ups sent since the last look, as messages, in an order that can be repeated."""
        messages = sorted(sent.model_dump_json() for sent in self.wake_ups.sent)
        self.wake_ups.sent.clear()
        return messages

    def lapse(self) -> None:
        """Time passes, and no worker renewed its lease."""
        self.execute(
            "UPDATE stage SET lease_until = now() - interval '1 s'"
            " WHERE owner = %s AND state = 'running'"
        )

    def sweep(self) -> int:
        """What the janitor does about stages and announcements, without its patience."""
        with self.worker.transaction() as connection:
            lapsed = stage_rows.take_back_lapsed(connection, 10**6, 500)
            lost = stage_rows.never_woken(connection, 0, 500)
            unsent = outbox.unsent(connection, 0, 500)
        found = Outgoing((*lapsed, *lost), tuple(unsent))
        self.dispatch.send(found)
        return len(found.wake_ups) + len(found.announcements)

    def asset(self, asset_id: UUID) -> Asset:
        (found,) = self.assets([asset_id])
        return found

    def assets(self, ids: Iterable[UUID]) -> list[Asset]:
        """These assets, which are all there, in this order."""
        with self.worker.transaction() as connection:
            found = [assets.get(connection, self.owner, asset_id) for asset_id in ids]
        assert None not in found
        return [asset for asset in found if asset is not None]

    def execute(self, query: str) -> list[dict[str, Any]]:
        """A statement whose one parameter is the owner."""
        with self.worker.session() as connection:
            cursor = connection.execute(query.encode(), [self.owner])
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """What stands in the catalogue, without what differs from run to run."""
        return {
            "asset": self.execute(
                "SELECT status, kind, verified, duplicate_of, size_bytes, sha256, error_code,"
                " settled_at IS NOT NULL AS settled FROM asset WHERE owner = %s ORDER BY created_at"
            ),
            "raw": self.execute(
                "SELECT size_bytes, sha256, observed_at IS NOT NULL AS observed FROM asset_raw"
                " WHERE owner = %s ORDER BY created_at"
            ),
            "job": self.execute(
                "SELECT objects, settled, failed, finished_at IS NOT NULL AS finished FROM job"
                " WHERE owner = %s ORDER BY created_at"
            ),
            "stage": self.execute(
                "SELECT name, state, error_code, lease_until, retryable FROM stage"
                " WHERE owner = %s ORDER BY name"
            ),
            "announced": self.execute(
                "SELECT type, count(*), count(sent_at) AS sent FROM outbox WHERE owner = %s"
                " GROUP BY type"
            ),
        }

    def lineage(self) -> list[dict[str, Any]]:
        return self.execute(
            "SELECT event, stage, attempt FROM lineage WHERE owner = %s ORDER BY id"
        )

    def _during(self) -> None:
        self.hook()

    def _act(self, work: Work) -> Outgoing:
        self.hook()

        def record(_: Connection) -> tuple[Next, ...]:
            return tuple(map(Next, FOLLOWING.get(work.claim.key.name, ())))

        return stages.finish(self.worker, work, record)
