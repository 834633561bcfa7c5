"""Pictures of every shape and texts of every kind: what encoders are compared on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHAPES = (
    (1, 1), (1, 40), (40, 1), (2, 3), (7, 500), (31, 33), (32, 32), (33, 31), (64, 48), (224, 224),
    (223, 225), (225, 224), (100, 1000), (1000, 100), (333, 500), (500, 333), (600, 601), (97, 53),
)  # fmt: skip
_WORDS = [
    "a",
    "photo",
    "of",
    "one",
    "red",
    "bicycle",
    "near",
    "the",
    "old",
    "harbour",
    "in",
    "heavy",
    "rain",
    "at",
    "night",
]
_ODD_TEXTS = (
    "",
    " ",
    "\n\t",
    "cat",
    "A PHOTO OF A CAT",
    "don’t – it’s “quoted” …",
    "Zürich, Łódź, Ærø, naïve café",
    "cafe\u0301 with a combining accent",
    "東京の夜景",
    "Привет, мир",
    "مرحبا بالعالم",
    "שלום עולם",
    "สวัสดีชาวโลก",
    "नमस्ते दुनिया",
    "😀 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "🇨🇭",
    "ﬁne ligatures and ｆｕｌｌｗｉｄｔｈ",
    "Tom &amp; Jerry &lt;3 &amp;amp;",
    "âœ” mended mojibake",
    "IMG_20240131_123456.jpg",
    "1234567890 3.14 1,000,000",
    "!!! ??? ...",
    "we're I'll they've he'd I'm it's",
    "a\x00b\x07c",
    "zero\u200bwidth and soft\u00adhyphen",
    "no\u00a0break",
    "İstanbul ẞtraße ΣΊΣΥΦΟΣ",
    "<b>html</b> <|startoftex|>",
    "supercalifragilisticexpialidocious" * 4,
    "word " * 500,
    "ünï " * 90,
)


def pictures() -> list[NDArray[np.uint8]]:
    """Noise, coarse patches and gradients, always the same."""
    made = []
    for seed, (height, width) in enumerate(_SHAPES):
        random = np.random.default_rng(seed)
        coarse = random.integers(0, 256, (-(-height // 16), -(-width // 16), 3), np.uint8)
        patches = np.kron(coarse, np.ones((16, 16, 1), np.uint8))[:height, :width]
        ramp = np.linspace(0, 60, width).astype(np.uint8)[None, :, None]
        made.append((patches // 2 + patches // 4 + ramp).astype(np.uint8))
    return made


def texts() -> list[str]:
    """A hundred: odd ones first, then plain sentences."""
    random = np.random.default_rng(7)
    plain = [
        " ".join(random.choice(_WORDS, size=length % 20 + 1))
        for length in range(100 - len(_ODD_TEXTS))
    ]
    return [*_ODD_TEXTS, *plain]
