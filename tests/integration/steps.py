"""A process that is disturbed at one of its steps, or dies there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from botocore.client import BaseClient


class Killed(BaseException):
    """What ends a process in the middle of things."""


class Steps:
    """Each call of S3, before and after it, and each statement: one of them is disturbed."""

    def __init__(self, number: int, happening: Callable[[], object] | None) -> None:
        """Let something happen at that step; without a `happening` the process dies there."""
        self.happened = False
        self._number = number
        self._happening = happening
        self._count = 0
        self._turn = threading.Lock()

    def step(self) -> None:
        if self.happened:
            self._stay_dead()
            return
        with self._turn:
            mine = self._count == self._number
            self._count += 1
            self.happened = self.happened or mine
        if mine and self._happening is not None:
            self._happening()
        self._stay_dead()

    def _stay_dead(self) -> None:
        if self.happened and self._happening is None:
            raise Killed


@contextmanager
def disturbed(
    monkeypatch: pytest.MonkeyPatch, number: int, happening: Callable[[], object] | None = None
) -> Iterator[Steps]:
    """Within this, something happens at the step of that number, or the process dies there."""
    steps = Steps(number, happening)
    with monkeypatch.context() as patches:
        _watch(patches, BaseClient, "_make_api_call", steps, also_after=True)
        _watch(patches, psycopg.Connection, "execute", steps, also_after=False)
        _watch(patches, psycopg.Cursor, "executemany", steps, also_after=False)
        yield steps


def _watch(
    patches: pytest.MonkeyPatch, owner: type, name: str, steps: Steps, *, also_after: bool
) -> None:
    plain = vars(owner)[name]

    def watched(*arguments: Any, **named: Any) -> Any:
        steps.step()
        answer = plain(*arguments, **named)
        if also_after:
            steps.step()
        return answer

    patches.setattr(owner, name, watched)
