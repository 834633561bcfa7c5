"""What became of all files of an upload, told while it runs and once it is over."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from clients.cli.output import duration, emit_lines, note, size
from clients.cli.problems import PROBLEMS, Unreachable
from clients.cli.progress import Bars
from clients.cli.uploading.files import LeftOut
from clients.cli.uploading.run import Outcome

_STYLES = {"told": "yellow", "failed": "red"}


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


@contextmanager
def telling_of_interruptions(outcomes: Sequence[Outcome], files: int) -> Iterator[None]:
    """Say how far an upload of so many files came, when something ends it early.

    To be around the bars: whoever sees one and presses Ctrl-C is told.
    """
    try:
        yield
    except (KeyboardInterrupt, *PROBLEMS) as error:
        done = sum(one.state in ("sent", "known") for one in outcomes)
        if outcomes or isinstance(error, KeyboardInterrupt | Unreachable):
            word = "Interrupted" if isinstance(error, KeyboardInterrupt) else "Stopped"
            note(
                f"{word}: {done} of {files} files are in the library. Nothing is lost:"
                " run the same command again to go on.",
                "yellow",
            )
        raise


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
    return sum(one.kind == "failed" for one in left_out)
