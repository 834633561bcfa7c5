"""An upload that is killed again and again: in the end each file is stored exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Person, Served
from tests.cli.faulty import Proxy
from tests.cli.shelf import arrived, fill, hashes
from tests.cli.test_upload import sent
from tests.e2e.stack import wait_for
from tests.house import House


def has_come_to(storage: Proxy, moment: int, sending: subprocess.Popen[bytes]) -> bool:
    """Whether that many files have arrived, or no more will."""
    return sent(storage) >= moment or sending.poll() is not None


def upload_killed_at_random(
    person: Person,
    storage: Proxy,
    folder: Path,
    *,
    kills: int,
    between: Callable[[], object],
) -> int:
    """Start the same upload until it ends by itself, having been killed so often; the seed."""
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    deaths = [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]
    files = sum(path.is_file() for path in folder.rglob("*"))
    # How many files have come when each death does; other traffic is not seen here.
    for number, moment in enumerate(sorted(draw.sample(range(1, files - 5), kills))):
        sending = person.start("upload", folder, stderr=subprocess.PIPE)
        wait_for(partial(has_come_to, storage, moment, sending))
        death = deaths[number % len(deaths)]
        sending.send_signal(death)
        _, told = sending.communicate(timeout=30)
        assert sending.returncode in (-death, 130, 0), (seed, told.decode())
        assert b"Traceback" not in told, (seed, told.decode())
        between()

    finished = person("upload", folder)

    assert finished.status == 0, (seed, finished.err)
    return seed


def test_300_files_killed_at_random_are_each_stored_once(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    """Intake sees some of them in between, and the rest is held against what is in S3."""
    folder = tmp_path / "photos"
    made = fill(folder, 300, largest=400)

    seed = upload_killed_at_random(
        person, storage, folder, kills=2, between=lambda: house.invoke_intake(house.receive())
    )

    assert arrived(house) == hashes(made), seed


def test_ctrl_c_says_how_to_go_on(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    fill(tmp_path / "photos", 50)
    storage.fails("stall", method="POST", path="/mammothbox-raw")
    sending = person.start("upload", tmp_path / "photos", stderr=subprocess.PIPE)
    wait_for(lambda: storage.faults["stall"] >= 4)

    sending.send_signal(signal.SIGINT)
    _, told = sending.communicate(timeout=10)

    assert sending.returncode == 130
    assert "Interrupted: 0 of 50 files are in the library. Nothing is lost" in told.decode()


@pytest.mark.prove
def test_an_api_that_is_killed_and_started_again_is_waited_for(
    house: House, person: Person, api: Served, storage: Proxy, tmp_path: Path
) -> None:
    made = fill(tmp_path / "photos", 600, largest=400)
    sending = person.start("upload", tmp_path / "photos", stderr=subprocess.PIPE)
    wait_for(partial(has_come_to, storage, 150, sending))

    api.kill()
    api.start()
    _, told = sending.communicate(timeout=120)

    assert sending.returncode == 0, told.decode()
    assert arrived(house) == hashes(made)


@pytest.mark.prove
def test_10000_files_killed_at_random_are_each_stored_once(
    house: House, person: Person, storage: Proxy, tmp_path: Path
) -> None:
    """After each of 25 deaths intake sees some of them; in the end nothing is sent again."""
    folder = tmp_path / "photos"
    made = fill(folder, 10_000, largest=400)

    seed = upload_killed_at_random(
        person, storage, folder, kills=25, between=lambda: house.invoke_intake(house.receive())
    )

    assert arrived(house) == hashes(made), seed
    again = person("upload", folder)
    assert again.status == 0
    assert "10000 known" in again.err.replace(",", ""), again.err
