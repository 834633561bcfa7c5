"""A large library for search, straight in the catalogue: vectors, facets and words, by COPY.

Pictures lie in clusters whose sizes follow Zipf's law, in few dimensions of many, with a direction
that all share, as CLIP's do. Tags come with the clusters. Beside them stand tags of a known share:
`any-1` is on one per cent of the assets at random, `near-1` on the one per cent most like
`Library.anchor`, and `far-1` on those least like it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import psycopg
from mammothbox.catalog import space_index, spaces
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.encoders.space import Space
from numpy.typing import NDArray
from pgvector import Vector
from pgvector.psycopg import register_vector
from psycopg import sql

from infra.local.postgres import DatabaseUrls

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

# Most of it is one owner's; the last has less than a page.
OWNERS = ("ada", "bob", "eve", "tim")
_PARTS = (0.889, 0.1, 0.01, 0.001)
PER_CENT = (0.01, 0.1, 1.0, 10.0, 50.0, 100.0)
_LATENT = 40
_FRAMES = 4
_BEGIN = datetime(2015, 1, 1)
_CAMERAS = ("canon", "nikon", "sony", "fuji", "apple", "pentax")
# Syllables that make up words which no dictionary has to hold.
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to")
WORDS = tuple(a + b + c for a in _SYLLABLES for b in _SYLLABLES[:7] for c in _SYLLABLES[:6])


@dataclass(frozen=True)
class Library:
    """What was filled in, for answers that owe nothing to the database.

    `owner_of` and what follows have a row per asset; `vectors` and `asset_of` one per vector.
    """

    space: SpaceRow
    ids: Sequence[UUID]
    owner_of: Numbers
    shown: Flags
    tags: dict[str, Flags]
    vectors: Floats
    asset_of: Numbers
    at_ms: Numbers
    anchor: Floats
    _directions: Floats
    _shared: Floats

    def count(self, owner: str, tag: str | None = None) -> int:
        """How many assets a search of the owner's may find."""
        return int(self.allowed(owner, tag).sum())

    def allowed(self, owner: str, tag: str | None = None) -> Flags:
        """Whether an asset may be found."""
        found: Flags = self.shown & (self.owner_of == OWNERS.index(owner))
        return found & self.tags[tag] if tag else found

    def exact(self, query: Floats, allowed: Flags, depth: int) -> list[tuple[UUID, float, int]]:
        """The nearest assets with their distance and the time of the frame, or -1."""
        rows = np.flatnonzero(allowed[self.asset_of])
        distances = 1 - self.vectors[rows] @ query
        order = np.argsort(distances, kind="stable")[: depth * (_FRAMES + 1)]
        best: dict[int, tuple[UUID, float, int]] = {}
        for at in order:
            asset = int(self.asset_of[rows[at]])
            found = (self.ids[asset], float(distances[at]), int(self.at_ms[rows[at]]))
            best.setdefault(asset, found)
        return list(best.values())[:depth]

    def pictures(self, count: int, seed: int = 1) -> Floats:
        """Queries like something in the library."""
        random = np.random.default_rng(seed)
        chosen = self.vectors[random.integers(0, len(self.vectors), count)]
        noise = random.normal(0, 0.3 / chosen.shape[1] ** 0.5, chosen.shape)
        return _unit(chosen + noise.astype(np.float32))

    def texts(self, count: int, seed: int = 2) -> Floats:
        """Queries far from every picture, but in the direction of some, as texts are."""
        random = np.random.default_rng(seed)
        chosen = self._directions[random.integers(0, len(self._directions), count)]
        away = np.roll(self._shared, len(self._shared) // 2)
        return _unit(chosen + 2 * away)


def text_of(vector: Floats) -> str:
    """The vector as statements take it."""
    return Vector(vector).to_text()


def space_of(dimension: int) -> Space:
    """A space of vectors that no model makes."""
    return Space(f"bench-{dimension:08d}", dimension, "bench", "0" * 64)


def fill(urls: DatabaseUrls, size: int, of: Space, *, seed: int = 7) -> Library:
    """Fill a migrated, empty database with `size` assets, index it and take statistics."""
    random = np.random.default_rng(seed)
    dimension = of.dimension
    space = spaces.offer(urls.superuser, [(of, {})], of.name)
    own, cluster_of, directions, shared = _vectors(random, size, dimension)
    anchor = _unit(directions[3] + 0.5 * shared)
    video = random.random(size) < 0.03
    vectors, asset_of, at_ms = _frames(random, own, video)
    owner_of = random.choice(len(OWNERS), size, p=_PARTS)
    library = Library(
        space=space,
        ids=[UUID(int=(7 << 76) | (2 << 62) | (int(n) << 80)) for n in range(size)],
        owner_of=owner_of,
        shown=random.random(size) > 0.03,
        tags=_tags(random, own @ anchor),
        vectors=vectors,
        asset_of=asset_of,
        at_ms=at_ms,
        anchor=anchor,
        _directions=directions,
        _shared=shared,
    )
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        # Foreign keys are not checked one by one; every row has what it refers to.
        connection.execute("SET session_replication_role = replica")
        register_vector(connection)
        name = sql.Identifier(space_index.name(space.id))
        connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(name))
        _copy_assets(connection, library, video)
        _copy_searchables(connection, random, library, cluster_of, video)
        _copy_vectors(connection, library)
        _index(connection, space)
        connection.execute("VACUUM ANALYZE asset, searchable, embedding")
    return library


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / length).astype(np.float32)
    return scaled


