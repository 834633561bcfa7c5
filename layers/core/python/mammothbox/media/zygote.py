"""Forks a fresh process for every file, from one that has the libraries loaded.

A child that reads file after file would save 8 ms of CPU on the smallest file and 15 ms on
one of 3 or 12 megapixels (measured: 34 and 99 ms without the fork). For these, no file ever
meets what another left behind: a picture that takes its decoder over sees one owner's file
and spoils one answer, limits of CPU and memory count from nothing, and a crash costs no
second start of the libraries (0.4 s of CPU).
"""

from __future__ import annotations

import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field

from mammothbox.media import child
from mammothbox.media.confinement import hide
from mammothbox.media.order import KINDS
from mammothbox.media.wire import Message, send

_PR_SET_PDEATHSIG = 1
_FDS_PER_REQUEST = 2
# Where there is no limit, it is told as -1.
_LEAST_OPEN_MAX = 4096


@dataclass
class Zygote:
    """`watchers` are the parent's ears for how each child ended; one that closes means: kill."""

    control: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    watchers: dict[int, socket.socket] = field(default_factory=dict)


def serve(control: socket.socket) -> None:
    """Fork when asked, until the parent is gone, and then leave nobody behind."""
    zygote = Zygote(control)
    deaths = _deaths()
    zygote.selector.register(control, selectors.EVENT_READ)
    zygote.selector.register(deaths, selectors.EVENT_READ)
    try:
        while True:
            for key, _ in zygote.selector.select():
                if key.fileobj is control:
                    if not _fork(zygote):
                        return
                elif key.fileobj == deaths:
                    os.read(deaths, 512)
                    _reap(zygote)
                else:
                    _kill(zygote, key.data)
    finally:
        for pid in zygote.watchers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _deaths() -> int:
    """Readable whenever a child has ended."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _fork(zygote: Zygote) -> bool:
    kind, fds, _, _ = socket.recv_fds(zygote.control, 1, _FDS_PER_REQUEST)
    if len(fds) != _FDS_PER_REQUEST:
        return False
    child.preload(KINDS[kind[0]])
    gc.freeze()
    conversation, watcher = fds
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_a_child(conversation, parent)
    os.close(conversation)
    zygote.watchers[pid] = socket.socket(fileno=watcher)
    zygote.selector.register(watcher, selectors.EVENT_READ, pid)
    return True


def _become_a_child(conversation: int, parent: int) -> None:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(conversation, 0)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.closerange(3, max(os.sysconf("SC_OPEN_MAX"), _LEAST_OPEN_MAX))
        _die_with(parent)
        child.read_one_file(socket.socket(fileno=0))
        status = 0
    finally:
        os._exit(status)


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _reap(zygote: Zygote) -> None:
    while zygote.watchers:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
        if pid == 0:
            return
        watcher = zygote.watchers.pop(pid)
        _stop_listening(zygote, watcher)
        with watcher:
            _tell(watcher, os.waitstatus_to_exitcode(status), usage.ru_maxrss)


def _tell(watcher: socket.socket, exit_code: int, peak: int) -> None:
    try:
        send(watcher, Message({"exit_code": exit_code, "peak_kib": peak}))
    except OSError:
        # Nobody waits for this one any more.
        return


def _kill(zygote: Zygote, pid: int) -> None:
    # It may have been reaped a moment ago, and its number be another's by now.
    if pid in zygote.watchers:
        _stop_listening(zygote, zygote.watchers[pid])
        os.kill(pid, signal.SIGKILL)


def _stop_listening(zygote: Zygote, watcher: socket.socket) -> None:
    if watcher.fileno() in zygote.selector.get_map():
        zygote.selector.unregister(watcher)


if __name__ == "__main__":
    # Ctrl-C is the parent's to handle: when it goes, this goes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Its children are hidden from each other, as it is from them.
    hide()
    child.preload("image")
    serve(socket.socket(fileno=0))
