"""Assets that are nothing but vectors: as little as clusters need, straight in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import boto3
import numpy as np
import psycopg
from mammothbox import removal
from mammothbox.catalog import chores, clusterings, spaces
from mammothbox.catalog.connection import Database
from mammothbox.catalog.memberships import Place
from mammothbox.clustering.assign import assign
from mammothbox.clustering.decide import By
from mammothbox.clustering.errands import Clustering
from mammothbox.clustering.placement import Placing
from mammothbox.clustering.receive import receive
from mammothbox.encoders.space import Space
from mammothbox.ids import new_id
from mammothbox.messages import ChoreCall
from mammothbox.stages import Limits
from mammothbox.storage.placement import Copies
from numpy.typing import NDArray
from pgvector import Vector
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from infra.local.postgres import DatabaseUrls

DIMENSION = 8
SPACE = Space("tiny-00000000", DIMENSION, "tiny", "0" * 64)
SCALE = 2**24
_TABLES = ("cluster", "cluster_shape", "membership", "link", "decision", "chore")


@dataclass
class VectorLibrary:
    """One owner's assets, as the worker and the api see them."""

    urls: DatabaseUrls
    worker: Database
    app: Database
    owner: str = "ada"

    @classmethod
    def open(cls, urls: DatabaseUrls) -> VectorLibrary:
        spaces.offer(urls.superuser, [(SPACE, {})], SPACE.name)
        return cls(urls, Database(urls.worker), Database(urls.app))

    def close(self) -> None:
        self.worker.close()
        self.app.close()
        self.superuser.close()

    @property
    def by(self) -> By:
        return By(self.owner, "key:test", "request")

    def add(self, direction: Sequence[float], *, assigned: bool = True) -> UUID:
        """A picture with this vector, put into its cluster."""
        asset_id = new_id()
        self.rows(
            "WITH j AS (INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES (%(owner)s, %(id)s, 'r', 'drop', 1)),"
            " r AS (INSERT INTO asset_raw (owner, id, bucket, key, version_id)"
            " VALUES (%(owner)s, %(id)s, 'raw', %(key)s, 'v'))"
            " INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind,"
            " content_type, size_bytes) VALUES (%(owner)s, %(id)s, %(id)s, 0, %(id)s, 'ready',"
            " 'image', 'image/png', 1)",
            owner=self.owner,
            id=asset_id,
            key=f"incoming/{asset_id}",
        )
        self.put_vector(asset_id, direction, SPACE.name)
        if assigned:
            self.assign(asset_id)
        return asset_id

    def add_space(self, name: str, vectors: Mapping[UUID, Sequence[float]]) -> None:
        """Another space with vectors of its own, which becomes the active one."""
        with psycopg.connect(self.urls.superuser) as connection:
            connection.execute("SET search_path = catalog, public")
            connection.execute(
                "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
                " VALUES (%s, 'other', '1', %s)",
                [name, DIMENSION],
            )
        self.activate(name)
        for asset_id, direction in vectors.items():
            self.put_vector(asset_id, direction, name)

    def activate(self, name: str) -> None:
        """Go on in the space of that name."""
        self.rows("UPDATE embedding_space SET state = 'retired' WHERE state = 'active'")
        self.rows("UPDATE embedding_space SET state = 'active' WHERE name = %(name)s", name=name)

    def put_vector(self, asset_id: UUID, direction: Sequence[float], space: str) -> None:
        vector = np.asarray([*direction, *[0.0] * (DIMENSION - len(direction))])
        self.rows(
            "INSERT INTO embedding (owner, asset_id, space_id, frame, vector)"
            " SELECT %(owner)s, %(id)s, id, 0, %(vector)s::text::vector FROM embedding_space"
            " WHERE name = %(space)s",
            owner=self.owner,
            id=asset_id,
            vector=Vector(vector / np.linalg.norm(vector)).to_text(),
            space=space,
        )

    def active_space(self) -> int:
        return int(self.rows("SELECT id FROM embedding_space WHERE state = 'active'")[0]["id"])

    def assign(self, asset_id: UUID) -> UUID | None:
        with self.worker.transaction() as connection:
            space = spaces.find(connection, SPACE.name)
            assert space is not None
            return assign(connection, self.owner, asset_id, space)

    def do(self, chore: str) -> None:
        """Do the chore to its end, as the cluster function does."""
        nowhere = boto3.client("s3", "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
        placing = Placing(self.worker, Copies(nowhere, "library"))
        clustering = Clustering(self.worker, placing, Limits(300, 330, 3), lambda: 300.0)
        with self.worker.transaction() as connection:
            chores.ask(connection, self.owner, chore)
        receive(clustering, ChoreCall(chore=chore, owner=self.owner).model_dump_json())
        left = self.rows(
            "SELECT error FROM chore WHERE name = %(name)s AND owner = %(owner)s",
            name=chore,
            owner=self.owner,
        )
        assert left == []

    def place(self) -> Place:
        with self.worker.transaction() as connection:
            found = clusterings.get(connection, self.owner)
        assert found is not None
        return Place(self.owner, found.edition, found.space_id)

    def cluster_of(self, asset_id: UUID) -> UUID | None:
        found = self.rows(
            "SELECT m.cluster_id FROM membership m JOIN clustering c ON c.owner = m.owner"
            " AND c.edition = m.edition WHERE m.owner = %(owner)s AND m.asset_id = %(id)s",
            owner=self.owner,
            id=asset_id,
        )
        return found[0]["cluster_id"] if found else None

    def embed_late(self, asset_id: UUID, direction: Sequence[float], name: str) -> None:
        """The asset gets its vector in that space only now, and is assigned."""
        self.put_vector(asset_id, direction, name)
        with self.worker.transaction() as connection:
            space = spaces.find(connection, name)
            assert space is not None
            assign(connection, self.owner, asset_id, space)

    def purge(self, asset_id: UUID) -> None:
        """Erase it, as far as the catalogue goes."""
        removal.begin_purge(self.app, self.owner, asset_id, actor="key:test", request_id="r")
        self.rows("DELETE FROM asset WHERE id = %(id)s", id=asset_id)

    def home(self, asset_id: UUID) -> UUID:
        """The cluster of an asset that is in one."""
        found = self.cluster_of(asset_id)
        assert found is not None
        return found

    def clusters(self) -> list[set[UUID]]:
        """The members of each cluster, the largest first."""
        rows = self.rows(
            "SELECT array_agg(m.asset_id) AS ids FROM membership m JOIN clustering c"
            " ON c.owner = m.owner AND c.edition = m.edition WHERE m.owner = %(owner)s"
            " GROUP BY m.cluster_id",
            owner=self.owner,
        )
        return sorted((set(row["ids"]) for row in rows), key=lambda ids: (-len(ids), min(ids)))

    def held(self) -> dict[UUID, UUID]:
        """Where hands put, or hold, what."""
        rows = self.rows(
            "SELECT m.asset_id, m.cluster_id FROM membership m JOIN clustering k"
            " ON k.owner = m.owner AND k.edition = m.edition"
            " JOIN cluster c ON c.owner = m.owner AND c.id = m.cluster_id"
            " WHERE m.owner = %(owner)s AND (m.pinned OR m.joined_at <= c.held_at)",
            owner=self.owner,
        )
        return {row["asset_id"]: row["cluster_id"] for row in rows}

    def links(self) -> list[DictRow]:
        return self.rows(
            "SELECT id, kind, asset_a, asset_b FROM link WHERE owner = %(owner)s ORDER BY id",
            owner=self.owner,
        )

    def decisions(self) -> list[DictRow]:
        return self.rows(
            "SELECT id, action, undoes FROM decision WHERE owner = %(owner)s ORDER BY number",
            owner=self.owner,
        )

    def everything(self) -> list[list[DictRow]]:
        """All there is on record of the owner's clusters."""
        return [
            self.superuser.execute(
                sql.SQL("SELECT t::text AS row FROM {} t WHERE owner = %s ORDER BY 1").format(
                    sql.Identifier(table)
                ),
                [self.owner],
            ).fetchall()
            for table in _TABLES
        ]

    def check_sums(self) -> None:
        """Every count and sum is exactly what the members make it, and the mean is its mean.

        The sketch is that of the mean. Each cluster leads to where its merges end.
        """
        self._check_roots()
        shapes = self.rows(
            "SELECT s.edition, s.cluster_id, size, trashed, total, centroid::real[] AS centroid,"
            " h.signs IS NOT DISTINCT FROM binary_quantize(centroid) AS sketched"
            " FROM cluster_shape s LEFT JOIN cluster_sketch h USING (owner, edition, cluster_id)"
            " JOIN clustering c ON c.owner = s.owner"
            " AND s.edition IN (c.edition, c.building) WHERE s.owner = %(owner)s",
            owner=self.owner,
        )
        members = self.rows(
            "SELECT m.edition, m.cluster_id, e.vector::real[] AS vector, a.trashed_at"
            " FROM membership m JOIN clustering k ON k.owner = m.owner"
            " JOIN embedding e ON e.owner = m.owner AND e.asset_id = m.asset_id AND e.frame = 0"
            " AND e.space_id = CASE WHEN m.edition = k.edition THEN k.space_id"
            " ELSE k.building_space_id END"
            " JOIN asset a ON a.owner = m.owner AND a.id = m.asset_id WHERE m.owner = %(owner)s",
            owner=self.owner,
        )
        for shape in shapes:
            mine = [
                row
                for row in members
                if (row["edition"], row["cluster_id"]) == (shape["edition"], shape["cluster_id"])
            ]
            assert shape["size"] == len(mine)
            assert shape["sketched"]
            assert shape["trashed"] == sum(row["trashed_at"] is not None for row in mine)
            if not mine:
                assert not any(shape["total"])
                assert shape["centroid"] is None
                continue
            vectors: NDArray[np.float64] = np.array([row["vector"] for row in mine], np.float32)
            total = np.rint(vectors.astype(np.float64) * SCALE).astype(np.int64).sum(axis=0)
            assert shape["total"] == total.tolist()
            mean = (total / SCALE / len(mine)).astype(np.float32).astype(np.float16)
            assert np.array_equal(np.array(shape["centroid"], np.float16), mean)

    def _check_roots(self) -> None:
        found = self.rows(
            "SELECT id, merged_into, root FROM cluster WHERE owner = %(owner)s", owner=self.owner
        )
        into = {row["id"]: row["merged_into"] for row in found}
        for row in found:
            at = row["id"]
            while into[at] is not None:
                at = into[at]
            assert row["root"] == at
        assert not self.rows(
            "SELECT s.cluster_id FROM cluster_shape s JOIN clustering k ON k.owner = s.owner"
            " AND s.edition IN (k.edition, k.building) JOIN cluster c ON c.owner = s.owner"
            " AND c.id = s.cluster_id WHERE s.owner = %(owner)s AND s.size > 0"
            " AND c.status = 'merged'",
            owner=self.owner,
        )

    def rows(self, query: str, **values: object) -> list[DictRow]:
        """What stands in the catalogue; or change it, as a superuser."""
        cursor = self.superuser.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    @cached_property
    def superuser(self) -> psycopg.Connection[DictRow]:
        connection = psycopg.connect(self.urls.superuser, autocommit=True, row_factory=dict_row)
        connection.execute("SET search_path = catalog, public")
        return connection
