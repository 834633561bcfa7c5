"""What a child has understood, on its way to the parent, which takes nothing on trust."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mammothbox.media.plain import plain
from mammothbox.media.understood import Derivative, Facts, Frame, Understood
from mammothbox.media.wire import Garbled, Message

# Sixteen frames of 1024 x 1024 pixels are 48 MiB.
MOST_BYTES = 96 * 1024**2

_Side = Annotated[int, Field(ge=1, le=4096)]


class _DerivativeHeader(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}\.(jpg|png|webp)$")
    content_type: str = Field(pattern=r"^image/(jpeg|png|webp)$")
    width: _Side
    height: _Side


class _FrameHeader(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    width: _Side
    height: _Side
    at_ms: int | None = Field(ge=0)


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    facts: Facts
    derivatives: tuple[_DerivativeHeader, ...]
    frames: tuple[_FrameHeader, ...]
    phash: str | None = Field(pattern=r"^[0-9a-f]{16}$")
    hints: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,31}$")], ...] = Field(max_length=16)


def packed(understood: Understood) -> Message:
    """The message that says it all."""
    header = _Header(
        facts=understood.facts,
        derivatives=tuple(
            _DerivativeHeader(
                name=made.name,
                content_type=made.content_type,
                width=made.width,
                height=made.height,
            )
            for made in understood.derivatives
        ),
        frames=tuple(
            _FrameHeader(width=frame.width, height=frame.height, at_ms=frame.at_ms)
            for frame in understood.frames
        ),
        phash=understood.phash,
        hints=understood.hints,
    )
    bodies = [made.body for made in understood.derivatives]
    return Message(
        {"understood": header.model_dump(mode="json")},
        [*bodies, *(frame.rgb for frame in understood.frames)],
    )


def unpacked(told: Any, blobs: list[bytes]) -> Understood:
    """What was understood. Raises `Garbled` when this is nothing that `packed` makes."""
    try:
        header = _Header.model_validate(plain(told))
    except ValidationError as error:
        raise Garbled(f"{error.error_count()} wrong fields") from None
    if len(blobs) != len(header.derivatives) + len(header.frames):
        raise Garbled("another number of pictures than announced")
    bodies, rows = blobs[: len(header.derivatives)], blobs[len(header.derivatives) :]
    frames = zip(header.frames, rows, strict=True)
    return Understood(
        facts=header.facts,
        derivatives=tuple(
            Derivative(**made.model_dump(), body=body)
            for made, body in zip(header.derivatives, bodies, strict=True)
        ),
        frames=tuple(_frame(frame, rgb) for frame, rgb in frames),
        phash=header.phash,
        hints=header.hints,
    )


def _frame(header: _FrameHeader, rgb: bytes) -> Frame:
    if len(rgb) != header.width * header.height * 3:
        raise Garbled("a frame of another size than announced")
    return Frame(header.width, header.height, rgb, header.at_ms)