def _vectors(
    random: np.random.Generator, size: int, dimension: int
) -> tuple[Floats, Numbers, Floats, Floats]:
    """A vector per asset and its cluster; the clusters' directions, and what all share."""
    clusters = max(20, size // 200)
    latent = min(_LATENT, dimension // 2)
    weights = 1 / np.arange(1, clusters + 1) ** 0.8
    cluster_of = random.choice(clusters, size, p=weights / weights.sum())
    spread = random.normal(size=(latent, dimension)).astype(np.float32) / dimension**0.5
    middles = random.normal(size=(clusters, latent)).astype(np.float32)
    shared = _unit(random.normal(size=dimension).astype(np.float32))
    made = np.empty((size, dimension), np.float32)
    for at in range(0, size, 20_000):
        some = cluster_of[at : at + 20_000]
        strayed = random.normal(0, 0.7, (len(some), latent)).astype(np.float32)
        noise = random.normal(0, 1 / dimension**0.5, (len(some), dimension)).astype(np.float32)
        made[at : at + 20_000] = (middles[some] + strayed) @ spread + noise + 5 * shared
    return _unit(made), cluster_of, _unit(middles @ spread), shared


def _frames(
    random: np.random.Generator, own: Floats, video: Flags
) -> tuple[Floats, Numbers, Numbers]:
    """The assets' own vectors, then those of the frames of videos, each somewhat other."""
    videos = np.flatnonzero(video)
    of = np.repeat(videos, _FRAMES)
    noise = random.normal(0, 0.5 / own.shape[1] ** 0.5, (len(of), own.shape[1]))
    frames = _unit(own[of] + noise.astype(np.float32))
    times = np.tile(np.arange(_FRAMES) * 1000, len(videos))
    return (
        np.concatenate([own, frames]),
        np.concatenate([np.arange(len(own)), of]),
        np.concatenate([np.full(len(own), -1), times]),
    )


def _tags(random: np.random.Generator, likeness: Floats) -> dict[str, Flags]:
    place = np.empty(len(likeness), np.int64)
    place[np.argsort(-likeness)] = np.arange(len(likeness))
    chance = random.random(len(likeness))
    tags = {}
    for per_cent in PER_CENT:
        share = per_cent / 100
        tags[f"any-{per_cent:g}"] = chance < share
        tags[f"near-{per_cent:g}"] = place < share * len(place)
        tags[f"far-{per_cent:g}"] = place >= (1 - share) * len(place)
    return tags


def _index(connection: psycopg.Connection[tuple[object, ...]], space: SpaceRow) -> None:
    # Room for the whole graph: beyond it, every vector takes ten times as long.
    connection.execute("SET maintenance_work_mem = '3GB'")
    connection.execute(space_index.statement(space.id, space.dimension))


def _copy_assets(
    connection: psycopg.Connection[tuple[object, ...]], library: Library, video: Flags
) -> None:
    _copy(
        connection,
        "asset (owner, id, job_id, ordinal, raw_id, status, kind, filename, content_type,"
        " size_bytes)",
        ("text", "uuid", "uuid", "int4", "uuid", "text", "text", "text", "text", "int8"),
        (
            (OWNERS[owner], each, each, 0, each, "ready", kind, f"{at}.jpg", "image/jpeg", at + 1)
            for at, (each, owner, kind) in enumerate(
                zip(library.ids, library.owner_of, _kinds(video), strict=True)
            )
        ),
    )


def _kinds(video: Flags) -> Iterator[str]:
    yield from ("video" if each else "image" for each in video)


def _copy_searchables(
    connection: psycopg.Connection[tuple[object, ...]],
    random: np.random.Generator,
    library: Library,
    cluster_of: Numbers,
    video: Flags,
) -> None:
    weights = 1 / np.arange(1, len(WORDS) + 1)
    weights /= weights.sum()
    of_cluster = random.choice(len(WORDS), (int(cluster_of.max()) + 1, 4), p=weights)
    of_asset = random.choice(len(WORDS), (len(library.ids), 3), p=weights)
    hidden = ~library.shown
    days = random.integers(0, 4000, len(library.ids))
    places = random.uniform((-60, -180), (70, 180), (len(library.ids), 2))

    def rows() -> Iterator[tuple[object, ...]]:
        for at, (each, kind) in enumerate(zip(library.ids, _kinds(video), strict=True)):
            words = {WORDS[n] for n in (*of_cluster[cluster_of[at]], *of_asset[at])}
            facets = [f"tag:{word}" for word in words] + [f"kind:{kind}"]
            facets += [f"tag:{tag}" for tag, flags in library.tags.items() if flags[at]]
            facets.append(f"camera:{_CAMERAS[cluster_of[at] % len(_CAMERAS)]}")
            when = _BEGIN + timedelta(days=int(days[at]), seconds=at % 86_400)
            written = " ".join(f"'{word}':{n}A" for n, word in enumerate(sorted(words), 1))
            latitude, longitude = places[at].tolist()
            yield (
                OWNERS[library.owner_of[at]],
                each,
                kind,
                when.replace(tzinfo=UTC),
                when,
                latitude,
                longitude,
                at + 1,
                facets,
                written + f" 'img{at}':9A",
                # Half of what is not shown is in the trash, half is a duplicate.
                bool(hidden[at]) and at % 2 == 0,
                bool(hidden[at]) and at % 2 == 1,
            )

    # As text: there is no binary form of words to be written here.
    _copy(
        connection,
        "searchable (owner, asset_id, kind, created_at, at, latitude, longitude, size_bytes,"
        " facets, words, hidden, duplicate)",
        None,
        rows(),
    )


def _copy_vectors(connection: psycopg.Connection[tuple[object, ...]], library: Library) -> None:
    frame = np.where(library.at_ms < 0, 0, library.at_ms // 1000 + 1)
    _copy(
        connection,
        "embedding (owner, asset_id, space_id, frame, at_ms, vector)",
        ("text", "uuid", "int2", "int2", "int8", "vector"),
        (
            (
                OWNERS[library.owner_of[asset]],
                library.ids[asset],
                library.space.id,
                int(frame[at]),
                int(library.at_ms[at]) if library.at_ms[at] >= 0 else None,
                library.vectors[at],
            )
            for at, asset in enumerate(library.asset_of)
        ),
    )


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    into: str,
    types: Sequence[str] | None,
    rows: Iterable[tuple[object, ...]],
) -> None:
    form = " WITH (FORMAT BINARY)" if types else ""
    with connection.cursor().copy(f"COPY {into} FROM STDIN{form}".encode()) as copy:
        if types:
            copy.set_types(types)
        for values in rows:
            copy.write_row(values)
