"""From frames to vectors: all files of a batch in one run of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mammothbox.catalog.embeddings import FrameVector
from mammothbox.encoders.encoder import Encoder, Pixels, Vectors
from mammothbox.media.understood import Frame


def encode(encoder: Encoder, files: Sequence[Sequence[Frame]]) -> list[list[FrameVector]]:
    """The vectors of each file: its own first, then, for a video, one per frame.

    A video's own vector is the mean of its frames'. A file without frames has no vectors.
    """
    pictures = [_pixels(frame) for frames in files for frame in frames]
    vectors = encoder.embed_images(pictures) if pictures else np.empty((0, 0), np.float32)
    encoded, start = [], 0
    for frames in files:
        encoded.append(_of_file(frames, vectors[start : start + len(frames)]))
        start += len(frames)
    return encoded


def _of_file(frames: Sequence[Frame], vectors: Vectors) -> list[FrameVector]:
    if not frames:
        return []
    if frames[0].at_ms is None:
        return [FrameVector(None, vectors[0])]
    found = [
        FrameVector(frame.at_ms, vector) for frame, vector in zip(frames, vectors, strict=True)
    ]
    return [FrameVector(None, _pooled(vectors)), *found]


def _pooled(vectors: Vectors) -> Vectors:
    mean = vectors.mean(axis=0)
    pooled: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return pooled


def _pixels(frame: Frame) -> Pixels:
    flat: Pixels = np.frombuffer(frame.rgb, np.uint8)
    return flat.reshape(frame.height, frame.width, 3)
