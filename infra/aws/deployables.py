"""Where the code of functions is on this machine, ready to be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Deployables:
    """Folders, as `packages.py` makes them.

    Functions that are neither among the zips nor the API run from the image. Without a layer the
    API too is among the zips.
    """

    layer: Path | None = None
    zips: Mapping[str, Path] = field(default_factory=dict)
    # The root of the image's build, with `functions/Dockerfile` in it.
    image: Path | None = None
