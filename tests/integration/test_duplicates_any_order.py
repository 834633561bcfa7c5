"""Verdicts, undoing them, replays and purges in any order leave what they should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from mammothbox import by_hand, removal
from mammothbox.by_hand import Change
from mammothbox.catalog import asset_removal
from mammothbox.clustering import undo, verdicts
from mammothbox.errors import Refused

from infra.local.postgres import DatabaseUrls
from tests.pictures import BEACH, changed, pairs, replay, take
from tests.vector_library import VectorLibrary

_owners = (f"owner-{number}" for number in count())
_MOST = 4


@dataclass
class Said:
    """What is said of a picture."""

    rating: int | None
    comments: str
    labels: frozenset[str]

    def with_all_of(self, other: Said) -> Said:
        comments = self.comments
        if other.comments not in comments:
            comments = f"{comments}\n\n{other.comments}"
        rating = other.rating if self.rating is None else self.rating
        return Said(rating, comments, self.labels | other.labels)


@dataclass
class Decided:
    """A verdict: which pair, what it touches, and what its keeper was before."""

    decision_id: UUID
    pair: frozenset[UUID]
    touches: frozenset[object]
    keeper: UUID | None = None
    before: Said | None = None
    stands: bool = True


@dataclass
class World:
    """What there should be."""

    said: dict[UUID, Said] = field(default_factory=dict)
    decided: list[Decided] = field(default_factory=list)

    def verdict_on(self, pair: frozenset[UUID]) -> Decided | None:
        return next((each for each in self.decided if each.stands and each.pair == pair), None)

    def keeper_above(self, asset_id: UUID) -> set[UUID]:
        """What it yields to, directly or through others."""
        above = {asset_id}
        while True:
            found = {
                each.keeper
                for each in self.decided
                if each.stands
                and each.keeper
                and each.pair - {each.keeper} <= above
                # A purge ends the pair.
                and each.pair <= set(self.said)
            }
            if found <= above:
                return above - {asset_id}
            above |= found


class AnyOrder(RuleBasedStateMachine):
    """Copies of one picture, and all that may be said of them."""

    def __init__(self, urls: DatabaseUrls) -> None:
        super().__init__()
        self.library = VectorLibrary.open(urls)
        self.library.owner = next(_owners)
        self.world = World()
        for _ in range(3):
            self.a_copy_comes(rating=None)

    def teardown(self) -> None:
        self.library.close()

    @rule(rating=st.sampled_from([None, 1, 5]))
    def a_copy_comes(self, rating: int | None) -> None:
        number = len(self.world.said)
        if number == _MOST:
            return
        asset_id = take(self.library, changed(BEACH, number))
        said = Said(rating, f"Copy {asset_id}.", frozenset({f"tag {number}"}))
        wanted = Change(add=said.labels, describe={"rating": rating, "comments": said.comments})
        by_hand.change(
            self.library.app, self.library.owner, asset_id, wanted, actor="key:a", request_id="r"
        )
        self.world.said[asset_id] = said

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        keeper, other = self._two(data)
        yielding = {keeper, other} - {keeper}
        would_keep_nothing = other in self.world.keeper_above(keeper)
        decided = self._say(
            frozenset({keeper, other}),
            lambda pair_id: verdicts.confirm(self.library.app, self.library.by, pair_id, keeper),
            frozenset({keeper, *yielding}),
            refused=would_keep_nothing,
        )
        if decided is not None:
            decided.keeper, decided.before = keeper, self.world.said[keeper]
            united = self.world.said[keeper].with_all_of(self.world.said[other])
            self.world.said[keeper] = united

    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        self._say(
            frozenset(self._two(data)),
            lambda pair_id: verdicts.dismiss(self.library.app, self.library.by, pair_id),
            frozenset(),
            refused=False,
        )

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        if not self.world.decided:
            return
        number = data.draw(st.integers(0, len(self.world.decided) - 1))
        decided = self.world.decided[number]
        later = [each for each in self.world.decided[number + 1 :] if each.stands]
        stood_on = any(each.touches & decided.touches for each in later)
        try:
            undo.undo(self.library.app, self.library.by, decided.decision_id)
        except Refused:
            assert stood_on or not decided.stands
            return
        assert decided.stands
        assert not stood_on
        decided.stands = False
        if decided.keeper in self.world.said and decided.before is not None:
            self.world.said[decided.keeper] = decided.before

    @rule(data=st.data())
    def run_again(self, data: st.DataObject) -> None:
        replay(self.library, self._one(data))

    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        if len(self.world.said) == 1:
            return
        asset_id = self._one(data)
        who = {"actor": "key:a", "request_id": "r"}
        removal.begin_purge(self.library.app, self.library.owner, asset_id, **who)
        with self.library.app.transaction(self.library.owner) as connection:
            asset_removal.delete(connection, self.library.owner, asset_id)
        del self.world.said[asset_id]

    @invariant()
    def pairs_are_as_decided(self) -> None:
        for asset_id in self.world.said:
            found = pairs(self.library, asset_id)
            assert set(found) == set(self.world.said) - {asset_id}
            for other, pair in found.items():
                decided = self.world.verdict_on(frozenset({asset_id, other}))
                expected = ("open", None) if decided is None else ("dismissed", None)
                if decided is not None and decided.keeper is not None:
                    expected = ("confirmed", decided.keeper)  # type: ignore[assignment]
                assert (pair.state, pair.keeper) == expected

    @invariant()
    def what_is_said_is_united(self) -> None:
        rows = self.library.rows(
            "SELECT a.id, a.rating, a.comments, array(SELECT label FROM tag t"
            " WHERE t.owner = a.owner AND t.asset_id = a.id) AS labels FROM asset a"
            " WHERE a.owner = %(owner)s",
            owner=self.library.owner,
        )
        found = {
            row["id"]: Said(row["rating"], row["comments"], frozenset(row["labels"]))
            for row in rows
        }
        assert found == self.world.said

    def _say(
        self,
        pair: frozenset[UUID],
        say: Callable[[UUID], verdicts.Verdict],
        united: frozenset[UUID],
        *,
        refused: bool,
    ) -> Decided | None:
        one, other = pair
        pair_id = pairs(self.library, one)[other].id
        refused = refused or self.world.verdict_on(pair) is not None
        try:
            decision_id = say(pair_id).decision_id
        except Refused:
            assert refused
            return None
        assert not refused
        decided = Decided(decision_id, pair, frozenset({pair, *united}))
        self.world.decided.append(decided)
        return decided

    def _one(self, data: st.DataObject) -> UUID:
        number: int = data.draw(st.integers(0, len(self.world.said) - 1))
        return sorted(self.world.said)[number]

    def _two(self, data: st.DataObject) -> tuple[UUID, UUID]:
        if len(self.world.said) == 1:
            self.a_copy_comes(rating=None)
        one = self._one(data)
        others = sorted(set(self.world.said) - {one})
        return one, others[data.draw(st.integers(0, len(others) - 1))]


def test_in_any_order(database_urls: DatabaseUrls) -> None:
    run_state_machine_as_test(
        partial(AnyOrder, database_urls),  # type: ignore[arg-type]
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
