"""Looking up near duplicates: pictures of one owner, by the hashes of real pictures' parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path
from uuid import UUID

import numpy as np
from mammothbox.catalog import fingerprints
from mammothbox.catalog.connection import Database
from mammothbox.catalog.fingerprints import MOST_DISTANCE
from mammothbox.catalog.migrate import migrate
from mammothbox.clustering.duplicates import MOST_LOOKED_AT
from numpy.typing import NDArray
from PIL import Image

from infra.local import postgres
from infra.local.postgres import DatabaseUrls
from tests.bench.figures import row, scratch_folder, timed

OWNER = "ada"
GALLERY = Path(__file__).parents[2] / "models" / "evaluation" / "gallery"
SIDE = 256
BURST = 1000
LOOK_UPS = 500
COMPARED = 200

# The lowest eight frequencies of 32 pixels.
COSINES = np.cos(np.pi / 64 * np.outer(np.arange(8), 2 * np.arange(32) + 1)).astype(np.float32)

Hashes = NDArray[np.uint64]


def run(assets: int) -> None:
    """Print what finding the near duplicates of one picture takes, and whether any is missed."""
    began = time.perf_counter()
    hashes = hashes_of_parts(assets)
    print(f"  {assets:,} hashes made in {time.perf_counter() - began:.0f} s")
    with _catalogue(hashes) as database:
        chosen = np.random.default_rng(3).integers(assets, size=LOOK_UPS)
        each = cycle(chosen.tolist())
        row("near duplicates of a picture", timed(lambda: _near(database, hashes, next(each)), 500))
        _compare_with_a_scan(database, hashes, chosen[:COMPARED])
        new = _newcomers(database)
        row("put down a fingerprint", timed(new, 200))
        burst = np.append(hashes, np.full(BURST, hashes[0]))
        _copy(database, burst, range(assets, assets + BURST))
        row(f"… of one of {BURST:,} alike", timed(lambda: _near(database, burst, assets), 100))


def hashes_of_parts(count: int) -> Hashes:
    """Perceptual hashes as imagehash makes them, of random parts of the evaluation's photos."""
    chance = np.random.default_rng(1)
    photos = [
        Image.open(path).convert("L").resize((SIDE, SIDE)) for path in sorted(GALLERY.iterdir())
    ]
    hashes = np.empty(count, np.uint64)
    for begin in range(0, count, 10_000):
        size = min(10_000, count - begin)
        parts = np.stack([_part(photos, chance) for _ in range(size)])
        low = (COSINES @ parts @ COSINES.T).reshape(size, 64)
        bits = low > np.median(low, axis=1, keepdims=True)
        hashes[begin : begin + size] = np.packbits(bits, axis=1).view(">u8").ravel()
    return hashes


def _part(photos: list[Image.Image], chance: np.random.Generator) -> NDArray[np.float32]:
    photo = photos[chance.integers(len(photos))]
    width = chance.uniform(40, 200)
    height = min(width * chance.uniform(0.6, 1.6), SIDE - 1)
    left, top = chance.uniform(0, SIDE - width), chance.uniform(0, SIDE - height)
    box = (left, top, left + width, top + height)
    part = photo.resize((32, 32), Image.Resampling.BOX, box=box)
    return np.asarray(part, np.float32)


@contextmanager
def _catalogue(hashes: Hashes) -> Iterator[Database]:
    with scratch_folder() as folder, postgres.lease(folder / "pg") as server:
        server.create_database("bench")
        urls: DatabaseUrls = server.urls("bench")
        migrate(urls.superuser)
        with closing(Database(urls.superuser)) as database:
            began = time.perf_counter()
            _copy(database, hashes, range(len(hashes)))
            print(f"  put down in {time.perf_counter() - began:.0f} s")
            yield database


def _copy(database: Database, hashes: Hashes, numbers: range) -> None:
    with database.session() as connection:
        connection.execute("SET search_path = catalog, public")
        # Their assets are not here.
        connection.execute("SET session_replication_role = replica")
        with connection.cursor().copy("COPY fingerprint (owner, asset_id, phash) FROM STDIN") as to:
            for number in numbers:
                to.write_row((OWNER, UUID(int=number), f"{int(hashes[number]):064b}"))
        connection.execute("VACUUM ANALYZE fingerprint")


def _near(database: Database, hashes: Hashes, number: int) -> dict[UUID, int]:
    with database.transaction() as connection:
        return fingerprints.near(
            connection, OWNER, UUID(int=number), int(hashes[number]), limit=MOST_LOOKED_AT
        )


def _compare_with_a_scan(database: Database, hashes: Hashes, chosen: NDArray[np.int64]) -> None:
    found = there = 0
    for number in chosen.tolist():
        distances = np.bitwise_count(hashes ^ hashes[number])
        distances[number] = 64
        right = Counter(np.sort(distances[distances <= MOST_DISTANCE])[:MOST_LOOKED_AT].tolist())
        there += right.total()
        found += (right & Counter(_near(database, hashes, number).values())).total()
    print(f"  recall against an exact scan {found / there:.4f} of {there:,} within {MOST_DISTANCE}")


def _newcomers(database: Database) -> Callable[[], None]:
    chance = np.random.default_rng(5)

    def come() -> None:
        phash = f"{int(chance.integers(2**63)):016x}"
        asset_id = UUID(int=int(chance.integers(2**62)) + (1 << 100))
        with database.transaction() as connection:
            fingerprints.record(
                connection, OWNER, asset_id, phash=phash, detail=2.0, miniature=bytes(768)
            )

    return come
