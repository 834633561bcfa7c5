"""An API key for whoever may call this function: the first one, or one after all were lost."""

from __future__ import annotations

from typing import Annotated, Any

from mammothbox import keys
from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import Role
from mammothbox.storage.keys import OWNER_PATTERN
from mammothbox.web.fields import KeyDays, KeyName
from pydantic import BaseModel, Field, ValidationError

_EXAMPLE = '{"make_key": {"owner": "ada", "role": "operator"}}'


class Asked(BaseModel, extra="forbid"):
    """Whose key, and for what."""

    owner: Annotated[str, Field(pattern=f"^{OWNER_PATTERN}$")]
    role: Role
    name: KeyName = "first"
    expires_in_days: KeyDays | None = None


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
    expires_at = keys.lasts_until(wanted.expires_in_days)
    key = api_keys.create(
        url, owner=wanted.owner, role=wanted.role, name=wanted.name, expires_at=expires_at
    )
    return {"owner": wanted.owner, "role": wanted.role, "key": key}
