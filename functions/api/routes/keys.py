"""API keys: which one is calling, which there are, a new one, and one less."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from mammothbox import keys
from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import Role
from mammothbox.catalog.connection import Database
from mammothbox.errors import NotFound, Refused
from mammothbox.web.callers import Admin, Caller, Holder, KeyedRoute
from mammothbox.web.fields import KeyDays, KeyName
from pydantic import BaseModel, Field

from functions.api import services

router = APIRouter(prefix="/keys", tags=["keys"], route_class=KeyedRoute)


class CurrentKey(BaseModel):
    """The key that a request came with."""

    key_id: UUID
    owner: str
    role: Role
    name: str
    created_at: datetime
    expires_at: datetime | None


class ApiKey(CurrentKey):
    """A key; what it is itself was told when it was made."""

    last_used_at: datetime | None = Field(description="To the hour.")
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: api_keys.Key) -> ApiKey:
        return cls(key_id=key.id, **{n: v for n, v in vars(key).items() if n != "id"})


class ApiKeys(BaseModel):
    """A page of keys, newest first, revoked ones among them."""

    items: list[ApiKey]
    next_cursor: str | None


class NewKey(BaseModel, extra="forbid"):
    """What a key is for. A name means one key in force."""

    name: KeyName
    role: Role
    expires_in_days: KeyDays | None = Field(None, description="For ever, unless said.")


class KeyMade(ApiKey):
    """The new key. `key` is told this once."""

    key: str


@router.get("/current")
def current_key(caller: Holder) -> CurrentKey:
    """The key this is asked with: whose it is, and what it may do."""
    with _database(caller).transaction(caller.owner) as connection:
        key = api_keys.get(connection, caller.owner, caller.key_id)
    if key is None:
        raise NotFound("key", caller.key_id)
    return CurrentKey.model_validate({**vars(key), "key_id": key.id})


@router.get("")
def list_keys(
    caller: Admin, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: UUID | None = None
) -> ApiKeys:
    """The owner's keys. Those of operators are shown to operators only."""
    with _database(caller).transaction(caller.owner) as connection:
        rows = api_keys.page(connection, caller.owner, cursor, limit + 1)
    page = rows[:limit]
    return ApiKeys(
        items=[ApiKey.of(key) for key in page],
        next_cursor=str(page[-1].id) if len(rows) > limit else None,
    )


@router.post("", status_code=201)
def make_key(new: NewKey, caller: Admin) -> KeyMade:
    """A new key for the owner. Only an operator makes keys of operators."""
    if new.role == "operator" and caller.role != "operator":
        raise Refused(403, "forbidden", "Only an operator makes the key of an operator.")
    key, secret = keys.make(
        _database(caller),
        caller.owner,
        role=new.role,
        name=new.name,
        expires_at=keys.lasts_until(new.expires_in_days),
        actor=caller.actor,
        request_id=caller.request_id,
    )
    return KeyMade(**ApiKey.of(key).model_dump(), key=secret)


@router.delete("/{key_id}", status_code=204)
def revoke_key(key_id: UUID, caller: Admin) -> None:
    """From now on it opens nothing. Repeating it is harmless."""
    keys.revoke(
        _database(caller),
        caller.owner,
        key_id,
        calling=caller.key_id,
        actor=caller.actor,
        request_id=caller.request_id,
    )


def _database(caller: Caller) -> Database:
    """Where the caller's keys are seen: what is an operator's is out of reach of all others."""
    return services.operator_database() if caller.role == "operator" else services.database()
