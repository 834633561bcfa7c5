"""How long CLIP takes for pictures and texts on one thread, in int8 and in float32.

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
from models.clip_source.shorten import shorten
from tests.bench.clip_towers import CONTEXT, SIZE, image_tower, text_tower
from tests.bench.figures import row, scratch_folder, timed

_TIMES = 15
_BATCHES = (1, 8)
# What people ask for has some six words, a beginning and an end.
_SHORT = 8


def run(_assets: int) -> None:
    """Print what one of them takes, for each tower, batch and kind of weights."""
    random = np.random.default_rng(1)
    pixels = random.normal(size=(max(_BATCHES), 3, SIZE, SIZE)).astype(np.float32)
    tokens = random.integers(0, 49408, (max(_BATCHES), CONTEXT)).astype(np.int32)
    with scratch_folder() as folder:
        image_tower(folder / IMAGE_TOWER)
        text_tower(folder / TEXT_TOWER)
        shorten(folder / TEXT_TOWER, folder / TEXT_TOWER)
        _compare("a picture", folder / IMAGE_TOWER, pixels)
        for length in (_SHORT, CONTEXT):
            _compare(f"a text of {length} tokens", folder / TEXT_TOWER, tokens[:, :length])


def _compare(what: str, whole: Path, given: np.ndarray) -> None:
    small = whole.with_suffix(".int8.onnx")
    quantise(whole, small)
    for count in _BATCHES:
        taken = {}
        for kind, file in (("float32", whole), ("int8", small)):
            act = _run(file, given[:count])
            taken[kind] = [ms / count for ms in timed(act, _TIMES)]
            size = f"{file.stat().st_size / 1e6:.0f} MB"
            row(f"{what}, {count} at once, {kind}, {size}", taken[kind])
        ratio = statistics.median(taken["float32"]) / statistics.median(taken["int8"])
        print(f"  {what}, {count} at once: int8 takes 1/{ratio:.1f} of float32's time")


def _run(file: Path, given: np.ndarray) -> Callable[[], object]:
    session = open_session(file, threads=1)
    return partial(session.run, None, {session.get_inputs()[0].name: given})
