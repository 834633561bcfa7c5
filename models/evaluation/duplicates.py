"""How well copies of a picture are found, and other pictures left alone: the golden set.

The committed photos with what happens to pictures, screenshots that differ in their words, flat
colours and slopes. Each is judged against what it was made of, and against all of other origin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from mammothbox.clustering.sameness import FAR, Bounds, Picture, Verdict, compare, verdict
from mammothbox.encoders.encoder import Encoder
from mammothbox.media.detail import detail, miniature
from mammothbox.media.phash import perceptual_hash
from PIL import Image

from models.evaluation.changed import EDITED, ENCODED, RESIZED, Change
from models.evaluation.measures import embed
from models.evaluation.photos import photos
from models.evaluation.plain import flat, screenshots

ORIGINAL = Change("original", "", lambda picture: picture)
# What happens to screenshots and flat colours, too.
_SOME = (ENCODED[1], ENCODED[-1], RESIZED[1])


@dataclass(frozen=True)
class Shown:
    """A picture of the golden set: of what it was made, and how."""

    group: str
    source: str
    change: Change
    image: Image.Image


@dataclass(frozen=True)
class Judged:
    """Two pictures and what was said of them; the first is an original in `Golden.copies`."""

    one: Shown
    other: Shown
    verdict: Verdict


@dataclass(frozen=True)
class Golden:
    """What was said of each copy and its original, and of pairs of different origin: all those
    with near hashes, and all originals."""

    pictures: int
    copies: Sequence[Judged]
    strangers: Sequence[Judged]

    def shares(self, group: str, kind: str) -> tuple[int, dict[Verdict, float]]:
        """How many copies were made so, and the share of each verdict."""
        said = Counter(
            judged.verdict
            for judged in self.copies
            if judged.other.group == group and judged.other.change.kind == kind
        )
        count = max(said.total(), 1)
        return said.total(), {
            "same": said["same"] / count,
            "similar": said["similar"] / count,
            "different": said["different"] / count,
        }

    @property
    def wrongly_same(self) -> list[Judged]:
        """Different pictures that were called the same."""
        return [
            judged
            for judged in (*self.copies, *self.strangers)
            if judged.verdict == "same"
            and (
                judged.one.source != judged.other.source
                or judged.other.change.kind in {"mirrored", "burst"}
            )
        ]

    def precision_of_same(self) -> float:
        """The share of pairs called the same that are."""
        pairs = [*self.copies, *self.strangers]
        called = sum(judged.verdict == "same" for judged in pairs)
        return 1 - len(self.wrongly_same) / max(called, 1)

    def precision_of_similar(self) -> float:
        """The share of pairs of photos called similar that are of one origin."""
        pairs = [*self.copies, *self.strangers]
        called = [
            judged.one.source == judged.other.source
            for judged in pairs
            if judged.verdict == "similar" and judged.one.group == judged.other.group == "photo"
        ]
        return sum(called) / max(len(called), 1)


def golden(encoder: Encoder, bounds: Bounds) -> Golden:
    """Judge the golden set with these bounds of the encoder's space."""
    shown = list(_all())
    known = [_looked_at(each.image) for each in shown]
    originals = {each.source: at for at, each in enumerate(shown) if each.change is ORIGINAL}
    copies = [(originals[each.source], at) for at, each in enumerate(shown)]
    copies = [(one, other) for one, other in copies if one != other]
    strangers = list(_strangers(shown, known))
    # Most copies are told by hash and colours alone, whatever a model says.
    unsure = [pair for pair in copies if verdict(compare(*_of(known, pair)), bounds) != "same"]
    known = _with_vectors(encoder, shown, known, [*unsure, *strangers])
    return Golden(
        len(shown),
        list(_judge(shown, known, copies, bounds)),
        list(_judge(shown, known, strangers, bounds)),
    )


def table(found: Golden) -> str:
    """For people: what became of each kind of copy, and how far a word is to be trusted."""
    lines = [f"{found.pictures} pictures; copies against their originals:"]
    kinds = dict.fromkeys((each.other.group, each.other.change.kind) for each in found.copies)
    for group, kind in kinds:
        count, shares = found.shares(group, kind)
        told = ", ".join(f"{said} {share:.3f}" for said, share in shares.items())
        lines.append(f"  {group:10} {kind:10} {count:4}: {told}")
    lines.append(f"  against {len(found.strangers)} pairs of other origin:")
    lines.append(f"  precision of same: {found.precision_of_same():.4f}")
    lines.append(f"  precision of similar, photos alone: {found.precision_of_similar():.4f}")
    return "\n".join(lines)


def _all() -> Iterator[Shown]:
    for number, photo in enumerate(photos()):
        # Edited ones need the model, which takes its time: every other photo.
        edited = EDITED if number % 2 == 0 else ()
        yield from _changed("photo", photo.name, photo.picture, (*ENCODED, *RESIZED, *edited))
    for name, picture in screenshots():
        yield from _changed("screenshot", name, picture, _SOME)
    for name, picture in flat():
        yield from _changed("flat", name, picture, _SOME)


def _changed(
    group: str, source: str, picture: Image.Image, changes: Iterable[Change]
) -> Iterator[Shown]:
    for change in (ORIGINAL, *changes):
        yield Shown(group, source, change, change.make(picture))


def _looked_at(image: Image.Image) -> Picture:
    nothing = np.zeros(1, np.float32)
    return Picture(int(perceptual_hash(image), 16), detail(image), miniature(image), nothing)


def _strangers(shown: Sequence[Shown], known: Sequence[Picture]) -> Iterator[tuple[int, int]]:
    hashes = np.array([each.phash for each in known], np.uint64)
    sources = np.unique([each.source for each in shown], return_inverse=True)[1]
    is_original = np.array([each.change is ORIGINAL for each in shown])
    for at in range(len(shown)):
        near = np.bitwise_count(hashes[at] ^ hashes[:at]) <= FAR
        judged = near | (is_original[at] & is_original[:at])
        yield from (
            (int(other), at) for other in np.flatnonzero(judged & (sources[:at] != sources[at]))
        )


def _of(known: Sequence[Picture], pair: tuple[int, int]) -> tuple[Picture, Picture]:
    return known[pair[0]], known[pair[1]]


def _with_vectors(
    encoder: Encoder,
    shown: Sequence[Shown],
    known: Sequence[Picture],
    pairs: Iterable[tuple[int, int]],
) -> list[Picture]:
    needed = sorted({at for pair in pairs for at in pair})
    vectors = embed(encoder, [np.asarray(shown[at].image) for at in needed])
    found = dict(zip(needed, vectors, strict=True))
    nothing = np.zeros(encoder.space.dimension, np.float32)
    start = encoder.space.features_from
    return [
        replace(each, vector=found.get(at, nothing), features_from=start)
        for at, each in enumerate(known)
    ]


def _judge(
    shown: Sequence[Shown],
    known: Sequence[Picture],
    pairs: Iterable[tuple[int, int]],
    bounds: Bounds,
) -> Iterator[Judged]:
    for one, other in pairs:
        said = verdict(compare(known[one], known[other]), bounds)
        yield Judged(shown[one], shown[other], said)
