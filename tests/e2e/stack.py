"""Starting a stack and talking to it as a client does: over HTTP, with a key and with S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx2
import psutil
import psycopg
from psycopg.rows import dict_row

from infra.local.environment import read_env
from infra.local.home import Home

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
# 20 MB go in one POST here, so that a multipart upload need not be large.
_SETTINGS = {"SINGLE_UPLOAD_LIMIT": "20000000"}
_SWEEP = """
from functions.janitor.handler import handler
from tests.house import Context
handler({}, Context())
"""
Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], patience_s: float = PATIENCE_S) -> Found:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing found within {patience_s} s")
        time.sleep(0.05)


@dataclass
class Client:
    """Somebody with a key, told by `env` where everything is."""

    env: dict[str, str]
    open: ExitStack = field(default_factory=ExitStack)

    @property
    def raw_bucket(self) -> str:
        return self.env["RAW_BUCKET"]

    @cached_property
    def http(self) -> httpx2.Client:
        client = httpx2.Client(
            base_url=f"{self.env['MAMMOTHBOX_URL']}/api/v1/",
            headers={"Authorization": f"Bearer {self.env['MAMMOTHBOX_KEY']}"},
            timeout=30,
        )
        return self.open.enter_context(client)

    @cached_property
    def s3(self) -> Any:
        return self._aws("s3")

    @cached_property
    def sqs(self) -> Any:
        return self._aws("sqs")

    @cached_property
    def events(self) -> Any:
        return self._aws("events")

    def _aws(self, service: str) -> Any:
        client = boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            region_name=self.env["AWS_REGION"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
        )
        self.open.callback(client.close)
        return client

    def queue_url(self, name: str = "intake") -> str:
        return str(json.loads(self.env["QUEUE_URLS"])[name])

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What stands in the catalogue; or change it, as a developer with psql may."""
        with psycopg.connect(
            self.env["DATABASE_URL"], autocommit=True, row_factory=dict_row
        ) as connection:
            connection.execute("SET search_path = catalog, public")
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def announce(self, **file: Any) -> dict[str, Any]:
        """Ask for an upload; returns where it goes."""
        answer = self.http.post("uploads", json={"files": [file]})
        assert answer.status_code == 201, answer.text
        upload: dict[str, Any] = answer.json()["uploads"][0]
        return upload

    def upload(self, name: str, content: bytes, **declared: Any) -> str:
        """Announce a file, post it where we are told, and return its system_id."""
        upload = self.announce(filename=name, **{"size_bytes": len(content), **declared})
        answer = httpx2.post(upload["url"], data=upload["fields"], files={"file": content})
        assert answer.status_code == 204, answer.text
        return str(upload["system_id"])

    def object(self, system_id: str) -> dict[str, Any]:
        answer = self.http.get(f"objects/{system_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def settled(self, system_id: str) -> dict[str, Any]:
        """The object once it is ready, a duplicate or failed."""

        def look() -> dict[str, Any] | None:
            found = self.object(system_id)
            return found if found["status"] in ("ready", "duplicate", "failed") else None

        return wait_for(look)

    def dropped(self, filename: str) -> dict[str, Any]:
        """The settled object that a drop became."""

        def look() -> str | None:
            items = self.http.get("objects", params={"limit": 200}).json()["items"]
            return next((i["system_id"] for i in items if i["filename"] == filename), None)

        return self.settled(wait_for(look))


@dataclass
class LocalStack(Client):
    """A running `make up`."""

    home: Path = field(kw_only=True)
    process: subprocess.Popen[str] = field(kw_only=True)

    def logged(self, worker: str, text: str) -> list[dict[str, Any]]:
        """What the worker wrote to its log with that text in it."""
        lines = (self.home / "logs" / f"{worker}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if text in line and line.startswith("{")]

    def sweep(self) -> None:
        """Run the janitor now, beside the stack's own."""
        worker_url = self.env["DATABASE_URL"].replace("//postgres@", "//worker@")
        subprocess.run(
            [sys.executable, "-c", _SWEEP],
            cwd=REPOSITORY,
            env={**os.environ, **self.env, "DATABASE_URL": worker_url},
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
        )

    def child(self, marker: str) -> psutil.Process:
        """The living child process whose command line has `marker`."""

        def look() -> psutil.Process | None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            return next((c for c in children if marker in " ".join(command_line(c))), None)

        return wait_for(look)


@contextmanager
def started(home: Path, port: int = 0) -> Iterator[LocalStack]:
    """Start a stack in `home`; end it as `make down` does, whatever happened."""
    stack = start(home, port)
    try:
        yield stack
    finally:
        stack.open.close()
        run("down", home)
        stack.process.wait(timeout=PATIENCE_S)


def start(home: Path, port: int = 0) -> LocalStack:
    """Start a stack and wait until it says that it runs."""
    log = home.with_name(f"{home.name}.out")
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "up"],
            cwd=REPOSITORY,
            env=_environment(home, port),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def runs() -> bool:
        assert process.poll() is None, log.read_text()
        return "Ctrl-C" in log.read_text()

    wait_for(runs)
    return LocalStack(read_env(Home(home)), home=home, process=process)


def run(
    command: str, home: Path, port: int = 0, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run another command on a home and return what came of it."""
    return subprocess.run(
        [sys.executable, "-m", "infra.local", command, *arguments],
        cwd=REPOSITORY,
        env=_environment(home, port),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything alive that was started for the stack in `home`."""
    marker = str(home)
    return [process for process in psutil.process_iter() if marker in _told(process)]


def _told(process: psutil.Process) -> str:
    """What a process was started with: its command line, environment and folder."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join([*process.cmdline(), *process.environ().values(), process.cwd()])
    except (psutil.Error, OSError):
        return ""


def command_line(process: psutil.Process) -> list[str]:
    """What a process was started with; nothing once it is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **_SETTINGS, "MAMMOTHBOX_HOME": str(home), "PORT": str(port)}
