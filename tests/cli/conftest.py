"""A server that the command line talks to over real HTTP, with a storage that it sends to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import httpx2
import pytest
from mammothbox.catalog import spaces

from clients.cli import main
from infra.local import emulator, lifeline
from infra.local.environment import aws_environment, without_proxy
from infra.local.postgres import DatabaseUrls
from infra.topology import EVENT_BUS, LIBRARY_BUCKET, RAW_BUCKET, WORKERS
from tests.cli.faulty import Proxy, proxying
from tests.e2e.stack import wait_for
from tests.emulated import running
from tests.house import SPACE, House, forget_everything

ROOT = Path(__file__).parents[2]
PROGRAM = "from clients.cli.main import run; run()"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One emulator for all tests that need one: they run in one xdist worker."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()) and "tests/cli/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("command line"))


@dataclass
class Served:
    """The API as a process of its own, which may be away for a while."""

    port: int
    log: Path
    environment: dict[str, str] = field(repr=False)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["tests.house:app", "--port", str(self.port), "--no-access-log"]
        self._process = lifeline.start("uvicorn", arguments, self.environment, self.log)
        url = f"http://127.0.0.1:{self.port}/api/v1/health/live"
        wait_for(lambda: _answers(url))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            lifeline.end(self._process, patience_s=1)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url).is_success
    except httpx2.TransportError:
        return False


@dataclass
class Said:
    """What a command said, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Person:
    """Somebody at a command line: a home, a server and a key of their own."""

    environment: dict[str, str]
    call: Callable[..., Said] = field(repr=False)

    def __call__(self, *arguments: str | Path) -> Said:
        """Run a command within this process; it must not be one that is interrupted."""
        return self.call(*arguments)

    def start(
        self, *arguments: str | Path, stdout: int = subprocess.DEVNULL, stderr: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Run a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=stdout,
            stderr=stderr,
        )


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the emulator that `make up` runs."""
    with running(tmp_path_factory.mktemp("emulator")) as port:
        yield port


@pytest.fixture(scope="session")
def storage_line(emulated: int) -> Iterator[Proxy]:
    """What stands between everybody and the storage, for all tests."""
    with proxying(emulated) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def surroundings(
    emulated: int, storage_line: Proxy, worker_database: DatabaseUrls
) -> dict[str, str]:
    """What every process of the system is told. Large files begin at a megabyte here."""
    queues = emulator.addresses(emulated, WORKERS)
    return {
        **aws_environment(emulated),
        **without_proxy(),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{storage_line.port}",
        "DATABASE_URL": worker_database.app,
        "OPERATOR_DATABASE_URL": worker_database.operator,
        "RAW_BUCKET": RAW_BUCKET,
        "LIBRARY_BUCKET": LIBRARY_BUCKET,
        "EVENT_BUS": EVENT_BUS,
        "FUNCTION_TIMEOUT_S": "300",
        "MAX_RECEIVES": "3",
        "MODELS_FOLDER": str(ROOT / "models"),
        "SINGLE_UPLOAD_LIMIT": str(1024**2),
        "QUEUE_URLS": json.dumps(dict(queues.queues)),
        "DEAD_LETTER_QUEUE_URLS": json.dumps(dict(queues.dead_letters)),
    }


@pytest.fixture(scope="session")
def api(surroundings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The API, answering."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("api") / "api.log"
    served = Served(port, log, {**os.environ, **surroundings})
    served.start()
    yield served
    served.kill()


@pytest.fixture
def storage(storage_line: Proxy) -> Iterator[Proxy]:
    """What stands between everybody and the storage, as good as new."""
    storage_line.renew()
    yield storage_line
    storage_line.renew()


@pytest.fixture
def house(
    surroundings: dict[str, str], database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """The catalogue and the workers, whose queues move when the test says so."""
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    forget_everything()
    queues, letters = (
        json.loads(surroundings[name]) for name in ("QUEUE_URLS", "DEAD_LETTER_QUEUE_URLS")
    )
    house = House(database_urls, boto3.Session(), queues, letters)
    for url in house.queue_urls.values():
        house.sqs.purge_queue(QueueUrl=url)
    spaces.offer(database_urls.superuser, [(SPACE, {})], SPACE.name)
    yield house
    house.s3.close()
    house.sqs.close()
    forget_everything()


@pytest.fixture
def front(api: Served, house: House) -> Iterator[Proxy]:
    """What stands between everybody and the API."""
    with proxying(api.port) as proxy:
        yield proxy


@pytest.fixture
def person(
    house: House,
    front: Proxy,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    """Ada, an admin, at a machine on which nothing was done before."""
    environment = {
        "MAMMOTHBOX_URL": f"http://127.0.0.1:{front.port}",
        "MAMMOTHBOX_KEY": house.key(),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        with _signals_kept(), monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["mammothbox", *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                main.run()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert environment["MAMMOTHBOX_KEY"] not in out + err
        return Said(int(end.value.code or 0), out, err)

    return Person(environment, call)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """What a command sets for its own process is not for this one."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
