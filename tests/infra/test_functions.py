"""How the functions of a stack start: each in its turn, whatever becomes of the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local import emulator, lifeline
from infra.local.environment import Stack
from infra.local.functions import Functions
from infra.local.home import Home, choose_ports
from infra.local.postgres import DatabaseUrls
from infra.local.running import Running
from infra.topology import Queue, Worker
from tests.e2e.stack import wait_for

pytestmark = pytest.mark.xdist_group("poller")

NOWHERE = DatabaseUrls(app="", worker="", operator="", ddl="", superuser="")


def worker(name: str, handler: str) -> Worker:
    queue = Queue(batch_size=1, batch_window_s=0, max_concurrency=1, max_receives=2)
    return Worker(name, f"tests.infra.handlers.{handler}", None, 2, 128, queue)


BROKEN = worker("intake", "no_such_handler")
WELL = worker("embed", "by_event")
UNUSED = worker("tag", "by_event")


@dataclass
class Bench:
    """An emulator with the queues of some workers, and what was said."""

    home: Home
    told: Stack
    sqs: Any
    said: list[str] = field(default_factory=list)

    def functions(self, *workers: Worker) -> Functions:
        running = Running(threading.Event(), self.said.append)
        return Functions(self.home, self.told, workers, (), running)

    def waits(self, name: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(
            QueueUrl=self.told.queue_urls[name], AttributeNames=names
        )
        return sum(int(told["Attributes"][each]) for each in names)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = Home(tmp_path_factory.mktemp("emulator"))
    home.prepare()
    port = choose_ports(home, 0).emulator
    process = emulator.start(home, port, [BROKEN, WELL, UNUSED])
    queues = emulator.addresses(port, [BROKEN, WELL, UNUSED])
    sqs = emulator.client("sqs", port)
    yield Bench(home, Stack(NOWHERE, 0, port, queues.queues, queues.dead_letters), sqs)
    sqs.close()
    lifeline.end(process, patience_s=2)


def test_a_function_that_does_not_start_keeps_no_other_from_its_work(bench: Bench) -> None:
    bench.sqs.send_message(QueueUrl=bench.told.queue_urls["embed"], MessageBody="good")
    functions = bench.functions(BROKEN, WELL)

    functions.start(functions.running.stop)

    wait_for(lambda: bench.waits("embed") == 0)
    wait_for(lambda: any("intake does not start" in said for said in bench.said))
    functions.running.end()
    assert not any(thread.is_alive() for thread in functions.running.threads)


def test_what_is_ended_while_it_starts_starts_nothing_more(bench: Bench) -> None:
    functions = bench.functions(UNUSED, UNUSED)
    functions.running.stop.set()

    functions.start(functions.running.stop)

    assert functions.running.threads == []
    bench.sqs.send_message(QueueUrl=bench.told.queue_urls["tag"], MessageBody="good")
    assert bench.waits("tag") == 1
