"""From a decoded film frame to upright sRGB pixels of the size that is worked with."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Colorspace, Interpolation
from numpy.typing import NDArray

from mammothbox.media.derivatives import LONGEST_SIDE, fitting
from mammothbox.media.tone import HLG, PQ, for_a_screen

# Pixels that are not square: film formats know 8:9 to 2:1, more is damage or malice.
_ODDEST_ASPECT = 4
_UNSPECIFIED_COLORSPACE = 2
# From here up it is BT.709, when the file does not say.
_HD_HEIGHT = 720
_ORIENTATIONS = {
    (False, False, False): 1,
    (False, True, False): 2,
    (False, True, True): 3,
    (False, False, True): 4,
    (True, False, False): 5,
    (True, True, False): 6,
    (True, True, True): 7,
    (True, False, True): 8,
}


@dataclass(frozen=True)
class Turn:
    """What makes a stored frame upright: first rows become columns, then it is flipped."""

    transposed: bool = False
    left_to_right: bool = False
    top_to_bottom: bool = False

    @property
    def orientation(self) -> int:
        """The same as EXIF numbers it."""
        return _ORIENTATIONS[self.transposed, self.left_to_right, self.top_to_bottom]


# Quarters of a turn against the clock, as ffmpeg measures them.
_QUARTERS = (
    Turn(),
    Turn(transposed=True, top_to_bottom=True),
    Turn(left_to_right=True, top_to_bottom=True),
    Turn(transposed=True, left_to_right=True),
)


def turn_of(frame: VideoFrame) -> Turn:
    """The turn that the frame's display matrix asks for, to the nearest right angle."""
    try:
        side_data = cast(Mapping[SideDataType, bytes], frame.side_data)
    except ValueError:
        # PyAV knows fewer kinds than ffmpeg, and shows none where one is new to it.
        return _QUARTERS[round(frame.rotation / 90) % 4]
    if SideDataType.DISPLAYMATRIX not in side_data:
        return Turn()
    a, b, _, c, d = struct.unpack_from("=5i", side_data[SideDataType.DISPLAYMATRIX])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(False, left_to_right=a < 0, top_to_bottom=d < 0)
    return Turn(True, left_to_right=c < 0, top_to_bottom=b < 0)


def shown_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height as a player shows the frame: upright, with square pixels."""
    width, height = _squared(frame, aspect)
    return (height, width) if turn_of(frame).transposed else (width, height)


def upright(frame: VideoFrame, aspect: Fraction | None) -> NDArray[np.uint8]:
    """The frame as rows of red, green and blue, no side longer than `LONGEST_SIDE`.

    High dynamic range is mapped to what a screen shows. Raises ffmpeg's error if the frame
    cannot be converted.
    """
    is_hdr = frame.color_trc in (PQ, HLG) and frame.color_primaries == ColorPrimaries.BT2020
    width, height = fitting(_squared(frame, aspect), LONGEST_SIDE)
    made = frame.reformat(
        width=width,
        height=height,
        format="rgb48le" if is_hdr else "rgb24",
        src_colorspace=_colorspace(frame),
        interpolation=Interpolation.AREA,
        threads=1,
    ).to_ndarray()
    if is_hdr:
        pixels = for_a_screen(made.astype(np.uint16, copy=False), frame.color_trc)
    else:
        pixels = made.astype(np.uint8, copy=False)
    return _turned(pixels, turn_of(frame))


def _turned(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    if turn.transposed:
        pixels = pixels.transpose(1, 0, 2)
    if turn.left_to_right:
        pixels = pixels[:, ::-1]
    if turn.top_to_bottom:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _squared(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    if not aspect or not Fraction(1, _ODDEST_ASPECT) <= aspect <= _ODDEST_ASPECT:
        return frame.width, frame.height
    return max(1, round(frame.width * aspect)), frame.height


def _colorspace(frame: VideoFrame) -> Colorspace | None:
    if frame.colorspace != _UNSPECIFIED_COLORSPACE:
        return None
    return Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601
