"""Which stages there are, and which follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mammothbox.catalog import spaces
from mammothbox.catalog.connection import Connection
from mammothbox.errors import Retryable

StageName = Literal["intake", "embed", "tag", "caption", "cluster", "schema"]
INTAKE: StageName = "intake"
EMBED: StageName = "embed"
TAG: StageName = "tag"
CAPTION: StageName = "caption"
CLUSTER: StageName = "cluster"
SCHEMA: StageName = "schema"

JSON = "json"


@dataclass(frozen=True)
class Next:
    """A stage to queue. Ready does not wait for an optional one, nor does its failure count."""

    name: str
    space: str = ""
    part: int = 0
    optional: bool = False


def after_intake(connection: Connection, kind: str) -> tuple[Next, ...]:
    """JSON is read. Media is embedded in the active space, and beside it in those that fill.

    Raises `Retryable` as long as no space is active: nothing is understood by guess.
    """
    if kind == JSON:
        return (Next(SCHEMA),)
    if kind not in spaces.MEDIA_KINDS:
        return ()
    in_use = spaces.in_use(connection)
    if not any(space.state == "active" for space in in_use):
        raise Retryable("no_active_space", "No embedding space is active: run the migrations.")
    return tuple(Next(EMBED, space.name, optional=space.state != "active") for space in in_use)
