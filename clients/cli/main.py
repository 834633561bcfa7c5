"""`mammothbox`: the commands put together, and how each of them may end."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from clients.cli import config
from clients.cli.output import note, tell
from clients.cli.problems import (
    EXIT_STATUSES,
    FAILED,
    INTERRUPTED,
    NOBODY_READS,
    PROBLEMS,
    exit_status,
    sentence,
)

# Each module has a function `add` that adds these commands; this is their order in the help.
COMMANDS: Mapping[str, Sequence[str]] = {
    "up_down": ("up", "down"),
    "login": ("login", "logout", "whoami"),
    "upload": ("upload",),
    "watch": ("watch",),
    "importing": ("import",),
    "status": ("status",),
    "ls": ("ls", "show"),
    "get": ("get",),
    "search": ("search", "searches"),
    "tag": ("tag", "rate", "comment", "trash", "untrash"),
    "clusters": ("clusters",),
    "duplicates": ("duplicates",),
    "decisions": ("decisions", "undo"),
    "schemas": ("schemas",),
    "collections": ("collections",),
    "query": ("query",),
    "replay": ("replay",),
    "dlq": ("dlq",),
    "keys": ("keys",),
    "models": ("models",),
    "usage": ("usage",),
    "export": ("export", "restore"),
    "doctor": ("doctor",),
}
_WITH_VALUE = ("--url", "--key")

Url = Annotated[
    str | None, typer.Option("--url", help=f"The server; else ${config.URL_VARIABLE}, else login.")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        help=f"An API key; else ${config.KEY_VARIABLE}, else login. Others on this machine can"
        " see options: prefer those.",
    ),
]
Version = Annotated[bool, typer.Option("--version", help="Tell the version and exit.")]


def build(words: Sequence[str] = ()) -> typer.Typer:
    """The app with all its commands, or with those alone that these words can mean.

    A script that calls it for each of a thousand files need not wait for what it does not use.
    """
    app = typer.Typer(
        name="mammothbox",
        no_args_is_help=True,
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=EXIT_STATUSES,
    )
    app.callback()(_account)
    for name in _needed(words):
        importlib.import_module(f"clients.cli.commands.{name}").add(app)
    return app


def run() -> None:
    """Do what the command line asks for. Whatever happens, it is one line and an exit status."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    _open_streams()
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that knows few signs is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        build(sys.argv[1:])()
    except SystemExit as end:
        _leave_if_interrupted(end.code)
        _leave_if_nobody_reads(end)
        raise
    except PROBLEMS as problem:
        note(f"mammothbox: {sentence(problem)}", "red")
        sys.exit(exit_status(problem))
    except KeyboardInterrupt:
        _leave_if_interrupted(INTERRUPTED)
    except Exception as error:
        note(f"mammothbox: {_unexpected(error)}", "red")
        sys.exit(FAILED)


def _open_streams() -> None:
    """Stand in for streams that whoever started this has closed; files must not get their place."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nothing)


def _needed(words: Sequence[str]) -> list[str]:
    """The module of the command that is called, or all of them."""
    left = iter(words)
    for one in left:
        if one in _WITH_VALUE:
            next(left, None)
        elif not one.startswith("-"):
            return [name for name, has in COMMANDS.items() if one in has] or list(COMMANDS)
    return list(COMMANDS)


def _account(
    context: typer.Context, url: Url = None, key: Key = None, version: Version = False
) -> None:
    """Drop any file or any JSON into a box; get back an organised, searchable library."""
    if version:
        tell(f"mammothbox {metadata.version('mammothbox')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.fail("Missing command.")
    config.choose(config.Given(url, key))


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _leave_if_interrupted(status: object) -> None:
    """Leave at once: threads that wait for a server would keep the process for its patience.

    All that must outlive this is written down before it counts as done.
    """
    if status == INTERRUPTED:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(INTERRUPTED)


def _leave_if_nobody_reads(end: SystemExit) -> None:
    """Leave as `cat` and `grep` do, without a word, where `head` has seen enough."""
    broken = isinstance(end.__context__, BrokenPipeError)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        broken = True
    except OSError:
        # A full disk was told when the command wrote.
        pass
    if broken:
        os._exit(NOBODY_READS)


def _unexpected(error: Exception) -> str:
    """What to tell of a failure nobody thought of; the details go to a file."""
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return told
    try:
        path = config.state_folder() / "failures.log"
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now(UTC).isoformat()}\n{traceback.format_exc()}\n")
    except OSError:
        return f"Something unexpected happened: {told}"
    return f"Something unexpected happened: {told} (written down in {path})"
