"""Tag: from vectors to zero-shot tags, and from a captioner's file to a caption and its tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from mammothbox.catalog import assets, captions, embeddings, tags
from mammothbox.catalog.captions import Captioned
from mammothbox.catalog.connection import Connection, Database
from mammothbox.catalog.stages import Failure, StageKey
from mammothbox.encoders.encoder import Encoder
from mammothbox.messages import Outgoing
from mammothbox.observability import count
from mammothbox.route import CAPTION, TAG, Next
from mammothbox.stages import Limits, Work, fail, finish, wait_on
from mammothbox.storage.library import Library
from mammothbox.tagging import caption_file, from_caption, zero_shot
from mammothbox.tagging.caption_file import CaptionFile
from mammothbox.tagging.captioner import Caption
from mammothbox.tagging.labels import Labels, LabelSource, labels_of
from mammothbox.tagging.vocabulary import Vocabulary
from mammothbox.woken import receive_stage

_CLOCKS_DIFFER_BY = timedelta(seconds=1)


@dataclass(frozen=True)
class Tagging:
    """What tag works with. `labels` keeps what was read for each space; `time_left` is the
    invocation's, in seconds."""

    database: Database
    library: Library
    encoder: Callable[[str], Encoder]
    vocabulary: Vocabulary
    limits: Limits
    labels: dict[str, Labels]
    time_left: Callable[[], float]


def receive(tagging: Tagging, body: str) -> Outgoing:
    """Do what the message wakes: tag an asset, or take in its caption. Raises as `stages.run`."""
    return receive_stage(
        tagging.database,
        tagging.limits,
        body,
        {TAG: partial(_tag, tagging), CAPTION: partial(_take_in_caption, tagging)},
        worker=TAG,
        # A caption may have come after the purge.
        forget=tagging.library.erase,
    )


def _tag(tagging: Tagging, work: Work) -> Outgoing:
    key = work.claim.key
    labels = _labels(tagging, key.space)
    with tagging.database.transaction() as connection:
        vectors = embeddings.of_asset(connection, key.owner, key.asset_id, labels.space.id)
    # The first vector is the mean of the others, where there are others.
    seen = np.stack(vectors[1:] or vectors) if vectors else np.empty((0, labels.vectors.shape[1]))
    found = zero_shot.tags(seen, labels.vectors, tagging.vocabulary, labels.calibration)

    def record(connection: Connection) -> Sequence[Next]:
        assets.lock(connection, key.owner, key.asset_id)
        tags.replace(
            connection, key.owner, key.asset_id, source="zero-shot", tags=found, space=key.space
        )
        return ()

    return finish(tagging.database, work, record)


def _labels(tagging: Tagging, space_name: str) -> Labels:
    if space_name not in tagging.labels:
        source = LabelSource(
            tagging.database, tagging.encoder, tagging.vocabulary, tagging.time_left
        )
        tagging.labels[space_name] = labels_of(source, space_name)
    return tagging.labels[space_name]


def _take_in_caption(tagging: Tagging, work: Work) -> Outgoing:
    key = work.claim.key
    body = tagging.library.read(key.asset_id, caption_file.NAME)
    found = caption_file.parse(body) if body is not None else None
    if found is None or _is_of_an_order_before(found, work):
        return wait_on(tagging.database, work)
    if found.caption is None:
        return _without_caption(tagging, work, found)
    return finish(tagging.database, work, partial(_record, tagging, key, found, found.caption))


def _is_of_an_order_before(found: CaptionFile, work: Work) -> bool:
    return found.caption is None and found.at + _CLOCKS_DIFFER_BY < work.claim.queued_at


def _record(
    tagging: Tagging, key: StageKey, found: CaptionFile, caption: Caption, connection: Connection
) -> Sequence[Next]:
    assets.lock(connection, key.owner, key.asset_id)
    is_new = captions.record(
        connection,
        key.owner,
        Captioned(
            key.asset_id,
            caption.caption,
            caption.visible_text,
            found.model,
            found.tokens,
            found.at,
        ),
    )
    told = from_caption.tags(caption, tagging.vocabulary)
    tags.replace(connection, key.owner, key.asset_id, source="caption", tags=told)
    # What was taken in before was settled before.
    spent = found.tokens if is_new else 0
    _spend(connection, key, spent)
    return ()


def _without_caption(tagging: Tagging, work: Work, found: CaptionFile) -> Outgoing:
    key = work.claim.key
    reason = Failure(
        found.code or "no_caption", "The captioner gave no caption for this.", "skipped", False
    )
    return fail(
        tagging.database,
        work,
        reason,
        record=lambda connection: _spend(connection, key, found.tokens),
    )


def _spend(connection: Connection, key: StageKey, tokens: int) -> None:
    captions.settle(connection, key.owner, key.asset_id, spent=tokens)
    count("caption.tokens", tokens)
