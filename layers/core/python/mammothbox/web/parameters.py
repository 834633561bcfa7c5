"""One rule for the parameters of an address, whatever the route: a typo is not passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import get_args, get_origin

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.fields import FieldInfo


async def _refuse_unknown(request: Request) -> None:
    sent = set(request.query_params)
    if not sent:
        return
    known = dict(_parameters(request.scope["route"].dependant))
    hint = f"known are {', '.join(sorted(known))}" if known else "this route takes none"
    unknown = [
        {"type": "extra_forbidden", "loc": ("query", name), "msg": f"no such parameter; {hint}"}
        for name in sorted(sent - known.keys())
    ]
    if unknown:
        raise RequestValidationError(unknown)
    refuse_repeated(request, {name for name in sent if _is_list(known[name].annotation)})


def refuse_repeated(request: Request, several: Collection[str]) -> None:
    """Of two values of one parameter either may be meant. Those in `several` are lists."""
    sent = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [
        {"type": "repeated", "loc": ("query", name), "msg": f"sent {times} times; send it once"}
        for name, times in sorted(sent.items())
        if times > 1 and name not in several
    ]
    if repeated:
        raise RequestValidationError(repeated)


def _parameters(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    """The parameters that a route, or what it depends on, reads from the address."""
    for field in dependant.query_params:
        yield from _of_model(field.field_info) or [(field.alias, field.field_info)]
    for needed in dependant.dependencies:
        yield from _parameters(needed)


def _of_model(field: FieldInfo) -> list[tuple[str, FieldInfo]]:
    model = field.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


refuse_unknown = Depends(_refuse_unknown)
