"""Which encoders there are in a folder of models, and which is preferred."""

from __future__ import annotations

from pathlib import Path

from mammothbox.encoders.encoder import Encoder
from mammothbox.encoders.space import Space
from mammothbox.errors import Retryable


def available(folder: Path) -> list[Space]:
    """The spaces whose models are here, the preferred one first."""
    return [open_builtin_in(folder, 1).space]


def preferred(folder: Path) -> Space:
    """What a new library begins with."""
    return available(folder)[0]


def calibration_file(folder: Path, space: Space) -> Path:
    """Where the calibration of a space is, once somebody has measured it."""
    return folder / space.name.partition("-")[0] / "calibration.toml"


def open_encoder(folder: Path, space_name: str, threads: int) -> Encoder:
    """The encoder of that space. Raises `Retryable` when its model is not here."""
    encoder = open_builtin_in(folder, threads)
    if encoder.space.name != space_name:
        raise Retryable("space_unavailable", f"No model of the space {space_name} is here.")
    return encoder


def open_builtin_in(folder: Path, threads: int) -> Encoder:
    from mammothbox.encoders.builtin import open_builtin  # noqa: PLC0415 - loads onnxruntime

    return open_builtin(folder / "builtin", threads)
