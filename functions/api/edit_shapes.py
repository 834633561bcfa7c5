"""What is changed about an object by hand, and what the change answers."""

from __future__ import annotations

from typing import Annotated

from mammothbox.web.fields import Comments, TagLabel
from pydantic import BaseModel, Field

from functions.api.shapes import ObjectDetail


class TagEdit(BaseModel, extra="forbid"):
    """Labels to put on an object, to take away from it for good, or to leave to machines again."""

    add: Annotated[list[TagLabel], Field(max_length=100)] = []
    remove: Annotated[list[TagLabel], Field(max_length=100)] = []
    forget: Annotated[list[TagLabel], Field(max_length=100)] = Field(
        [], description="What hands said of these is forgotten; what machines say shows again."
    )


class Edit(BaseModel, extra="forbid"):
    """What to change by hand. No later run of any model takes it back."""

    tags: TagEdit = TagEdit()
    comments: Comments | None = None
    comments_before: Comments | None = Field(
        None,
        description="What the comments are until then: refused with 409 if somebody changed them"
        " meanwhile. Left out, whatever they are is replaced.",
    )
    rating: Annotated[int, Field(ge=0, le=5)] | None = None


class TagsBefore(BaseModel):
    """An edit of tags that takes another one back, and leaves alone what that did not change."""

    add: list[str]
    remove: list[str]
    forget: list[str]


class Changed(ObjectDetail):
    """The object as it is now, and how to have its tags as they were."""

    undo: TagsBefore = Field(description="What to send as `tags` to take the change of tags back.")
