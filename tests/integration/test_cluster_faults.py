"""A merge or a split that is cut short at any statement has not happened, and may be repeated."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from mammothbox.clustering import acts
from mammothbox.clustering.acts import Decided

from tests.integration.steps import Killed, disturbed
from tests.vector_library import VectorLibrary

ROOT = Path(__file__).parents[2]
ACTS = ("merge", "split")


def of(library: VectorLibrary, name: str) -> tuple[Callable[[], Decided], list[set[UUID]]]:
    """The act, and the clusters that come of it."""
    one, other = library.add((1, 0)), library.add((0, 1) if name == "merge" else (1, 0))
    here, there = library.cluster_of(one), library.cluster_of(other)
    assert here is not None
    assert there is not None
    if name == "merge":
        return lambda: acts.merge(library.app, library.by, here, [there]), [{one, other}]
    return (
        lambda: acts.split(library.app, library.by, here, [other]),
        sorted([{one}, {other}], key=min),
    )


@pytest.mark.parametrize("name", ACTS)
def test_cut_short_at_any_statement(
    library: VectorLibrary, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, after = of(library, name)
    before = library.everything()

    number = 0
    while True:
        try:
            with disturbed(monkeypatch, number):
                act()
            break
        except Killed:
            assert library.everything() == before
            number += 1

    assert number > 10
    assert library.clusters() == after
    assert len(library.decisions()) == 1


_CHILD = """
import os, signal, sys
import psycopg
from uuid import UUID
from mammothbox.catalog.connection import Database
from mammothbox.clustering import acts
from mammothbox.clustering.decide import By

url, name, number, cluster, other = sys.argv[1:]
sent, execute = 0, psycopg.Connection.execute

def counted(connection, *arguments, **options):
    global sent
    sent += 1
    if sent == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(connection, *arguments, **options)

psycopg.Connection.execute = counted
act = {"merge": acts.merge, "split": acts.split}[name]
act(Database(url), By("ada", "key:test", "request"), UUID(cluster), [UUID(other)])
"""


@pytest.mark.prove
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_statement(library: VectorLibrary, name: str) -> None:
    one, other = library.add((1, 0)), library.add((0, 1) if name == "merge" else (1, 0))
    here, there = library.cluster_of(one), library.cluster_of(other)
    before, killed = library.everything(), 0

    while True:
        number = killed + 1
        what = there if name == "merge" else other
        arguments = [library.urls.app, name, str(number), str(here), str(what)]
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *arguments], cwd=ROOT, check=False, timeout=60
        )
        if done.returncode == 0:
            break
        killed += 1
        assert library.everything() == before

    assert killed > 10
    assert len(library.clusters()) == (1 if name == "merge" else 2)
    assert len(library.decisions()) == 1
