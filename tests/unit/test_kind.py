"""What bytes are is read from the bytes: signatures, real files, and what only looks like one."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import sysconfig
import tarfile
import wave
import zipfile
from pathlib import Path

import certifi
import coverage
import pytest
import werkzeug
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.intake.kind import HEAD_BYTES, Content, recognise

STDLIB = Path(sysconfig.get_paths()["stdlib"])


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    size = 16 + 4 * len(compatible)
    box = size.to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return box + b"\x00\x00\x00\x08mdat" + bytes(range(32))


def tiff(order: str, *tags: tuple[int, int, int], text: bytes = b"") -> bytes:
    """A TIFF whose first directory has these tags, each with its type and value; then a text."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    entries = b"".join(
        struct.pack(order + "HHIHH", tag, is_type, 1, *((value, 0) if is_type == 3 else split))
        for tag, is_type, value in tags
        for split in [struct.unpack(order + "HH", struct.pack(order + "I", value))]
    )
    return start + entries + bytes(4) + text


def text_at(tags: int) -> int:
    return 10 + 12 * tags + 4


def reduced(order: str, make: bytes) -> bytes:
    """What stands first in most cameras' files: a small picture, and where the large one is."""
    tags = (254, 4, 1), (271, 2, text_at(3)), (330, 4, 999)
    return tiff(order, *tags, text=make + b"\0")


def asf(stream: str) -> bytes:
    return bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(40) + bytes.fromhex(stream)


def ogg(codec: bytes) -> bytes:
    return b"OggS\x00\x02" + bytes(22) + codec


def matroska(doctype: bytes) -> bytes:
    head = b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08"
    body = head + b"\x42\x82" + bytes([0x80 | len(doctype)]) + doctype + b"\x42\x87\x81\x04"
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(body)]) + body


PICTURES = {
    "jpeg jfif": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "image/jpeg"),
    "jpeg exif": (b"\xff\xd8\xff\xe1\x1f\xfeExif\x00\x00", "image/jpeg"),
    "jpeg without either": (b"\xff\xd8\xff\xdb\x00\x43\x00\x08", "image/jpeg"),
    "jpeg that is hardly one": (b"\xff\xd8\xff\xe0 nothing else", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20), "image/png"),
    "gif 87": (b"GIF87a\x01\x00\x01\x00", "image/gif"),
    "gif 89": (b"GIF89a\x01\x00\x01\x00", "image/gif"),
    "webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    "tiff little": (b"II*\x00\x08\x00\x00\x00" + bytes(20), "image/tiff"),
    "tiff big": (b"MM\x00*\x00\x00\x00\x08" + bytes(20), "image/tiff"),
    "bigtiff little": (b"II+\x00\x08\x00\x00\x00" + bytes(20), "image/tiff"),
    "bigtiff big": (b"MM\x00+\x00\x08\x00\x00" + bytes(20), "image/tiff"),
    "bmp": (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28", "image/bmp"),
    "heic": (ftyp(b"heic", b"mif1", b"heic"), "image/heic"),
    "heic ten bit": (ftyp(b"heix", b"mif1", b"heix"), "image/heic"),
    "heif": (ftyp(b"mif1", b"mif1", b"miaf"), "image/heif"),
    "avif": (ftyp(b"avif", b"avif", b"mif1"), "image/avif"),
    "avif as any picture": (ftyp(b"mif1", b"avif", b"miaf"), "image/avif"),
    "avif sequence": (ftyp(b"avis", b"avis"), "image/avif"),
    "jxl stream": (b"\xff\x0a\xfa\x1f\x01\x90", "image/jxl"),
    "jxl container": (
        b"\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl ",
        "image/jxl",
    ),
    "canon cr2": (b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(20), "image/x-canon-cr2"),
    "dng": (tiff("<", (254, 4, 1), (50706, 1, 4)), "image/x-adobe-dng"),
    "dng, big": (tiff(">", (254, 4, 0), (50706, 1, 4)), "image/x-adobe-dng"),
    "nikon nef": (reduced(">", b"NIKON CORPORATION"), "image/x-nikon-nef"),
    "sony arw": (reduced("<", b"SONY"), "image/x-sony-arw"),
    "samsung srw": (reduced("<", b"SAMSUNG"), "image/x-samsung-srw"),
    "pentax pef": (
        tiff(">", (262, 3, 32803), (271, 2, text_at(2)), text=b"PENTAX\0"),
        "image/x-pentax-pef",
    ),
    "raw of another maker": (reduced("<", b"ACME"), "image/tiff"),
    "developed and saved as tiff": (
        tiff("<", (254, 4, 0), (271, 2, text_at(2)), text=b"NIKON CORPORATION\0"),
        "image/tiff",
    ),
    "tiff whose directory is cut off": (b"II*\0\x08\0\0\0\xff\xff\x12\xc6", "image/tiff"),
    "tiff whose directory is far away": (b"MM\0*\xff\xff\xff\xf0" + bytes(20), "image/tiff"),
    "canon cr3": (ftyp(b"crx ", b"crx ", b"isom"), "image/x-canon-cr3"),
    "fuji raf": (b"FUJIFILMCCD-RAW 0201FF383501\x00\x00", "image/x-fuji-raf"),
    "panasonic rw2": (b"IIU\x00\x18\x00\x00\x00" + bytes(8), "image/x-panasonic-rw2"),
    "olympus orf": (b"IIRO\x08\x00\x00\x00", "image/x-olympus-orf"),
    "olympus orf, older": (b"IIRS\x08\x00\x00\x00", "image/x-olympus-orf"),
    "olympus orf, big": (b"MMOR\x00\x00\x00\x08", "image/x-olympus-orf"),
}

