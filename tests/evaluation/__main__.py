"""`make evaluation`: what becomes of real data, as a table in Markdown."""

from __future__ import annotations

from mammothbox.documents.decide import Decision, decide
from mammothbox.documents.design import TableDesign, design
from mammothbox.documents.pointers import pointer
from mammothbox.documents.profile import profile_of

from tests.evaluation.data_sets import DATA_SETS, DataSet

_COLUMNS_TOLD = 6
_HEAD = """\
# What becomes of real data

Made by `make evaluation`. On the blind ones nobody had run the rules before the opinion was put
down; on the others the rules were tried, and those for keys, indexes and rare fields tuned.
"""


def main() -> None:
    """Print a row for each data set that is installed."""
    print(_HEAD)
    print(
        "| data | documents | a person | decision | score | because | columns | indexes | differs |"
    )
    print("|---|--:|---|---|--:|---|---|---|---|")
    there = [one for one in DATA_SETS if one.path is not None]
    for one in there:
        print(_row(one))
    for blind in (True, False):
        some = [one for one in there if one.blind is blind]
        same = [one for one in some if "storage" not in one.differs]
        wholly = [one for one in same if not one.differs]
        what = "Blind" if blind else "The rules were tuned on these"
        print(
            f"\n{what}: {len(some)} data sets, the decision is a person's for {len(same)},", end=""
        )
        print(f" and so are all types and indexes named for {len(wholly)}.")


def _row(one: DataSet) -> str:
    values = one.documents()
    profile = profile_of(values)
    decision = decide(profile)
    made = design(profile, decision)
    cells = (
        one.name + (" (blind)" if one.blind else ""),
        f"{len(values):,}",
        f"{one.storage}: {one.why}",
        decision.storage if decision.storage == one.storage else f"**{decision.storage}**",
        f"{decision.score:.2f}",
        _because(decision),
        _columns(made),
        ", ".join(column.name for column in made.columns if column.indexed) or "–",
        "; ".join(f"{what}: {why}" for what, why in one.differs.items()) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _because(decision: Decision) -> str:
    failed = [
        f"{rule.rule} {rule.value:g} (limit {rule.limit:g})"
        for rule in decision.rationale
        if not rule.passed and rule.limit is not None
    ]
    return ", ".join(failed) or "every rule is kept"


def _columns(made: TableDesign) -> str:
    told = [f"{pointer(column.path)} {column.type}" for column in made.columns[:_COLUMNS_TOLD]]
    more = len(made.columns) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


if __name__ == "__main__":
    main()
