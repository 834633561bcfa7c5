"""What may be chosen about the reading of media."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Travels to the child process as JSON. GPS is left out of derivatives unless asked for."""

    model_config = ConfigDict(frozen=True)
    keep_gps_in_derivatives: bool = False
    # The default is min(max_frames, max(1, duration / 10 s)) key frames.
    max_frames: int = Field(default=3, ge=1, le=16)
    max_pixels: int = Field(default=200_000_000, ge=1)
