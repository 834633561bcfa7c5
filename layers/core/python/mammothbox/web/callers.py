"""Who calls, and what they may do. Every route but the public ones asks for a role.

A private route is a `KeyedRoute`: FastAPI reads and parses a body before it looks at any
dependency, and a stranger must not make us do that.
"""

# No `from __future__ import annotations` here: FastAPI reads the annotations of the functions
# made below, and as text they could not name the role they were made for.

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import ROLES, Role
from mammothbox.errors import Refused
from mammothbox.storage.keys import OWNER_PATTERN
from mammothbox.web import services

_BEARER = HTTPBearer(auto_error=False, description="An API key.")


@dataclass(frozen=True)
class Caller:
    """The holder of a valid key, acting for `owner`."""

    owner: str
    role: Role
    key_id: UUID
    request_id: str
    # Acting for an owner whose key this is not.
    is_foreign: bool = False

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"

    def acting_for(self, owner: str | None) -> str:
        """The owner whose things are meant. Raises `Refused` unless it is theirs to choose."""
        if owner is None or owner == self.owner:
            return self.owner
        if self.role != "operator":
            raise Refused(403, "forbidden", "Only an operator acts for another owner.")
        if re.fullmatch(OWNER_PATTERN, owner) is None:
            raise Refused(
                422,
                "invalid_owner",
                "An owner has 1 to 63 of a-z, 0-9, '-' and '_', and begins with one of a-z, 0-9.",
            )
        return owner


class KeyedRoute(APIRoute):
    """A route that looks at the caller's key before it reads anything else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def recognise_and_answer(request: Request) -> Response:
            credentials = await _BEARER(request)
            request.state.caller = await run_in_threadpool(
                _holder, credentials, request.state.request_id
            )
            return await answer(request)

        return recognise_and_answer


def _holder(credentials: HTTPAuthorizationCredentials | None, request_id: str) -> Caller:
    if credentials is None:
        raise Refused(401, "unauthenticated", "Send your API key as 'Authorization: Bearer <key>'.")
    key = api_keys.find(services.database(), credentials.credentials)
    if key is None or key.revoked:
        raise Refused(401, "invalid_key", "This API key is not valid.")
    if key.expired:
        raise Refused(401, "expired_key", "This API key has expired; ask for a new one.")
    return Caller(key.owner, key.role, key.id, request_id)


async def _caller(
    request: Request,
    # Looked at by the route already; this tells the contract of it.
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    caller: Caller = request.state.caller
    return caller


# These wait for nothing. Were they not `async`, each would be handed to another thread and back.
def _require(least: Role) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    async def check(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if ROLES.index(caller.role) < ROLES.index(least):
            raise Refused(403, "forbidden", f"This needs the role {least!r}; yours is less.")
        return caller

    return check


_OWNER = Annotated[
    str | None, Query(description="For operators: the owner to act for, instead of their own.")
]


def _acting(least: Role) -> Callable[[Caller, str | None], Coroutine[Any, Any, Caller]]:
    async def act(
        caller: Annotated[Caller, Depends(_require(least))], owner: _OWNER = None
    ) -> Caller:
        acting_for = caller.acting_for(owner)
        return replace(caller, owner=acting_for, is_foreign=acting_for != caller.owner)

    return act


# Whoever's key it is, acting for nobody else.
Holder = Annotated[Caller, Depends(_require("viewer"))]
Viewer = Annotated[Caller, Depends(_acting("viewer"))]
Uploader = Annotated[Caller, Depends(_acting("uploader"))]
Admin = Annotated[Caller, Depends(_acting("admin"))]
Operator = Annotated[Caller, Depends(_require("operator"))]
authenticated = Depends(_caller)


def may_know_the_place(caller: Caller) -> bool:
    """Whether what this caller is shown tells places; an operator need not know where others go."""
    return not (caller.is_foreign and services.media_settings().strip_gps)
