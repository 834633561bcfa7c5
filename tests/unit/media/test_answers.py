"""A child may be owned by its file: what it says is taken for what it is, or not at all."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.media.answer import failure, packed, unpacked
from mammothbox.media.plain import plain
from mammothbox.media.stated_size import stated_size
from mammothbox.media.understood import Derivative, Facts, Frame, Understood
from mammothbox.media.wire import Garbled, Message, receive, send
from PIL import Image

from tests.unit.media.pictures import saved, scene

TINY = Image.new("RGB", (2, 1))
WEBP, PNG, JPEG = (saved(TINY, name) for name in ("WEBP", "PNG", "JPEG"))
UNDERSTOOD = Understood(
    facts=Facts(width=2, height=1, title="Größe", everything={"exif": {"ISO": 100, "x": None}}),
    derivatives=(Derivative("thumb-150.webp", "image/webp", 2, 1, WEBP),),
    frames=(Frame(2, 1, bytes(6)), Frame(2, 1, bytes(6), 500)),
    phash="0123456789abcdef",
    hints=("landscape", "animated"),
)

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_what_was_understood_comes_over_whole(ends: Ends) -> None:
    child, parent = ends
    send(child, packed(UNDERSTOOD))

    message = receive(parent, 10_000)

    assert unpacked(message.header["understood"], list(message.blobs)) == UNDERSTOOD


def test_of_too_much_that_a_file_says_the_largest_is_left_out_and_counted(ends: Ends) -> None:
    child, parent = ends
    said = {f"name {number}": "€" * 4000 for number in range(250)}
    facts = Facts(everything={"tags": {"short": "€", **said}, "own_tags": {"all": [said] * 9}})
    speaking = threading.Thread(target=send, args=(child, packed(Understood(facts))))
    speaking.start()

    message = receive(parent, 0)
    speaking.join()

    told = unpacked(message.header["understood"], []).facts.everything
    tags = dict(told["tags"])  # type: ignore[arg-type]
    assert tags["short"] == "€" and 100 < len(tags) < 250
    assert told["left_out"] == {"tags": 251 - len(tags), "own_tags": 1}
    assert "own_tags" not in told


def altered(**how: Any) -> tuple[dict[str, Any], list[bytes]]:
    message = packed(UNDERSTOOD)
    return {**message.header["understood"], **how}, list(message.blobs)


FRAME = {"width": 2, "height": 1, "at_ms": None}
MADE = {"name": "thumb-150.webp", "content_type": "image/webp", "width": 2, "height": 1}
FACTS: list[dict[str, Any]] = [
    *({name: value} for name in ("width", "height", "frames") for value in (-1, 2**31, "a", "nan")),
    *({name: value} for name in ("duration_ms", "bit_rate") for value in (-1, 2**63, "inf")),
    *({"taken_offset_min": value} for value in (-1441, 1441)),
    *({"place": {"latitude": value, "longitude": 0}} for value in (91, "NaN", "inf", None)),
    *({"place": {"latitude": 0, "longitude": value}} for value in (-181, "-Infinity", None)),
    {"place": {"latitude": 0, "longitude": 0, "altitude": "nan"}},
    *({"camera": {"iso": value}} for value in (-1, 2**31, 2**70)),
    *({"camera": {name: "inf"}} for name in ("exposure_s", "aperture", "focal_length_mm")),
    *({"taken_at": value} for value in ("2024-01-01T00:00:00Z", "99999-01-01", 10**30, "now")),
    *({name: ["text"]} for name in ("title", "artist", "album", "video_codec", "audio_codec")),
    {"everything": ["list"]},
]
LIES: dict[str, dict[str, Any]] = {
    "a frame too many": {"frames": [FRAME] * 3},
    "a thousand frames": {"frames": [FRAME] * 1000},
    "a frame after the end of time": {"frames": [{**FRAME, "at_ms": 2**63}, FRAME]},
    "a picture too many": {"derivatives": [MADE] * 2},
    "a picture of another size": {"derivatives": [{**MADE, "width": 3}]},
    "a picture of another kind": {"derivatives": [{**MADE, "content_type": "image/png"}]},
    "a frame of another size": {"frames": [{**FRAME, "width": 3}, FRAME]},
    "a frame without pixels": {"frames": [{**FRAME, "width": 0}, FRAME]},
    "a frame before the beginning": {"frames": [{**FRAME, "at_ms": -1}, FRAME]},
    "a way out of the folder": {"derivatives": [{**MADE, "name": "../../raw.jpg"}]},
    "a page for a picture": {"derivatives": [{**MADE, "content_type": "text/html"}]},
    "a name that is a page": {"derivatives": [{**MADE, "name": "page.html"}]},
    "a hash that is none": {"phash": "x" * 16},
    "a hint that is a sentence": {"hints": ["<script>"]},
    "a hundred hints": {"hints": ["a"] * 100},
    "something else": {"more": 1},
    "no facts": {"facts": None},
    **{f"facts of {facts!r:.60}": {"facts": facts} for facts in FACTS},
    "an orientation that is none": {"facts": {"orientation": 9}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_not_believed(lie: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        unpacked(*altered(**lie))


@pytest.mark.parametrize(
    "told",
    [
        None,
        "broken",
        {"code": "broken_picture"},
        {"code": "broken_picture", "detail": 1},
        {"code": "", "detail": ""},
        {"code": "Broken!", "detail": ""},
        {"code": "a" * 65, "detail": ""},
        {"code": "broken_picture", "detail": "", "more": 1},
    ],
)
def test_a_failure_nobody_could_read_is_none(told: object) -> None:
    with pytest.raises(Garbled):
        failure(told)


def test_a_failure_is_cut_to_what_a_person_reads() -> None:
    found = failure({"code": "broken_picture", "detail": "It is\0 broken. " * 10**6})

    assert found.code == "broken_picture"
    assert found.detail.startswith("It is broken.")
    assert len(found.detail) <= 4096


def test_a_text_without_end_is_cut() -> None:
    found = unpacked(*altered(facts={"title": "a" * 2_000_000})).facts

    assert found.title == "a" * 4096


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (300, 17), (1024, 683)])
@pytest.mark.parametrize("how", [{}, {"lossless": True}, {"exif": True}, {"progressive": True}])
def test_pictures_state_their_size(form: str, size: tuple[int, int], how: dict[str, Any]) -> None:
    picture = scene(*size)
    exif = {"exif": Image.Exif().tobytes() + bytes(60_000)} if "exif" in how else {}
    body = saved(picture, form, **{**how, **exif})

    assert stated_size(body, f"image/{form.lower()}") == size
    assert stated_size(body, "image/gif") is None


@given(st.binary(max_size=64), st.sampled_from([WEBP, PNG, JPEG]), st.integers(0, 40))
def test_nothing_that_is_no_picture_breaks_the_reading_of_sizes(
    noise: bytes, begin: bytes, kept: int
) -> None:
    for form in ("image/jpeg", "image/png", "image/webp"):
        found = stated_size(begin[:kept] + noise, form)

        assert found is None or min(found) >= 0


def test_what_postgres_refuses_is_taken_out() -> None:
    facts = {"title": "a\0b\ud800c", "everything": {"x\0": [float("nan"), "\0", 2**70]}}

    found = unpacked(*altered(facts=facts)).facts

    assert found.title == "abc"
    assert found.everything == {"x": [None, "", str(2**70)]}


def framed(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


@pytest.mark.parametrize(
    "said",
    [
        b"\0\0\0\x02[]",
        b"\0\0\0\x02{}",
        b"\0\0\0\x01{",
        b"\xff\xff\xff\xff",
        framed(b"[" * 200_000),
        framed(b'{"header": {}, "sizes": [-1]}'),
        framed(b'{"header": {}, "sizes": [1e9]}'),
        framed(b'{"header": {}, "sizes": [999999]}'),
        framed(json.dumps({"header": {}, "sizes": [0] * 65}).encode()),
    ],
)
def test_what_is_no_message_is_garbled(ends: Ends, said: bytes) -> None:
    child, parent = ends
    child.sendall(said)
    child.close()

    with pytest.raises(Garbled):
        receive(parent, 1000)


def test_half_a_message_is_its_end(ends: Ends) -> None:
    child, parent = ends
    child.sendall(b"\0\0\0\x50{")
    child.close()

    with pytest.raises(EOFError):
        receive(parent, 1000)


def test_a_message_that_trickles_in_does_not_stop_the_clock(ends: Ends) -> None:
    """Given one byte after the other, the time that was agreed on ends all the same."""
    child, parent = ends
    enough = threading.Event()

    def trickle() -> None:
        child.sendall(b"\0\0\xff\xff")
        while not enough.wait(0.01):
            child.sendall(b" ")

    dripping = threading.Thread(target=trickle)
    dripping.start()
    try:
        with pytest.raises(TimeoutError):
            receive(parent, 1000, time.monotonic() + 0.2)
    finally:
        enough.set()
        dripping.join()


def test_large_messages_come_over_whole(ends: Ends) -> None:
    child, parent = ends
    blob = bytes(range(256)) * 20_000
    speaking = threading.Thread(target=send, args=(child, Message({"a": 1}, [blob, b"", blob])))
    speaking.start()

    message = receive(parent, 2 * len(blob))
    speaking.join()

    assert message == Message({"a": 1}, [blob, b"", blob])


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON_LIKE)
@settings(deadline=None)
def test_anything_becomes_what_json_and_postgres_take(value: object) -> None:
    written = json.dumps(plain(value), allow_nan=False, ensure_ascii=False)

    assert "\0" not in written
    assert "\\u0000" not in json.dumps(plain(value))
    written.encode("utf-8")


def test_the_endless_is_cut() -> None:
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]

    found = json.dumps(plain({"long": "a" * 10**6, "many": [1] * 10**6, "deep": nested}))

    assert len(found) < 20_000
