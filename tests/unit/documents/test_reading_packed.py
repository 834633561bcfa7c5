"""Compressed files: what is in them comes out, and what is wrong with them is said."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable

import pytest
from mammothbox.documents.unpacking import PACKING_FAULTS, unpacked
from mammothbox.errors import Permanent
from mammothbox.settings import MEBIBYTE

zstd = pytest.importorskip("backports.zstd")
Pack = Callable[[bytes], bytes]

GZIP, ZSTD = "application/json+gzip", "application/json+zstd"
PACKINGS: dict[str, tuple[str, Pack]] = {
    "gzip": (GZIP, gzip.compress),
    "zstd": (ZSTD, zstd.compress),
}
packings = pytest.mark.parametrize(("content_type", "pack"), PACKINGS.values(), ids=PACKINGS)

DATA = b"".join(b'{"number":%d}\n' % (number * number) for number in range(100_000))


def in_chunks(data: bytes, size: int) -> Iterable[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@packings
@pytest.mark.parametrize("size", [1_000, 10_000_000])
def test_what_was_packed_comes_out_in_small_pieces(
    content_type: str, pack: Pack, size: int
) -> None:
    pieces = list(unpacked(in_chunks(pack(DATA), size), content_type))

    assert b"".join(pieces) == DATA
    assert max(map(len, pieces)) <= MEBIBYTE


@packings
def test_several_members_are_one_file(content_type: str, pack: Pack) -> None:
    packed = pack(b"a") + pack(b"") + pack(b"bc")

    for size in (1, 7, 1_000):
        assert b"".join(unpacked(in_chunks(packed, size), content_type)) == b"abc"


def test_zeros_behind_gzip_are_padding() -> None:
    packed = gzip.compress(b"a") + bytes(1_000)

    assert b"".join(unpacked(in_chunks(packed, 64), GZIP)) == b"a"


def test_a_frame_to_be_skipped_is_skipped() -> None:
    packed = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(b"a")

    assert b"".join(unpacked([packed], ZSTD)) == b"a"


def test_what_is_not_packed_is_as_it_was() -> None:
    assert list(unpacked([b"a", b"b"], "application/json")) == [b"a", b"b"]


@packings
@pytest.mark.parametrize("kept", [0, 5, 0.5, -1])
def test_a_cut_file_gives_what_there_is_and_says_so(
    content_type: str, pack: Pack, kept: float
) -> None:
    packed = pack(DATA)
    cut = packed[: int(kept * len(packed)) if 0 < kept < 1 else int(kept)]

    found, fault = until_fault(unpacked(in_chunks(cut, 1_000), content_type))

    assert fault.code == "packing_truncated"
    assert fault.code in PACKING_FAULTS
    assert DATA.startswith(found)
    # One block of zstd may be all there is.
    assert not 0 < kept < 1 or len(found) > len(DATA) // 10


@packings
def test_a_broken_file_gives_what_there_is_and_says_so(content_type: str, pack: Pack) -> None:
    packed = bytearray(pack(DATA))
    middle = len(packed) // 2
    packed[middle : middle + 1_000] = b"\xff" * 1_000

    found, fault = until_fault(unpacked(in_chunks(bytes(packed), 1_000), content_type))

    assert fault.code == "packing_unreadable"
    assert found


@packings
def test_words_behind_a_member_are_no_member(content_type: str, pack: Pack) -> None:
    found, fault = until_fault(unpacked([pack(b"a") + b"words and words"], content_type))

    assert (found, fault.code) == (b"a", "packing_unreadable")


@packings
def test_a_file_that_unpacks_to_too_much_is_left(content_type: str, pack: Pack) -> None:
    found, fault = until_fault(unpacked([pack(DATA)], content_type, most_bytes=1_500_000))

    assert fault.code == "packing_too_large"
    assert len(found) <= 1_500_000


@packings
def test_a_file_that_is_all_air_is_left_early(content_type: str, pack: Pack) -> None:
    packer = zlib.compressobj(9, wbits=31)
    once = pack(bytes(MEBIBYTE))
    if content_type == GZIP:
        once = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(256)) + packer.flush()
    bomb = once if content_type == GZIP else once * 256

    size = 0
    with pytest.raises(Permanent) as raised:
        for piece in unpacked(in_chunks(bomb, 4_096), content_type):
            size += len(piece)

    assert raised.value.code == "packing_too_large"
    assert size <= 65 * MEBIBYTE


def test_a_window_that_would_fill_the_memory_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 30}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(b"{}") + packer.flush()

    found, fault = until_fault(unpacked([packed], ZSTD))

    assert (found, fault.code) == (b"", "packing_unreadable")
    assert "memory" in fault.detail


def until_fault(pieces: Iterable[bytes]) -> tuple[bytes, Permanent]:
    found = b""
    with pytest.raises(Permanent) as raised:
        for piece in pieces:
            found += piece
    return found, raised.value
