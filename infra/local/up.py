"""`make up`: the whole topology on this machine, as one process with its children."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from mammothbox.catalog import api_keys
from mammothbox.catalog.migrate import migrate
from mammothbox.model_spaces import offer_models

from infra.local import emulator, ending, home, lifeline, postgres, processes
from infra.local.environment import (
    MODELS,
    OWNER,
    Stack,
    api_environment,
    aws_environment,
    read_env,
    without_proxy,
    write_env,
)
from infra.local.functions import Functions
from infra.local.home import LOOPBACK, Home, UpError
from infra.local.postgres import Server
from infra.local.recovery import forget_messages, lapse_leases
from infra.local.running import Running
from infra.local.terminal import say
from infra.topology import JANITOR, WORKERS, Scheduled, Worker

DATABASE = "mammothbox"
_API_PATIENCE_S = 30.0
_WATCH_EVERY_S = 1.0


@dataclass(frozen=True)
class Topology:
    """What is to run; tests run something smaller."""

    workers: Sequence[Worker] = WORKERS
    scheduled: Sequence[Scheduled] = (JANITOR,)


def up(topology: Topology | None = None) -> None:
    """Run until Ctrl-C or SIGTERM. Raises `UpError` when it cannot."""
    topology = topology or Topology()
    place = home.home_from_environment()
    home.refuse_if_occupied(place)
    # Before anything is made: a refused start leaves nothing behind.
    api_port, emulator_port = home.choose_ports(place, _wanted_port())
    place.prepare()
    stop = threading.Event()
    ending.listen(stop, partial(ending.by_force, place, os.getpid()))
    with home.occupied(place), ExitStack() as stack:
        home.remember_ports(place, api_port, emulator_port)
        home.announce(place, f"http://{LOOPBACK}:{api_port}")
        _leave_the_real_account(emulator_port)
        # The emulator takes as long to start as Postgres: both at once.
        beside = stack.enter_context(ThreadPoolExecutor(1))
        emulating = beside.submit(emulator.start, place, emulator_port, topology.workers)
        server = stack.enter_context(postgres.lease(place.database))
        running = Running(stop, say)
        # A function that is still busy, or hangs, after the others have ended.
        stack.callback(processes.kill_descendants, os.getpid())
        stack.callback(running.end)
        told = _addresses(server, topology, api_port, emulator_port)
        _start(place, told, topology, running, emulating)
        _greet(place, told)
        while not stop.wait(_WATCH_EVERY_S):
            server.ensure_running()
            running.revive_the_dead()
        say("ending")


def _addresses(server: Server, topology: Topology, api_port: int, emulator_port: int) -> Stack:
    server.create_database(DATABASE)
    queues = emulator.addresses(emulator_port, topology.workers)
    return Stack(server.urls(DATABASE), api_port, emulator_port, queues.queues, queues.dead_letters)


def _start(
    place: Home,
    told: Stack,
    topology: Topology,
    running: Running,
    emulating: Future[subprocess.Popen[bytes]],
) -> None:
    # It says that it is ready once everything else is.
    api = _start_api(place, told)
    _prepare_catalogue(told)
    running.keep("emulator", emulating.result(), lambda: _emulate_again(place, told, topology))
    running.keep("api", api, lambda: _start_api(place, told))
    forget_messages(told.urls.superuser)
    write_env(place, told, _key(place, told.urls.superuser))
    _wait_for_api(running, told)
    functions = Functions(place, told, topology.workers, topology.scheduled, running)
    running.start_thread("functions", functions.start)


def _prepare_catalogue(told: Stack) -> None:
    migrate(told.urls.superuser)
    space = offer_models(told.urls.superuser, MODELS)
    say(f"pictures are embedded by {space.model} (space {space.name})")
    lapse_leases(told.urls.superuser)


def _emulate_again(place: Home, told: Stack, topology: Topology) -> subprocess.Popen[bytes]:
    process = emulator.start(place, told.emulator_port, topology.workers)
    try:
        # Whatever waited in its queues is gone; the stage table knows what that was.
        forget_messages(told.urls.superuser)
    except BaseException:
        lifeline.end(process, patience_s=2)
        raise
    return process


def _start_api(place: Home, told: Stack) -> subprocess.Popen[bytes]:
    arguments = ["functions.api.app:app", "--host", LOOPBACK, "--port", str(told.api_port)]
    return lifeline.start(
        "uvicorn",
        [*arguments, "--no-access-log", "--timeout-graceful-shutdown", "2"],
        api_environment(told),
        place.logs / "api.log",
    )


def _wait_for_api(running: Running, told: Stack) -> None:
    tries = int(_API_PATIENCE_S / 0.1)
    for _ in range(tries):
        if not running.is_alive("api"):
            break
        try:
            # A fixed address of this machine.
            urllib.request.urlopen(f"{told.url}/api/v1/health/ready", timeout=5)  # noqa: S310
        except (urllib.error.URLError, OSError):
            running.stop.wait(0.1)
        else:
            return
        if running.stop.is_set():
            return
    raise UpError("the API does not start: see logs/api.log")


def _key(place: Home, url: str) -> str:
    """The key of the last start while it is valid, else a new one."""
    known = read_env(place).get("MAMMOTHBOX_KEY")
    if known and api_keys.is_valid(url, known):
        return known
    return api_keys.create(url, owner=OWNER, role="operator", name="make up")


def _leave_the_real_account(emulator_port: int) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "PG"))]:
        del os.environ[name]
    os.environ.update(aws_environment(emulator_port) | without_proxy())


def _wanted_port() -> int | None:
    text = os.environ.get("PORT", "")
    if not text:
        return None
    if not text.isdigit() or int(text) > 65535:  # noqa: PLR2004 - the highest port there is
        raise UpError(f"PORT is a number from 0 to 65535, not {text!r}")
    return int(text)


def _greet(place: Home, told: Stack) -> None:
    values = read_env(place)
    say(f"running at {told.url} (docs: {told.url}/api/v1/docs)")
    say(f"your key: {values['MAMMOTHBOX_KEY']}")
    say(f"for a shell: source {os.path.relpath(place.env)}")
    say("Ctrl-C ends it; everything is kept")
    sys.stdout.flush()
