"""The process that reads one file, and ends. It may be owned by that file from then on."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from socket import socket
from typing import BinaryIO

from mammothbox.errors import Permanent
from mammothbox.media import answer, faults
from mammothbox.media.confinement import confine
from mammothbox.media.limits import hold_to
from mammothbox.media.options import Options
from mammothbox.media.order import Kind, Order
from mammothbox.media.source import open_source
from mammothbox.media.understood import Understood
from mammothbox.media.wire import Message, receive, send

_Understand = Callable[[BinaryIO, str, Options], Understood]

# The libraries of one kind are of no use to the others, and slow to import.
_WAYS: dict[Kind, tuple[str, str]] = {
    "image": ("mammothbox.media.image", "understand_image"),
    "video": ("mammothbox.media.video", "understand_video"),
    "audio": ("mammothbox.media.audio", "understand_audio"),
}
# What the libraries import only when a file calls for it: a confined child is too late for that.
_ON_DEMAND = (
    "encodings.ascii",
    "encodings.cp1252",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32_be",
    "encodings.utf_32_le",
    "encodings.utf_8",
    # For telling where a decoder failed.
    "linecache",
    "tokenize",
)
_ON_DEMAND_BY_KIND: dict[Kind, tuple[str, ...]] = {
    "image": ("PIL.ImageColor", "PIL.PpmImagePlugin", "multiprocessing.reduction"),
    "video": ("PIL.PpmImagePlugin", "av.subtitles.stream"),
    "audio": ("PIL.PpmImagePlugin", "av.subtitles.stream"),
}


def read_one_file(conversation: socket) -> None:
    """Take the order, ask for the bytes, answer once.

    Where the system cannot confine the process, that is told first, and the file read all the
    same.
    """
    order = Order.model_validate(receive(conversation, 0).header)
    hold_to(order.limits)
    if (why_not := confine()) is not None:
        send(conversation, Message({"unconfined": why_not}))
    send(conversation, _answered(order, conversation))


def preload(kind: Kind) -> None:
    """Import what files of this kind need, so that children find it there."""
    _way_of(kind)
    for module in (*_ON_DEMAND, *_ON_DEMAND_BY_KIND[kind]):
        import_module(module)


def _answered(order: Order, conversation: socket) -> Message:
    try:
        file = open_source(conversation, order.size)
        return answer.packed(_way_of(order.kind)(file, order.content_type, order.options))
    except Permanent as error:
        return _failed(error)
    except (ConnectionError, EOFError):
        # The parent has gone, and with it whoever could be told.
        raise SystemExit from None
    except Exception as error:
        if _is_of_memory(error):
            return _failed(faults.decoder_out_of_memory())
        message = _failed(faults.decoder_failed(type(error).__name__))
        return Message({**message.header, "traceback": traceback.format_exc(limit=-8)[-4000:]})


def _failed(error: Permanent) -> Message:
    return Message({"failed": {"code": error.code, "detail": error.detail}})


def _is_of_memory(error: BaseException) -> bool:
    return any(isinstance(one, MemoryError) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _way_of(kind: Kind) -> _Understand:
    module, name = _WAYS[kind]
    way: _Understand = getattr(import_module(module), name)
    return way
