"""High dynamic range made fit for a screen, by the curves of ITU-R BT.2100.

swscale can do it too, and takes two seconds for its tables each time.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18

# What diffuse white is in either, in candela per square metre: white paper, not the sun.
_WHITE = 203
# From here on light is rolled off, so that clouds and lamps keep some shape.
_KNEE = 0.8
_BRIGHTEST = 10_000 / _WHITE
_STEPS = 8192
# Up to here either curve is another one.
_HLG_BEND = 0.5
_SRGB_BEND = 0.0031308
# Where the curves of HLG and of sRGB change their form.
_HALF = 0.5
_DARK = 0.0031308
_BT2020_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)

Curve = NDArray[np.float32]


def for_a_screen(deep: NDArray[np.uint16], transfer: int) -> NDArray[np.uint8]:
    """Pixels of 16 bits a colour in BT.2020, coded in PQ or HLG, as sRGB of 8 bits."""
    light = _light_of(transfer)[deep] @ _BT2020_TO_BT709.T
    np.clip(light, 0, _BRIGHTEST, out=light)
    # Dark tones are many, bright ones few: the square root spreads them.
    np.sqrt(light * (1 / _BRIGHTEST), out=light)
    return _shown()[(light * (_STEPS - 1) + 0.5).astype(np.uint16)]


@cache
def _light_of(transfer: int) -> Curve:
    """The light that each of 65,536 values stands for; diffuse white is 1."""
    signal = np.linspace(0, 1, 65_536)
    light = _pq(signal) if transfer == PQ else _hlg(signal)
    return (light / _WHITE).astype(np.float32)


def _pq(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    root = signal ** (1 / 78.84375)
    ratio = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    light: NDArray[np.float64] = 10_000 * ratio ** (1 / 0.1593017578125)
    return light


def _hlg(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """As a screen of 1,000 candela shows it, each colour by itself."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= _HALF, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return 1_000 * scene**1.2


@cache
def _shown() -> NDArray[np.uint8]:
    """The sRGB value of each step of light."""
    light = np.linspace(0, 1, _STEPS) ** 2 * _BRIGHTEST
    above = np.maximum(light - _KNEE, 0)
    rolled = np.minimum(light, _KNEE) + (1 - _KNEE) * (1 - np.exp(-above / (1 - _KNEE)))
    coded = np.where(rolled <= _DARK, rolled * 12.92, 1.055 * rolled ** (1 / 2.4) - 0.055)
    return np.round(coded * 255).astype(np.uint8)
