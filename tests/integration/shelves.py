"""Assets in clusters, and what lies in the library bucket for them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from mammothbox.catalog.connection import Database
from mammothbox.clustering.placement import Placing, place
from mammothbox.storage.placement import Copies

from infra.topology import LIBRARY_BUCKET, RAW_BUCKET
from tests.house import House

OWNER = "ada"
# Beyond this an original counts as large here, and is copied in parts.
SMALL, PART = 30, 20


@dataclass
class Shelves:
    """A house with three clusters whose members are put where the test says."""

    house: House
    database: Database
    s3: Any
    clusters: list[UUID] = field(default_factory=lambda: sorted(uuid4() for _ in range(3)))
    # Those who do something while it is being placed.
    others: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def build(cls, house: House) -> Shelves:
        shelves = cls(house, Database(house.urls.worker), house.s3)
        house.rows(
            "INSERT INTO clustering (owner, space_id) SELECT %s, id FROM embedding_space", OWNER
        )
        for number, cluster_id in enumerate(shelves.clusters):
            house.rows(
                "INSERT INTO cluster (owner, id, name) VALUES (%s, %s, %s)",
                OWNER,
                cluster_id,
                str(number),
            )
        return shelves

    def take_in(self, content: bytes, cluster: int | None = None) -> UUID:
        """Upload a file, and put it into a cluster."""
        asset_id = self.house.upload(self.house.client("uploader", OWNER), content)
        self.house.run_queues("intake")
        if cluster is not None:
            self.join(asset_id, cluster)
        return asset_id

    def join(self, asset_id: UUID, cluster: int) -> None:
        self.house.rows(
            "INSERT INTO joined (owner, edition, asset_id, cluster_id)"
            " SELECT owner, edition, %s, %s FROM clustering",
            asset_id,
            self.clusters[cluster],
        )

    def move(self, asset_id: UUID, cluster: int) -> None:
        """What every change of cluster does."""
        self.house.rows(
            "UPDATE joined SET cluster_id = %s, placed = false WHERE asset_id = %s",
            self.clusters[cluster],
            asset_id,
        )

    def lead(self, cluster: int, *, to: int | None) -> None:
        """What a merge does, and without a target the undo of one: under the owner's lock."""
        self.house.rows(
            "WITH locked AS MATERIALIZED (SELECT owner FROM clustering FOR UPDATE)"
            " UPDATE cluster SET status = %s, merged_into = %s FROM locked WHERE id = %s",
            "confirmed" if to is None else "merged",
            None if to is None else self.clusters[to],
            self.clusters[cluster],
        )

    def placing(self, abandoned_after_s: float = 0) -> Placing:
        """As after the death of a worker whose time is long over."""
        copies = Copies(self.s3, LIBRARY_BUCKET, most_in_one_call=SMALL, part_size=PART)
        return Placing(self.database, copies, abandoned_after_s)

    def place(self, abandoned_after_s: float = 0) -> None:
        """Place until nothing is left, as the chore does."""
        placing = self.placing(abandoned_after_s)
        while not place(placing, OWNER, lambda: 300):
            pass

    def key(self, asset_id: UUID, cluster: int) -> str:
        return f"media/clusters/{self.clusters[cluster]}/{asset_id}.txt"

    def objects(self) -> dict[str, bytes]:
        """What lies in the folders of clusters."""
        return {
            key: self.s3.get_object(Bucket=LIBRARY_BUCKET, Key=key)["Body"].read()
            for key in self._keys()
        }

    def uploads(self) -> list[str]:
        """What was copied in parts and not put together."""
        answer = self.s3.list_multipart_uploads(Bucket=LIBRARY_BUCKET)
        return [upload["Key"] for upload in answer.get("Uploads", [])]

    def rows(self) -> list[tuple[Any, ...]]:
        """What is on record about copies, and which members count as placed."""
        copies = self.house.rows("SELECT asset_id, state, key FROM placement ORDER BY key")
        members = self.house.rows(
            "SELECT asset_id, cluster_id, placed FROM membership ORDER BY asset_id"
        )
        return [tuple(row.values()) for row in copies + members]

    def everything(self) -> tuple[list[tuple[Any, ...]], dict[str, bytes], list[str]]:
        return self.rows(), self.objects(), self.uploads()

    def originals(self) -> list[tuple[str, str]]:
        """Every version in the raw bucket."""
        listed = self.s3.list_object_versions(Bucket=RAW_BUCKET)
        return [(item["Key"], item["VersionId"]) for item in listed.get("Versions", [])]

    def clear(self) -> None:
        """As if nothing had ever been placed."""
        for upload in self.s3.list_multipart_uploads(Bucket=LIBRARY_BUCKET).get("Uploads", []):
            self.s3.abort_multipart_upload(
                Bucket=LIBRARY_BUCKET, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        for key in self._keys():
            self.s3.delete_object(Bucket=LIBRARY_BUCKET, Key=key)
        self.house.rows("DELETE FROM placement")
        self.house.rows("DELETE FROM joined")

    def _keys(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=LIBRARY_BUCKET, Prefix="media/")
        return [item["Key"] for item in listed.get("Contents", [])]
