"""What a decoding child may still ask of the kernel: next to nothing.

It has its libraries, one socket and its memory. A file that takes it over finds no network, no
other program, no other process, and no file, neither for reading nor for writing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
# Without this flag, kernels before 5.16 slow a filtered process down, for fear of Spectre.
_SPEC_ALLOW = 4

_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_INSTRUCTION_BYTES = 8
_CLONE_THREAD = 0x10000

_Instruction = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Machine:
    """The numbers of its calls. `harmless` is what decoding takes: memory, threads, time and
    the open socket."""

    architecture: int
    harmless: tuple[int, ...]
    clone: int
    clone3: int
    signals: tuple[int, ...]
    seccomp: int


# In this order: read write readv writev close fstat lseek ppoll pselect6, mmap mprotect munmap
# brk mremap madvise, rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall,
# sched_yield sched_getaffinity getcpu nanosleep clock_nanosleep clock_gettime clock_getres
# gettimeofday getrusage sysinfo, getpid gettid sendto recvfrom exit exit_group, futex
# set_robust_list rseq getrandom membarrier; x86-64 has poll, select and time besides. Signals
# are kill and tgkill, to itself.
_MACHINES = {
    "x86_64": _Machine(
        architecture=0xC000003E,
        harmless=(
            *(0, 1, 19, 20, 3, 5, 8, 271, 270),
            *(9, 10, 11, 12, 25, 28),
            *(13, 14, 15, 131, 219),
            *(24, 204, 309, 35, 230, 228, 229, 96, 98, 99),
            *(39, 186, 44, 45, 60, 231),
            *(202, 273, 334, 318, 324),
            *(7, 23, 201),
        ),
        clone=56,
        clone3=435,
        signals=(62, 234),
        seccomp=317,
    ),
    "aarch64": _Machine(
        architecture=0xC00000B7,
        harmless=(
            *(63, 64, 65, 66, 57, 80, 62, 73, 72),
            *(222, 226, 215, 214, 216, 233),
            *(134, 135, 139, 132, 128),
            *(124, 123, 168, 101, 115, 113, 114, 169, 165, 179),
            *(172, 178, 206, 207, 93, 94),
            *(98, 99, 293, 278, 283),
        ),
        clone=220,
        clone3=435,
        signals=(129, 131),
        seccomp=277,
    ),
}


def _packed(*instructions: _Instruction) -> bytes:
    return b"".join(struct.pack("=HBBI", *one) for one in instructions)


def _ends(number: int, how: int) -> bytes:
    return _packed((_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, how))


def _only(number: int, condition: int, value: int) -> bytes:
    """Allowed where the condition holds for the call's first argument."""
    return _packed(
        (_IF_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (condition, 0, 1, value),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
    )


def _same_for_all(machine: _Machine) -> bytes:
    return b"".join(
        [
            _packed(
                (_LOAD, 0, 0, _ARCHITECTURE_AT),
                (_IF_EQUAL, 1, 0, machine.architecture),
                (_RETURN, 0, 0, _KILL),
                (_LOAD, 0, 0, _NUMBER_AT),
            ),
            *(_ends(number, _ALLOW) for number in machine.harmless),
            _only(machine.clone, _IF_ANY_BIT, _CLONE_THREAD),
            # Its flags are where no filter can look. The C library falls back to `clone`.
            _ends(machine.clone3, _REFUSE | errno.ENOSYS),
        ]
    )


# Made once, by the process that forks: it would cost every child half a millisecond.
_MACHINE = _MACHINES.get(os.uname().machine) if sys.platform == "linux" else None
_SAME_FOR_ALL = _same_for_all(_MACHINE) if _MACHINE is not None else b""
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def hide() -> None:
    """Close this process's memory and environment to others of the same user."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine() -> str | None:
    """Confine this process and its threads for good. Where that cannot be done: why not.

    It must have loaded all it needs: whatever it opens from now on is refused, as if it lacked
    the right to it, which libraries can live with.
    """
    if _MACHINE is None:
        return f"there is no filter for {sys.platform} on {os.uname().machine}"
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return f"no_new_privs: {os.strerror(ctypes.get_errno())}"
    to_itself = [_only(number, _IF_EQUAL, os.getpid()) for number in _MACHINE.signals]
    refused = _packed((_RETURN, 0, 0, _REFUSE | errno.EPERM))
    rules = b"".join([_SAME_FOR_ALL, *to_itself, refused])
    program = _Program(len(rules) // _INSTRUCTION_BYTES, rules)
    if _LIBC.syscall(_MACHINE.seccomp, _SET_MODE_FILTER, _SPEC_ALLOW, ctypes.byref(program)) != 0:
        return f"seccomp: {os.strerror(ctypes.get_errno())}"
    return None
