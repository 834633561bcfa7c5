"""Putting neighbouring clusters in order: whatever came first, and whatever a hand has said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.clustering.assignment import centroid, total, unit
from mammothbox.clustering.consolidation import Plan, consolidate
from mammothbox.clustering.neighbourhood import NONE, Cluster, Neighbourhood

from tests.unit.clustering.vectors import THRESHOLD, everything, partition, scattered

GROUPS, EACH = 5, 8


def consolidated(around: Neighbourhood) -> Plan:
    return consolidate(around, THRESHOLD)


def chance(seed: int, clusters: int) -> list[int]:
    """A cluster for each of the vectors, as bad an order as any could make."""
    return [int(at) for at in np.random.default_rng(seed).integers(0, clusters, GROUPS * EACH)]


@given(seed=st.integers(0, 2**16), clusters=st.integers(1, 40))
def test_where_everything_was_does_not_matter(seed: int, clusters: int) -> None:
    vectors = scattered(GROUPS, EACH)

    plan = consolidated(everything(vectors, chance(seed, clusters)))

    assert partition(plan.home) == partition(np.repeat(np.arange(GROUPS), EACH))


@given(seed=st.integers(0, 2**16), noise=st.floats(0.05, 0.5))
def test_what_is_in_order_stays_as_it_is(seed: int, noise: float) -> None:
    vectors = scattered(GROUPS, EACH, noise=noise, seed=seed)
    first = consolidated(everything(vectors, chance(seed, 6)))
    names = np.unique(first.home, return_inverse=True)[1]

    again = consolidated(everything(vectors, names.tolist()))

    assert np.array_equal(again.home, names)
    assert again.opened == 0


def test_a_cluster_stays_where_most_of_its_members_are() -> None:
    vectors = scattered(2, 8)
    home = [0] * 5 + [1] * 3 + [1] * 4 + [0] * 4

    plan = consolidated(everything(vectors, home))

    assert plan.home.tolist() == [0] * 8 + [1] * 8


def test_a_cluster_of_two_things_opens_a_new_one_for_the_lesser() -> None:
    vectors = scattered(2, 8)[:13]

    plan = consolidated(everything(vectors, [0] * 13))

    assert plan.opened == 1
    assert plan.home.tolist() == [0] * 8 + [1] * 5


def test_the_plan_says_how_alike_each_is_and_what_came_second() -> None:
    vectors = scattered(2, 6)

    plan = consolidated(everything(vectors, [0] * 6 + [1] * 6))

    means = [centroid(total(vectors[:6]), 6), centroid(total(vectors[6:]), 6)]
    assert np.allclose(plan.similarity[:6], vectors[:6] @ means[0], atol=1e-5)
    assert plan.runner_up.tolist() == [1] * 6 + [0] * 6
    assert np.allclose(plan.runner_up_similarity[:6], vectors[:6] @ means[1], atol=1e-5)


def test_the_only_cluster_has_no_runner_up() -> None:
    plan = consolidated(everything(scattered(1, 3), [0] * 3))

    assert plan.runner_up.tolist() == [NONE] * 3


def test_members_are_as_near_to_their_cluster_as_its_threshold_asks() -> None:
    vectors = scattered(6, 20, noise=0.2, seed=2)

    plan = consolidated(everything(vectors, list(range(len(vectors)))))

    assert (plan.similarity >= THRESHOLD - 0.02).all()


def test_pinned_members_stay() -> None:
    vectors = scattered(2, 8)
    home = [0] * 8 + [1] * 8

    plan = consolidated(everything(vectors, [*home[:7], 1, *home[8:]], pinned=(7,)))

    assert plan.home.tolist() == [0] * 7 + [1] * 9


def test_two_clusters_with_pinned_members_are_not_joined() -> None:
    vectors = scattered(1, 8)

    plan = consolidated(everything(vectors, [0] * 4 + [1] * 4, pinned=(0, 7)))

    assert plan.home[0] == 0
    assert plan.home[7] == 1


def test_kept_clusters_are_neither_joined_nor_taken_apart() -> None:
    alike = everything(scattered(1, 8), [0] * 4 + [1] * 4, kept=(0, 1))
    unlike = everything(scattered(2, 4), [0] * 8, kept=(0,))

    assert consolidated(alike).home.tolist() == [0] * 4 + [1] * 4
    assert consolidated(unlike).home.tolist() == [0] * 8


def test_what_fits_a_kept_cluster_no_more_may_leave_for_a_better_place() -> None:
    vectors = scattered(2, 8)

    plan = consolidated(everything(vectors, [0] * 8 + [1] * 7 + [0], kept=(0,)))

    assert plan.home.tolist() == [0] * 8 + [1] * 8


def test_a_kept_cluster_takes_in_an_unnamed_one() -> None:
    vectors = scattered(1, 9)

    plan = consolidated(everything(vectors, [0] * 6 + [1] * 3, kept=(1,)))

    assert plan.home.tolist() == [1] * 9


def test_must_links_go_together_and_cannot_links_do_not() -> None:
    vectors = scattered(2, 8)
    home = [0] * 8 + [1] * 8

    plan = consolidated(everything(vectors, home, must=((0, 15),), cannot=((1, 2),)))

    assert plan.home[0] == plan.home[15]
    assert plan.home[1] != plan.home[2]


@given(data=st.data(), seed=st.integers(0, 2**16), clusters=st.integers(2, 12))
def test_no_word_of_a_hand_is_broken(data: st.DataObject, seed: int, clusters: int) -> None:
    vectors = scattered(GROUPS, EACH, noise=0.3, seed=seed)
    home = [*range(clusters), *chance(seed, clusters)][: len(vectors)]
    members = st.integers(0, len(vectors) - 1)
    pinned = tuple(data.draw(st.sets(members, max_size=6)))
    kept = tuple(data.draw(st.sets(st.integers(0, clusters - 1), max_size=4)))
    links = data.draw(st.lists(st.tuples(members, members), max_size=6))
    # Decisions are such that they can be kept: who must be together is, and who cannot is not.
    must = tuple(pair for pair in links if home[pair[0]] == home[pair[1]] and pair[0] != pair[1])
    cannot = tuple(pair for pair in links if home[pair[0]] != home[pair[1]])

    plan = consolidated(
        everything(vectors, home, kept=kept, pinned=pinned, must=must, cannot=cannot)
    )

    assert all(plan.home[at] == home[at] for at in pinned)
    assert all(plan.home[one] == plan.home[other] for one, other in must)
    assert all(plan.home[one] != plan.home[other] for one, other in cannot)
    assert set(kept) <= set(plan.home.tolist())
    assert plan.home.max() < clusters + plan.opened


def test_members_that_are_not_listed_move_together() -> None:
    vectors = scattered(2, 10)
    rest = vectors[2:10]
    around = everything(np.delete(vectors, range(2, 10), axis=0), [1, 1] + [0] * 10)
    big = replace(around.clusters[1], total=total(rest), size=len(rest))

    plan = consolidated(replace(around, clusters=[around.clusters[0], big]))

    assert plan.home.tolist() == [1, 1] + [0] * 10
    assert plan.core.tolist() == [NONE, 1]


def test_two_big_clusters_of_one_thing_become_one_without_a_look_at_any_member() -> None:
    vectors = scattered(1, 30)
    halves = [
        Cluster(THRESHOLD, total=total(half), size=15) for half in (vectors[:15], vectors[15:])
    ]
    nobody = np.zeros(0, np.intp)

    plan = consolidated(Neighbourhood(halves, vectors[:0], nobody, nobody.astype(bool)))

    assert len(set(plan.core.tolist())) == 1
    assert plan.opened == 0


def test_a_threshold_set_by_hand_decides_who_joins() -> None:
    vectors = unit(np.array([[1, 0.1, 0], [1, -0.1, 0], [1, 0, 0.7]], np.float32))
    around = everything(vectors, [0, 0, 1])
    newcomer = Cluster(THRESHOLD)

    strict = consolidated(replace(around, clusters=[Cluster(0.95, kept=True), newcomer]))
    lax = consolidated(replace(around, clusters=[Cluster(0.5, kept=True), newcomer]))

    assert strict.home.tolist() == [0, 0, 1]
    assert lax.home.tolist() == [0, 0, 0]
