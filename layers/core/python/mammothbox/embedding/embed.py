"""Embed: from an original to its facts, derivatives, vectors and the tags its facts give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from mammothbox.catalog import assets, clusterings, embeddings, fingerprints, media, spaces, tags
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.embeddings import FrameVector
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.catalog.stages import StageKey
from mammothbox.clustering.vectors import changing
from mammothbox.embedding.vectors import encode
from mammothbox.encoders.encoder import Encoder
from mammothbox.errors import Permanent, Retryable
from mammothbox.media.look import Look, look_of
from mammothbox.media.options import Options
from mammothbox.media.understand import Decoders, Job
from mammothbox.media.understood import Understood
from mammothbox.messages import Outcome, Outgoing, parse_wake_up
from mammothbox.route import CLUSTER, EMBED, TAG, Next
from mammothbox.stages import LeaseLost, Limits, Work, finish
from mammothbox.storage.library import Library
from mammothbox.storage.ranges import RangedObject
from mammothbox.tagging import from_metadata
from mammothbox.tagging.caption_orders import CaptionOrders
from mammothbox.tagging.vocabulary import Vocabulary
from mammothbox.together import run_together

# What the model, the derivatives and the catalogue take after the last file was decoded.
_SPARE_S = 15


@dataclass(frozen=True)
class Embed:
    """What embed works with. `encoder` raises `Retryable` for a space it has no model of;
    `time_left` is the invocation's, in seconds."""

    database: Database
    original: Callable[[Asset], RangedObject]
    library: Library
    decoders: Decoders
    options: Options
    encoder: Callable[[str], Encoder]
    vocabulary: Vocabulary
    captions: CaptionOrders
    limits: Limits
    time_left: Callable[[], float]


@dataclass(frozen=True)
class Found:
    """What one file yielded, and its vectors: its own first, then its frames'."""

    understood: Understood
    space: SpaceRow
    vectors: list[FrameVector]
    is_tagged: bool


def receive(embed: Embed, bodies: Sequence[str]) -> list[Outcome]:
    """Embed what the messages name, all in one run of the model; an outcome for each."""
    keys = [_stage(body) for body in bodies]
    outcomes = iter(
        run_together(
            embed.database,
            [key for key in keys if isinstance(key, StageKey)],
            embed.limits,
            find=partial(_find, embed),
            conclude=partial(_conclude, embed),
            forget=lambda key: embed.library.erase(key.asset_id),
        )
    )
    return [next(outcomes) if isinstance(key, StageKey) else key for key in keys]


def _stage(body: str) -> StageKey | Permanent:
    told = parse_wake_up(body)
    if told is None or told.stage != EMBED:
        return Permanent("not_for_embed", "The message wakes no embed stage.")
    return StageKey(told.owner, told.asset_id, told.stage, told.space, told.part)


def _find(embed: Embed, works: Sequence[Work]) -> list[Found | Exception]:
    understood = _understand(embed, works)
    found: dict[int, Found | Exception] = {
        index: item for index, item in enumerate(understood) if isinstance(item, Exception)
    }
    for name in dict.fromkeys(work.claim.key.space for work in works):
        mine = {
            index: item
            for index, item in enumerate(understood)
            if isinstance(item, Understood) and works[index].claim.key.space == name
        }
        found |= zip(mine, _encoded(embed, name, list(mine.values())), strict=True)
    return [found[index] for index in range(len(works))]


def _understand(embed: Embed, works: Sequence[Work]) -> list[Understood | Exception]:
    jobs = [_job(embed, work.asset) for work in works]
    outcomes = iter(
        embed.decoders.understand_all(
            [job for job in jobs if isinstance(job, Job)],
            embed.options,
            embed.time_left() - _SPARE_S,
        )
    )
    return [next(outcomes) if isinstance(job, Job) else job for job in jobs]


def _job(embed: Embed, asset: Asset) -> Job | Exception:
    try:
        return Job(asset.kind or "", asset.content_type or "", embed.original(asset))
    except Permanent as error:
        return error


def _encoded(
    embed: Embed, space_name: str, understood: Sequence[Understood]
) -> Sequence[Found | Exception]:
    """Vectors in one space; without its model, none of these files has an answer yet."""
    try:
        with embed.database.transaction() as connection:
            space = spaces.find(connection, space_name)
        if space is None:
            raise Retryable("unknown_space", f"The space {space_name} is not on record.")
        encoder = embed.encoder(space_name)
        vectors = encode(encoder, [item.frames for item in understood])
    except Exception as error:
        return [error] * len(understood)
    return [
        Found(item, space, of_file, encoder.space.reads_text)
        for item, of_file in zip(understood, vectors, strict=True)
    ]


def _conclude(embed: Embed, work: Work, found: Found) -> Outgoing:
    asset = work.asset
    embed.library.store([(asset.id, made) for made in found.understood.derivatives])
    look = look_of(found.understood)
    try:
        return finish(embed.database, work, partial(_record, embed, work, found, look))
    except LeaseLost:
        with embed.database.transaction() as connection:
            erased = assets.get(connection, asset.owner, asset.id) is None
        if erased:
            # The purge came first; what was put down after it must go as well.
            embed.library.erase(asset.id)
        raise


def _record(
    embed: Embed, work: Work, found: Found, look: Look | None, connection: Connection
) -> list[Next]:
    asset, understood, space = work.asset, found.understood, found.space
    owner, asset_id = asset.owner, asset.id
    clustering = clusterings.lock(connection, owner)
    # Before anything refers to the asset, or a hand's word that is just being written is missed.
    assets.lock(connection, owner, asset_id)
    if assets.get(connection, owner, asset_id) is None:
        raise LeaseLost(work.claim.key)
    media.record(connection, owner, asset_id, understood.facts, understood.phash)
    media.record_derivatives(connection, owner, asset_id, understood.derivatives)
    if look is None:
        fingerprints.forget(connection, owner, asset_id)
    else:
        fingerprints.record(connection, owner, asset_id, **vars(look))
    with changing(connection, clustering, asset_id, space.id):
        embeddings.record(connection, owner, asset_id, space.id, found.vectors)
    told = from_metadata.tags(
        asset.kind or "", understood.facts, understood.hints, embed.vocabulary
    )
    tags.replace(connection, owner, asset_id, source="metadata", tags=told)
    if not found.vectors:
        return []
    following = []
    if found.is_tagged:
        following.append(Next(TAG, space.name, optional=space.state != "active"))
    if space.state == "active":
        following.append(Next(CLUSTER, space.name))
    # What was queued for the active space may end after another took its place.
    if space.state == "active" or not work.claim.optional:
        following += embed.captions.place(connection, asset, understood.derivatives)
    return following
