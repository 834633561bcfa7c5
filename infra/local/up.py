"""`make up`: the whole topology on this machine, as one process with its children."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

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
    for_a_shell,
    read_env,
    search_environment,
    without_proxy,
    write_env,
)
from infra.local.functions import Functions
from infra.local.home import LOOPBACK, Home, Ports, UpError
from infra.local.postgres import Server
from infra.local.recovery import forget_messages, lapse_leases
from infra.local.running import Running
from infra.local.terminal import say
from infra.topology import JANITOR, SEARCH, WORKERS, Scheduled, Worker

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
    ports = home.choose_ports(place, _wanted_port())
    place.prepare()
    stop = threading.Event()
    ending.listen(stop, partial(ending.by_force, place, os.getpid()))
    with home.occupied(place), ExitStack() as stack:
        home.remember_ports(place, ports)
        home.announce(place, f"http://{LOOPBACK}:{ports.api}")
        _leave_the_real_account(ports.emulator)
        # The emulator takes as long to start as Postgres: both at once.
        beside = stack.enter_context(ThreadPoolExecutor(1))
        emulating = beside.submit(emulator.start, place, ports.emulator, topology.workers)
        server = stack.enter_context(postgres.lease(place.database))
        running = Running(stop, say)
        # A function that is still busy, or hangs, after the others have ended.
        stack.callback(processes.kill_descendants, os.getpid())
        stack.callback(running.end)
        told = _addresses(server, topology, ports)
        _start(place, told, topology, running, emulating)
        if not stop.is_set():
            _greet(place, told)
        while not stop.wait(_WATCH_EVERY_S):
            server.ensure_running()
            running.revive_the_dead()
        say("ending")


def _addresses(server: Server, topology: Topology, ports: Ports) -> Stack:
    server.create_database(DATABASE)
    queues = emulator.addresses(ports.emulator, topology.workers)
    return Stack(
        server.urls(DATABASE),
        ports.api,
        ports.emulator,
        queues.queues,
        queues.dead_letters,
        ports.search,
    )


def _start(
    place: Home,
    told: Stack,
    topology: Topology,
    running: Running,
    emulating: Future[subprocess.Popen[bytes]],
) -> None:
    # They say that they are ready once everything else is.
    api, search = _start_api(place, told), _start_search(place, told)
    _prepare_catalogue(told)
    running.keep("emulator", emulating.result(), lambda: _emulate_again(place, told, topology))
    running.keep("api", api, lambda: _start_api(place, told))
    running.keep("search", search, lambda: _start_search(place, told))
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
    return _serve(place, "api", "infra.local.gateway:app", told.api_port, api_environment(told))


def _start_search(place: Home, told: Stack) -> subprocess.Popen[bytes]:
    return _serve(place, SEARCH.name, SEARCH.app, told.search_port, search_environment(told))


def _serve(
    place: Home, name: str, app: str, port: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    arguments = [app, "--host", LOOPBACK, "--port", str(port)]
    return lifeline.start(
        "uvicorn",
        [*arguments, "--no-access-log", "--timeout-graceful-shutdown", "2"],
        environment,
        place.logs / f"{name}.log",
    )


def _wait_for_api(running: Running, told: Stack) -> None:
    """Until both answer. Raises `UpError` when one does not start."""
    for name, path in (("api", "health/ready"), ("search", "search")):
        if not _answers(running, name, f"{told.url}/api/v1/{path}"):
            raise UpError(f"the {name} function does not start: see logs/{name}.log")


def _answers(running: Running, name: str, url: str) -> bool:
    """Whether it did within its time; an end of the stack counts as that."""
    for _ in range(int(_API_PATIENCE_S / 0.1)):
        if not running.is_alive(name):
            return False
        try:
            # A fixed address of this machine.
            urllib.request.urlopen(url, timeout=5)  # noqa: S310
        except urllib.error.HTTPError as error:
            # Without a key it says so once it runs; before, the gateway says that it does not.
            if error.code == HTTPStatus.UNAUTHORIZED:
                return True
        except OSError:
            pass
        else:
            return True
        if running.stop.wait(0.1):
            return True
    return False


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
    say(f"for a shell: {for_a_shell(place)}")
    say("Ctrl-C ends it; everything is kept")
    sys.stdout.flush()
