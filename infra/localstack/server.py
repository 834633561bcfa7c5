"""Which LocalStack there is: one that runs, one in Docker, or one from PyPI on this machine."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.environment import aws_environment
from infra.local.home import LOOPBACK

_PATIENCE_S = 120.0

# Functions here are larger than Lambda takes as zips; these limits are LocalStack's own.
_UNLIMITED = str(4 * 1024**3)
SETTINGS = {
    "DISABLE_EVENTS": "1",
    # Presigned addresses are held to their signature, as on AWS.
    "S3_SKIP_SIGNATURE_VALIDATION": "0",
    "LAMBDA_LIMITS_CODE_SIZE_UNZIPPED": _UNLIMITED,
    "LAMBDA_LIMITS_CODE_SIZE_ZIPPED": _UNLIMITED,
    # A model loads slowly where others compute too.
    "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "120",
    # Queues are looked at again soon, instead of ever later.
    "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
    "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC": "1",
}


class ServerError(RuntimeError):
    """LocalStack does not run; the message says why, or where that is written."""


@dataclass(frozen=True)
class Server:
    """A LocalStack that answers.

    `hot_reload`: functions are read from where they lie on this machine, since it was started by
    somebody else and has Lambda's limit for zips. `in_containers`: functions do not see this
    machine's files and sockets.
    """

    endpoint: str
    hot_reload: bool
    in_containers: bool

    @property
    def port(self) -> int:
        return urlsplit(self.endpoint).port or 80

    def environment(self) -> dict[str, str]:
        """What leads AWS's libraries there, and away from the developer's real account."""
        return {**aws_environment(self.port), "AWS_ENDPOINT_URL": self.endpoint}


@contextmanager
def started(folder: Path, port: int) -> Iterator[Server]:
    """The one at `AWS_ENDPOINT_URL`, else in Docker, else from PyPI, both at `port`.

    What is started here ends here. Raises `ServerError`, and `CannotRun`.
    """
    # Each brings what others do not need.
    from infra.localstack import docker, host  # noqa: PLC0415

    given = os.environ.get("AWS_ENDPOINT_URL")
    with ExitStack() as stack:
        if given:
            # A name of this machine would be taken for a bucket's domain.
            server = Server(given.replace("//localhost", f"//{LOOPBACK}"), True, True)
        elif docker.answers():
            server = Server(f"http://{LOOPBACK}:{port}", False, True)
            stack.enter_context(docker.running(port))
        else:
            server = Server(f"http://{LOOPBACK}:{port}", False, False)
            stack.enter_context(host.running(folder, port))
        yield server


def wait_until_ready(port: int, lives: Callable[[], bool], says: str) -> None:
    """Return once LocalStack answers. Raises `ServerError` when it ends or stays silent."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and lives():
        if health(f"http://{LOOPBACK}:{port}"):
            return
        time.sleep(0.1)
    raise ServerError(f"LocalStack does not start: {says}")


def health(endpoint: str) -> Mapping[str, str] | None:
    """Its services, once it answers."""
    try:
        # An address of this machine, or one that the user named.
        with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=5) as answer:  # noqa: S310
            services: Mapping[str, str] = json.load(answer)["services"]
    except (OSError, ValueError, KeyError):
        return None
    return services
