"""Pictures with little in them: screenshots that differ in their words, flat colours, slopes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_EACH = 4
# Of the messages in a chat, those of the other side.
_THEIRS = 0.5
_WORDS = ("time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world")
_COLOURS = ("#080808", "#808080", "#f7f7f7", "#c81e1e", "#1e3cc8", "#f0c828", "#14783c")
_SLOPES = (("black", "white"), ("white", "black"), ("#5a8ce6", "#d2f0ff"), ("#faaa5a", "#96321e"))


def screenshots() -> Iterator[tuple[str, Image.Image]]:
    """Some of each kind, all with other words; and pages of which one line was written anew."""
    for kind in (_page, _chat, _settings, _terminal, _table):
        for number in range(_EACH):
            yield f"{kind.__name__} {number}", kind(np.random.default_rng(number))
    for number in range(_EACH):
        yield f"letter {number}", _letter(number)


def flat() -> Iterator[tuple[str, Image.Image]]:
    for colour in _COLOURS:
        yield f"flat {colour}", Image.new("RGB", (400, 300), colour)
    down = Image.linear_gradient("L").resize((400, 300))
    for top, bottom in _SLOPES:
        first, last = (Image.new("RGB", down.size, colour) for colour in (top, bottom))
        yield f"slope {top}", Image.composite(last, first, down)


def _text(random: np.random.Generator, count: int) -> str:
    return " ".join(random.choice(_WORDS, count))


def _write(pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int = 13) -> None:
    pen.text(at, text, fill="black", font=ImageFont.load_default(size))


def _blank(size: tuple[int, int], colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", size, colour)
    return picture, ImageDraw.Draw(picture)


def _page(random: np.random.Generator) -> Image.Image:
    picture, pen = _blank((400, 560), "white")
    _write(pen, (30, 24), _text(random, 3).title(), 20)
    for top in range(64, 530, 17):
        _write(pen, (30, top), _text(random, int(random.integers(5, 9)))[:52])
    return picture


def _letter(number: int) -> Image.Image:
    """The same page each time, as large as a phone takes it, but for one line."""
    same, own = np.random.default_rng(0), np.random.default_rng(100 + number)
    picture, pen = _blank((1080, 2000), "white")
    for line, top in enumerate(range(80, 1950, 58)):
        text = _text(same, int(same.integers(4, 9)))
        _write(pen, (40, top), _text(own, 6) if line == 5 + 7 * number else text, 36)
    return picture


def _chat(random: np.random.Generator) -> Image.Image:
    picture, pen = _blank((360, 640), "#ece5dd")
    pen.rectangle((0, 0, 360, 54), fill="#075e54")
    for top in range(70, 590, 42):
        text = _text(random, int(random.integers(2, 6)))
        width = pen.textlength(text, font=ImageFont.load_default(13)) + 24
        left, colour = (10, "white") if random.random() < _THEIRS else (350 - width, "#dcf8c6")
        pen.rounded_rectangle((left, top, left + width, top + 32), 8, fill=colour)
        _write(pen, (left + 12, top + 8), text)
    return picture


def _settings(random: np.random.Generator) -> Image.Image:
    picture, pen = _blank((360, 640), "white")
    _write(pen, (20, 20), "Settings", 26)
    for top in range(80, 620, 54):
        red, green, blue = (int(level) for level in random.integers(60, 220, 3))
        pen.ellipse((18, top, 48, top + 30), fill=(red, green, blue))
        _write(pen, (64, top), _text(random, 3).title(), 15)
        pen.line((64, top + 44, 350, top + 44), fill="lightgrey")
    return picture


def _terminal(random: np.random.Generator) -> Image.Image:
    picture, pen = _blank((640, 400), "#101010")
    for top in range(8, 390, 16):
        text = _text(random, int(random.integers(2, 10)))[:80]
        pen.text((8, top), text, fill="#78e678", font=ImageFont.load_default(12))
    return picture


def _table(random: np.random.Generator) -> Image.Image:
    picture, pen = _blank((640, 400), "white")
    for top in range(0, 400, 25):
        pen.line((0, top, 640, top), fill="lightgrey")
        for left in range(0, 640, 106):
            pen.line((left, 0, left, 400), fill="lightgrey")
            _write(pen, (left + 6, top + 5), str(random.integers(1, 99999)), 12)
    return picture
