"""`upload`: files, folders, patterns or standard input, as often as it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from clients.cli import jobs
from clients.cli.interruptions import telling_of_interruptions
from clients.cli.output import Json, counted, emit_lines, note, size, table
from clients.cli.problems import USAGE, Stop
from clients.cli.progress import Far, bars
from clients.cli.server import Server
from clients.cli.uploading.files import Choice, Found, LeftOut, find, look_at
from clients.cli.uploading.run import Outcome
from clients.cli.uploading.session import Session, open_session, say_waiting
from clients.cli.uploading.spool import standard_input
from clients.cli.uploading.summary import Summary, how_far, leave, tell_left_out

STDIN = "-"
MOST_LANES = 32

Files = Annotated[
    list[str],
    typer.Argument(help="Files, folders with all that is below, patterns; - for standard input."),
]
Collection = Annotated[str | None, typer.Option(help="Where JSON belongs.")]
Comments = Annotated[str | None, typer.Option(help="A remark that stays with every object.")]
Parallel = Annotated[int, typer.Option(min=1, max=MOST_LANES, help="How much is sent at once.")]
Patience = Annotated[
    float, typer.Option(min=0, help="For how many seconds a server may be away.", metavar="SECONDS")
]
Include = Annotated[
    list[str] | None, typer.Option(help="In folders, only names of this pattern (repeatable).")
]
Exclude = Annotated[
    list[str] | None, typer.Option(help="In folders, no names of this pattern (repeatable).")
]
Name = Annotated[str | None, typer.Option(help="What standard input, or the one file, is called.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until all of it is ready or has failed.")
]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(upload)


def upload(
    files: Files,
    *,
    collection: Collection = None,
    comments: Comments = None,
    name: Name = None,
    include: Include = None,
    exclude: Exclude = None,
    parallel: Parallel = 4,
    patience: Patience = 120.0,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Send files. What the library has is not sent again; what was interrupted goes on.

    Run the same command again after anything went wrong: it finishes what is left. With --wait,
    what is known counts as well: a file that failed in the library fails here. Notes in .xmp
    files are read by `import` alone; here they are files like others.
    """
    choice = Choice(tuple(include or ()), tuple(exclude or ()))
    outcomes: list[Outcome] = []
    with _listed(files, choice, name) as listed:
        found = [one for one in listed if isinstance(one, Found)]
        left_out = [one for one in listed if isinstance(one, LeftOut)]
        with (
            telling_of_interruptions(
                lambda: how_far(outcomes, len(found)), begun=lambda: bool(outcomes)
            ),
            bars(len(found), sum(one.size for one in found)) as shown,
        ):
            missed = tell_left_out(left_out, shown, as_json=as_json)
            summary = Summary(shown, as_json, outcomes=outcomes)
            with open_session(
                collection=collection,
                patience_s=patience,
                parallel=parallel,
                waiting=partial(say_waiting, shown),
            ) as session:
                if dry_run:
                    _tell_plan(session, found, as_json=as_json)
                    leave(summary, missed)
                    return
                session.run(shown, summary.tell, parallel=parallel, comments=comments).upload(found)
                shown.progress.stop()
                summary.close()
                fine = _followed(session.server, outcomes) if wait else True
    _hint(summary, wait)
    leave(summary, missed, fine=fine)


@contextmanager
def _listed(
    files: Sequence[str], choice: Choice, name: str | None
) -> Iterator[Sequence[Found | LeftOut]]:
    """What the arguments mean; what comes by standard input is kept as long as the block runs."""
    if STDIN not in files:
        if name and (len(files) != 1 or not Path(files[0]).is_file()):
            raise Stop("--name goes with one file, or with standard input.", USAGE)
        yield [look_at(Path(files[0]), name)] if name else find(files, choice)
    elif len(files) > 1:
        raise Stop("Standard input (-) goes alone.", USAGE)
    elif not name:
        raise Stop("Say what standard input is called: --name report.json", USAGE)
    else:
        with standard_input(name) as path:
            spooled = look_at(path, name)
            if isinstance(spooled, LeftOut):
                # Nothing came: whatever should have written it most likely failed.
                spooled = LeftOut(Path(name), spooled.reason, "missed")
            yield [spooled]


def _tell_plan(session: Session, found: Sequence[Found], *, as_json: bool) -> None:
    rows = []
    for file in found:
        sha256 = session.journal.hash_of(file)
        entry = session.journal.find(session.shelf, sha256) if sha256 else None
        known = entry is not None and entry.arrived
        rows.append(("known" if known else "would be sent", file.size, file.path))
    if as_json:
        emit_lines(
            {"state": state, "size": count, "path": str(path)} for state, count, path in rows
        )
        return
    table(["state", ">size", "path"], [(state, size(n), path) for state, n, path in rows])
    sent = [count for state, count, _ in rows if state != "known"]
    note(f"{counted(len(sent), 'file')} ({size(sum(sent))}) would be read, and sent unless known")


def _followed(server: Server, outcomes: Sequence[Outcome]) -> bool:
    """Wait until all of it is settled, telling of what failed; whether all went well."""
    ours = {one.system_id: one.path for one in outcomes if one.system_id}
    job_ids = list(dict.fromkeys(one.job_id for one in outcomes if one.job_id))
    far = Far()
    with far.shown():
        far.begin("files settled", len(ours))
        for seen in jobs.follow(server, job_ids) if job_ids else ():
            counts = jobs.counts(seen)
            far.at(counts["done"] + counts["failed"], sum(counts.values()))
    failed = jobs.failed_of(server, job_ids, ours)
    for system_id, why in failed.items():
        note(f"{ours[system_id]} ({system_id}): {why}", "red")
    note(f"{len(ours) - len(failed)} ready, {len(failed)} failed")
    return not failed


def _hint(summary: Summary, waited: bool) -> None:
    if summary.jobs and not waited and not summary.as_json and sys.stderr.isatty():
        more = f" (and {len(summary.jobs) - 1} more)" if len(summary.jobs) > 1 else ""
        note(f"Watch it being read: mammothbox status --follow {summary.jobs[0]}{more}", "dim")
