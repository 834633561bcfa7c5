"""`status`: how jobs stand, once or until they are done."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from clients.cli import config, jobs
from clients.cli.output import Json, clean, emit_lines, note, table, when
from clients.cli.problems import FAILED
from clients.cli.server import Server, connect
from clients.cli.targets import the_id
from clients.cli.uploading.journal import open_journal

_RECENT = 10
_SHOWN = 12
_STYLES = {"ready": "green", "duplicate": "green", "done": "green", "failed": "red"}

Jobs = Annotated[
    list[str] | None, typer.Argument(help="Jobs; without any, the latest of this machine.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Stay until all of it is settled.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)


def status(job: Jobs = None, *, follow: Follow = False, as_json: Json = False) -> None:
    """Show how jobs stand; with --follow, fail when any of their objects did."""
    named = [the_id(one, "a job", "status") for one in job or ()]
    with connect() as server:
        job_ids = named or _latest(server)
        if not job_ids:
            note("Nothing was uploaded from this machine to this library yet.")
            return
        states = jobs.follow(server, job_ids)
        last = _watch(states, as_json=as_json) if follow else next(states)
    if as_json:
        emit_lines(last)
    elif job:
        _tell(last)
    else:
        _tell_briefly(last)
    if follow and not all(map(jobs.went_well, last)):
        raise typer.Exit(FAILED)


def _latest(server: Server) -> list[str]:
    owner = server.get("keys/current")["owner"]
    with open_journal(config.state_folder()) as journal:
        return journal.latest_jobs(f"{server.url} {owner}", _RECENT)


def _watch(states: Iterator[list[jobs.Job]], *, as_json: bool) -> list[jobs.Job]:
    """The last of the states, having shown each of them where somebody sees it."""
    if as_json or not sys.stderr.isatty():
        return deque(states, maxlen=1)[0]
    last: list[jobs.Job] = []
    with Live(console=Console(file=sys.stderr), transient=True, auto_refresh=False) as live:
        for last in states:
            live.update(_picture(last), refresh=True)
    return last


def _picture(shown: Sequence[jobs.Job]) -> Group:
    """What goes on, few enough lines for any terminal: what works and failed before the rest."""
    counts = jobs.counts(shown)
    summed = " · ".join(f"{count} {name}" for name, count in counts.items() if count)
    grid = Table(box=None, pad_edge=False, show_header=False)
    objects = sorted(
        (one for job in shown for one in job["objects"]),
        key=lambda one: (
            ("processing", "failed", "queued").index(one["state"])
            if one["state"] in ("processing", "failed", "queued")
            else 3
        ),
    )
    for one in objects[:_SHOWN]:
        grid.add_row(one["system_id"], _state(one["state"]), clean(_stage(one)))
    left = len(objects) - _SHOWN
    return Group(Text(summed, style="bold"), grid, Text(f"and {left} more" if left > 0 else ""))


def _tell(shown: Sequence[jobs.Job]) -> None:
    rows = [
        (one["system_id"], _state(one["state"]), one["kind"] or "", _stage(one))
        for job in shown
        for one in job["objects"]
    ]
    table(["object", "state", "kind", "stage"], rows)
    for job in shown:
        states = Counter(one["state"] for one in job["objects"])
        said = ", ".join(f"{count} {state}" for state, count in states.items())
        note(f"{job['job_id']}: {job['status']} ({said})", _STYLES.get(job["status"], ""))


def _tell_briefly(shown: Sequence[jobs.Job]) -> None:
    rows = []
    for job in shown:
        progress = job["progress"]
        left = progress["queued"] + progress["processing"]
        told = (when(job["created_at"]), progress["done"], left, progress["failed"])
        rows.append((job["job_id"], _state(job["status"]), *told))
    table(["job", "status", "begun", ">done", ">left", ">failed"], rows)


def _state(state: str) -> Text:
    return Text(state, style=_STYLES.get(state, ""))


def _stage(one: jobs.Job) -> str:
    """What is being done to an object, or why nothing is any more."""
    if one["error"]:
        return f"{one['error']['detail']} [{one['error']['code']}]"
    open_stages = [s["name"] for s in one["stages"] if s["state"] not in ("done", "skipped")]
    return ", ".join(dict.fromkeys(open_stages))
