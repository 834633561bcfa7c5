"""What hands did in the exported library, done again in another: it differs in ids alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clients.cli.commands.search import MOST_KEPT
from clients.cli.exporting.folder import Line
from clients.cli.exporting.sending import Ids
from clients.cli.interruptions import lanes
from clients.cli.problems import ServerProblem, sentence
from clients.cli.server import Server

_PAIRS_S = 60.0
_PAUSE_S = 0.5
# The acts that say who belongs to a cluster.
_OF_MEMBERS = ("merge", "split", "move", "confirm")


@dataclass(frozen=True)
class Hands:
    """`ids` says which object is which now; `trouble` hears what could not be done again."""

    server: Server
    ids: Ids
    trouble: Callable[[str], None]
    parallel: int = 4

    def describe(self, lines: Sequence[Line], counted: Callable[[], None]) -> None:
        """Tags by hand, comments and ratings; `counted` hears of each object."""
        with lanes(self.parallel, self.server.stop) as pool:
            for _ in pool.map(self._describe_one, lines):
                counted()

    def _describe_one(self, line: Line) -> None:
        told = line["object"]
        system_id = self.ids[told["system_id"]]
        body: dict[str, Any] = {}
        if any(changed := by_hand(told)):
            body["tags"] = dict(zip(("add", "remove"), changed, strict=True))
        body |= {
            name: _plain(told[name]) for name in ("comments", "rating") if told[name] is not None
        }
        if body:
            self._act(lambda: self.server.patch(f"objects/{system_id}", body), told["filename"])

    def cluster(self, exported: Sequence[Line], lines: Sequence[Line], acts: set[str]) -> Ids:
        """Names, members and thresholds by hand; which cluster is which now.

        `acts` are the clusters whose members a hand decided about.
        """
        members = members_of(lines)
        homes: Ids = {}
        for cluster in exported:
            there = [self.ids[one] for one in members.get(cluster["id"], ())]
            if not there or not is_by_hand(cluster, acts):
                continue
            home = self._home(there, set(homes.values()))
            if home is None:
                continue
            homes[cluster["id"]] = home
            if cluster["id"] in acts:
                self._gather(there, home)
            self._name(cluster, home)
        return homes

    def _home(self, there: Sequence[str], taken: set[str]) -> str | None:
        """The cluster that has most of them and stands for no other; else a new one."""
        where = self.where(there)
        counted = Counter(one for one in where.values() if one and one not in taken)
        if counted:
            return counted.most_common(1)[0][0]
        placed = [one for one in there if where.get(one)]
        if not placed:
            self.trouble("A cluster's members are in no cluster here: are they embedded yet?")
            return None
        made = self._act(
            lambda: self.server.post(f"objects/{placed[0]}/move", {"cluster_id": None}), "a cluster"
        )
        return str(made["cluster_id"]) if made else None

    def where(self, objects: Iterable[str]) -> dict[str, str | None]:
        """The cluster that each is in now."""
        found = {one: self.server.get(f"objects/{one}")["cluster"] for one in objects}
        return {one: cluster and cluster["id"] for one, cluster in found.items()}

    def _gather(self, there: Sequence[str], home: str) -> None:
        for one, cluster in self.where(there).items():
            if cluster not in (home, None):
                self._move(one, home)
        for stranger in self.server.pages("objects", {"cluster": home, "duplicates": "include"}):
            if stranger["system_id"] not in there:
                self._move(stranger["system_id"], None)

    def _move(self, one: str, home: str | None) -> None:
        self._act(lambda: self.server.post(f"objects/{one}/move", {"cluster_id": home}), one)

    def _name(self, cluster: Line, home: str) -> None:
        now = self.server.get(f"clusters/{home}")
        acts: list[dict[str, Any]] = []
        if cluster["name_source"] == "hand" and cluster["name"] != now["name"]:
            acts.append({"action": "rename", "name": cluster["name"]})
        if cluster["status"] == "confirmed" != now["status"]:
            acts.append({"action": "confirm"})
        if cluster["threshold_source"] == "hand" and now["threshold_source"] != "hand":
            acts.append({"action": "threshold", "threshold": _plain(cluster["threshold"])})
        for act in acts:
            self._patch(home, act, cluster["name"])

    def _patch(self, home: str, act: dict[str, Any], name: str) -> None:
        self._act(lambda: self.server.patch(f"clusters/{home}", act), name)

    def link(self, exported: Iterable[Line]) -> None:
        """Pairs that must, or cannot, be together."""
        known = {(one["kind"], frozenset(one["system_ids"])) for one in self.server.pages("links")}
        for link in exported:
            pair = [self.ids[one] for one in link["system_ids"] if one in self.ids]
            if (
                len(pair) == len(link["system_ids"])
                and (link["kind"], frozenset(pair)) not in known
            ):
                self._link({"kind": link["kind"], "system_ids": pair})

    def _link(self, body: dict[str, Any]) -> None:
        self._act(lambda: self.server.post("links", body), "a link")

    def judge(self, exported: Iterable[Line]) -> None:
        """Verdicts about pairs that show the same, once they are found here as well."""
        decided = {
            frozenset(self.ids[half["system_id"]] for half in pair["objects"]): pair
            for pair in exported
            if pair["class"] == "same"
            and pair["state"] != "open"
            and all(half["system_id"] in self.ids for half in pair["objects"])
        }
        deadline = time.monotonic() + _PAIRS_S
        while decided:
            for pair in self.server.pages("duplicates", {"class": "same"}):
                halves = frozenset(half["system_id"] for half in pair["objects"])
                if told := decided.pop(halves, None):
                    self._judge_one(pair, told)
            if time.monotonic() > deadline:
                self.trouble(f"{len(decided)} pairs with a verdict are no pairs here.")
                return
            if decided:
                self.server.stop.wait(_PAUSE_S)

    def _judge_one(self, pair: Mapping[str, Any], told: Line) -> None:
        if pair["state"] == told["state"]:
            return
        body = {"verdict": "dismiss"}
        if told["state"] == "confirmed":
            body = {"verdict": "confirm", "keep": self.ids[told["keeper"]]}
        self._act(lambda: self.server.post(f"duplicates/{pair['id']}", body), "a verdict")

    def keep_searches(self, exported: Iterable[Line], homes: Ids) -> None:
        """Saved searches; clusters in them are the ones here."""
        known = {one["name"] for one in self.server.pages("searches", {"limit": MOST_KEPT})}
        for search in exported:
            if search["name"] not in known:
                asked = _translated(search["asked"], homes)
                self._save({**asked, "name": search["name"]})

    def _save(self, body: dict[str, Any]) -> None:
        self._act(lambda: self.server.post("searches", body), body["name"])

    def throw_away(self, lines: Iterable[Line]) -> None:
        """What was in the trash is there again."""
        for line in lines:
            if line["object"]["trashed_at"]:
                self._trash(self.ids[line["object"]["system_id"]])

    def _trash(self, one: str) -> None:
        self._act(lambda: self.server.delete(f"objects/{one}"), one)

    def _act(self, act: Callable[[], Any], what: str | None) -> Any:
        """What one act answers; what the server refuses is told, and the others go on."""
        try:
            return act()
        except ServerProblem as problem:
            if problem.status in (401, 403):
                raise
            self.trouble(f"{what or 'An object'}: {sentence(problem)}")
            return None


def by_hand(told: Line) -> tuple[list[str], list[str]]:
    """The tags that a hand put on the object, and those that it took away."""
    added = sorted(tag["label"] for tag in told["tags"] if tag["source"] == "hand")
    # Older servers, and exports of theirs, do not tell.
    return added, told.get("tags_removed", [])


def members_of(lines: Iterable[Line]) -> dict[str, list[str]]:
    """The members of each cluster."""
    members: dict[str, list[str]] = {}
    for line in lines:
        if line["object"]["cluster"]:
            cluster = line["object"]["cluster"]["id"]
            members.setdefault(cluster, []).append(line["object"]["system_id"])
    return members


def decided_about(decisions: Iterable[Line], lines: Iterable[Line]) -> set[str]:
    """The clusters whose members a hand decided about, in decisions that stand."""
    named = {
        cluster
        for one in decisions
        if one["action"] in _OF_MEMBERS and not one["undone_by"]
        for cluster in one["cluster_ids"]
    }
    return named | {
        line["object"]["cluster"]["id"]
        for line in lines
        if line["object"]["cluster"] and line["object"]["cluster"]["pinned"]
    }


def is_by_hand(cluster: Line, acts: set[str]) -> bool:
    """Whether a hand made of the cluster what it is."""
    hand = "hand" in (cluster["name_source"], cluster["threshold_source"])
    return hand or cluster["id"] in acts


def _translated(asked: Any, homes: Ids) -> Any:
    if isinstance(asked, dict):
        return {name: _translated(value, homes) for name, value in asked.items()}
    if isinstance(asked, list):
        return [_translated(value, homes) for value in asked]
    return homes.get(asked, asked) if isinstance(asked, str) else _plain(asked)


def _plain(value: Any) -> Any:
    """A number of an exported list as the API's JSON has it."""
    if value is None or isinstance(value, str | bool):
        return value
    return int(value) if value == int(value) else float(value)
