"""The worker image without Docker: the files as its Dockerfile lays them out, its requirements
and nothing else, and events through AWS's own runtime client.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local import emulator, lifeline
from infra.local.environment import Stack, function_environment
from infra.local.home import Home
from infra.local.postgres import DatabaseUrls
from infra.topology import RAW_BUCKET, WORKERS, Worker
from tests.samples import PNG

pytestmark = pytest.mark.prove

REPOSITORY = Path(__file__).parents[2]
# Part of AWS's base images, and so not of our requirements.
RUNTIME_CLIENT = "awslambdaric==4.2.2"
PATIENCE_S = 120


@dataclass
class RuntimeApi:
    """Lambda's side of the runtime API: hands out one event after the other."""

    events: SimpleQueue[dict[str, Any]] = field(default_factory=SimpleQueue)
    answers: SimpleQueue[Any] = field(default_factory=SimpleQueue)

    def invoke(self, event: dict[str, Any]) -> Any:
        self.events.put(event)
        return self.answers.get(timeout=PATIENCE_S)


def handler_of(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # The client keeps its connection.
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """`/2018-06-01/runtime/invocation/next`"""
            self._answer(
                200,
                json.dumps(api.events.get()).encode(),
                {
                    "Lambda-Runtime-Aws-Request-Id": str(uuid4()),
                    "Lambda-Runtime-Deadline-Ms": "99999999999999",
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:::function:embed",
                },
            )

        def do_POST(self) -> None:
            """`…/response`, `…/error` or `/runtime/init/error`"""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.answers.put((self.path.rsplit("/", 1)[-1], json.loads(body)))
            self._answer(202, b"{}", {})

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def runtime_api() -> Iterator[tuple[RuntimeApi, str]]:
    api = RuntimeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(api))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield api, f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def task_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile copies, where it copies it."""
    root = tmp_path_factory.mktemp("task")
    for source, target in copied():
        place = root / target
        if (REPOSITORY / source).is_dir():
            shutil.copytree(
                REPOSITORY / source, place, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / source, place)
    return root


def copied() -> list[tuple[str, str]]:
    dockerfile = (REPOSITORY / "functions" / "Dockerfile").read_text()
    return re.findall(r"^COPY (\S+) \$\{LAMBDA_TASK_ROOT\}/(\S*)$", dockerfile, re.MULTILINE)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of the image's requirements and the runtime client, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [uv, "pip", "install", "-q", "--python", str(python)]
    locked = ["--require-hashes", "-r", str(REPOSITORY / "requirements" / "worker.txt")]
    subprocess.run([*install, *locked], check=True)
    subprocess.run([*install, RUNTIME_CLIENT], check=True)
    return python


@pytest.fixture
def stack(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[Stack]:
    """A catalogue, and the emulator's buckets and queues."""
    home = Home(tmp_path)
    home.prepare()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = emulator.start(home, port, WORKERS)
    try:
        queues = emulator.addresses(port, WORKERS)
        yield Stack(database_urls, 0, port, queues.queues, queues.dead_letters)
    finally:
        lifeline.end(process, patience_s=2)


@contextmanager
def function(
    python: Path, task_root: Path, handler: str, environment: Mapping[str, str]
) -> Iterator[RuntimeApi]:
    """The function as Lambda starts it."""
    with runtime_api() as (api, address):
        process = subprocess.Popen(
            [str(python), "-m", "awslambdaric", handler],
            cwd=task_root,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": address,
                "MODELS_FOLDER": str(task_root / "models"),
                "PYTHONPATH": str(task_root),
            },
        )
        try:
            yield api
        finally:
            process.kill()
            process.wait()


def worker(name: str) -> Worker:
    return next(worker for worker in WORKERS if worker.name == name)


def put_asset(urls: DatabaseUrls, asset_id: UUID, version_id: str, space: str) -> None:
    """What intake leaves of a picture."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SET search_path = catalog, public")
        values = {
            "id": asset_id,
            "bucket": RAW_BUCKET,
            "version": version_id,
            "size": len(PNG),
            "space": space,
        }
        for statement in (
            "INSERT INTO job (owner, id, request_id, source, objects)"
            " VALUES ('ada', %(id)s, 'r', 'drop', 1)",
            "INSERT INTO asset_raw (owner, id, bucket, key, version_id)"
            " VALUES ('ada', %(id)s, %(bucket)s, 'drop/ada/a.png', %(version)s)",
            "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status, kind, content_type,"
            " size_bytes) VALUES ('ada', %(id)s, %(id)s, 0, %(id)s, 'processing', 'image',"
            " 'image/png', %(size)s)",
            "INSERT INTO stage (owner, asset_id, name, space, state, request_id)"
            " VALUES ('ada', %(id)s, 'embed', %(space)s, 'queued', 'r')",
        ):
            connection.execute(statement, values)


def sqs_event(body: dict[str, Any]) -> dict[str, Any]:
    record = {
        "messageId": str(uuid4()),
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def test_the_image_embeds_tags_and_clusters_a_picture(
    python: Path, task_root: Path, stack: Stack
) -> None:
    migrating = {
        **function_environment(stack, worker("embed")),
        "DATABASE_URL": stack.urls.superuser,
    }
    with function(python, task_root, "functions.migrate.handler.handler", migrating) as migrate:
        how, answer = migrate.invoke({})
    assert how == "response", answer
    space = answer["space"]
    stored = emulator.client("s3", stack.emulator_port).put_object(
        Bucket=RAW_BUCKET, Key="drop/ada/a.png", Body=PNG
    )
    asset_id = uuid4()
    put_asset(stack.urls, asset_id, stored["VersionId"], space)

    for name in ("embed", "tag", "cluster"):
        environment = function_environment(stack, worker(name))
        body = {
            "stage": name,
            "owner": "ada",
            "asset_id": str(asset_id),
            "request_id": "r",
            "space": space,
        }
        with function(python, task_root, worker(name).handler, environment) as started:
            assert started.invoke(sqs_event(body)) == ("response", {"batchItemFailures": []})

    with psycopg.connect(stack.urls.superuser) as connection:
        row = connection.execute("SELECT status FROM catalog.asset").fetchone()
        vectors = connection.execute("SELECT count(*) FROM catalog.embedding").fetchone()
    assert row == ("ready",)
    assert vectors == (1,)


def test_nothing_of_this_repository_leaks_into_the_image(python: Path, task_root: Path) -> None:
    shown = subprocess.run(
        [str(python), "-c", "import mammothbox; print(mammothbox.__path__[0])"],
        env={"PYTHONPATH": str(task_root), "PATH": os.environ["PATH"]},
        cwd=task_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(str(task_root))
    assert not (task_root / "tests").exists()
