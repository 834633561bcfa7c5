"""`import`: a camera's card or a phone's folder, in the order the pictures were taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from clients.cli.commands.upload import Comments, DryRun, Parallel, Patience
from clients.cli.interruptions import telling_of_interruptions
from clients.cli.output import Json, counted, emit_lines, note, table
from clients.cli.problems import USAGE, Stop
from clients.cli.progress import Bars, bars
from clients.cli.targets import folder_named
from clients.cli.uploading import sidecars
from clients.cli.uploading.files import Choice, Found, LeftOut, walk
from clients.cli.uploading.run import Outcome
from clients.cli.uploading.session import Session, open_session, say_waiting
from clients.cli.uploading.summary import Summary, how_far, leave, tell_left_out
from clients.cli.uploading.taken import taken_at

_PICTURES = "DCIM"

Folder = Annotated[
    Path,
    typer.Argument(parser=folder_named, help="The card, the phone's folder, or any folder."),
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was taken since then."),
]


@dataclass(frozen=True)
class Roll:
    """What is on a card: pictures by when they were taken, and what was written about them."""

    files: list[tuple[datetime, Found]]
    notes: dict[Path, sidecars.Notes]
    left_out: list[LeftOut]
    pairs: int


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("import")(import_folder)


def import_folder(
    folder: Folder,
    *,
    since: Since = None,
    comments: Comments = None,
    parallel: Parallel = 4,
    patience: Patience = 120.0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Upload a camera's card or a phone's folder by date, and nothing of it twice.

    Raw and developed pictures stay side by side. Titles, keywords and stars in .xmp files become
    comments, tags and ratings, and do so again once they have changed; what only the camera can
    use is left out.
    """
    if not folder.is_dir():
        raise Stop(f"{folder} is no folder.", USAGE)
    roll = read_roll(folder, since)
    if dry_run:
        _tell_plan(roll, as_json=as_json)
        return
    found = [file for _, file in roll.files]
    outcomes: list[Outcome] = []
    with (
        telling_of_interruptions(
            lambda: how_far(outcomes, len(found)), begun=lambda: bool(outcomes)
        ),
        bars(len(found), sum(one.size for one in found)) as shown,
    ):
        missed = tell_left_out(roll.left_out, shown, as_json=as_json)
        if roll.pairs:
            are = "1 picture is" if roll.pairs == 1 else f"{roll.pairs} pictures are"
            shown.say(f"{are} there raw and developed: both are kept.")
        summary = Summary(shown, as_json, outcomes=outcomes)
        _send(roll, found, shown, summary, (parallel, patience, comments))
        shown.progress.stop()
        summary.close()
    leave(summary, missed)


def read_roll(folder: Path, since: datetime | None) -> Roll:
    """What of the folder is to be imported, earliest first."""
    pictures = folder / _PICTURES
    listed = list(walk(pictures if pictures.is_dir() else folder, Choice()))
    found = [one for one in listed if isinstance(one, Found)]
    left_out = [one for one in listed if isinstance(one, LeftOut)]
    useful: dict[bool, list[Found]] = {True: [], False: []}
    for one in found:
        useful[sidecars.ending(one.path) not in sidecars.OF_NO_USE].append(one)
    kept = useful[True]
    left_out += _of_no_use(useful[False])
    media = [one for one in kept if sidecars.ending(one.path) != sidecars.NOTES]
    by_stem: dict[Path, list[Found]] = defaultdict(list)
    for one in media:
        by_stem[one.path.with_suffix("")].append(one)
    notes: dict[Path, sidecars.Notes] = {}
    for one in kept:
        if sidecars.ending(one.path) == sidecars.NOTES:
            left_out += _attach(one, by_stem, notes)
    files = _by_date(by_stem, since)
    return Roll(files, notes, left_out, sum(_is_pair(group) for group in by_stem.values()))


def _by_date(
    by_stem: dict[Path, list[Found]], since: datetime | None
) -> list[tuple[datetime, Found]]:
    """Earliest first; what belongs together has the date of its earliest file, and stays so."""
    groups = [(min(map(taken_at, group)), group) for group in by_stem.values()]
    groups.sort(key=lambda one: (one[0], one[1][0].path))
    return [(at, file) for at, group in groups if since is None or at >= since for file in group]


def _attach(
    sidecar: Found, by_stem: dict[Path, list[Found]], notes: dict[Path, sidecars.Notes]
) -> list[LeftOut]:
    about = sidecars.belongs_to(sidecar.path, by_stem)
    read = sidecars.read_notes(sidecar.path)
    if not about or read is None:
        why = "no picture goes with it" if not about else "it is no XMP"
        return [LeftOut(sidecar.path, why)]
    notes.update({one.path: read for one in about})
    return []


def _of_no_use(files: Sequence[Found]) -> list[LeftOut]:
    counted = Counter(sidecars.OF_NO_USE[sidecars.ending(one.path)] for one in files)
    first = {sidecars.OF_NO_USE[sidecars.ending(one.path)]: one.path for one in reversed(files)}
    return [
        LeftOut(first[why], why if count == 1 else f"{why} (and {count - 1} more of these)")
        for why, count in counted.items()
    ]


def _is_pair(group: Sequence[Found]) -> bool:
    endings = {sidecars.ending(one.path) for one in group}
    return bool(endings & sidecars.RAW and endings & sidecars.DEVELOPED)


def _send(
    roll: Roll,
    found: Sequence[Found],
    shown: Bars,
    summary: Summary,
    how: tuple[int, float, str | None],
) -> None:
    parallel, patience, comments = how
    with open_session(
        collection=None,
        patience_s=patience,
        parallel=parallel,
        waiting=partial(say_waiting, shown),
    ) as session:
        session.run(
            shown,
            summary.tell,
            parallel=parallel,
            comments=comments,
            after=lambda file, system_id: _write_notes(
                session, roll, file, system_id, comments=comments
            ),
            already=session.in_the_library,
        ).upload(found)


def _write_notes(
    session: Session, roll: Roll, file: Found, system_id: str, *, comments: str | None
) -> None:
    """Say of the object what its sidecar says, as far as that has changed since it was read."""
    if file.path not in roll.notes:
        return
    now = roll.notes[file.path].edit()
    before = session.journal.noted(session.shelf.account, system_id)
    edit = sidecars.change(before, now)
    if edit.get("comments") and comments:
        edit["comments"] = f"{comments}\n{edit['comments']}"
    if edit:
        session.server.patch(f"objects/{system_id}", edit)
        session.journal.note(session.shelf.account, system_id, now)


def _tell_plan(roll: Roll, *, as_json: bool) -> None:
    if as_json:
        emit_lines({"path": str(file.path), "taken_at": at.isoformat()} for at, file in roll.files)
        return
    table(["taken", "path"], [(f"{at:%Y-%m-%d %H:%M}", file.path) for at, file in roll.files])
    for one in roll.left_out:
        if one.kind != "meant":
            note(f"{one.path}: left out: {one.reason}")
    note(f"{counted(len(roll.files), 'file')} would be read, and sent unless they are known")
