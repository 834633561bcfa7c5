"""What lies in a folder of a model, told by its `manifest.json`. Reading it loads no model."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from mammothbox.encoders.space import Space

MANIFEST = "manifest.json"


class Manifest(BaseModel):
    """What the files beside it are. `weights_sha256` is over the files' names and hashes, whatever
    was changed behind that in what they cost and not in what they say.

    `prefix` is the space's name without the weights; its first word is the folder's name.
    `features_from` is that of the space.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str
    dimension: int
    weights_sha256: str
    files: dict[str, str]
    sizes: dict[str, int] = Field(default_factory=dict)
    prefix: str = "builtin"
    features_from: int = Field(default=0, ge=0)

    def space(self) -> Space:
        name = f"{self.prefix}-{self.weights_sha256[:8]}"
        return Space(
            name,
            self.dimension,
            self.model,
            self.weights_sha256,
            features_from=self.features_from,
        )


def read_manifest(folder: Path) -> Manifest:
    """Raises `OSError` or `ValueError` when there is none, or when it makes no sense."""
    return Manifest.model_validate_json((folder / MANIFEST).read_bytes())


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises `OSError` when a file is missing, and `ValueError` when one has another size.

    Contents are believed: whoever put them there has checked them, and hashing them would cost
    every cold start.
    """
    for name in manifest.files:
        size = (folder / name).stat().st_size
        expected = manifest.sizes.get(name, size)
        if size != expected:
            raise ValueError(f"{name} has {size:,} bytes and should have {expected:,}")
