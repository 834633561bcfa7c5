"""Raw files made for tests as cameras of several makers lay them out, each with a preview."""

from __future__ import annotations

import struct
from collections.abc import Callable

from PIL import Image
from PIL.ExifTags import Base

from tests.unit.media.pictures import BLUE, GREEN, RED, quarters, saved
from tests.unit.media.raws import ASCII, BYTE, LONG, SHORT, Tag, directory, file_of, mosaic

WIDTH, HEIGHT = 1600, 800
PREVIEW_SIZE = (800, 400)
_UNDEFINED = 7
_STRIP, _STRIP_BYTES, _RW2_DATA = 273, 279, 0x118
_BRIGHT = (9_000, 9_000, 9_000)
_CR2_HEAD, _RAF_HEAD = 16, 160
_JFIF_BYTES = 18


def preview_of(size: tuple[int, int] = PREVIEW_SIZE, exif: bytes = b"") -> bytes:
    """A JPEG that is red at the top left, green at the top right and blue below."""
    return saved(quarters(size, [RED, GREEN, BLUE, BLUE]), "JPEG", exif=exif)


def tiff_like(
    make: bytes,
    model: bytes,
    orientation: int = 1,
    *,
    signature: bytes = b"II*\0",
    preview_size: tuple[int, int] = PREVIEW_SIZE,
) -> bytes:
    """As Nikon, Sony, Pentax, Samsung and Olympus do it: a small picture, then the sensor's."""
    sensor = _dark_then_bright()
    first: list[Tag] = [
        (254, LONG, [1]),
        (256, LONG, [preview_size[0]]),
        (257, LONG, [preview_size[1]]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, [7]),
        (262, SHORT, [6]),
        (277, SHORT, [3]),
        (278, LONG, [preview_size[1]]),
        (271, ASCII, make + b"\0"),
        (272, ASCII, model + b"\0"),
        (274, SHORT, [orientation]),
    ]
    second: list[Tag] = [
        (254, LONG, [0]),
        (256, LONG, [WIDTH]),
        (257, LONG, [HEIGHT]),
        (258, SHORT, [16]),
        (259, SHORT, [1]),
        (262, SHORT, [32803]),
        (_STRIP, LONG, [0]),
        (277, SHORT, [1]),
        (278, LONG, [HEIGHT]),
        (_STRIP_BYTES, LONG, [len(sensor)]),
        (33421, SHORT, [2, 2]),
        (33422, BYTE, [0, 1, 1, 2]),
    ]
    return signature + file_of(first, second, sensor, preview_of(preview_size))[4:]


def _dark_then_bright() -> bytes:
    """What a sensor sees whose left half is covered."""
    half = WIDTH // 2
    dark, bright = mosaic(half, HEIGHT, (0, 0, 0)), mosaic(half, HEIGHT, _BRIGHT)
    row = len(dark) // HEIGHT
    places = range(0, len(dark), row)
    return b"".join(dark[at : at + row] + bright[at : at + row] for at in places)


def cr2(orientation: int = 1) -> bytes:
    """As Canon did it: the preview, and behind it the sensor's picture as lossless JPEG."""
    preview, sensor = preview_of(), _lossless_jpeg(WIDTH, HEIGHT)

    def laid_out(second: int, preview_at: int, sensor_at: int) -> tuple[bytes, bytes]:
        one = directory(
            [
                (256, LONG, [PREVIEW_SIZE[0]]),
                (257, LONG, [PREVIEW_SIZE[1]]),
                (258, SHORT, [8, 8, 8]),
                (259, SHORT, [6]),
                (271, ASCII, b"Canon\0"),
                (272, ASCII, b"Canon EOS 350D DIGITAL\0"),
                (_STRIP, LONG, [preview_at]),
                (274, SHORT, [orientation]),
                (_STRIP_BYTES, LONG, [len(preview)]),
            ],
            _CR2_HEAD,
            following=second,
        )
        two = directory(
            [
                (259, SHORT, [6]),
                (_STRIP, LONG, [sensor_at]),
                (_STRIP_BYTES, LONG, [len(sensor)]),
            ],
            second,
        )
        return one, two

    one, two = laid_out(0, 0, 0)
    second = _CR2_HEAD + len(one)
    preview_at = second + len(two)
    one, two = laid_out(second, preview_at, preview_at + len(preview))
    head = b"II*\0" + struct.pack("<I", _CR2_HEAD) + b"CR\2\0" + struct.pack("<I", second)
    return head + one + two + preview + sensor


