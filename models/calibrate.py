"""Measures when a label is sure enough to be given as a tag, when pictures are alike enough to be
grouped, and how likely one is relevant to a text: `python -m models.calibrate [space]`.

Writes `calibration.toml` beside the model. A tag is right when it is one of the photo's labels, a
kind of one, or what one is a kind of. Besides the photos there are pictures of nothing; every tag
of theirs is wrong. The thresholds are those that give most photos a right tag while the given
share of all tags is right.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mammothbox.encoders.choose import available, calibration_file, open_encoder
from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.tagging.calibration import Calibration, dump
from mammothbox.tagging.vocabulary import Vocabulary, load
from mammothbox.tagging.zero_shot import shares, tags
from numpy.typing import NDArray

from models.evaluation.grouping import measure_grouping
from models.evaluation.measures import Measured, embed, measure_labels
from models.evaluation.nothing import pictures_of_nothing
from models.evaluation.photos import Photo, photos
from models.evaluation.relevance import measure_relevance

_MODELS = Path(__file__).parent
PRECISION = 0.75
_SCALES = (5, 8, 10, 12, 15, 18, 20, 25, 30, 40, 50, 70, 100, 150)
_SCORES = tuple(np.round(np.arange(0.02, 0.72, 0.02), 2).tolist())
# How many steps there are between the lowest and the highest cosine tried.
_STEPS = 25


@dataclass(frozen=True)
class Outcome:
    """What given thresholds do: tags given, those that are right, and photos with a right one."""

    given: int
    right: int
    served: int
    pictures: int

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 1.0


@dataclass(frozen=True)
class Case:
    """A picture's vector, and the names of the tags that are right for it."""

    vector: Vectors
    right: frozenset[str]


@dataclass(frozen=True)
class Bench:
    """The pictures, and the vocabulary they are tagged with."""

    vocabulary: Vocabulary
    labels: Vectors
    cases: Sequence[Case]

    def try_out(self, calibration: Calibration) -> Outcome:
        given = right = served = 0
        for case in self.cases:
            names = {
                tag.label
                for tag in tags(case.vector[None], self.labels, self.vocabulary, calibration)
            }
            given += len(names)
            right += len(names & case.right)
            served += bool(names & case.right)
        return Outcome(given, right, served, sum(bool(case.right) for case in self.cases))


def calibrate(bench: Bench, space: str, precision: float) -> Calibration:
    """The thresholds that serve most photos at this precision; without a way, the strictest."""
    scale = _best_scale(bench)
    similarity = np.stack([case.vector for case in bench.cases]) @ bench.labels.T
    lows = np.linspace(similarity.max(axis=1).min(), similarity.max(), _STEPS)[:-1]
    tried = [
        Calibration(
            space=space,
            logit_scale=scale,
            least_similarity=round(float(low), 3),
            least_score=score,
        )
        for low, score in itertools.product(lows, _SCORES)
    ]
    outcomes = [(bench.try_out(each), each) for each in tried]
    good = [(done, each) for done, each in outcomes if done.precision >= precision]
    _done, chosen = max(good or outcomes, key=lambda pair: _merit(*pair))
    return chosen


def _merit(done: Outcome, calibration: Calibration) -> tuple[float, ...]:
    return (done.served, done.right, done.precision, calibration.least_similarity)


def _best_scale(bench: Bench) -> float:
    """Under which the right labels get the largest share of the softmax, over all photos."""
    shown = [case for case in bench.cases if case.right]
    similarity = np.stack([case.vector for case in shown]) @ bench.labels.T
    right = np.array(
        [[label.name in case.right for label in bench.vocabulary.sought] for case in shown]
    )

    def likelihood(scale: float) -> float:
        share: NDArray[np.float64] = (shares(similarity, scale) * right).sum(axis=1)
        return float(np.log(np.maximum(share, 1e-12)).mean())

    return float(max(_SCALES, key=likelihood))


def lay_out(
    encoder: Encoder, vocabulary: Vocabulary, shown: Sequence[Photo], measured: Measured
) -> Bench:
    seen = [
        Case(vector, right_names(vocabulary, photo))
        for vector, photo in zip(measured.photos, shown, strict=True)
    ]
    nothing = embed(encoder, pictures_of_nothing())
    unseen = [Case(vector, frozenset()) for vector in nothing]
    return Bench(vocabulary, measured.labels, (*seen, *unseen))


def right_names(vocabulary: Vocabulary, photo: Photo) -> frozenset[str]:
    above = {up for id_ in photo.labels for up in vocabulary.by_id[id_].hypernyms}
    return frozenset(
        label.name
        for label in vocabulary.labels
        if label.id in above or not {label.id, *label.hypernyms}.isdisjoint(photo.labels)
    )


def cross_check(bench: Bench, space: str, precision: float) -> Outcome:
    """What thresholds found on one half of the pictures do on the other, both ways added up."""
    halves = [Bench(bench.vocabulary, bench.labels, bench.cases[at::2]) for at in (0, 1)]
    one, other = (
        judge.try_out(calibrate(found_on, space, precision))
        for found_on, judge in (halves, halves[::-1])
    )
    return Outcome(
        one.given + other.given,
        one.right + other.right,
        one.served + other.served,
        one.pictures + other.pictures,
    )


def describe(done: Outcome, checked: Outcome, nothing: int) -> str:
    return (
        f"{done.pictures} photos and {nothing} pictures of nothing: of {done.given} tags "
        f"{done.precision:.0%} right, {done.served / done.pictures:.0%} of the photos with a "
        f"right one; found on one half and measured on the other: {checked.precision:.0%} right, "
        f"{checked.served / checked.pictures:.0%} of the photos"
    )


def measure(encoder: Encoder, vocabulary: Vocabulary) -> Calibration:
    """The calibration of this encoder's space, with what it was measured on and what it does."""
    space = encoder.space.name
    shown = photos()
    measured = measure_labels(encoder, vocabulary, shown)
    bench = lay_out(encoder, vocabulary, shown, measured)
    found = calibrate(bench, space, PRECISION)
    done = bench.try_out(found)
    checked = cross_check(bench, space, PRECISION)
    nothing = len(bench.cases) - done.pictures
    grouping = measure_grouping(encoder, vocabulary, shown, measured.photos)
    relevance = measure_relevance(encoder, vocabulary, shown, measured.photos)
    return found.model_copy(
        update={
            "measured_on": describe(done, checked, nothing),
            "cluster_threshold": grouping.cluster_threshold,
            "same_picture_features": grouping.same_picture_features,
            "similar": grouping.similar,
            "features_from": encoder.space.features_from,
            "grouping_measured_on": grouping.measured_on,
            "relevant_at": relevance.relevant_at,
            "relevance_steepness": relevance.relevance_steepness,
            "relevance_measured_on": relevance.measured_on,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", nargs="?", help="as named by its encoder; the preferred if none")
    parser.add_argument("--models", type=Path, default=_MODELS, help="folder of the models")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    space = chosen.space or available(chosen.models)[0].name
    encoder = open_encoder(chosen.models, space, chosen.threads)
    text = dump(measure(encoder, load(_MODELS / "vocabulary", "en")))
    file = calibration_file(chosen.models, encoder.space)
    file.write_text(text, "utf-8")
    print(f"{file}:\n{text}")


if __name__ == "__main__":
    main()
