"""A file whose bytes the parent hands over: the child has neither network nor credentials."""

from __future__ import annotations

import io
from collections import OrderedDict
from socket import socket
from typing import TYPE_CHECKING, BinaryIO

from mammothbox.errors import Permanent
from mammothbox.media.wire import Message, receive, send

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A file up to here is fetched in one piece; of larger ones, the pieces the decoder looks at.
_WHOLE_BYTES = 16 * 1024**2
_PIECE_BYTES = 2 * 1024**2
_PIECES_KEPT = 16
_BUFFER_BYTES = 128 * 1024
_AT_ONCE_BYTES = 32 * 1024**2


def open_source(conversation: socket, size: int) -> BinaryIO:
    """The file, to be read and sought in. Reading raises `Permanent` when it is not to be had."""
    if size <= _WHOLE_BYTES:
        return io.BytesIO(_asked(conversation, 0, size) if size else b"")
    return io.BufferedReader(_Pieces(conversation, size), _BUFFER_BYTES)


def _asked(conversation: socket, offset: int, length: int) -> bytes:
    send(conversation, Message({"read": {"offset": offset, "length": length}}))
    answer = receive(conversation, length)
    match answer.header:
        case {"refused": {"code": str(code), "detail": str(detail)}}:
            raise Permanent(code, detail)
    return b"".join(answer.blobs)


class _Pieces(io.RawIOBase):
    """Keeps the last pieces: decoders jump between an index and what it points to."""

    def __init__(self, conversation: socket, size: int) -> None:
        self._conversation = conversation
        self._size = size
        self._at = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("a place before the beginning of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        wanted = memoryview(buffer).cast("B")
        within = self._at % _PIECE_BYTES
        piece = self._piece(self._at - within) if self._at < self._size else b""
        found = piece[within : within + len(wanted)]
        wanted[: len(found)] = found
        self._at += len(found)
        return len(found)

    def readall(self) -> bytes:
        rest = bytearray()
        while (length := min(self._size - self._at, _AT_ONCE_BYTES)) > 0:
            rest += _asked(self._conversation, self._at, length)
            self._at += length
        return bytes(rest)

    def _piece(self, offset: int) -> bytes:
        if offset not in self._kept:
            length = min(_PIECE_BYTES, self._size - offset)
            self._kept[offset] = _asked(self._conversation, offset, length)
            if len(self._kept) > _PIECES_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(offset)
        return self._kept[offset]
