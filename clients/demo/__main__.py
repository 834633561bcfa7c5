"""`python -m clients.demo`: the demonstration against the stack that runs."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from clients.cli import config
from clients.cli.output import note
from clients.cli.problems import (
    INTERRUPTED,
    NOT_ALLOWED,
    PROBLEMS,
    Stop,
    Unreachable,
    exit_status,
    sentence,
)
from clients.cli.server import connect
from clients.demo.stage import Stage
from clients.demo.walk import walk

_REPOSITORY = Path(__file__).resolve().parents[2]
_NOT_RUNNING = (
    "No stack runs there: start one with `make up` in another shell, then run this again."
)


def main() -> int:
    """Walk; the exit status, as the command line has it."""
    try:
        account = _account()
        note(f"MammothBox at {account.url}")
        with connect(account) as server:
            walk(server, Stage(account.url))
    except Unreachable as problem:
        note(f"{problem} {_NOT_RUNNING}", "red")
        return exit_status(problem)
    except PROBLEMS as problem:
        note(sentence(problem), "red")
        return exit_status(problem)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _account() -> config.Account:
    """The key that is configured, else the one that `make up` left for a developer's shell."""
    if config.KEY_VARIABLE in os.environ:
        return config.account()
    try:
        return _of_stack(Path(os.environ.get("MAMMOTHBOX_HOME", _REPOSITORY / ".local")) / "env")
    except OSError as error:
        try:
            return config.account()
        except Stop:
            raise Stop(_NOT_RUNNING, NOT_ALLOWED) from error


def _of_stack(env: Path) -> config.Account:
    said = dict(
        word.split("=", 1)
        for line in env.read_text("utf-8").splitlines()
        for word in shlex.split(line)[1:]
        if "=" in word
    )
    return config.Account(said[config.URL_VARIABLE], said[config.KEY_VARIABLE])


if __name__ == "__main__":
    sys.exit(main())
