"""What became of all files of an upload, told while it runs and once it is over."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import typer

from clients.cli.output import duration, emit_lines, note, size
from clients.cli.problems import FAILED, LEFT_OUT
from clients.cli.progress import Bars
from clients.cli.uploading.files import LeftOut
from clients.cli.uploading.run import Outcome

_STYLES = {"told": "yellow", "missed": "red"}


@dataclass
class Summary:
    """Counts outcomes as they come, from any thread; `as_json` prints each as a line."""

    bars: Bars
    as_json: bool
    began: float = field(default_factory=time.monotonic)
    outcomes: list[Outcome] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, outcome: Outcome) -> None:
        """A file is done with."""
        with self._turn:
            self.outcomes.append(outcome)
            if self.as_json:
                emit_lines([{**asdict(outcome), "path": str(outcome.path)}])
        if outcome.state != "sent":
            self.bars.spared(outcome.size)
        if outcome.state == "failed":
            self.bars.say(f"{outcome.path}: {outcome.reason}", "red")
        self.bars.file_done()

    @property
    def counts(self) -> Counter[str]:
        """How many files were sent, known and failed."""
        return Counter(outcome.state for outcome in self.outcomes)

    @property
    def jobs(self) -> list[str]:
        """The jobs of what was sent, in their order."""
        ids = [one.job_id for one in self.outcomes if one.state == "sent" and one.job_id]
        return list(dict.fromkeys(ids))

    def close(self) -> None:
        """Tell how it went, on standard error."""
        counts = self.counts
        taken_s = time.monotonic() - self.began
        moved = sum(one.size for one in self.outcomes if one.state == "sent")
        rate = f", {size(int(moved / taken_s))}/s" if moved and taken_s > 0 else ""
        style = "red" if counts["failed"] else "green"
        note(
            f"{counts['sent']} sent ({size(moved)}), {counts['known']} known,"
            f" {counts['failed']} failed in {duration(taken_s)}{rate}",
            style,
        )


def how_far(outcomes: Sequence[Outcome], files: int) -> str:
    """How far an upload of so many files came."""
    done = sum(one.state in ("sent", "known") for one in outcomes)
    return f"{done} of {files} files are in the library."


def leave(summary: Summary, missed: int, *, fine: bool = True) -> None:
    """End with the status of what went worst: something failed, or was left out."""
    if summary.counts["failed"] or not fine:
        raise typer.Exit(FAILED)
    if missed:
        were = "1 file was" if missed == 1 else f"{missed} files were"
        note(f"{were} left out that should have been sent.", "yellow")
        raise typer.Exit(LEFT_OUT)


def tell_left_out(left_out: Sequence[LeftOut], bars: Bars, *, as_json: bool) -> int:
    """Say what will not be uploaded; how many of these should have been."""
    surprising = [one for one in left_out if one.kind != "meant"]
    for one in surprising:
        bars.say(f"{one.path}: left out: {one.reason}", _STYLES[one.kind])
    if as_json:
        emit_lines(
            {"path": str(one.path), "state": "left_out", "reason": one.reason} for one in surprising
        )
    expected = len(left_out) - len(surprising)
    if expected:
        bars.say(f"{expected} hidden or excluded left out")
    return sum(one.kind == "missed" for one in left_out)