FILMS = {
    "transport stream": ((b"G\x40\x00\x10" + bytes(184)) * 3, "video/mp2t"),
    "transport stream of a camcorder": ((bytes(4) + b"G" + bytes(187)) * 3, "video/mp2t"),
    "mp4 isom": (ftyp(b"isom", b"isom", b"iso2", b"avc1", b"mp41"), "video/mp4"),
    "mp4 mp42": (ftyp(b"mp42", b"isom", b"mp42"), "video/mp4"),
    "mp4 fragments": (ftyp(b"iso6", b"mp41"), "video/mp4"),
    "mp4 dash": (ftyp(b"dash", b"iso6"), "video/mp4"),
    "mov": (ftyp(b"qt  ", b"qt  "), "video/quicktime"),
    "mov that says mp4 too": (ftyp(b"qt  ", b"isom"), "video/quicktime"),
    "mov, index first": (b"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd" + bytes(8), "video/quicktime"),
    "mov, data first": (b"\x12\x34\x56\x78mdat" + bytes(24), "video/quicktime"),
    "mov, wide first": (b"\x00\x00\x00\x08wide\x00\x10\x00\x00mdat", "video/quicktime"),
    "mkv": (matroska(b"matroska"), "video/x-matroska"),
    "webm": (matroska(b"webm"), "video/webm"),
    "avi": (b"RIFF\x00\x00\x01\x00AVI LIST", "video/x-msvideo"),
    "flv": (b"FLV\x01\x05\x00\x00\x00\x09", "video/x-flv"),
    "wmv": (asf("c0ef19bc4d5bcf11a8fd00805f5c442b"), "video/x-ms-wmv"),
    "3gp": (ftyp(b"3gp5", b"3gp5", b"isom"), "video/3gpp"),
    "3g2": (ftyp(b"3g2a", b"3g2a"), "video/3gpp2"),
    "ogv": (ogg(b"\x80theora\x03\x02"), "video/ogg"),
    "mpeg": (b"\x00\x00\x01\xba\x44\x00\x04\x00", "video/mpeg"),
}

