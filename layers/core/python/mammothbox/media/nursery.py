"""The parent's hold on the zygote: it starts it, asks it for children, starts it anew."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

from mammothbox.media.confinement import hide
from mammothbox.media.order import KINDS, Kind

# The libraries must be found, and nothing else: what is in the environment may be secret.
_HANDED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_LAST_MOMENTS_S = 2


class Lost(Exception):
    """The zygote is no more, and all its children with it."""


@dataclass(frozen=True)
class Child:
    """`conversation` is with the child itself, `watcher` tells how it ended."""

    conversation: socket.socket
    watcher: socket.socket

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        # The zygote kills a child nobody waits for.
        self.watcher.close()
        self.conversation.close()


class Nursery:
    """Starts the zygote when first needed; it may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        """Start the zygote, which loads its libraries while the caller does other things."""
        with self._lock:
            self._started()

    def child(self, kind: Kind) -> Child:
        """A fresh child for one file of this kind."""
        conversation, its_conversation = socket.socketpair()
        watcher, its_watcher = socket.socketpair()
        with its_conversation, its_watcher, self._lock:
            self._ask(kind, [its_conversation.fileno(), its_watcher.fileno()])
        return Child(conversation, watcher)

    def close(self) -> None:
        """End the zygote and all its children."""
        with self._lock:
            self._end()

    def _ask(self, kind: Kind, fds: list[int]) -> None:
        which = bytes([KINDS.index(kind)])
        try:
            socket.send_fds(self._started(), [which], fds)
        except OSError:
            # It is dying, and was not yet seen to be dead.
            self._end()
            socket.send_fds(self._started(), [which], fds)

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            # Should a child escape, the credentials in this process are not its to read.
            hide()
            self._control, its_control = socket.socketpair()
            with its_control:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "mammothbox.media.zygote"],
                    stdin=its_control.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                )
        return self._control

    def _end(self) -> None:
        if self._control is not None and self._process is not None:
            self._control.close()
            try:
                self._process.wait(_LAST_MOMENTS_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LC_ALL": "C.UTF-8",
        # One core each; and a process that forks must have no threads.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Each arena reserves addresses, which are limited.
        "MALLOC_ARENA_MAX": "1",
        # A young process pays for its memory page by page: larger ones halve that.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }
