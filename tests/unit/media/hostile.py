"""Pictures made to hurt: small files that ask for much, and files that are two things at once."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from tests.unit.media.pictures import saved, scene

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def png(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(chunks) + chunk(b"IEND", b"")


def zeros(size: int) -> bytes:
    """So many zero bytes, packed."""
    packer = zlib.compressobj(1)
    piece = bytes(2**20)
    packed = [packer.compress(piece) for _ in range(size // len(piece))]
    return b"".join([*packed, packer.compress(bytes(size % len(piece))), packer.flush()])


def black(width: int, height: int) -> bytes:
    """All of a black RGB picture, packed a thousandfold."""
    return png(width, height, chunk(b"IDAT", zeros(height * (1 + width * 3))))


def many_frames(frames: int) -> bytes:
    """A GIF of one pixel that moves on and on."""
    frame = b"\x21\xf9\x04\0\x01\0\0\0" + b"\x2c" + bytes(8) + b"\0\x02\x02\x44\x01\0"
    frame = frame.replace(b"\x2c" + bytes(8), b"\x2c\0\0\0\0\x01\0\x01\0")
    return b"GIF89a\x01\0\x01\0\x80\0\0" + b"\0\0\0\xff\xff\xff" + frame * frames + b";"


def tiff(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A TIFF of one directory, each tag with its type, count and value, and where the next is."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + struct.pack("<I", following)


def tiff_of(width: int, height: int, compression: int, offset: int, size: int) -> bytes:
    return tiff(
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (273, 4, 1, offset),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, size),
    )


def packed_tiff() -> bytes:
    """Grey, 12,000 x 12,000, in one packed strip."""
    body, size = zeros(12_000 * 12_000), 10 + 9 * 12 + 4
    return tiff_of(12_000, 12_000, 8, size, len(body)) + body


def with_exif(exif: bytes) -> bytes:
    """A JPEG with these very bytes as its EXIF."""
    body = saved(scene(64, 48), "JPEG")
    return body[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + body[2:]


JPEG, PNG, GIF, TIFF, WEBP = ("image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp")
SMALL = scene(64, 48)
PAGE = b"<html><script>alert(1)</script></html>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

Maker = Callable[[], bytes]


def packed_in(name: bytes, before: bytes, size: int) -> Maker:
    """A PNG of one pixel and of so many zeros in a chunk of that name."""
    return lambda: png(1, 1, chunk(name, before + zeros(size)), chunk(b"IDAT", zeros(4)))


def many_texts() -> bytes:
    return png(1, 1, *[chunk(b"zTXt", b"a\0\0" + zeros(900_000))] * 100, chunk(b"IDAT", zeros(4)))


def round_tiff() -> bytes:
    """Its directory is followed by itself."""
    return tiff_of(1, 1, 1, 8, 1)[:-4] + struct.pack("<I", 8)


def round_exif() -> bytes:
    return with_exif(tiff((34665, 4, 1, 8), (34853, 4, 1, 8), following=8))


def tall_webp() -> bytes:
    return b"RIFF\xff\xff\xff\x7fWEBPVP8L\xff\xff\xff\x7f\x2f\xff\xff\xff\xff"


# Files that must end one way or the other. They are made when they are needed.
BOMBS: dict[str, tuple[Maker, str]] = {
    "60,000 x 60,000": (lambda: png(60_000, 60_000, chunk(b"IDAT", zeros(50_000_000))), PNG),
    "14,000 x 14,000 in black": (lambda: black(14_000, 14_000), PNG),
    "100,000 frames": (lambda: many_frames(100_000), GIF),
    "a text of 200 MB": (packed_in(b"zTXt", b"a\0\0", 200_000_000), PNG),
    "a hundred texts": (many_texts, PNG),
    "a colour profile of 200 MB": (packed_in(b"iCCP", b"a\0\0", 200_000_000), PNG),
    "a packed tiff": (packed_tiff, TIFF),
    "a tiff that goes round": (round_tiff, TIFF),
    "a tiff of 4,294,967,295 strips": (lambda: tiff((273, 4, 2**32 - 1, 8)), TIFF),
    "a tiff that is all tags": (lambda: tiff(*[(700, 7, 2**31, 0)] * 60_000), TIFF),
    "exif that goes round": (round_exif, JPEG),
    "exif that promises gigabytes": (
        lambda: with_exif(tiff((37510, 7, 2**32 - 1, 8))),
        JPEG,
    ),
    "a webp of nothing": (tall_webp, WEBP),
    "a page called picture": (lambda: PAGE, PNG),
    "a drawing called picture": (lambda: DRAWING, JPEG),
    "a page that begins as a png": (lambda: SIGNATURE + PAGE, PNG),
    "a page that begins as a gif": (lambda: b"GIF89a=1;" + PAGE, GIF),
}

# Pictures that are something else, too.
POLYGLOTS: dict[str, tuple[Maker, str]] = {
    "jpeg and zip": (lambda: saved(SMALL, "JPEG") + b"PK\x05\x06" + bytes(18), JPEG),
    "jpeg and page": (lambda: saved(SMALL, "JPEG", comment=PAGE), JPEG),
    "png and page": (lambda: saved(SMALL, "PNG") + PAGE, PNG),
    "gif and program": (lambda: saved(SMALL, "GIF") + b"\x7fELF" + bytes(100), GIF),
    "webp and drawing": (lambda: saved(SMALL, "WEBP") + DRAWING, WEBP),
}
