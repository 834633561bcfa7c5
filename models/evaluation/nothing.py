"""Pictures that show nothing: whoever sees something in them is wrong."""

from __future__ import annotations

import numpy as np

from models.evaluation.photos import Pixels

_SIDE = 320


def pictures_of_nothing() -> list[Pixels]:
    """Flat colours, slopes and noise; the same ones every time."""
    random = np.random.default_rng(20)
    flat = [np.full((_SIDE, _SIDE, 3), colour) for colour in (8, 128, 247)]
    coloured = [np.broadcast_to(colour, (_SIDE, _SIDE, 3)) for colour in _COLOURS]
    slope = np.linspace(0, 255, _SIDE)[:, None, None] * np.ones((1, _SIDE, 3))
    slopes = [slope, slope.transpose(1, 0, 2), slope * [0.2, 0.5, 1.0]]
    fine = random.integers(0, 256, (_SIDE, _SIDE, 3))
    coarse = np.kron(random.integers(0, 256, (20, 20, 3)), np.ones((16, 16, 1)))
    faint = random.normal(128, 6, (_SIDE, _SIDE, 3))
    return [
        np.clip(picture, 0, 255).astype(np.uint8)
        for picture in (*flat, *coloured, *slopes, fine, coarse, faint)
    ]


_COLOURS = ((200, 30, 40), (30, 140, 60), (40, 60, 190))
