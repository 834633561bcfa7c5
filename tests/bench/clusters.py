"""Clusters of a large library: where a new vector goes, and merging two large ones."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from uuid import UUID

import numpy as np
import psycopg
from mammothbox.catalog import space_index, spaces
from mammothbox.catalog.connection import Database
from mammothbox.catalog.migrate import migrate
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.clustering import acts
from mammothbox.clustering.assign import assign
from mammothbox.clustering.assignment import SCALE, Vectors, total, unit
from mammothbox.clustering.decide import By
from mammothbox.clustering.undo import undo
from mammothbox.encoders.space import Space
from mammothbox.ids import new_id
from pgvector.psycopg import register_vector

from infra.local import postgres
from tests.bench.figures import row, scratch_folder, timed

OWNER = "ada"
DIMENSION = 512
CLUSTERS = 20_000
LARGE = 10_000
# How far members stray from the middle: their cosine to it is about 0.9.
_SPREAD = 0.02
_SPACE = Space("bench-00000000", DIMENSION, "bench", "0" * 64)


def run(assets: int) -> None:
    """Print what an assignment takes in a tenth of the library and in all of it, and a merge."""
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        for size in (assets // 10, assets):
            name = f"bench_{size}"
            server.create_database(name)
            urls = server.urls(name)
            migrate(urls.superuser)
            spaces.offer(urls.superuser, [(_SPACE, {})], _SPACE.name)
            with Database(urls.superuser).transaction() as connection:
                space_index.drop(connection, 1)
            began = time.perf_counter()
            middles, large = _fill(urls.superuser, size)
            print(f"  {size:,} vectors in {len(middles):,} clusters, filled in", end=" ")
            print(f"{time.perf_counter() - began:.0f} s")
            _measure(Database(urls.worker), Database(urls.app), urls.superuser, middles, large)
            server.drop_database(name)


def _measure(
    worker: Database, app: Database, superuser: str, middles: Vectors, large: list[UUID]
) -> None:
    with worker.transaction() as connection:
        space = spaces.find(connection, _SPACE.name)
    assert space is not None
    random = np.random.default_rng(5)
    near = unit(middles[:200] + random.normal(0, _SPREAD, (200, DIMENSION)))
    far = unit(random.normal(size=(200, DIMENSION)))
    for what, vectors in (("joins a cluster", near), ("opens a cluster", far)):
        new = iter(_add(superuser, vectors))
        row(f"assign: {what}", timed(partial(_assign_next, worker, new, space), 190))
    by = By(OWNER, "key:bench", "bench")
    for _ in range(5):
        began = time.perf_counter()
        merged = acts.merge(app, by, large[0], large[1:])
        ms = (time.perf_counter() - began) * 1000
        began = time.perf_counter()
        undo(app, by, merged.decision_id)
        undone = (time.perf_counter() - began) * 1000
        print(f"  merge two of {LARGE:,}: {ms:.0f} ms; undo: {undone:.0f} ms")
    worker.close()
    app.close()


def _assign_next(worker: Database, new: Iterator[UUID], space: SpaceRow) -> None:
    with worker.transaction() as connection:
        assign(connection, OWNER, next(new), space)


def _fill(superuser: str, assets: int) -> tuple[Vectors, list[UUID]]:
    """Two clusters of `LARGE`, and the other assets spread over the rest.

    Without the index that searches use: it takes hours to fill, and nothing here reads it.
    """
    random = np.random.default_rng(3)
    middles = unit(random.normal(size=(CLUSTERS, DIMENSION)))
    sizes = np.full(CLUSTERS, max(1, (assets - 2 * LARGE) // (CLUSTERS - 2)))
    sizes[:2] = LARGE
    ids = [new_id() for _ in range(CLUSTERS)]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute("SET session_replication_role = replica")
        register_vector(connection)
        connection.execute("INSERT INTO clustering (owner, space_id) VALUES (%s, 1)", [OWNER])
        for at in range(0, CLUSTERS, 500):
            _fill_some(connection, random, ids[at : at + 500], middles[at:], sizes[at:])
        connection.execute(  # As its trigger would have.
            "INSERT INTO cluster_sketch (owner, edition, cluster_id, signs)"
            " SELECT owner, edition, cluster_id, binary_quantize(centroid) FROM cluster_shape"
        )
        connection.execute("VACUUM ANALYZE")
    return middles[2:], ids[:2]


def _fill_some(
    connection: psycopg.Connection[tuple[object, ...]],
    random: np.random.Generator,
    ids: list[UUID],
    middles: Vectors,
    sizes: np.ndarray[tuple[int], np.dtype[np.int_]],
) -> None:
    shapes, members = [], []
    for cluster_id, middle, size in zip(ids, middles, sizes, strict=False):
        vectors = unit(middle + random.normal(0, _SPREAD, (size, DIMENSION)))
        summed = total(vectors)
        mean = (summed / SCALE / size).astype(np.float32)
        shapes.append((cluster_id, int(size), summed.tolist(), str(mean.tolist())))
        members += [(new_id(), cluster_id, vector) for vector in vectors]
    cursor = connection.cursor()
    cursor.executemany(
        # No trigger runs here, and nobody searches for their names.
        "INSERT INTO cluster (owner, id, root, name, status, words)"
        " VALUES (%(owner)s, %(id)s, %(id)s, %(id)s::text, 'confirmed', '')",
        [{"owner": OWNER, "id": shape[0]} for shape in shapes],
    )
    cursor.executemany(
        "INSERT INTO cluster_shape (owner, edition, cluster_id, size, total, centroid, threshold)"
        " VALUES (%s, 1, %s, %s, %s, %s::halfvec, 0.8)",
        [(OWNER, *shape) for shape in shapes],
    )
    _copy_assets(connection, [asset_id for asset_id, _, _ in members])
    _copy_vectors(connection, [(asset_id, vector) for asset_id, _, vector in members])
    _copy(
        connection,
        "joined (owner, edition, asset_id, cluster_id, similarity)",
        ("text", "int4", "uuid", "uuid", "float4"),
        ((OWNER, 1, asset_id, cluster_id, 0.9) for asset_id, cluster_id, _ in members),
    )


def _add(superuser: str, vectors: Vectors) -> list[UUID]:
    ids = [new_id() for _ in vectors]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        connection.execute("SET session_replication_role = replica")
        register_vector(connection)
        _copy_assets(connection, ids)
        _copy_vectors(connection, list(zip(ids, vectors, strict=True)))
    return ids


def _copy_assets(connection: psycopg.Connection[tuple[object, ...]], ids: Sequence[UUID]) -> None:
    _copy(
        connection,
        "asset (owner, id, job_id, ordinal, raw_id, status, kind)",
        ("text", "uuid", "uuid", "int4", "uuid", "text", "text"),
        ((OWNER, each, each, 0, each, "ready", "image") for each in ids),
    )


def _copy_vectors(
    connection: psycopg.Connection[tuple[object, ...]], made: Sequence[tuple[UUID, Vectors]]
) -> None:
    _copy(
        connection,
        "embedding (owner, asset_id, space_id, frame, vector)",
        ("text", "uuid", "int2", "int2", "vector"),
        ((OWNER, asset_id, 1, 0, vector) for asset_id, vector in made),
    )


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    into: str,
    types: Sequence[str],
    rows: Iterable[tuple[object, ...]],
) -> None:
    statement = f"COPY {into} FROM STDIN WITH (FORMAT BINARY)"
    with connection.cursor().copy(statement.encode()) as copy:
        copy.set_types(types)
        for values in rows:
            copy.write_row(values)
