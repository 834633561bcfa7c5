"""One ranking out of several, spelling, and the labels that words may name."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.searching.asked import Term
from mammothbox.searching.found import Hit, Ranking
from mammothbox.searching.fuse import fuse, goodness
from mammothbox.searching.labels_named import labels
from mammothbox.searching.spelling import distance, meant

LIKELY = goodness({"relevant_at": 0.5, "relevance_steepness": 20})


def ids(*numbers: int) -> list[UUID]:
    return [UUID(int=number) for number in numbers]


def ranking(retriever: str, *numbers: int, cosine: float | None = None) -> Ranking:
    distance = None if cosine is None else 1 - cosine
    hits = tuple(Hit(id_, distance=distance) for id_ in ids(*numbers))
    return Ranking(retriever, hits, "exact")


def test_what_many_find_early_comes_first_and_of_equals_the_newest() -> None:
    fused = fuse([ranking("words", 1, 2, 3), ranking("tags", 2, 4)], LIKELY)

    assert [result.asset_id for result in fused] == ids(2, 1, 4, 3)
    assert [
        result.asset_id for result in fuse([ranking("words", 1), ranking("tags", 2)], LIKELY)
    ] == ids(2, 1)
    assert {why.retriever for why in fused[0].why} == {"words", "tags"}
    doubts = [1 - why.contribution for why in fused[0].why]
    assert 1 - doubts[0] * doubts[1] == pytest.approx(fused[0].score)


def test_a_score_hangs_on_nothing_that_is_found_beside_it() -> None:
    alone = [ranking("words", 1), ranking("vector", 1, cosine=0.5)]
    beside = [*alone, ranking("documents", 2, 3), ranking("tags", 4)]

    scores = [
        {each.asset_id: each.score for each in fuse(all_, LIKELY)} for all_ in (alone, beside)
    ]
    assert scores[0][UUID(int=1)] == scores[1][UUID(int=1)]


def test_who_meets_a_part_of_the_query_is_worth_less_and_the_last_of_many_is_still_likely() -> None:
    one_of_three = Ranking("tags", (Hit(UUID(int=1), distance=0.0, share=1 / 3),), "tags")
    unsure = Ranking("tags", (Hit(UUID(int=1), distance=0.4),), "tags")
    many = ranking("words", *range(1000))

    assert (fuse([one_of_three], LIKELY)[0].score or 0) < 0.2
    assert fuse([unsure], LIKELY)[0].score == pytest.approx(0.9 * 0.6)
    assert min(each.score or 0 for each in fuse([many], LIKELY)) > 0.25


def test_vectors_that_are_not_near_are_worth_little_and_words_all_the_same() -> None:
    nothing_good = fuse([ranking("words"), ranking("vector", 1, 2, cosine=0.2)], LIKELY)
    named = fuse([ranking("words", 3), ranking("vector", 1, 2, cosine=0.2)], LIKELY)

    assert all((result.score or 1) < 0.01 for result in nothing_good)
    assert named[0].asset_id == UUID(int=3)
    assert (named[0].score or 0) == pytest.approx(0.9)
    assert nothing_good[0].similarity == pytest.approx(0.2)


@given(
    st.lists(st.lists(st.integers(0, 20), unique=True, max_size=12), min_size=4, max_size=4),
    st.floats(-1, 1),
)
def test_scores_fall_and_do_not_hang_on_the_order_of_retrievers(
    found: list[list[int]], cosine: float
) -> None:
    names = ("words", "tags", "documents", "vector")
    rankings = [
        ranking(name, *hits, cosine=cosine) for name, hits in zip(names, found, strict=True)
    ]

    fused = fuse(rankings, LIKELY)

    scores = [result.score or 0 for result in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert {result.asset_id for result in fused} == {id_ for hits in found for id_ in ids(*hits)}
    assert [r.asset_id for r in fuse(rankings[::-1], LIKELY)] == [r.asset_id for r in fused]


@pytest.mark.parametrize("calibration", [None, {}, {"relevant_at": -1, "relevance_steepness": 1e6}])
def test_goodness_is_a_share_of_any_cosine(calibration: dict[str, float] | None) -> None:
    curve = goodness(calibration)

    assert all(0 <= curve(cosine / 10) <= 1 for cosine in range(-10, 11))
    assert curve(1) > 0.99


def test_words_are_taken_for_near_ones() -> None:
    assert meant("baech", ["bench", "beach"]) == "beach"
    assert meant("sunste", ["sunlit", "sunset", "sunsets"]) == "sunset"
    assert meant("skyscarper", ["skyscraper"]) == "skyscraper"
    assert meant("catt", ["dog", "coat", "cattle"]) is None
    assert meant("x", []) is None


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(0, 6))
def test_distances_are_the_same_both_ways(one: str, other: str, most: int) -> None:
    apart = distance(one, other, most)

    assert min(apart, most + 1) == min(distance(other, one, most), most + 1)
    assert (apart == 0) == (one == other)
    assert distance(one + "x", other + "x", 9) == distance(one, other, 9)


def test_labels_are_words_what_stands_together_and_singulars() -> None:
    terms = (Term("Golden"), Term("Retrievers,"), Term("cherry tree", quoted=True), Term("berries"))

    assert {"golden", "golden retriever", "golden retrievers", "cherry tree", "berry"} <= set(
        labels(terms)
    )
    assert "cherry" not in labels(terms)
    assert (labels(terms)["golden retriever"], labels(terms)["berry"]) == (0b11, 0b1000)
    assert not any(label == "" for label in labels((Term(".,"), Term("s"))))
