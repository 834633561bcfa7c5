"""`upload`: files, folders, patterns or standard input, as often as it takes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer

from clients.cli import config, jobs
from clients.cli.output import Json, emit_lines, note, size, table
from clients.cli.problems import FAILED, USAGE, Stop
from clients.cli.progress import bars, steps
from clients.cli.uploading.files import Choice, Found, LeftOut, find, look_at
from clients.cli.uploading.run import Outcome
from clients.cli.uploading.session import Session, open_session, say_waiting
from clients.cli.uploading.summary import Summary, tell_left_out, telling_of_interruptions

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

    Run the same command again after anything went wrong: it finishes what is left.
    """
    listed = _listed(files, Choice(tuple(include or ()), tuple(exclude or ())), name)
    found = [one for one in listed if isinstance(one, Found)]
    left_out = [one for one in listed if isinstance(one, LeftOut)]
    outcomes: list[Outcome] = []
    with (
        telling_of_interruptions(outcomes, len(found)),
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
                _remove_spool(files, found, summary)
                return
            session.run(shown, summary.tell, parallel=parallel, comments=comments).upload(found)
            shown.progress.stop()
            _remove_spool(files, found, summary)
            summary.close()
            fine = _followed(session, summary.jobs) if wait else True
    _hint(summary, wait)
    if summary.counts["failed"] or missed or not fine:
        raise typer.Exit(FAILED)


def _listed(files: Sequence[str], choice: Choice, name: str | None) -> list[Found | LeftOut]:
    if STDIN in files and len(files) > 1:
        raise Stop("Standard input (-) goes alone.", USAGE)
    if files == [STDIN]:
        if not name:
            raise Stop("Say what standard input is called: --name report.json", USAGE)
        spooled = look_at(_spooled(name), name)
        if isinstance(spooled, LeftOut):
            # Nothing came: whatever should have written it most likely failed.
            spooled.path.unlink()
            return [LeftOut(Path(name), spooled.reason, "failed")]
        return [spooled]
    if name:
        if len(files) != 1 or not Path(files[0]).is_file():
            raise Stop("--name goes with one file, or with standard input.", USAGE)
        return [look_at(Path(files[0]), name)]
    return find(files, choice)


def _spooled(name: str) -> Path:
    """All of standard input in a file: its hash and size must be known before it is sent."""
    folder = config.state_folder() / "stdin"
    folder.mkdir(mode=0o700, exist_ok=True)
    suffix = Path(name).suffix[:20]
    with NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
        try:
            shutil.copyfileobj(sys.stdin.buffer, file)
        except BaseException:
            Path(file.name).unlink()
            raise
    return Path(file.name)


def _remove_spool(files: Sequence[str], found: Sequence[Found], summary: Summary) -> None:
    if list(files) == [STDIN] and not summary.counts["failed"]:
        for one in found:
            one.path.unlink(missing_ok=True)


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
    note(f"{len(sent)} files ({size(sum(sent))}) would be read and sent unless they are known")


def _followed(session: Session, job_ids: Sequence[str]) -> bool:
    """Wait until the jobs are settled, telling of what failed; whether all went well."""
    if not job_ids:
        return True
    last: list[jobs.Job] = []
    with steps("Working") as show:
        for last in jobs.follow(session.server, job_ids):
            counts = jobs.counts(last)
            show(counts["done"] + counts["failed"], sum(counts.values()))
    for system_id, why in jobs.failures(last):
        note(f"{system_id}: {why}", "red")
    counts = jobs.counts(last)
    note(f"{counts['done']} ready, {counts['failed']} failed")
    return all(map(jobs.went_well, last))


def _hint(summary: Summary, waited: bool) -> None:
    if summary.jobs and not waited and not summary.as_json and sys.stderr.isatty():
        more = f" (and {len(summary.jobs) - 1} more)" if len(summary.jobs) > 1 else ""
        note(f"Watch it being read: mammothbox status --follow {summary.jobs[0]}{more}", "dim")
