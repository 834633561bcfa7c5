"""A poller between a real queue and tiny functions."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.local import emulator, lifeline, poller
from infra.local.execution import ExecutionEnvironment
from infra.local.home import Home, choose_ports
from infra.local.poller import Poller
from infra.topology import WORKERS, Queue, Worker
from tests.e2e.stack import wait_for

pytestmark = pytest.mark.xdist_group("poller")


@pytest.fixture(scope="module")
def sqs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = Home(tmp_path_factory.mktemp("emulator"))
    home.prepare()
    port = choose_ports(home, 0).emulator
    process = emulator.start(home, port, WORKERS)
    client = emulator.client("sqs", port)
    yield client
    client.close()
    lifeline.end(process, patience_s=2)


class Bench:
    """A queue with its dead letters, and what the poller said and did."""

    def __init__(self, sqs: Any, queue: Queue) -> None:
        self.sqs = sqs
        self.said: list[str] = []
        self.deaths = 0
        self.catalogue_is_away = False
        name = f"test-{uuid4()}"
        self.worker = Worker(name, "", "worker", 2, 128, queue)
        self.letters = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.letters, AttributeNames=["QueueArn"])
        policy = (
            f'{{"deadLetterTargetArn": "{arn["Attributes"]["QueueArn"]}",'
            f' "maxReceiveCount": {queue.max_receives}}}'
        )
        self.url = sqs.create_queue(
            QueueName=name, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": policy}
        )["QueueUrl"]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def count(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)

    def dead(self) -> list[str]:
        answer = self.sqs.receive_message(
            QueueUrl=self.letters, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return sorted(message["Body"] for message in answer.get("Messages", []))

    def died(self) -> None:
        if self.catalogue_is_away:
            self.catalogue_is_away = False
            raise psycopg.OperationalError("the catalogue is away")
        self.deaths += 1

    @contextmanager
    def polling(self, log: Path, handler: str = "by_event") -> Iterator[threading.Thread]:
        environment = ExecutionEnvironment(
            f"tests.infra.handlers.{handler}", self.worker.timeout_s, os.environ, log
        )
        poller = Poller(self.worker, self.url, self.sqs, environment, self.died, self.said.append)
        stop = threading.Event()
        thread = threading.Thread(target=poller.run, args=[stop])
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def bench(sqs: Any) -> Bench:
    return Bench(sqs, Queue(batch_size=10, batch_window_s=0, max_concurrency=1, max_receives=2))


def test_what_succeeds_is_deleted(bench: Bench, tmp_path: Path) -> None:
    bench.send(*(f"message {number}" for number in range(25)))

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.count(bench.url) == 0)

    assert bench.dead() == []


def test_only_what_fails_comes_back_and_then_lies_with_the_dead_letters(
    bench: Bench, tmp_path: Path
) -> None:
    bench.send("good", "bad", "good")

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.dead() == ["bad"])

    assert bench.count(bench.url) == 0


def test_a_handler_that_raises_fails_the_whole_batch(bench: Bench, tmp_path: Path) -> None:
    bench.send("raise", "raise")

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: len(bench.dead()) == 2)

    assert any("ValueError: as you wish" in said for said in bench.said)
    assert bench.deaths == 0


@pytest.mark.parametrize("wish", ["crash", "sleep"])
def test_messages_of_a_dead_environment_go_back_at_once(
    bench: Bench, tmp_path: Path, wish: str
) -> None:
    bench.send(wish)

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.dead() == [wish])

    assert bench.deaths == bench.worker.queue.max_receives


def test_messages_of_a_dead_environment_wait_for_the_catalogue(
    bench: Bench, tmp_path: Path
) -> None:
    bench.send("crash")
    bench.catalogue_is_away = True

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.dead() == ["crash"])

    assert bench.deaths == bench.worker.queue.max_receives


def test_a_function_that_does_not_start_receives_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.send("good")

    with bench.polling(tmp_path / "log", handler="no_such_handler"):
        wait_for(lambda: len(bench.said) >= 3)

    assert bench.dead() == []
    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.count(bench.url) == 0)
    assert bench.dead() == []


def test_an_error_nobody_foresaw_does_not_end_the_polling(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_once(*_: object) -> dict[str, Any]:
        monkeypatch.undo()
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(poller, "build_event", fail_once)
    bench.send("good")

    with bench.polling(tmp_path / "log"):
        wait_for(lambda: bench.count(bench.url) == 0)

    assert any("nobody foresaw this" in said for said in bench.said)
