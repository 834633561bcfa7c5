"""How long CLIP takes for a picture and a text on one thread, in int8 and in float32.

The towers have ViT-B/32's shape and random weights: time does not depend on what was learnt.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from mammothbox.encoders.clip import IMAGE_TOWER, TEXT_TOWER
from mammothbox.encoders.onnx import open_session

from models.clip_source.quantise import quantise
from tests.bench.clip_towers import CONTEXT, SIZE, image_tower, text_tower
from tests.bench.figures import row, scratch_folder, timed

_TIMES = 15


def run(_assets: int) -> None:
    """Print a line for each tower and kind of weights, and how they compare."""
    pixels = np.random.default_rng(1).normal(size=(1, 3, SIZE, SIZE)).astype(np.float32)
    tokens = np.random.default_rng(1).integers(0, 49408, (1, CONTEXT)).astype(np.int32)
    with scratch_folder() as folder:
        image_tower(folder / IMAGE_TOWER)
        text_tower(folder / TEXT_TOWER)
        _compare("a picture", folder / IMAGE_TOWER, pixels)
        _compare("a text", folder / TEXT_TOWER, tokens)


def _compare(what: str, whole: Path, given: np.ndarray) -> None:
    small = whole.with_suffix(".int8.onnx")
    quantise(whole, small)
    taken = {}
    for kind, file in (("float32", whole), ("int8", small)):
        taken[kind] = timed(_one(file, given), _TIMES)
        row(f"{what}, {kind}, {file.stat().st_size / 1e6:.0f} MB", taken[kind])
    ratio = statistics.median(taken["float32"]) / statistics.median(taken["int8"])
    print(f"  {what}: int8 takes 1/{ratio:.1f} of float32's time")


def _one(file: Path, given: np.ndarray) -> Callable[[], object]:
    session = open_session(file, threads=1)
    return partial(session.run, None, {session.get_inputs()[0].name: given})
