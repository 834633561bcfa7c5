"""Understanding files: each in a process of its own, which its file may crash, and no other's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from mammothbox.errors import Permanent, Retryable
from mammothbox.media import faults
from mammothbox.media.conversation import Content, understand
from mammothbox.media.limits import Limits
from mammothbox.media.nursery import Lost, Nursery
from mammothbox.media.options import Options
from mammothbox.media.order import KINDS, Order
from mammothbox.media.understood import Understood


@dataclass(frozen=True)
class Job:
    """One file: what intake took its bytes for, and where they are."""

    kind: str
    content_type: str
    content: Content


class Decoders:
    """As many files at once as there are slots. It may be used by several threads.

    The limits are those of a file that is read alone; files read at once share the memory.
    """

    def __init__(self, slots: int = 1, limits: Limits | None = None) -> None:
        self._slots = slots
        self._limits = limits or Limits()
        self._nursery = Nursery()

    def __enter__(self) -> Decoders:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm(self) -> None:
        """Have the libraries loaded meanwhile; the first file then waits for less."""
        self._nursery.warm()

    def close(self) -> None:
        """End all children. The next file starts them anew."""
        self._nursery.close()

    def understand_all(
        self, jobs: Sequence[Job], options: Options, deadline_s: float
    ) -> list[Understood | Exception]:
        """What each file yielded, in the order of `jobs`, or why it yielded nothing.

        That is `Permanent` for the file's own fault, `Retryable` when it was not its turn
        within `deadline_s`, or what its content's `read` raised. It is never a neighbour's
        fault: a file that asks for more than its share of memory, or whose child is gone with
        the others', is read again when the others are done, alone.
        """
        deadline = time.monotonic() + deadline_s
        share = self._limits.memory_bytes // self._slots
        shared = self._limits.model_copy(update={"memory_bytes": share})
        once = partial(self._outcome, options=options, limits=shared, deadline=deadline)
        with ThreadPoolExecutor(self._slots) as pool:
            outcomes = list(pool.map(once, jobs))
        alone = partial(self._outcome, options=options, limits=self._limits, deadline=deadline)
        return [
            _last(alone(job)) if self._deserves_another(outcome) else outcome
            for job, outcome in zip(jobs, outcomes, strict=True)
        ]

    def _outcome(
        self, job: Job, *, options: Options, limits: Limits, deadline: float
    ) -> Understood | Exception:
        try:
            return self._understood(job, options, limits, deadline)
        except Exception as error:
            return error

    def _understood(
        self, job: Job, options: Options, limits: Limits, deadline: float
    ) -> Understood:
        if job.kind not in KINDS:
            raise Permanent("not_media", f"A file of kind {job.kind!r} has nothing to see or hear.")
        left = deadline - time.monotonic()
        if left <= 0:
            raise faults.not_its_turn()
        order = Order(
            kind=job.kind,
            content_type=job.content_type,
            size=job.content.size,
            options=options,
            limits=limits,
        )
        with self._nursery.child(job.kind) as child:
            try:
                return understand(child, order, job.content, deadline)
            except Retryable as error:
                if error.code == "out_of_time" and left < limits.wall_s:
                    raise faults.not_its_turn() from error
                raise

    def _deserves_another(self, outcome: Understood | Exception) -> bool:
        match outcome:
            case Lost():
                return True
            case Permanent(code="decoder_out_of_memory"):
                return self._slots > 1
        return False


def _last(outcome: Understood | Exception) -> Understood | Exception:
    if isinstance(outcome, Lost):
        return faults.decoder_crashed("it took every other process with it")
    return outcome
