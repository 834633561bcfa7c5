"""What a child has understood, on its way to the parent, which takes nothing on trust."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mammothbox.errors import Permanent
from mammothbox.media.plain import plain
from mammothbox.media.stated_size import stated_size
from mammothbox.media.understood import Derivative, Facts, Frame, Long, Text, Understood
from mammothbox.media.wire import Garbled, Message, written

# Of all that a file says of itself; the header that takes it may be twice as long.
_MOST_TOLD_BYTES = 2 * 1024**2
# Sixteen frames of 1024 x 1024 pixels are 48 MiB.
MOST_BYTES = 96 * 1024**2

_MOST_DERIVATIVES = 8
_MOST_FRAMES = 16
_MOST_HINTS = 16
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
    at_ms: Long | None


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    facts: Facts
    derivatives: tuple[_DerivativeHeader, ...] = Field(max_length=_MOST_DERIVATIVES)
    frames: tuple[_FrameHeader, ...] = Field(max_length=_MOST_FRAMES)
    phash: str | None = Field(pattern=r"^[0-9a-f]{16}$")
    hints: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,31}$")], ...] = Field(
        max_length=_MOST_HINTS
    )


class _Failure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str = Field(pattern=r"^[a-z][a-z_]{0,63}$")
    detail: Text


def packed(understood: Understood) -> Message:
    """The message that says it all."""
    told = _within_budget(understood.facts.everything)
    header = _Header(
        facts=understood.facts.model_copy(update={"everything": told}),
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


def _within_budget(everything: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The same, without its largest entries where it is too much: `left_out` counts those."""
    if _size(everything) <= _MOST_TOLD_BYTES:
        return everything
    left = _MOST_TOLD_BYTES
    kept: dict[str, JsonValue] = {}
    left_out: dict[str, JsonValue] = {}
    for group in sorted(everything, key=lambda name: _size(everything[name])):
        told = everything[group]
        entries = told if isinstance(told, dict) else {group: told}
        some: dict[str, JsonValue] = {}
        for name, value in sorted(entries.items(), key=_size):
            size = _size([name, value])
            if size > left:
                break
            some[name] = value
            left -= size
        if some:
            kept[group] = some if isinstance(told, dict) else told
        if len(some) < len(entries):
            left_out[group] = len(entries) - len(some)
    return {**kept, "left_out": left_out}


def _size(value: object) -> int:
    return len(written(value))


def unpacked(told: Any, blobs: list[bytes]) -> Understood:
    """What was understood. Raises `Garbled` when this is nothing that `packed` makes."""
    try:
        header = _Header.model_validate(plain(told))
    except ValidationError as error:
        raise Garbled(f"{error.error_count()} wrong fields") from None
    if len(blobs) != len(header.derivatives) + len(header.frames):
        raise Garbled("another number of pictures than announced")
    if len({made.name for made in header.derivatives}) < len(header.derivatives):
        raise Garbled("two pictures of one name")
    bodies, rows = blobs[: len(header.derivatives)], blobs[len(header.derivatives) :]
    frames = zip(header.frames, rows, strict=True)
    return Understood(
        facts=header.facts,
        derivatives=tuple(
            _derivative(made, body) for made, body in zip(header.derivatives, bodies, strict=True)
        ),
        frames=tuple(_frame(frame, rgb) for frame, rgb in frames),
        phash=header.phash,
        hints=header.hints,
    )


def failure(told: Any) -> Permanent:
    """What is wrong with the file. Raises `Garbled` when this is nothing a person could read."""
    try:
        found = _Failure.model_validate(plain(told))
    except ValidationError as error:
        raise Garbled(f"{error.error_count()} wrong fields") from None
    return Permanent(found.code, found.detail)


def _derivative(header: _DerivativeHeader, body: bytes) -> Derivative:
    if stated_size(body, header.content_type) != (header.width, header.height):
        raise Garbled("a picture of another kind or size than announced")
    return Derivative(**header.model_dump(), body=body)


def _frame(header: _FrameHeader, rgb: bytes) -> Frame:
    if len(rgb) != header.width * header.height * 3:
        raise Garbled("a frame of another size than announced")
    return Frame(header.width, header.height, rgb, header.at_ms)
