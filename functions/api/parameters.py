"""One rule for the parameters of an address, whatever the route: a typo is not passed over."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo


async def _refuse_unknown(request: Request) -> None:
    sent = set(request.query_params)
    if not sent:
        return
    known = set(_names(request.scope["route"].dependant))
    hint = f"known are {', '.join(sorted(known))}" if known else "this route takes none"
    unknown = [
        {"type": "extra_forbidden", "loc": ("query", name), "msg": f"no such parameter; {hint}"}
        for name in sorted(sent - known)
    ]
    if unknown:
        raise RequestValidationError(unknown)


def _names(dependant: Dependant) -> Iterator[str]:
    """The parameters that a route, or what it depends on, reads from the address."""
    for field in dependant.query_params:
        yield from _names_of_model(field.field_info) or [field.alias]
    for needed in dependant.dependencies:
        yield from _names(needed)


def _names_of_model(field: FieldInfo) -> list[str]:
    model = field.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


refuse_unknown = Depends(_refuse_unknown)
