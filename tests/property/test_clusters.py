"""Whatever people and machines do to clusters, sums stay exact and decisions stand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from mammothbox.clustering import acts, linking
from mammothbox.clustering.acts import Decided
from mammothbox.clustering.rebuild import rebuild
from mammothbox.clustering.undo import undo
from mammothbox.errors import Refused

from infra.local.postgres import DatabaseUrls
from tests.vector_library import VectorLibrary

_owners = (f"owner-{number}" for number in count())
# A handful of directions with some spread: they join, and fall apart, at the usual threshold.
directions = st.tuples(*[st.integers(-3, 3)] * 3).filter(any)
numbers = st.integers(0, 10_000)


class Corrected(RuleBasedStateMachine):
    """One owner's library, used by people and machines in any order."""

    def __init__(self, library: VectorLibrary) -> None:
        super().__init__()
        self.library = library
        self.library.owner = next(_owners)
        self.assets: list[UUID] = []
        self.decisions: list[UUID] = []

    def asset(self, number: int) -> UUID:
        return self.assets[number % len(self.assets)]

    def cluster(self, number: int) -> UUID:
        found = self.library.cluster_of(self.asset(number))
        assert found is not None
        return found

    def decide(self, act: Callable[[], Decided]) -> None:
        """An act that is refused has changed nothing."""
        before = self.library.everything()
        try:
            self.decisions.append(act().decision_id)
        except Refused:
            assert self.library.everything() == before

    def by_machine(self, work: Callable[[], object]) -> None:
        """No machine moves what a hand put or holds somewhere."""
        before = self.library.held()
        work()
        after = self.library.held()
        assert {each: after.get(each) for each in before} == before

    @initialize(first=directions)
    def begin(self, first: tuple[int, ...]) -> None:
        self.assets.append(self.library.add(first))

    @rule(direction=directions)
    def add(self, direction: tuple[int, ...]) -> None:
        self.by_machine(lambda: self.assets.append(self.library.add(direction)))

    @rule(direction=directions)
    def add_at_once(self, direction: tuple[int, ...]) -> None:
        new = [self.library.add(direction, assigned=False) for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            homes = list(pool.map(self.library.assign, new))
        self.assets += new
        # They are the same: none opens a cluster that another has just opened.
        assert len(set(homes)) == 1

    @rule(number=numbers)
    def replay(self, number: int) -> None:
        self.by_machine(lambda: self.library.assign(self.asset(number)))

    @rule()
    def consolidate(self) -> None:
        self.by_machine(lambda: self.library.do("consolidate"))

    @rule()
    def rebuild(self) -> None:
        self.by_machine(lambda: self.library.do("rebuild"))

    @rule()
    def rebuild_a_little(self) -> None:
        """What people do and what comes in falls between the pieces of it."""
        library = self.library
        with library.worker.transaction() as connection:
            rebuild(connection, library.owner)

    @rule(number=numbers)
    def confirm(self, number: int) -> None:
        library, cluster = self.library, self.cluster(number)
        self.decide(lambda: acts.confirm(library.app, library.by, cluster))

    @rule(one=numbers, other=numbers)
    def merge(self, one: int, other: int) -> None:
        library = self.library
        target, source = self.cluster(one), self.cluster(other)
        self.decide(lambda: acts.merge(library.app, library.by, target, [source]))

    @rule(number=numbers)
    def split(self, number: int) -> None:
        library, cluster = self.library, self.cluster(number)
        self.decide(lambda: acts.split(library.app, library.by, cluster, [self.asset(number)]))

    @rule(number=numbers, parts=st.integers(2, 3))
    def split_into_parts(self, number: int, parts: int) -> None:
        library, cluster = self.library, self.cluster(number)
        self.decide(lambda: acts.split_into(library.app, library.by, cluster, parts))

    @rule(number=numbers, goal=numbers, alone=st.booleans())
    def move(self, number: int, goal: int, alone: bool) -> None:
        library, to = self.library, None if alone else self.cluster(goal)
        self.decide(lambda: acts.move(library.app, library.by, self.asset(number), to))

    @rule(number=numbers, threshold=st.sampled_from([0.0, 0.5, 0.8, 0.95]))
    def threshold(self, number: int, threshold: float) -> None:
        library, cluster = self.library, self.cluster(number)
        self.decide(lambda: acts.set_threshold(library.app, library.by, cluster, threshold))

    @rule(one=numbers, other=numbers, must=st.booleans())
    def link(self, one: int, other: int, must: bool) -> None:
        library, act = self.library, linking.must if must else linking.cannot
        self.decide(lambda: act(library.app, library.by, self.asset(one), self.asset(other))[1])

    @rule(number=numbers)
    def unlink(self, number: int) -> None:
        library = self.library
        if links := library.links():
            link_id = links[number % len(links)]["id"]
            self.decide(lambda: linking.unlink(library.app, library.by, link_id))

    @rule(number=numbers)
    def undo(self, number: int) -> None:
        library = self.library
        if self.decisions:
            decision = self.decisions[number % len(self.decisions)]
            self.decide(lambda: undo(library.app, library.by, decision))

    @invariant()
    def sums_are_exact(self) -> None:
        self.library.check_sums()

    @invariant()
    def everything_is_in_one_cluster(self) -> None:
        members = [each for cluster in self.library.clusters() for each in cluster]
        assert sorted(members) == sorted(self.assets)

    @invariant()
    def links_hold(self) -> None:
        for link in self.library.links():
            one, other = (self.library.cluster_of(link[end]) for end in ("asset_a", "asset_b"))
            assert (one == other) == (link["kind"] == "must")

    @invariant()
    def every_decision_is_on_record(self) -> None:
        kept = {row["id"] for row in self.library.decisions()}
        assert set(self.decisions) <= kept


@pytest.mark.parametrize(
    ("examples", "steps"), [(6, 15), pytest.param(40, 25, marks=pytest.mark.prove)]
)
def test_any_order_of_acts(database_urls: DatabaseUrls, examples: int, steps: int) -> None:
    library = VectorLibrary.open(database_urls)
    run_state_machine_as_test(
        lambda: Corrected(library),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    library.close()


def test_the_last_decision_can_always_be_undone(database_urls: DatabaseUrls) -> None:
    library = VectorLibrary.open(database_urls)
    one, other = library.add((1, 0)), library.add((0, 1))
    before = library.clusters()
    target, source = library.cluster_of(one), library.cluster_of(other)
    assert target is not None
    assert source is not None

    undone = [
        acts.merge(library.app, library.by, target, [source]),
        acts.split(library.app, library.by, target, [other]),
        acts.rename(library.app, library.by, target, "Name"),
        acts.set_threshold(library.app, library.by, target, 0.99),
    ]
    for decided in reversed(undone):
        undo(library.app, library.by, decided.decision_id)

    assert library.clusters() == before
    library.close()
