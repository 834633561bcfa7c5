"""Files that were compressed, as the stream of what they hold."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from mammothbox.errors import Permanent
from mammothbox.settings import MEBIBYTE

MOST_UNPACKED = 1 << 40
# gzip reaches 1:1032 on what says the same over and over; documents that differ, a tenth of it.
MOST_RATIO = 1000
_RATIO_COUNTS_FROM = 64 * MEBIBYTE
_PIECE = MEBIBYTE
# What `zstd` itself unpacks without being asked twice: 128 MiB of memory.
_WINDOW_LOG = 27

GZIP = frozenset({"application/gzip", "application/json+gzip"})
ZSTD = frozenset({"application/zstd", "application/json+zstd"})
PACKING_FAULTS = frozenset({"packing_truncated", "packing_unreadable", "packing_too_large"})


def unpacked(
    chunks: Iterable[bytes],
    content_type: str,
    *,
    most_bytes: int = MOST_UNPACKED,
    most_ratio: int = MOST_RATIO,
) -> Iterator[bytes]:
    """What the chunks hold, in pieces of at most a mebibyte; what is not compressed, as it is.

    gzip may have several members, zstd several frames. Raises `Permanent`, after all that could
    be unpacked: `packing_truncated`, `packing_unreadable`, and `packing_too_large` for more than
    `most_bytes`, or, from 64 MiB on, more than `most_ratio` times what was read.
    """
    if content_type in GZIP:
        return _bounded(chunks, _Gzip, most_bytes, most_ratio)
    if content_type in ZSTD:
        return _bounded(chunks, _zstd, most_bytes, most_ratio)
    return iter(chunks)


class _Unpacker(Protocol):
    """One member or frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._member.decompress(self._member.unconsumed_tail + data, max_length)


def _zstd() -> _Unpacker:
    # Only the worker that reads documents has it before Python 3.14.
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def _bounded(
    chunks: Iterable[bytes], new: Callable[[], _Unpacker], most_bytes: int, most_ratio: int
) -> Iterator[bytes]:
    size = packed = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed
        for chunk in chunks:
            packed += len(chunk)
            yield chunk

    try:
        for piece in _pieces(counted(), new):
            size += len(piece)
            if size > most_bytes or size > max(_RATIO_COUNTS_FROM, most_ratio * packed):
                raise Permanent(
                    "packing_too_large",
                    f"{packed:,} bytes hold more than {size - len(piece):,}: upload it unpacked.",
                )
            yield piece
    except Permanent:
        raise
    except zlib.error as error:
        raise _unreadable(error) from None
    except Exception as error:
        # Its class can be named only where it is installed.
        if type(error).__name__ != "ZstdError":
            raise
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> Permanent:
    return Permanent("packing_unreadable", f"The file cannot be unpacked: {error}.")


def _pieces(chunks: Iterable[bytes], new: Callable[[], _Unpacker]) -> Iterator[bytes]:
    unpacker: _Unpacker | None = new()
    for chunk in chunks:
        data = chunk
        while data or (unpacker is not None and not unpacker.needs_input):
            if unpacker is None:
                # Tapes and block devices fill up with zeros.
                data = data.lstrip(b"\0")
                if not data:
                    break
                unpacker = new()
            piece = unpacker.decompress(data, _PIECE)
            data = b""
            if piece:
                yield piece
            if unpacker.eof:
                data, unpacker = unpacker.unused_data, None
    if unpacker is not None:
        raise Permanent("packing_truncated", "The file ends within what it holds.")