SOUNDS = {
    "mp3 with a tag": (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mpeg"),
    "mp3 frame": (b"\xff\xfb\x90\x64\x00\x00\x00", "audio/mpeg"),
    "mp3 frame with a checksum": (b"\xff\xfa\x90\x64\x00\x00\x00", "audio/mpeg"),
    "mp3 frame, mpeg 2": (b"\xff\xf3\x40\xc4\x00\x00\x00", "audio/mpeg"),
    "mp3 frame, mpeg 2.5": (b"\xff\xe3\x18\xc4\x00\x00\x00", "audio/mpeg"),
    "mp3 of two frames": (b"\xff\xfb\x92\x64" + bytes(414) + b"\xff\xfb\x50\x64", "audio/mpeg"),
    "aac, mpeg 4": (b"\xff\xf1\x50\x80\x02\x1f\xfc", "audio/aac"),
    "aac, mpeg 2": (b"\xff\xf9\x50\x80\x02\x1f\xfc", "audio/aac"),
    "m4a": (ftyp(b"M4A ", b"M4A ", b"mp42", b"isom"), "audio/mp4"),
    "audio book": (ftyp(b"M4B ", b"M4B "), "audio/mp4"),
    "flac": (b"fLaC\x00\x00\x00\x22", "audio/x-flac"),
    "wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/x-wav"),
    "wav over 4 GB": (b"RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00", "audio/x-wav"),
    "ogg vorbis": (ogg(b"\x01vorbis"), "audio/ogg"),
    "opus": (ogg(b"OpusHead\x01"), "audio/ogg"),
    "aiff": (b"FORM\x00\x00\x00\x2aAIFFCOMM", "audio/x-aiff"),
    "aifc": (b"FORM\x00\x00\x00\x2aAIFCFVER", "audio/x-aiff"),
    "wma": (asf("409e69f84d5bcf11a8fd00805f5c442b"), "audio/x-ms-wma"),
}

JSON = "application/json"
JSON_TEXTS = {
    "object": b'{"a": 1}',
    "empty object": b" {}\n",
    "object over lines": b'\r\n{\r\n\t"a": 1}',
    "array of objects": b'[{"a": 1}, {"a": 2}]',
    "array of arrays": b"[ [1], [2] ]",
    "array of numbers": b"[-1.5e3, 2]",
    "one number": b"[1]",
    "words": b"[null, true]",
    "strings": b'["a"]',
    "empty array": b"[]",
    "ndjson": b'{"a": 1}\n{"a": 2}\n',
    "ndjson of arrays": b"[1]\n[2]\n",
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "cut in the middle": b'{"text": "' + "é".encode() * HEAD_BYTES,
    "cut within a number": b"[1234",
    # Its sender is told which byte is wrong.
    "latin-1": '{"name": "café"}'.encode("latin-1"),
    "a control character in a line of many": b'{"a": "\x01"}\n{"a": 2}\n',
}

