"""`up` and `down`: the whole system on this machine, as `make up` runs it."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import typer

from clients.cli.problems import Stop

CHECKOUT = Path(__file__).resolve().parents[3]
# Of what else each needs, this is installed where all of it is.
_NEEDS = {"infra.local": "ministack", "models.fetch": "onnx"}


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(down)


def up() -> None:
    """Run the whole system on this machine until Ctrl-C. Needs a checkout."""
    raise typer.Exit(run_module("infra.local", "up"))


def down() -> None:
    """End the system that `up` runs on this machine. Needs a checkout."""
    raise typer.Exit(run_module("infra.local", "down"))


def run_module(module: str, *arguments: str) -> int:
    """Run a module of the checkout as `make` does; its exit status.

    Raises `Stop` where there is no checkout, or what it needs is not installed.
    """
    # What was installed from a wheel has the modules, too, and nothing that they run.
    is_checkout = (CHECKOUT / "Makefile").is_file()
    if not is_checkout or importlib.util.find_spec(_NEEDS[module]) is None:
        raise Stop(
            "This runs from a checkout of MammothBox, in the environment that `make up` makes:"
            " this is none. To use a system that runs elsewhere: `mammothbox login`."
        )
    # Ctrl-C reaches both; the child decides when it has ended.
    child = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=CHECKOUT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    status = child.wait()
    return 128 - status if status < 0 else status
