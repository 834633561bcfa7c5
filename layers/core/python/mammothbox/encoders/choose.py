"""Which encoders there are in a folder of models, and which is preferred.

Listing them reads manifests only; the libraries that run models are loaded with an encoder.
"""

from __future__ import annotations

from pathlib import Path

from mammothbox.encoders import histogram
from mammothbox.encoders.encoder import Encoder
from mammothbox.encoders.manifest import check_files, read_manifest
from mammothbox.encoders.space import Space
from mammothbox.errors import Retryable
from mammothbox.observability import logger

_CLIP = "clip"
_BUILTIN = "builtin"


def available(folder: Path) -> list[Space]:
    """The spaces whose models are here and whole, the preferred one first.

    A model that is broken is left out, and the log says which and why. The last one needs no
    model and is always there.
    """
    models = [_space_in(folder / name) for name in (_CLIP, _BUILTIN)]
    return [*(space for space in models if space), histogram.SPACE]


def preferred(folder: Path) -> Space:
    """What a new library begins with."""
    return available(folder)[0]


def calibration_file(folder: Path, space: Space) -> Path:
    """Where the calibration of a space is, once somebody has measured it."""
    return folder / _home(space) / "calibration.toml"


def open_encoder(folder: Path, space_name: str, threads: int) -> Encoder:
    """The encoder of that space. Raises `Retryable` when its model is not here."""
    space = next((each for each in available(folder) if each.name == space_name), None)
    if space is None:
        raise Retryable("space_unavailable", f"No model of the space {space_name} is here.")
    if space == histogram.SPACE:
        return histogram.open_histogram()
    if _home(space) == _CLIP:
        from mammothbox.encoders.clip import open_clip  # noqa: PLC0415 - loads onnxruntime

        return open_clip(folder / _CLIP, threads)
    from mammothbox.encoders.builtin import open_builtin  # noqa: PLC0415 - loads onnxruntime

    return open_builtin(folder / _BUILTIN, threads)


def _home(space: Space) -> str:
    """The folder of a space's model: builtin-1234abcd lies in builtin/, clip-vit-… in clip/."""
    return space.name.partition("-")[0]


def _space_in(folder: Path) -> Space | None:
    """The space of the model in `folder`, or nothing where there is none or it is broken."""
    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest)
    except (OSError, ValueError) as error:
        # CLIP is optional; the builtin model comes with the code.
        if folder.exists() or folder.name == _BUILTIN:
            logger.warning(f"The model in {folder} is broken and not used: {error}")
        return None
    return manifest.space()
