"""LocalStack in Docker: the last image that needs no token, or the newest with the user's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.home import LOOPBACK
from infra.localstack.server import SETTINGS, ServerError, wait_until_ready

_WITHOUT_TOKEN = "localstack/localstack:4.14.0"  # noqa: S105 - an image's name
_WITH_TOKEN = "localstack/localstack-pro:latest"  # noqa: S105 - an image's name
_TOKEN = "LOCALSTACK_AUTH_TOKEN"  # noqa: S105 - a variable's name
_SOCKET = "/var/run/docker.sock"


def answers() -> bool:
    """Whether there is a Docker that runs containers."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    command = [docker, "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


@contextmanager
def running(port: int) -> Iterator[None]:
    """Have it answer at `port` of this machine alone."""
    name = f"mammothbox-localstack-{port}"
    settings = {**SETTINGS, "MAIN_CONTAINER_NAME": name, "LAMBDA_REMOVE_CONTAINERS": "1"}
    image = _WITHOUT_TOKEN
    if _TOKEN in os.environ:
        settings[_TOKEN], image = os.environ[_TOKEN], _WITH_TOKEN
    told = [word for pair in settings for word in ("--env", pair)]
    # Functions are containers too, which LocalStack starts.
    command = ["run", "--rm", "--detach", "--name", name, "--volume", f"{_SOCKET}:{_SOCKET}"]
    _docker(*command, "--publish", f"{LOOPBACK}:{port}:4566", *told, image, settings=settings)
    try:
        wait_until_ready(port, lambda: _runs(name), f"see docker logs {name}")
        yield
    finally:
        _docker("stop", "--time", "20", name)


def bridge() -> str | None:
    """This machine's address as containers see it, where they have one network with it."""
    if not answers():
        return None
    told = "{{(index .IPAM.Config 0).Gateway}}"
    return _docker("network", "inspect", "bridge", "--format", told).strip() or None


def _runs(name: str) -> bool:
    return bool(_docker("ps", "--quiet", "--filter", f"name={name}").strip())


def _docker(*arguments: str, settings: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [shutil.which("docker") or "docker", *arguments],
        # By name only on the command line, where every user of the machine reads.
        env={**os.environ, **(settings or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"docker {arguments[0]}: {done.stderr.strip()[-500:]}")
    return done.stdout
