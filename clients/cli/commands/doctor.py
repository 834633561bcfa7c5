"""`doctor`: says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain

import typer

from clients.cli import config, output
from clients.cli.diagnosis import Finding, of_server, of_this_machine
from clients.cli.output import Json
from clients.cli.problems import Stop
from clients.cli.server import connect

# It looks; it does not wait for what is down.
_PATIENCE_S = 2.0
_SIGNS = {
    "well": ("✓", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✗", "red"),
    "unknown": ("?", "yellow"),
}


def add(app: typer.Typer) -> None:
    """`mammothbox doctor`."""
    app.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Say what is wrong and what to do: address, key, clock, store, workers, failures, models.

    A tiny file is sent through the whole system, and taken out again. Warnings (!) are no
    failure: the exit status is that of the first thing that is wrong (✗).
    """
    wrong: list[Finding] = []
    for finding in chain(of_this_machine(), _of_server()):
        wrong += [finding] if finding.state == "wrong" else []
        if as_json:
            output.emit_lines([asdict(finding)])
        else:
            _tell(finding)
    if wrong:
        raise typer.Exit(wrong[0].status)


def _of_server() -> Iterator[Finding]:
    try:
        account = config.account()
        with connect(account, patience_s=_PATIENCE_S) as server:
            yield from of_server(server)
    except Stop as stop:
        yield Finding("key", "wrong", stop.message, "`mammothbox login`", stop.status)


def _tell(finding: Finding) -> None:
    sign, style = _SIGNS[finding.state]
    line = output.clean(sign, style)
    line.append(f" {finding.what}: {output.clean(finding.said).plain}", style="")
    output.people().print(line)
    if finding.do:
        output.tell(f"    {finding.do}")
