"""What runs in a stack: children that are started again when they die, and threads."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.local import lifeline
from infra.local.backoff import pause_s

# The batches at hand have this long to be finished, all together; a child as long to end.
_THREADS_END_S = 2.0
_CHILD_ENDS_S = 2.0
# One that lived this long was well: its earlier deaths are forgotten.
_WELL_AFTER_S = 60.0

Start = Callable[[], subprocess.Popen[bytes]]


@dataclass
class Child:
    """A child process and how to start it again."""

    start: Start
    process: subprocess.Popen[bytes]
    begun: float
    quick_deaths: int = 0
    due: float | None = None


@dataclass
class Running:
    """Everything that `make up` started, but for Postgres."""

    stop: threading.Event
    say: Callable[[str], None]
    children: dict[str, Child] = field(default_factory=dict)
    threads: list[threading.Thread] = field(default_factory=list)

    def start_child(self, name: str, start: Start) -> None:
        """Start a child, and have it started again should it die."""
        self.keep(name, start(), start)

    def keep(self, name: str, process: subprocess.Popen[bytes], start: Start) -> None:
        """Take a child that runs into care: should it die, `start` makes another."""
        self.children[name] = Child(start, process, time.monotonic())

    def start_thread(self, name: str, run: Callable[[threading.Event], None]) -> None:
        """Run a thread that returns when it is told to stop."""
        thread = threading.Thread(target=run, args=[self.stop], name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def is_alive(self, name: str) -> bool:
        """Whether a child runs at the moment."""
        return self.children[name].process.poll() is None

    def revive_the_dead(self) -> None:
        """Start children again that died; one that dies over and over a little later each time.

        Never raises: what does not start is told and tried again.
        """
        for name, child in self.children.items():
            if child.process.poll() is not None:
                self._revive(name, child, time.monotonic())

    def _revive(self, name: str, child: Child, now: float) -> None:
        if child.due is None:
            was_well = now - child.begun > _WELL_AFTER_S
            child.due = now if was_well else now + pause_s(child.quick_deaths)
            child.quick_deaths = 0 if was_well else child.quick_deaths + 1
            self.say(f"{name} ended with {child.process.returncode}; starting it again")
        if now < child.due:
            return
        child.due = None
        try:
            child.process = child.start()
        except Exception as error:
            # Whatever it is, the others are to live on.
            self.say(f"{name} does not start: {error}")
        child.begun = time.monotonic()

    def end(self) -> None:
        """End everything; what is being worked on comes back at the next start."""
        self.stop.set()
        deadline = time.monotonic() + _THREADS_END_S
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for child in reversed(list(self.children.values())):
            lifeline.end(child.process, _CHILD_ENDS_S)
