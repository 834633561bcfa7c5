"""Starts the functions of a stack: one that an upload needs early before one it needs late."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local import emulator
from infra.local.environment import Stack, function_environment
from infra.local.execution import ExecutionEnvironment
from infra.local.home import Home
from infra.local.poller import Poller
from infra.local.recovery import lapse_leases
from infra.local.running import Running
from infra.local.schedule import Schedule
from infra.topology import Scheduled, Worker

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Functions:
    """What is to be started, and among what it runs then."""

    place: Home
    told: Stack
    workers: Sequence[Worker]
    scheduled: Sequence[Scheduled]
    running: Running

    def start(self, stop: threading.Event) -> None:
        """Start one after the other, each in a thread of its own, unless told to stop.

        Each takes a second of a core to import what it needs. All at once, they would take it
        from who asks for the first thing.
        """
        sqs = emulator.client("sqs", self.told.emulator_port)
        for worker in self.workers:
            poller = self._poller(worker, sqs)
            # One that does not start is its poller's to tell of, and to start again.
            with suppress(Exception):
                poller.environment.prepare()
            if stop.is_set():
                poller.environment.end()
                return
            self.running.start_thread(worker.name, poller.run)
        for function in self.scheduled:
            schedule = Schedule(function, self._environment(function), self.running.say)
            self.running.start_thread(function.name, schedule.run)

    def _poller(self, worker: Worker, sqs: SQSClient) -> Poller:
        return Poller(
            worker=worker,
            queue_url=self.told.queue_urls[worker.name],
            sqs=sqs,
            environment=self._environment(worker),
            on_death=lambda: lapse_leases(self.told.urls.superuser, worker.name),
            say=self.running.say,
        )

    def _environment(self, function: Worker | Scheduled) -> ExecutionEnvironment:
        return ExecutionEnvironment(
            function.handler,
            function.timeout_s,
            function_environment(self.told, function),
            self.place.logs / f"{function.name}.log",
        )
