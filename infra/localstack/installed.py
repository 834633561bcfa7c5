"""LocalStack from PyPI, in an environment of its own under `.local/localstack`.

It pins older libraries than ours, so the two never share one.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.lifeline import REPOSITORY
from infra.local.postgres import locked

# What the functions of the context are packed for.
PYTHON = "3.11"
_MACHINE = ("Linux", "x86_64")
_HOME = REPOSITORY / ".local" / "localstack"
_LOCK = REPOSITORY / "requirements" / "localstack.txt"
_RUNTIME_LOCK = REPOSITORY / "requirements" / "localstack-runtime.txt"
_EXECUTOR = Path(__file__).with_name("executor")


class CannotRun(RuntimeError):
    """LocalStack does not run on this machine; the message says what to do."""


@dataclass(frozen=True)
class Installed:
    """LocalStack's interpreter, and the folder with AWS's runtime client for functions."""

    python: Path
    runtime: Path


def install() -> Installed:
    """Have it, made anew if a lock or the executor has changed.

    Raises `CannotRun`, and `CalledProcessError` when the registry cannot be reached.
    """
    if (platform.system(), platform.machine()) != _MACHINE:
        raise CannotRun(
            "functions run as processes on Linux, x86-64: start Docker, or a LocalStack"
        )
    found = Installed(_HOME / "venv" / "bin" / "python", _HOME / "runtime")
    _HOME.mkdir(parents=True, exist_ok=True)
    with locked(_HOME / "install.lock"):
        stamp, marker = _stamp(), _HOME / "stamp"
        if not marker.exists() or marker.read_text() != stamp:
            marker.unlink(missing_ok=True)
            _install(found)
            marker.write_text(stamp)
    return found


def _install(into: Installed) -> None:
    environment = into.python.parents[1]
    for folder in (environment, into.runtime):
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([_base_python(), "-m", "venv", "--without-pip", str(environment)], check=True)
    _uv("pip", "sync", "--require-hashes", "--python", str(into.python), str(_LOCK))
    exact = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    place = ["--python", str(into.python), "--target", str(into.runtime)]
    _uv("pip", "install", *exact, *place, "-r", str(_RUNTIME_LOCK))
    built = _HOME / "wheel"
    shutil.rmtree(built, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(command, cwd=_EXECUTOR, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    _uv("pip", "install", "--no-deps", "--python", str(into.python), str(wheel))


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "-q", *arguments], check=True)


def _base_python() -> str:
    if sys.version_info[:2] == tuple(map(int, PYTHON.split("."))):
        return sys.executable
    found = shutil.which(f"python{PYTHON}")
    if found is None:
        raise CannotRun(f"without Docker, LocalStack needs a python{PYTHON} on the PATH")
    return found


def _stamp() -> str:
    digest = hashlib.sha256(_base_python().encode())
    for path in (_LOCK, _RUNTIME_LOCK, *sorted(_EXECUTOR.glob("*.*"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
