"""What is downloaded for CLIP, as `models/manifest.toml` tells it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class FetchError(RuntimeError):
    """Why there is no CLIP and what to do about it, in one line."""


class Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class Recipe(BaseModel):
    """A model in a repository of the hub, at one commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    prefix: str = Field(pattern="^clip-[a-z0-9-]+$")
    model: str
    licence: str
    dimension: int = Field(gt=0)
    repository: str
    revision: str = Field(pattern="^[0-9a-f]{40}$")
    needed_mb: int = Field(ge=0)
    files: dict[str, Source]


def read_recipe(file: Path) -> Recipe:
    """Raises `FetchError` when the file is missing or makes no sense."""
    try:
        return Recipe.model_validate(tomllib.loads(file.read_text("utf-8"))["clip"])
    except (OSError, KeyError, tomllib.TOMLDecodeError, ValidationError) as error:
        said = " ".join(str(error).split())
        raise FetchError(f"{file} cannot be used: {said}. Correct it and try again.") from None
