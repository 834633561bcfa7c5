"""An API key for whoever may call this function: the first one, or one after all were lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import Role
from mammothbox.storage.keys import OWNER_PATTERN
from mammothbox.web.fields import KeyName
from pydantic import BaseModel, Field, ValidationError

_EXAMPLE = '{"make_key": {"owner": "ada", "role": "operator"}}'


class Asked(BaseModel, extra="forbid"):
    """Whose key, and for what."""

    owner: Annotated[str, Field(pattern=f"^{OWNER_PATTERN}$")]
    role: Role
    name: KeyName = "first"
    expires_in_days: Annotated[float, Field(gt=0, le=3650)] | None = None


def make(url: str, asked: Any) -> dict[str, str]:
    """The key, told this once and logged nowhere. Raises `ValueError` saying what is wrong.

    Whoever holds a key of role `operator` makes the others through the API.
    """
    try:
        wanted = Asked.model_validate(asked)
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(map(str, first["loc"])) or "make_key"
        raise ValueError(f"{where}: {first['msg']}. Ask with {_EXAMPLE}") from None
    days = wanted.expires_in_days
    expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    key = api_keys.create(
        url, owner=wanted.owner, role=wanted.role, name=wanted.name, expires_at=expires_at
    )
    return {"owner": wanted.owner, "role": wanted.role, "key": key}
