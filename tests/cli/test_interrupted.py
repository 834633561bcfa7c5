"""Ctrl-C in the middle of what takes long: it ends at once, says how far it is, and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from threading import Event

import pytest

from clients.cli.interruptions import lanes, telling_of_interruptions
from clients.cli.problems import Stop
from tests.cli.conftest import Person
from tests.cli.faulty import Proxy
from tests.e2e.stack import wait_for
from tests.house import House

SAID = {
    "export": "Interrupted: 0 of 2 originals fetched; ",
    "get": "Interrupted: 0 B of 3.0 MB are in ",
}


@pytest.mark.parametrize("command", SAID)
def test_a_download_that_is_interrupted_says_how_to_go_on_and_does(
    house: House, person: Person, storage: Proxy, tmp_path: Path, command: str
) -> None:
    for number in range(2):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(3_000_000))
    person("upload", *tmp_path.glob("*.bin"), "--no-wait")
    house.run_queue("intake")
    first = json.loads(person("ls", "-n", "1", "--json").out)
    target = tmp_path / "there"
    arguments = (
        ("export", target) if command == "export" else ("get", first["system_id"], "-o", target)
    )
    storage.fails("stall", method="GET")
    receiving = person.start(*arguments, stderr=subprocess.PIPE)
    wait_for(lambda: storage.faults["stall"] >= 1)

    receiving.send_signal(signal.SIGINT)
    _, told = receiving.communicate(timeout=10)
    storage.renew()
    again = person(*arguments)

    assert receiving.returncode == 130
    assert told.decode().startswith(SAID[command]) and "run the same command again" in told.decode()
    assert again.status == 0, again.err


def test_nobody_waits_for_what_is_left_when_something_is_interrupted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop, begun = Event(), Event()

    def work() -> None:
        begun.set()
        assert stop.wait(30)

    with (
        pytest.raises(KeyboardInterrupt),
        telling_of_interruptions(lambda: "1 of 2."),
        lanes(1, stop) as pool,
    ):
        first, second = pool.submit(work), pool.submit(work)
        begun.wait(30)
        raise KeyboardInterrupt
    with pytest.raises(Stop), telling_of_interruptions(lambda: "never told"):
        raise Stop("No")

    first.result(30)
    assert second.cancelled()
    assert capsys.readouterr().err == (
        "Interrupted: 1 of 2. Nothing is lost: run the same command again to go on.\n"
    )
