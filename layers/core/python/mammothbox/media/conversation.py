"""The parent's side of one file's reading: hands over bytes, keeps the time, takes the answer."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from mammothbox.media import faults
from mammothbox.media.answer import MOST_BYTES, failure, unpacked
from mammothbox.media.nursery import Child, Lost
from mammothbox.media.order import Order
from mammothbox.media.plain import plain
from mammothbox.media.understood import Understood
from mammothbox.media.wire import Garbled, Message, receive, send
from mammothbox.observability import logger

# A read costs at least this much of the budget: every one of them is a request to S3.
_LEAST_READ_BYTES = 64 * 1024
_MOST_READ_BYTES = 32 * 1024**2
# How long a child that has answered, or hung up, may take to end.
_LAST_MOMENTS_S = 5.0


class Content(Protocol):
    """The bytes of a file, wherever they are."""

    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes: ...


@dataclass
class Talk:
    """`ends` moves on while the child waits for bytes; `deadline` never moves."""

    child: Child
    content: Content
    order: Order
    ends: float
    deadline: float
    read_bytes: int = 0

    @property
    def until(self) -> float:
        return min(self.ends, self.deadline)


def understand(child: Child, order: Order, content: Content, deadline: float) -> Understood:
    """Have the child understand the content until `deadline`, a monotonic time.

    Raises what reading the content raises, `Permanent` for the file's own fault, `Retryable`
    when the deadline came too soon, and `Lost`.
    """
    ends = time.monotonic() + order.limits.wall_s
    talk = Talk(child, content, order, ends=ends, deadline=deadline)
    try:
        send(child.conversation, Message(order.model_dump(mode="json")))
        while True:
            message = receive(child.conversation, MOST_BYTES, talk.until)
            match message.header:
                case {"read": {"offset": int(offset), "length": int(length)}}:
                    _hand_over(talk, offset, length)
                case {"failed": told}:
                    _log_traceback(message.header.get("traceback"))
                    raise failure(told)
                case {"unconfined": str(why_not)} if talk.read_bytes == 0:
                    # It speaks for itself: no file has come near it yet.
                    _warn_once(why_not)
                case {"understood": dict(told)}:
                    return unpacked(told, list(message.blobs))
                case _:
                    raise Garbled("an unknown kind of message")
    except TimeoutError:
        raise _late(talk) from None
    except Garbled as error:
        raise faults.decoder_crashed(f"its answer was garbled: {error}") from None
    except (EOFError, ConnectionError):
        raise _ended(talk) from None


@cache
def _warn_once(why_not: str) -> None:
    logger.warning("decoders are not confined on this system", extra={"why_not": why_not})


def _log_traceback(told: object) -> None:
    if told:
        logger.warning("decoder failed", extra={"decoder_traceback": plain(told)})


def _hand_over(talk: Talk, offset: int, length: int) -> None:
    if not (0 <= offset <= talk.content.size and 0 <= length <= _MOST_READ_BYTES):
        raise Garbled("a read beyond the file")
    talk.read_bytes += max(length, _LEAST_READ_BYTES)
    most = talk.order.limits.read_bytes
    if talk.read_bytes > most:
        fault = faults.too_much_to_read(most)
        refused = {"code": fault.code, "detail": fault.detail}
        _say(talk, Message({"refused": refused}))
        return
    began = time.monotonic()
    piece = talk.content.read(offset, length)
    talk.ends += time.monotonic() - began
    _say(talk, Message({}, [piece]))


def _say(talk: Talk, message: Message) -> None:
    talk.child.conversation.settimeout(max(talk.until - time.monotonic(), 0.001))
    send(talk.child.conversation, message)


def _late(talk: Talk) -> Exception:
    if talk.deadline < talk.ends:
        return faults.out_of_time()
    return faults.decoder_timeout(talk.order.limits.wall_s)


def _ended(talk: Talk) -> Exception:
    """Why a child that gave no answer ended."""
    try:
        status = receive(talk.child.watcher, 0, time.monotonic() + _LAST_MOMENTS_S).header
    except (EOFError, ConnectionError):
        return Lost()
    except TimeoutError:
        return faults.decoder_crashed("it hung up")
    return _fault(status, talk)


def _fault(status: dict[str, Any], talk: Talk) -> Exception:
    code = int(status["exit_code"])
    if code == -signal.SIGXCPU:
        return faults.decoder_timeout(talk.order.limits.cpu_s)
    if code == -signal.SIGKILL:
        # Nobody here killed it: the system did, for want of memory.
        return faults.decoder_out_of_memory()
    return faults.decoder_crashed(signal.Signals(-code).name if code < 0 else f"exit {code}")