def _lossless_jpeg(width: int, height: int) -> bytes:
    """Grey in 14 bits: every pixel is as its neighbour foretells, which takes one bit."""
    table = b"\xff\xc4\0\x14\0" + bytes([1] + [0] * 15) + b"\0"
    frame = b"\xff\xc3\0\x0e" + struct.pack(">BHHB", 14, height, width // 2, 2)
    frame += b"\1\x11\0\2\x11\0"
    scan = b"\xff\xda\0\x0a\2\1\0\2\0\1\0\0" + bytes(width * height // 8)
    return b"\xff\xd8" + table + frame + scan + b"\xff\xd9"


def rw2(orientation: int = 1) -> bytes:
    """As Panasonic does it: with tags of its own, the preview among them."""

    def laid_out(data_at: int) -> bytes:
        return directory(
            [
                (1, _UNDEFINED, b"0200"),
                *(
                    (tag, SHORT, [value])
                    for tag, value in ((2, WIDTH), (3, HEIGHT), (4, 0), (5, 0))
                ),
                *((tag, SHORT, [value]) for tag, value in ((6, HEIGHT), (7, WIDTH), (9, 1))),
                *((tag, SHORT, [value]) for tag, value in ((10, 12), (11, 34316), (23, 200))),
                (46, _UNDEFINED, preview_of()),
                (271, ASCII, b"Panasonic\0"),
                (272, ASCII, b"DMC-LX3\0"),
                (274, SHORT, [orientation]),
                (_RW2_DATA, LONG, [data_at]),
            ],
            8,
        )

    head = b"IIU\0" + struct.pack("<I", 8)
    return head + laid_out(8 + len(laid_out(0))) + bytes(2 * WIDTH * HEIGHT)


def raf(orientation: int = 1) -> bytes:
    """As Fujifilm does it: a table of what is where, and a preview that tells the rest."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "FUJIFILM", "FinePix X100"
    exif[Base.Orientation] = orientation
    preview = preview_of(exif=exif.tobytes())
    # In a camera's JPEG its EXIF comes first.
    preview = preview[:2] + preview[2 + _JFIF_BYTES :]
    size = struct.pack(">HH", HEIGHT, WIDTH)
    entries = [(0x100, size), (0x121, size), (0x130, b"\0\x08")]
    about = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in entries)
    about = struct.pack(">I", len(entries)) + about
    about_at = _RAF_HEAD + len(preview)
    places = (_RAF_HEAD, len(preview), about_at, len(about), about_at + len(about))
    sensor = mosaic(WIDTH, HEIGHT, _BRIGHT)
    head = b"FUJIFILMCCD-RAW 0201FF383501FinePix X100".ljust(84, b"\0")
    head += struct.pack(">6I", *places, len(sensor))
    return head.ljust(_RAF_HEAD, b"\0") + preview + about + sensor


def nef(orientation: int = 1) -> bytes:
    return tiff_like(b"NIKON CORPORATION", b"NIKON D3100", orientation)


def arw(orientation: int = 1) -> bytes:
    return tiff_like(b"SONY", b"ILCE-7M3", orientation)


def pef(orientation: int = 1) -> bytes:
    return tiff_like(b"PENTAX", b"PENTAX K-3", orientation)


def srw(orientation: int = 1) -> bytes:
    return tiff_like(b"SAMSUNG", b"NX300", orientation)


def orf(orientation: int = 1) -> bytes:
    return tiff_like(b"OLYMPUS CORPORATION", b"E-M10", orientation, signature=b"IIRO")


# How one is made, the content type and the camera it tells.
CAMERAS: dict[str, tuple[Callable[[int], bytes], str, str]] = {
    "CR2": (cr2, "image/x-canon-cr2", "Canon EOS 350D DIGITAL"),
    "NEF": (nef, "image/x-nikon-nef", "NIKON D3100"),
    "ARW": (arw, "image/x-sony-arw", "ILCE-7M3"),
    "PEF": (pef, "image/x-pentax-pef", "PENTAX K-3"),
    "SRW": (srw, "image/x-samsung-srw", "NX300"),
    "ORF": (orf, "image/x-olympus-orf", "E-M10"),
    "RW2": (rw2, "image/x-panasonic-rw2", "DMC-LX3"),
    "RAF": (raf, "image/x-fuji-raf", "FinePix X100"),
}
