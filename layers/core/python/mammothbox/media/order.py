"""What the parent asks of a child, and what that may take."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from mammothbox.media.limits import Limits
from mammothbox.media.options import Options

Kind = Literal["image", "video", "audio"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Order(BaseModel):
    """One file to be understood, of which `size` bytes can be asked for."""

    model_config = ConfigDict(frozen=True)
    kind: Kind
    content_type: str
    size: int
    options: Options
    limits: Limits
