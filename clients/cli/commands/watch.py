"""`watch`: whatever comes to rest in a folder is uploaded, until Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import watchfiles

from clients.cli.commands.upload import Collection, Comments, Exclude, Include, Parallel, Patience
from clients.cli.output import Json, emit_lines, note, tell, warn
from clients.cli.problems import (
    FAILED,
    NOT_ALLOWED,
    UNREACHABLE,
    USAGE,
    ServerProblem,
    Stop,
    Unreachable,
    exit_status,
    sentence,
)
from clients.cli.progress import bars
from clients.cli.targets import folder_named
from clients.cli.uploading.files import Choice, too_much
from clients.cli.uploading.run import Outcome
from clients.cli.uploading.session import Session, open_session
from clients.cli.uploading.watched import PARTIAL, Watched, follow_deletion

# Some file systems tell nobody of changes: the folder is looked at this often all the same.
_LOOK_EVERY_S = 10.0
_STEPS = 4

Folder = Annotated[
    Path,
    typer.Argument(parser=folder_named, help="The folder, with all that is below."),
]
Settle = Annotated[
    float,
    typer.Option(min=0.1, metavar="SECONDS", help="A file is at rest after so long unchanged."),
]
Mirror = Annotated[
    bool,
    typer.Option(
        "--mirror-deletions", help="Put into the trash what is deleted here. Else it stays."
    ),
]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(watch)


def watch(
    folder: Folder,
    *,
    collection: Collection = None,
    comments: Comments = None,
    include: Include = None,
    exclude: Exclude = None,
    settle: Settle = 3.0,
    mirror_deletions: Mirror = False,
    parallel: Parallel = 4,
    patience: Patience = 600.0,
    as_json: Json = False,
) -> None:
    """Upload what is in a folder and what comes into it, until Ctrl-C.

    Files that still change, and downloads that are not finished, are waited for. What was sent
    before is not sent again, under another name neither, and after a restart neither.
    """
    if not folder.is_dir():
        raise Stop(f"{folder} is no folder.", USAGE)
    reason = too_much(folder)
    if reason is not None:
        raise Stop(f"{folder} is not watched: {reason}.", USAGE)
    choice = Choice(tuple(include or ()), (*(exclude or ()), *PARTIAL))
    watched = Watched(folder.resolve(), choice, settle)
    with open_session(
        collection=collection, patience_s=patience, parallel=parallel, waiting=_say_waiting
    ) as session:
        _refuse_role(session.role, mirror_deletions)
        note(f"Watching {watched.folder}. Ctrl-C ends it; nothing is lost.")
        for _ in _looks(watched, session.stop):
            if not watched.folder.is_dir():
                warn(f"{watched.folder} is not there; waiting for it…")
                continue
            try:
                _take(session, watched, parallel, comments, as_json=as_json)
                if mirror_deletions:
                    _mirror(session, watched, as_json=as_json)
            except (Unreachable, ServerProblem) as problem:
                if exit_status(problem) not in (FAILED, UNREACHABLE):
                    raise
                # It may take all night: this is what a watch is for.
                session.stop.clear()
                warn(sentence(problem))


def _refuse_role(role: str, mirror_deletions: bool) -> None:
    """A key that may not send, or not trash, is told now: the first file may come tomorrow."""
    least = "admin" if mirror_deletions else "uploader"
    if role == "viewer" or (mirror_deletions and role == "uploader"):
        raise Stop(f"This needs the role {least!r}; yours is {role!r}.", NOT_ALLOWED)


def _looks(watched: Watched, stop: threading.Event) -> Iterator[None]:
    """A turn for each change in the folder, and more while something is not at rest."""
    step_ms = int(min(watched.settle_s / _STEPS, _LOOK_EVERY_S) * 1000)
    while not stop.is_set():
        yield
        pause_ms = max(step_ms, 50) if watched.is_waiting else int(_LOOK_EVERY_S * 1000)
        if not watched.folder.is_dir():
            stop.wait(pause_ms / 1000)
            continue
        changes = watchfiles.watch(
            watched.folder,
            debounce=max(step_ms, 50),
            step=50,
            rust_timeout=pause_ms,
            yield_on_timeout=True,
            raise_interrupt=True,
            stop_event=stop,
            watch_filter=None,
        )
        next(changes, None)


def _take(
    session: Session, watched: Watched, parallel: int, comments: str | None, *, as_json: bool
) -> None:
    """Upload what is at rest."""
    files = watched.settled()
    if not files:
        return

    def told(outcome: Outcome) -> None:
        _tell(outcome, as_json=as_json)

    with bars(len(files), sum(one.size for one in files)) as shown:
        session.run(shown, told, parallel=parallel, comments=comments).upload(files)
    # What failed is tried again when it changes, or at the next start.
    watched.handed_out(files)


def _mirror(session: Session, watched: Watched, *, as_json: bool) -> None:
    gone = watched.gone(session.journal, session.shelf)
    if watched.is_too_much(len(gone), session.journal, session.shelf):
        raise Stop(
            f"{len(gone)} files are gone from {watched.folder} at once: that looks like a mistake,"
            " so nothing was put into the trash. Start `watch` without --mirror-deletions to go on."
        )
    for path, sha256 in gone.items():
        try:
            system_id = follow_deletion(
                session.server, session.journal, session.shelf, path, sha256
            )
        except ServerProblem as problem:
            if exit_status(problem) == NOT_ALLOWED:
                raise
            warn(f"{path}: {sentence(problem)}")
            continue
        if system_id and as_json:
            emit_lines([{"path": str(path), "state": "trashed", "system_id": system_id}])
        elif system_id:
            tell(f"trashed  {path}")


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        emit_lines([{**asdict(outcome), "path": str(outcome.path)}])
    elif outcome.state == "failed":
        warn(f"failed   {outcome.path}: {outcome.reason}")
    elif outcome.state == "sent":
        tell(f"sent     {outcome.path}")


def _say_waiting(why: str) -> None:
    warn(f"{why} Waiting for it…")