OTHERS = {
    "csv": (b"a,b\n1,2\n", "text/plain"),
    "csv of cars": (b"BMW,320d,2020\nAudi,A4,2019\n", "text/plain"),
    "note that begins with GIF": (b"GIF or PNG? That is the question.", "text/plain"),
    "note that begins with ID3": (b"ID3 tags: a guide", "text/plain"),
    "log": (b"[2024-01-01 10:00:00] started\n", "text/plain"),
    "log of levels": (b"[INFO] started\n", "text/plain"),
    "ini": (b"[section]\nname = 1\n", "text/plain"),
    "braces": (b"{hello}", "text/plain"),
    "toml": (b'[[package]]\nname = "x"\n', "text/plain"),
    "wiki": (b"[[Mammoth]] is a page.\n", "text/plain"),
    "shell": (b"[[ -f x ]] && . x\n", "text/plain"),
    "things to do": (b"[ ] buy milk\n[x] done\n", "text/plain"),
    "markdown": (b'["title"](https://example.org)\n', "text/plain"),
    "log of processes": (b"[12345] [main] started\n", "text/plain"),
    "erlang": (b"[{kernel, [{x, 1}]}].\n", "text/plain"),
    "ruby": (b'{"a"=>1}\n', "text/plain"),
    "c": (b'{ "name", 12 },\n', "text/plain"),
    "braces and more": (b"{}\nfoo\n", "text/plain"),
    "8-bit csv that begins with BM": (
        "BMI;Größe;Alter\n22;180;30\n".encode("cp1252"),
        "application/octet-stream",
    ),
    "8-bit text with a word of QuickTime": (
        "The wide café".encode("latin-1"),
        "application/octet-stream",
    ),
    "bytes that begin with BM": (b"BM\x00\x01" + bytes(range(60)), "application/octet-stream"),
    "bytes that begin like AAC": (
        b"\xff\xf1\x50\x80\x02\x1f\xfc" + b"\x00" * 60,
        "application/octet-stream",
    ),
    "bytes that begin like MP3": (b"\xff\xfb\x90\x64" + bytes(500), "application/octet-stream"),
    "bytes that begin like MPEG 2.5": (
        b"\xff\xe3\xf8\xc4" + bytes(60),
        "application/octet-stream",
    ),
    "zstd with nothing but frames to skip": (
        struct.pack("<II", 0x184D2A50, 0) * 1023,
        "application/octet-stream",
    ),
    "JSON string": (b'"text"', "text/plain"),
    "html": (b"<!DOCTYPE html><html>", "text/html"),
    "html after a byte order mark": (b"\xef\xbb\xbf<HTML>", "text/html"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
    "svg after a prologue": (b'<?xml version="1.0"?>\n<!-- made -->\n<svg>', "image/svg+xml"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
    "zip": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "application/zip"),
    "exe": (b"MZ\x90\x00\x03\x00\x00\x00", "application/x-msdownload"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "application/zstd"),
    "nothing": (b"", "application/octet-stream"),
    "zeros": (bytes(100), "application/octet-stream"),
    "bytes that begin with [{": (b"[{\xd9\xf9}z7rd\x83\x1b\xce\x11", "application/octet-stream"),
    'bytes that begin with {"': (b'{"\x00\x10\xff\xd8 \x0c', "application/octet-stream"),
    "latin-1": ("café".encode("latin-1"), "application/octet-stream"),
    "text in a foreign script": ("маммут".encode(), "text/plain"),
}


@pytest.mark.parametrize(("head", "content_type"), PICTURES.values(), ids=PICTURES)
def test_pictures(head: bytes, content_type: str) -> None:
    assert recognise(head) == Content("image", content_type)


@pytest.mark.parametrize(("head", "content_type"), FILMS.values(), ids=FILMS)
def test_films(head: bytes, content_type: str) -> None:
    assert recognise(head) == Content("video", content_type)


@pytest.mark.parametrize(("head", "content_type"), SOUNDS.values(), ids=SOUNDS)
def test_sounds(head: bytes, content_type: str) -> None:
    assert recognise(head) == Content("audio", content_type)


@pytest.mark.parametrize("text", JSON_TEXTS.values(), ids=JSON_TEXTS)
def test_json(text: bytes) -> None:
    assert recognise(text[:HEAD_BYTES]) == Content("json", JSON)


@pytest.mark.parametrize("text", JSON_TEXTS.values(), ids=JSON_TEXTS)
def test_packed_json(text: bytes) -> None:
    packed = gzip.compress(text)[:HEAD_BYTES]

    assert recognise(packed) == Content("json", "application/json+gzip")


@pytest.mark.parametrize(("head", "content_type"), OTHERS.values(), ids=OTHERS)
def test_others(head: bytes, content_type: str) -> None:
    assert recognise(head) == Content("other", content_type)


def test_a_page_of_comments_is_looked_at_once() -> None:
    # In one try for each way to pair them, forty would outlast the test by years
    page = b"<!-- told -->\n" * 10_000 + b"<project/>"

    assert recognise(page[:HEAD_BYTES]) == Content("other", "text/plain")


@pytest.mark.parametrize(
    "start", [b"[", b"[ ", b'{"', b'["', b"[1", b"[]", b"[1]\n", b'{"\\', b"[[", b"{", b"[{"]
)
def test_a_start_that_never_ends_takes_no_longer_than_its_length(start: bytes) -> None:
    recognise((start * HEAD_BYTES)[:HEAD_BYTES])
    recognise((start + start[-1:] * HEAD_BYTES)[: HEAD_BYTES - 1] + b"x")


def test_packed_csv_is_no_json() -> None:
    assert recognise(gzip.compress(b"a,b\n1,2\n")) == Content("other", "application/gzip")


def test_a_packed_file_cut_short_is_no_json() -> None:
    assert recognise(b"\x1f\x8b\x08\x00") == Content("other", "application/gzip")


@pytest.mark.parametrize("character", ["é", "€", "🦣"])
@pytest.mark.parametrize("shift", range(4))
def test_text_cut_in_the_middle_of_a_character_is_text(character: str, shift: int) -> None:
    """Given a long text, its head may end within a character."""
    head = (b"a" * shift + character.encode() * HEAD_BYTES)[:HEAD_BYTES]

    assert recognise(head) == Content("other", "text/plain")


def test_a_short_text_that_ends_within_a_character_is_no_text() -> None:
    assert recognise("é".encode()[:1]).content_type == "application/octet-stream"


def test_a_long_text_with_a_wrong_byte_is_no_text() -> None:
    head = b"a" * 100 + b"\xff" + b"a" * HEAD_BYTES

    assert recognise(head[:HEAD_BYTES]).content_type == "application/octet-stream"


@given(
    st.binary(min_size=40, max_size=200),
    st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II*\0"]),
)
def test_a_tiff_of_any_bytes_is_a_picture(noise: bytes, start: bytes) -> None:
    assert recognise(start + noise).kind == "image"


def real(package: str | None, name: str) -> bytes:
    return (Path(package or "").parent / name).read_bytes()[:HEAD_BYTES]


REAL_FILES = {
    "png": (real(werkzeug.__file__, "debug/shared/console.png"), "image", "image/png"),
    "favicon": (real(coverage.__file__, "htmlfiles/favicon_32.png"), "image", "image/png"),
    "style sheet": (real(werkzeug.__file__, "debug/shared/style.css"), "other", "text/plain"),
    "certificates": (real(certifi.__file__, "cacert.pem"), "other", "text/plain"),
    "python": (Path(__file__).read_bytes()[:HEAD_BYTES], "other", "text/plain"),
    "program": (Path(sys.executable).read_bytes()[:HEAD_BYTES], "other", None),
}


@pytest.mark.parametrize(("head", "kind", "content_type"), REAL_FILES.values(), ids=REAL_FILES)
def test_real_files(head: bytes, kind: str, content_type: str | None) -> None:
    found = recognise(head)

    assert found.kind == kind
    assert content_type in (None, found.content_type)


SAMPLES = {
    "imghdrdata/python.bmp": "image/bmp",
    "imghdrdata/python.gif": "image/gif",
    "imghdrdata/python.jpg": "image/jpeg",
    "imghdrdata/python-raw.jpg": "image/jpeg",
    "imghdrdata/python.png": "image/png",
    "imghdrdata/python.tiff": "image/tiff",
    "imghdrdata/python.webp": "image/webp",
    "sndhdrdata/sndhdr.aifc": "audio/x-aiff",
    "sndhdrdata/sndhdr.aiff": "audio/x-aiff",
    "sndhdrdata/sndhdr.wav": "audio/x-wav",
}


def test_the_sample_files_of_pythons_own_tests() -> None:
    """Not every Python brings them; whichever are here are recognised."""
    paths = {name: STDLIB / "test" / name for name in SAMPLES}
    here = {name: path.read_bytes()[:HEAD_BYTES] for name, path in paths.items() if path.exists()}

    found = {name: recognise(head).content_type for name, head in here.items()}

    assert found == {name: SAMPLES[name] for name in here}


def test_what_the_standard_library_writes() -> None:
    sound, archive, tape = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(64))
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("cat.jpg", b"\xff\xd8\xff\xe0")
    with tarfile.open(fileobj=tape, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("cat.jpg"))

    written = [recognise(file.getvalue()[:HEAD_BYTES]) for file in (sound, archive, tape)]

    assert written == [
        Content("audio", "audio/x-wav"),
        Content("other", "application/zip"),
        Content("other", "application/x-tar"),
    ]
