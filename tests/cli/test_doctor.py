"""The doctor: what is wrong, and what to do about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Person, Said
from tests.cli.faulty import Proxy
from tests.cli.filled import lines
from tests.house import House


@contextmanager
def workers(house: House) -> Iterator[None]:
    """Intake works beside what goes on."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            house.run_queue("intake")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def wrong(said: Said) -> dict[str, str]:
    """What is not well, and what to do."""
    findings = [one for one in lines(said.out) if "what" in one]
    return {one["what"]: one["do"] for one in findings if one["state"] == "wrong"}


def test_a_healthy_system_is_found_healthy_and_left_as_it_was(house: House, person: Person) -> None:
    with workers(house):
        told = person("doctor", "--json")

    assert wrong(told) == {}, told.out
    findings = {one["what"]: one["said"] for one in lines(told.out) if "what" in one}
    assert findings["key"] == "ada, admin" and findings["download"] == "the same bytes"
    assert "ready" in findings["workers"]
    assert house.rows("SELECT 1 FROM asset") == [], "nothing is left behind"


def test_each_thing_that_is_wrong_is_told_with_what_to_do(
    house: House, person: Person, storage: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.fails("drop", method="POST", path="/mammothbox-raw")
    cut_off = person("doctor", "--json")
    storage.works()
    monkeypatch.setenv("MAMMOTHBOX_KEY", "mbx_wrong")
    stranger = person("doctor", "--json")
    monkeypatch.delenv("MAMMOTHBOX_KEY")
    nobody = person("doctor")

    assert (cut_off.status, stranger.status, nobody.status) == (6, 3, 3)
    assert "firewall" in wrong(cut_off)["store"]
    assert "login" in wrong(stranger)["key"]
    assert "login" in nobody.out
