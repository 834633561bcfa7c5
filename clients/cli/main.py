"""`mammothbox`: the commands put together, and how each of them may end."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from types import FrameType
from typing import Annotated

import typer

from clients.cli import config
from clients.cli.output import note, tell
from clients.cli.problems import (
    EXIT_STATUSES,
    FAILED,
    INTERRUPTED,
    PROBLEMS,
    exit_status,
    sentence,
)

# Each has a function `add` that adds its commands; this is their order in the help.
COMMANDS = (
    "up_down",
    "login",
    "upload",
    "watch",
    "importing",
    "status",
    "ls",
    "get",
    "search",
    "tag",
    "clusters",
    "duplicates",
    "decisions",
    "schemas",
    "collections",
    "query",
    "replay",
    "dlq",
    "keys",
    "models",
    "usage",
    "export",
    "doctor",
)

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


def build() -> typer.Typer:
    """The app with all its commands."""
    app = typer.Typer(
        name="mammothbox",
        no_args_is_help=True,
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=EXIT_STATUSES,
    )
    app.callback()(_account)
    for name in COMMANDS:
        importlib.import_module(f"clients.cli.commands.{name}").add(app)
    return app


def run() -> None:
    """Do what the command line asks for. Whatever happens, it is one line and an exit status."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        build()()
    except SystemExit as end:
        _leave_if_interrupted(end.code)
        raise
    except PROBLEMS as problem:
        note(f"mammothbox: {sentence(problem)}", "red")
        sys.exit(exit_status(problem))
    except KeyboardInterrupt:
        _leave_if_interrupted(INTERRUPTED)
    except Exception as error:
        note(f"mammothbox: {_unexpected(error)}", "red")
        sys.exit(FAILED)


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


def _unexpected(error: Exception) -> str:
    """What to tell of a failure nobody thought of; the details go to a file."""
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return told
    try:
        path = config.state_folder() / "failures.log"
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()}\n{traceback.format_exc()}\n")
    except OSError:
        return f"Something unexpected happened: {told}"
    return f"Something unexpected happened: {told} (written down in {path})"
