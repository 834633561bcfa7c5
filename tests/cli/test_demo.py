"""The demonstration: a hundred objects through everything there is, and again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.demo.documents import events, orders
from clients.demo.pictures import exact_copies, near_copies, photos
from tests.e2e.stack import started

ROOT = Path(__file__).parents[2]


def walk(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`make demo`, with only this of the environment."""
    return subprocess.run(
        [sys.executable, "-m", "clients.demo"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_there_are_a_hundred_mixed_objects() -> None:
    originals = photos(48)
    exact, near = exact_copies(originals), near_copies(originals)

    assert len(originals) + len(exact) + len(near) + 30 + 12 == 100
    assert len({one.sha256 for one in (*originals, *near)}) == len(originals) + len(near)
    assert {one.sha256 for one in exact} <= {one.sha256 for one in originals}
    assert orders(30, 1) == orders(30, 1) != orders(30, 2)
    assert len({frozenset(one) for one in orders(30, 1)}) == 1
    assert len({frozenset(one) for one in events(12, 1)}) > 3


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    home = {"MAMMOTHBOX_HOME": str(tmp_path), "HOME": str(tmp_path)}

    nothing = walk(home)
    gone = walk({**home, "MAMMOTHBOX_URL": "http://127.0.0.1:9", "MAMMOTHBOX_KEY": "mbx_x"})

    for told in (nothing, gone):
        assert told.returncode != 0 and "make up" in told.stderr
        assert "Traceback" not in told.stderr


@pytest.mark.prove
def test_it_walks_through_everything_twice(tmp_path: Path) -> None:
    with started(tmp_path / "home") as stack:
        first = walk({"MAMMOTHBOX_HOME": str(stack.home)})
        again = walk({"MAMMOTHBOX_HOME": str(stack.home)})

    for told in (first, again):
        assert told.returncode == 0, told.stdout + told.stderr
        assert "30 documents are rows of it" in told.stdout
        assert "(the same bytes)" in told.stdout and "(the same picture)" in told.stdout
        assert "a cat: cat.webp" in told.stdout and "/#/schemas/" in told.stdout
        assert "/#/search?q=a%20cat" in told.stdout
    assert "58 pictures were sent" in first.stdout
    assert "0 pictures were sent, 58 were known" in again.stdout
