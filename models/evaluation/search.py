"""What words, tags and vectors are worth to a search, each alone and together:
`python -m models.evaluation.search [space]`.

A library is made of the committed photos in a Postgres of its own: with their vectors, the
zero-shot tags that the encoder gives them, and file names that say nothing. It is asked for
labels by their names, by other words for them, and by names spelt wrong. A photo is right when
it shows what was meant, or a kind of it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
from mammothbox.catalog import embeddings, searchables, spaces, tags
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.embeddings import FrameVector
from mammothbox.catalog.migrate import migrate
from mammothbox.encoders.choose import available, calibration_file, open_encoder
from mammothbox.encoders.encoder import Encoder
from mammothbox.ids import new_id
from mammothbox.searching import fuse, retrieve
from mammothbox.searching.asked import Asked
from mammothbox.searching.found import Ranking
from mammothbox.searching.known_words import is_known
from mammothbox.searching.strange_words import mend
from mammothbox.searching.understand import understand
from mammothbox.tagging import calibration as calibrations
from mammothbox.tagging import zero_shot
from mammothbox.tagging.vocabulary import Vocabulary, load
from pgvector import Vector

from infra.local import postgres
from infra.local.postgres import DatabaseUrls
from models.evaluation.measures import embed
from models.evaluation.photos import Photo, photos

_MODELS = Path(__file__).parents[1]
_OWNER = "ada"
_AT = 10
_DEPTH = 200
# What people call it, or how their fingers slip, and the label they mean.
OTHER_WORDS: Mapping[str, str] = {
    "kitty": "cat", "feline": "cat", "minster": "cathedral", "place of worship": "church",
    "espresso": "coffee", "alligator": "crocodile", "gecko": "lizard", "high-rise": "skyscraper",
    "blossom": "flower", "milky way": "galaxy", "lawn": "grass", "pebbles": "gravel",
    "cottage": "hut", "silverware": "cutlery", "fork and spoon": "cutlery", "royal residence":
    "palace", "muslim prayer house": "mosque", "ancient remains": "ruins", "lunar surface": "moon",
    "elk": "moose", "sculpture": "statue", "saucepan": "pot", "giant panda": "panda",
    "photographer": "camera", "dish": "plate", "space shuttle launch": "rocket",
    "macaw": "parrot", "volley ball": "volleyball", "old mill": "windmill", "light bulb": "lamp",
    "seat": "chair", "spaceman": "astronaut", "triumphal arch": "arch", "masonry": "brick-wall",
    "minaret": "tower", "shrine": "temple", "grizzly": "bear", "geyser": "hot-spring",
    "armchair": "chair", "egyptian tomb": "pyramid",
}  # fmt: skip
MISSPELT: Mapping[str, str] = {
    "skyscarper": "skyscraper", "cathederal": "cathedral", "mosqe": "mosque", "pyramide":
    "pyramid", "parrto": "parrot", "windmil": "windmill", "volleybal": "volleyball",
    "chamelon": "chameleon", "croccodile": "crocodile", "palaec": "palace",
}  # fmt: skip


@dataclass(frozen=True)
class Sought:
    """A query, of which sort it is, and the photos that are right."""

    text: str
    sort: str
    right: frozenset[UUID]


@dataclass(frozen=True)
class Heard:
    """What the retrievers said to a query."""

    sought: Sought
    rankings: Sequence[Ranking]


@dataclass(frozen=True)
class Library:
    """The photos in a catalogue; `ids` are in their order."""

    urls: DatabaseUrls
    encoder: Encoder
    ids: Sequence[UUID]


def queries(vocabulary: Vocabulary, shown: Sequence[Photo], ids: Sequence[UUID]) -> list[Sought]:
    """Those that some photo is right for, in an order that mixes their sorts."""
    names = {vocabulary.by_id[photo.labels[0]].name: photo.labels[0] for photo in shown}
    found = [
        Sought(text, sort, _right(vocabulary, shown, ids, label))
        for sort, texts in (("name", names), ("other words", OTHER_WORDS), ("misspelt", MISSPELT))
        for text, label in texts.items()
    ]
    return sorted((each for each in found if each.right), key=lambda each: each.text[::-1])


def _right(
    vocabulary: Vocabulary, shown: Sequence[Photo], ids: Sequence[UUID], label: str
) -> frozenset[UUID]:
    return frozenset(
        id_
        for id_, photo in zip(ids, shown, strict=True)
        if any(label in (each, *vocabulary.by_id[each].hypernyms) for each in photo.labels)
    )


@contextmanager
def library(encoder: Encoder, vocabulary: Vocabulary, models: Path = _MODELS) -> Iterator[Library]:
    """The photos in a catalogue of its own, as long as the body runs."""
    shown = photos()
    vectors = embed(encoder, [photo.pixels for photo in shown])
    labels = zero_shot.label_vectors(encoder, vocabulary.sought)
    space = encoder.space
    measured = calibrations.load(calibration_file(models, space), space.name)
    with (
        tempfile.TemporaryDirectory(prefix="mbx-", ignore_cleanup_errors=True) as folder,
        postgres.lease(Path(folder) / "pg", durable=False) as server,
    ):
        server.create_database("search")
        urls = server.urls("search")
        migrate(urls.superuser)
        row = spaces.offer(urls.superuser, [(space, measured.model_dump())], space.name)
        ids = [_add(urls, number) for number in range(len(shown))]
        with closing(Database(urls.worker)) as worker, worker.transaction() as connection:
            for id_, vector in zip(ids, vectors, strict=True):
                found = zero_shot.tags(vector[None], labels, vocabulary, measured)
                embeddings.record(connection, _OWNER, id_, row.id, [FrameVector(None, vector)])
                tags.replace(
                    connection, _OWNER, id_, source="zero-shot", tags=found, space=space.name
                )
            searchables.refresh(connection, _OWNER, ids)
        yield Library(urls, encoder, ids)
        postgres.stop(server)


def _add(urls: DatabaseUrls, number: int) -> UUID:
    """An asset whose name says nothing."""
    id_ = new_id()
    with psycopg.connect(urls.superuser) as connection:
        connection.execute("SET LOCAL search_path = catalog, public")
        connection.execute(
            "INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES (%s, %s, 'r', 'drop', 1)",
            [_OWNER, id_],
        )
        connection.execute(
            "INSERT INTO asset_raw (owner, id, bucket, key, version_id)"
            " VALUES (%s, %s, 'raw', %s, 'v')",
            [_OWNER, id_, f"incoming/{id_}"],
        )
        connection.execute(
            "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, filename,"
            " content_type, size_bytes) VALUES (%s, %s, %s, 0, %s, 'ready', 'image', %s,"
            " 'image/webp', 1)",
            [_OWNER, id_, id_, id_, f"{number:04}.webp"],
        )
    return id_


def hear(found: Library, asked: Sequence[Sought]) -> list[Heard]:
    """What each retriever says to each query, spelling corrected as a search does."""
    with closing(Database(found.urls.app)) as database:
        return [Heard(each, _rankings(database, found.encoder, each.text)) for each in asked]


def _rankings(database: Database, encoder: Encoder, text: str) -> list[Ranking]:
    with database.transaction(_OWNER) as connection:
        prepared = _prepared(connection, text)
        vector = encoder.embed_texts([prepared.query.text.casefold()])[0]
        read = replace(prepared, vector=Vector(vector).to_text())
        return retrieve.of_text(connection, _OWNER, read, _DEPTH)


def _prepared(connection: Connection, text: str) -> retrieve.Prepared:
    prepared = retrieve.prepare(connection, _OWNER, understand(Asked(text)))
    return mend(connection, _OWNER, prepared, partial(is_known, _MODELS)).prepared


def ndcg(order: Sequence[UUID], right: frozenset[UUID]) -> float:
    """How near the first ten are to the best order there could be."""
    worth = 1 / np.log2(np.arange(2, _AT + 2))
    gained = sum(worth[at] for at, id_ in enumerate(order[:_AT]) if id_ in right)
    return float(gained / worth[: len(right)].sum())


def mean_ndcg(
    heard: Sequence[Heard],
    likely: fuse.Goodness,
    weights: Mapping[str, float],
    only: str | None = None,
) -> float:
    """Of one retriever, or of all fused."""
    return float(
        np.mean([ndcg(_order(each, likely, weights, only), each.sought.right) for each in heard])
    )


def _order(
    heard: Heard, likely: fuse.Goodness, weights: Mapping[str, float], only: str | None
) -> list[UUID]:
    rankings = [each for each in heard.rankings if only in (None, each.retriever)]
    return [result.asset_id for result in fuse.fuse(rankings, likely, weights)]


def _by_ranks(heard: Heard) -> list[UUID]:
    """Plain reciprocal rank fusion: every hit as good as any of its rank."""
    sums: dict[UUID, float] = defaultdict(float)
    for ranking in heard.rankings:
        for rank, hit in enumerate(ranking.hits, 1):
            sums[hit.asset_id] += 1 / (60 + rank)
    return sorted(sums, key=lambda id_: (sums[id_], id_), reverse=True)


def report(heard: Sequence[Heard], likely: fuse.Goodness) -> Iterator[str]:
    """The table, a row for each way to search and a column for each sort of query."""
    sorts = ("name", "other words", "misspelt", "all")
    chosen = {sort: [each for each in heard if sort in (each.sought.sort, "all")] for sort in sorts}
    counts = ", ".join(f"{len(chosen[sort])} {sort}" for sort in sorts)
    yield f"nDCG@{_AT} ({counts})"
    for name in ("words", "tags", "vector"):
        figures = [mean_ndcg(chosen[sort], likely, fuse.WEIGHTS, name) for sort in sorts]
        yield _row(name, figures)
    yield _row("fused, plain", [_mean_by_ranks(chosen[sort]) for sort in sorts])
    fused = [mean_ndcg(chosen[sort], likely, fuse.WEIGHTS) for sort in sorts]
    yield _row("fused", fused)


def _row(name: str, figures: Sequence[float]) -> str:
    return f"{name:14}" + "".join(f"{figure:14.3f}" for figure in figures)


def _mean_by_ranks(heard: Sequence[Heard]) -> float:
    return float(np.mean([ndcg(_by_ranks(each), each.sought.right) for each in heard]))


def absent(vocabulary: Vocabulary, shown: Sequence[Photo]) -> list[Sought]:
    """Names of labels that no photo shows: the right answer is none."""
    there = {
        up
        for photo in shown
        for id_ in photo.labels
        for up in (id_, *vocabulary.by_id[id_].hypernyms)
    }
    return [
        Sought(label.name, "absent", frozenset())
        for label in vocabulary.sought
        if label.id not in there
    ]


def silence(heard: Sequence[Heard], likely: fuse.Goodness, least: float) -> float:
    """The share of queries that nothing is found for that has this score."""
    best = [max((r.score or 0 for r in fuse.fuse(e.rankings, likely)), default=0.0) for e in heard]
    return float(np.mean([score < least for score in best]))


def choose(heard: Sequence[Heard], likely: fuse.Goodness) -> tuple[float, dict[str, float]]:
    """The weights under which these queries fare best, words and tags against vectors."""
    steps = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
    tried = [{**fuse.WEIGHTS, "words": words, "tags": named} for words in steps for named in steps]
    return max(
        ((mean_ndcg(heard, likely, weights), weights) for weights in tried),
        key=lambda pair: pair[0],
    )


def cross_check(heard: Sequence[Heard], likely: fuse.Goodness) -> Iterator[str]:
    """Weights chosen on one half of the queries, and what they do on the other."""
    for one, other in ((heard[::2], heard[1::2]), (heard[1::2], heard[::2])):
        best, weights = choose(one, likely)
        done = mean_ndcg(other, likely, weights)
        as_is = mean_ndcg(other, likely, fuse.WEIGHTS)
        yield f"chosen {weights}: {best:.3f}; on the other half {done:.3f}, as set {as_is:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", nargs="?", help="as named by its encoder; the preferred if none")
    parser.add_argument("--models", type=Path, default=_MODELS, help="folder of the models")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    space = chosen.space or available(chosen.models)[0].name
    encoder = open_encoder(chosen.models, space, chosen.threads)
    vocabulary = load(_MODELS / "vocabulary", "en")
    measured = calibrations.load(calibration_file(chosen.models, encoder.space), space)
    likely = fuse.goodness(measured.model_dump())
    with library(encoder, vocabulary, chosen.models) as found:
        heard = hear(found, queries(vocabulary, photos(), found.ids))
        unheard = hear(found, absent(vocabulary, photos()))
    for line in (*report(heard, likely), "", "weights:", *cross_check(heard, likely)):
        print(line)
    for least in (0.05, 0.1, 0.25, 0.5):
        told = [silence(each, likely, least) for each in (unheard, heard)]
        print(
            f"min_score {least}: no answer to {told[0]:.0%} of {len(unheard)} names of what no"
            f" photo shows, and to {told[1]:.0%} of the queries above"
        )


if __name__ == "__main__":
    main()
