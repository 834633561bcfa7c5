"""Placement in real processes that are killed with -9: the next one ends as if nothing had been."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local import emulator
from infra.local.postgres import DatabaseUrls
from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.emulated import running

OWNER = "ada"
TEXT = b"What the mammoth saw."
LARGE = b"It saw more than goes into one call."
_ASSET = """
    WITH raw AS (INSERT INTO asset_raw (owner, id, bucket, key, version_id, size_bytes, observed_at)
        VALUES (%(owner)s, %(id)s, %(bucket)s, %(key)s, %(version_id)s, %(size)s, now())),
    job AS (INSERT INTO job (owner, id, request_id, source, objects)
        VALUES (%(owner)s, %(id)s, 'r', 'upload', 1))
    INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, content_type, size_bytes)
    VALUES (%(owner)s, %(id)s, %(id)s, 0, %(id)s, 'ready', 'other', 'text/plain', %(size)s)
"""


@dataclass
class World:
    """A catalogue and buckets, and processes that place."""

    database: psycopg.Connection[tuple[Any, ...]]
    s3: Any
    child: subprocess.Popen[str]
    clusters: list[UUID] = field(default_factory=lambda: sorted(uuid4() for _ in range(3)))

    def place(self, dies_at: int = -1) -> int:
        """Place in a process that dies at that step; returns how it ended."""
        assert self.child.stdin and self.child.stdout
        self.child.stdin.write(f"{dies_at}\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())

    def put_on_record(self) -> None:
        self.database.execute("SET search_path = catalog, public")
        self.database.execute(
            "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
            " VALUES ('test', 'test', '', 4)"
        )
        self.database.execute(
            "INSERT INTO clustering (owner, space_id) SELECT %s, id FROM embedding_space", [OWNER]
        )
        for cluster_id in self.clusters:
            self.database.execute(
                "INSERT INTO cluster (owner, id, name) VALUES (%s, %s, %s)",
                [OWNER, cluster_id, str(cluster_id)],
            )

    def take_in(self, content: bytes) -> UUID:
        asset_id = uuid4()
        key = f"incoming/{OWNER}/{asset_id}"
        answer = self.s3.put_object(Bucket=RAW_BUCKET, Key=key, Body=content)
        values = {"owner": OWNER, "id": asset_id, "bucket": RAW_BUCKET, "key": key}
        values |= {"version_id": answer["VersionId"], "size": len(content)}
        self.database.execute(_ASSET, values)
        self.database.execute(
            "INSERT INTO joined (owner, edition, asset_id, cluster_id) VALUES (%s, 1, %s, %s)",
            [OWNER, asset_id, self.clusters[0]],
        )
        return asset_id

    def move(self, asset_id: UUID, cluster: int) -> None:
        self.database.execute(
            "UPDATE joined SET cluster_id = %s, placed = false WHERE asset_id = %s",
            [self.clusters[cluster], asset_id],
        )

    def key(self, asset_id: UUID, cluster: int) -> str:
        return f"media/clusters/{self.clusters[cluster]}/{asset_id}.txt"

    def copies(self) -> set[tuple[Any, ...]]:
        """What is on record about copies."""
        return set(self.database.execute("SELECT state, key FROM placement"))

    def unplaced(self) -> list[tuple[Any, ...]]:
        return self.database.execute("SELECT asset_id FROM joined WHERE NOT placed").fetchall()

    def objects(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=LIBRARY_BUCKET)
        keys = [item["Key"] for item in listed.get("Contents", [])]
        return {
            key: self.s3.get_object(Bucket=LIBRARY_BUCKET, Key=key)["Body"].read() for key in keys
        }

    def uploads(self) -> list[str]:
        answer = self.s3.list_multipart_uploads(Bucket=LIBRARY_BUCKET)
        return [upload["Key"] for upload in answer.get("Uploads", [])]


@pytest.fixture
def world(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[World]:
    with (
        running(tmp_path / "emulator") as port,
        psycopg.connect(database_urls.superuser, autocommit=True) as database,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.integration.placing_child"),
                *(database_urls.worker, str(port), OWNER),
            ],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child,
    ):
        s3 = emulator.client("s3", port)
        world = World(database, s3, child)
        world.put_on_record()
        yield world
        s3.close()


@pytest.mark.parametrize(
    "stride", [13, pytest.param(1, marks=pytest.mark.prove)], ids=["some steps", "every step"]
)
def test_killed_at_a_step_it_ends_as_if_nothing_had_been(world: World, stride: int) -> None:
    moved, large = world.take_in(TEXT), world.take_in(LARGE)
    originals = world.s3.list_object_versions(Bucket=RAW_BUCKET)["Versions"]
    number, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        # Given one that lies where it belonged, and a large one that lies nowhere
        world.move(moved, 0)
        world.move(large, 2)
        assert world.place() == 0
        world.move(moved, 1)
        world.move(large, 0)

        # When placement is killed, and done again
        ended = world.place(dies_at=number)
        number += stride
        assert world.place() == 0

        # Then all is as after a placement that nobody killed
        lie = {world.key(moved, 1): TEXT, world.key(large, 0): LARGE}
        assert world.objects() == lie
        assert world.copies() == {("placed", key) for key in lie}
        assert (world.unplaced(), world.uploads()) == ([], [])
    assert ended == 0
    assert number > 50
    assert world.s3.list_object_versions(Bucket=RAW_BUCKET)["Versions"] == originals
