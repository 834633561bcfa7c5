"""Which spaces the models of a deployment make possible, put on record when it is deployed."""

from __future__ import annotations

from pathlib import Path

from mammothbox.catalog import spaces
from mammothbox.catalog.spaces import SpaceRow
from mammothbox.encoders import choose
from mammothbox.tagging import calibration


def offer_models(url: str, folder: Path) -> SpaceRow:
    """Offer the spaces of the models in `folder`, and return the active one.

    `url` is of a role that owns the tables. Raises `CalibrationError`.
    """
    found = [
        (space, calibration.load(choose.calibration_file(folder, space), space.name).model_dump())
        for space in choose.available(folder)
    ]
    return spaces.offer(url, found, choose.preferred(folder).name)
