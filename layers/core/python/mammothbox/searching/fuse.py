"""Several rankings made one, by reciprocal ranks: what many find early comes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp
from typing import Any

from mammothbox.searching.answer import Result, Why
from mammothbox.searching.found import Hit, Ranking
from mammothbox.tagging.calibration import GUESSED_RELEVANCE_STEEPNESS, GUESSED_RELEVANT_AT

# How fast ranks lose their worth; what reciprocal rank fusion is usually done with.
_K = 60
# What a hit keeps of its worth however far down it stands. Of thousands that have all words the
# last is no less of an answer than the first, and no bound on scores is to leave it out.
_KEPT = 0.5
# How far each is believed alone, as equals. Others that were chosen on one half of the queries of
# `models.evaluation.search` fared no better on the other.
WEIGHTS: Mapping[str, float] = {"vector": 0.9, "words": 0.9, "tags": 0.9, "documents": 0.9}
# Scores are told apart by so many digits, so that the order does not hang on rounding.
_DIGITS = 9

Goodness = Callable[[float], float]


def goodness(calibration: Mapping[str, Any] | None) -> Goodness:
    """How likely a cosine of this space is that of something relevant, as it was measured.

    The curve is logistic: one half at `relevant_at`, and as steep there as `relevance_steepness`.
    """
    measured = calibration or {}
    at = float(measured.get("relevant_at") or GUESSED_RELEVANT_AT)
    steepness = float(measured.get("relevance_steepness") or GUESSED_RELEVANCE_STEEPNESS)

    def likely(cosine: float) -> float:
        # Beyond that, exp knows no number.
        return 1 / (1 + exp(min(700.0, -steepness * (cosine - at))))

    return likely


def fuse(
    rankings: Sequence[Ranking],
    likely: Goodness,
    weights: Mapping[str, float] = WEIGHTS,
    *,
    explain: bool = True,
) -> list[Result]:
    """One ranking of all hits, the best first; of equals the one with the greatest id.

    What a retriever says for a hit is between 0 and 1: how far it is believed, less with each
    rank, times how good the hit is. A vector is as good as its cosine is likely to be that of
    something relevant, a tag as its score, and all of them as the square of their share of the
    query: half an answer is not a likely one. The score is 1 − Π (1 − part): each takes its part of
    the doubt that the others leave. So it hangs on what is said of this hit, and not on what else
    is found; it is small when nothing is good, and one retriever alone never makes it 1.
    """
    # By numbers: the hash of a UUID is worked out in Python, hundreds of times a search.
    doubts: dict[tuple[int, int], float] = {}
    first: dict[tuple[int, int], Hit] = {}
    nearest: dict[tuple[int, int], Hit] = {}
    parts: dict[tuple[int, int], list[Why]] = {}
    # In the same order whoever asked, for the last digit of a product depends on it.
    for ranking in sorted(rankings, key=lambda each: each.retriever):
        retriever, weight = ranking.retriever, weights[ranking.retriever]
        for rank, hit in enumerate(ranking.hits, 1):
            part = weight * _left(rank) * _worth(retriever, hit, likely)
            key = hit.asset_id.int, hit.document_id.int if hit.document_id else 0
            doubts[key] = doubts.get(key, 1.0) * (1 - part)
            first.setdefault(key, hit)
            if retriever == "vector":
                nearest[key] = hit
            if explain:
                why = Why(retriever, rank, hit.distance, round(part, _DIGITS))
                parts.setdefault(key, []).append(why)
    scores = {key: round(1 - doubt, _DIGITS) for key, doubt in doubts.items()}
    best = sorted(scores, key=lambda key: (scores[key], key), reverse=True)
    return [
        _result(first[key], scores[key], nearest.get(key), tuple(parts.get(key, ())))
        for key in best
    ]


def _left(rank: int) -> float:
    """What the rank leaves of a hit's worth: all at first, and never less than is kept."""
    return _KEPT + (1 - _KEPT) * (_K + 1) / (_K + rank)


def _worth(retriever: str, hit: Hit, likely: Goodness) -> float:
    """How good it is, whatever its rank; words and documents tell no more than their share."""
    met = hit.share * hit.share
    if hit.distance is None:
        return met
    if retriever == "vector":
        return met * likely(1 - hit.distance)
    return met * min(1.0, max(0.0, 1 - hit.distance))


def _result(hit: Hit, score: float, near: Hit | None, why: tuple[Why, ...]) -> Result:
    similarity = 1 - near.distance if near and near.distance is not None else None
    at_ms = near.at_ms if near else None
    return Result(hit.asset_id, hit.document_id, score, similarity, at_ms, why)
