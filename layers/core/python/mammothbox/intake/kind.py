"""What bytes are, read from the bytes: their content type, and the kind that decides the way.

`filetype` knows most signatures. What it does not know, or takes for something else, stands
in the rules here. A name or a declared type is never believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import filetype

from mammothbox.documents.unpacking import GZIP, ZSTD, unpacked
from mammothbox.errors import Permanent
from mammothbox.intake.json_start import begins_as_json
from mammothbox.intake.raw_kind import raw_type
from mammothbox.intake.weak_signs import is_chance

# Enough for every signature, for a first look at a text, and for the first block of zstd.
HEAD_BYTES = 144 * 1024

# What comments there are is settled once: tried in every way, a page of them would take years.
_SVG = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?(?:<!--(?:[^-]++|-(?!->))*+-->\s*+)*+(?:<!DOCTYPE svg|<svg)"
)
# Bytes that are no text soon show it.
_EARLY_BYTES = 1024
_BOM = b"\xef\xbb\xbf"
# What no text has: control characters other than those that move the cursor.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO_STREAM = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
# What QuickTime files begin with that were made before there was `ftyp`.
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"crx ": "image/x-canon-cr3",
    b"3gp": "video/3gpp",
    b"3g2": "video/3gpp2",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avi": "image/avif",
    b"hei": "image/heic",
    b"hev": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
_FORMS = {
    (b"RF64", b"WAVE"): "audio/x-wav",
    (b"BW64", b"WAVE"): "audio/x-wav",
    (b"FORM", b"AIFC"): "audio/x-aiff",
}
_STARTS = {
    b"FUJIFILMCCD-RAW": "image/x-fuji-raf",
    b"IIU\x00": "image/x-panasonic-rw2",
    b"IIRO": "image/x-olympus-orf",
    b"IIRS": "image/x-olympus-orf",
    b"MMOR": "image/x-olympus-orf",
    b"\xff\x0a": "image/jxl",
    b"\x00\x00\x00\x0cJXL \r\n\x87\n": "image/jxl",
    b"II+\x00": "image/tiff",
    b"MM\x00+": "image/tiff",
    b"\xff\xfa": "audio/mpeg",
    # MPEG 2.5, for speech.
    b"\xff\xe3": "audio/mpeg",
    b"\xff\xe2": "audio/mpeg",
    b"\x28\xb5\x2f\xfd": "application/zstd",
}


@dataclass(frozen=True)
class Content:
    """What the bytes are. `kind` is one of image, video, audio, json, other."""

    kind: str
    content_type: str


def recognise(head: bytes) -> Content:
    """Say what begins with `head`. Never fails: what nobody knows is `other`."""
    content_type = _by_our_rules(head) or _by_signature(head)
    if content_type is not None and _is_no_more_than_a_sign(head, content_type):
        content_type = None
    if content_type in (*GZIP, *ZSTD) and _is_json(_unpacked(head, content_type)):
        return Content("json", content_type.replace("/", "/json+"))
    if content_type is None:
        content_type = _text_type(head)
    return Content(_kind_of(content_type), content_type)


def _by_signature(head: bytes) -> str | None:
    try:
        content_type: str | None = filetype.guess_mime(head)
    except RecursionError:
        # It looks behind every frame of zstd that is to be skipped.
        return None
    return content_type


def _is_no_more_than_a_sign(head: bytes, content_type: str) -> bool:
    """Some signatures are words: a table may begin with "BMW", a note with "GIF"."""
    return is_chance(head, content_type) or (_is_media(content_type) and _may_be_text(head))


def _kind_of(content_type: str) -> str:
    family = content_type.partition("/")[0]
    if content_type == "image/svg+xml":
        # A program rather than a picture: no decoder of ours runs it.
        return "other"
    if _is_media(content_type):
        return family
    return "json" if content_type == "application/json" else "other"


def _is_media(content_type: str) -> bool:
    return content_type.startswith(("image/", "video/", "audio/"))


def _by_our_rules(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[4:8] in _QUICKTIME_ATOMS:
        return "video/quicktime"
    if head.startswith(_ASF):
        return "video/x-ms-wmv" if _ASF_VIDEO_STREAM in head else "audio/x-ms-wma"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head[:256] else "audio/ogg"
    if (form := (head[:4], head[8:12])) in _FORMS:
        return _FORMS[form]
    known = (is_type for start, is_type in _STARTS.items() if head.startswith(start))
    return next(known, None) or _transport_stream(head) or raw_type(head)


def _transport_stream(head: bytes) -> str | None:
    """Packets of 188 bytes that begin with a G; camcorders put four bytes before each."""
    plain, with_time = head[0::188][:3], head[4::192][:3]
    return "video/mp2t" if b"GGG" in (plain, with_time) else None


def _by_brand(head: bytes) -> str:
    brand = head[8:12]
    if brand in (b"mif1", b"msf1"):
        # Any picture in this container: the brands it is compatible with say which.
        end = min(int.from_bytes(head[:4], "big"), len(head))
        compatible = {head[at : at + 4] for at in range(16, end, 4)}
        brand = b"avif" if b"avif" in compatible else brand
    known = (is_type for start, is_type in _BRANDS.items() if brand.startswith(start))
    return next(known, "video/mp4")


def _may_be_text(head: bytes) -> bool:
    """In UTF-8, or in letters of eight bits behind a signature that is a word."""
    return _CONTROL.search(head) is None and (head[:2].isascii() or _is_utf8(head))


def _text_type(head: bytes) -> str:
    text = head.removeprefix(_BOM)
    if _is_json(head):
        return "application/json"
    if _SVG.match(text):
        return "image/svg+xml"
    if re.match(rb"\s*(<!doctype html|<html)", text, re.IGNORECASE):
        return "text/html"
    if text and b"\0" not in text and _is_utf8(text):
        return "text/plain"
    return "application/octet-stream"


def _is_json(head: bytes) -> bool:
    if not begins_as_json(head.removeprefix(_BOM)):
        return False
    # Of two blemishes one may be a slip, of which its sender is told; both are no text at all.
    return _CONTROL.search(head, 0, _EARLY_BYTES) is None or _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    try:
        # The last character may be cut.
        head[:-3].decode("utf-8") if len(head) >= HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 6 and len(head) >= HEAD_BYTES
    return True


def _unpacked(head: bytes, content_type: str) -> bytes:
    """What can be unpacked of the beginning of a file."""
    try:
        return next(unpacked([head], content_type), b"")
    except Permanent:
        return b""
