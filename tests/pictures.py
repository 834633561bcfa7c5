"""Pictures of a `VectorLibrary`: with a hash and a miniature, as much as duplicates need."""

from __future__ import annotations

from uuid import UUID

from mammothbox.catalog import clusterings, duplicates, fingerprints
from mammothbox.catalog.duplicates import Pair
from mammothbox.clustering.duplicates import find

from tests.vector_library import VectorLibrary

BEACH = 0xC3A5_5A3C_96E1_7B0D
LOOK = (1.0, 0.0)
# Two that do not look alike, with all their colours.
SUNNY = bytes(range(256)) * 3
RAINY = SUNNY[::-1]


def changed(phash: int, bits: int) -> int:
    """Another hash that differs in so many bits, spread over all of it."""
    for bit in range(bits):
        phash ^= 1 << (bit * 5 % 64)
    return phash


def take(
    library: VectorLibrary,
    phash: int,
    look: tuple[float, ...] = LOOK,
    *,
    width: int = 400,
    detail: float = 2.0,
    colours: bytes = SUNNY,
) -> UUID:
    """A picture with this hash, in its cluster, and its duplicates found."""
    asset_id = take_unseen(library, phash, look, width=width, detail=detail, colours=colours)
    find_duplicates(library, asset_id)
    return asset_id


def take_unseen(
    library: VectorLibrary,
    phash: int,
    look: tuple[float, ...] = LOOK,
    *,
    width: int = 400,
    detail: float = 2.0,
    colours: bytes = SUNNY,
) -> UUID:
    """A picture whose duplicates nobody has looked for."""
    asset_id = library.add(look)
    library.rows(
        "INSERT INTO media (owner, asset_id, width, height, everything)"
        " VALUES (%(owner)s, %(id)s, %(width)s, 300, '{}')",
        owner=library.owner,
        id=asset_id,
        width=width,
    )
    read_anew(library, asset_id, phash, detail=detail, colours=colours)
    return asset_id


def read_anew(
    library: VectorLibrary,
    asset_id: UUID,
    phash: int,
    *,
    detail: float = 2.0,
    colours: bytes = SUNNY,
) -> None:
    """What a reading of the file puts down."""
    with library.worker.transaction() as connection:
        fingerprints.record(
            connection,
            library.owner,
            asset_id,
            phash=f"{phash:016x}",
            detail=detail,
            miniature=colours,
        )


def forget(library: VectorLibrary, asset_id: UUID) -> None:
    """The file shows no picture any more."""
    with library.worker.transaction() as connection:
        fingerprints.forget(connection, library.owner, asset_id)


def find_duplicates(library: VectorLibrary, asset_id: UUID) -> int:
    """What the cluster stage does at its end."""
    with library.worker.transaction() as connection:
        clusterings.lock(connection, library.owner)
        return find(connection, library.owner, asset_id)


def replay(library: VectorLibrary, asset_id: UUID) -> None:
    library.assign(asset_id)
    find_duplicates(library, asset_id)


def measure(library: VectorLibrary, least: float) -> None:
    """The space is measured: the features of one picture are at least so alike."""
    library.rows(
        "UPDATE embedding_space SET calibration ="
        " jsonb_build_object('same_picture_features', %(least)s::real)",
        least=least,
    )


def pairs(library: VectorLibrary, asset_id: UUID) -> dict[UUID, Pair]:
    """The pairs of the asset, by their other halves."""
    with library.worker.transaction() as connection:
        found = duplicates.of_asset(connection, library.owner, asset_id)
    return {pair.other_than(asset_id): pair for pair in found}


def near(library: VectorLibrary, asset_id: UUID, phash: int, limit: int = 1000) -> dict[UUID, int]:
    """In how many bits the hashes of what is near differ."""
    with library.worker.transaction() as connection:
        return fingerprints.near(connection, library.owner, asset_id, phash, limit=limit)
