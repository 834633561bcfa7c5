"""`query`: documents of a collection, with every digit of their numbers."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer

from clients.cli import exact_json, listing, output
from clients.cli.paths import collection_path
from clients.cli.problems import USAGE, Stop
from clients.cli.server import Query, Server, another_program, connect

_PAGE = 200
_MISSING = object()
# The longest first: `>=` is not `>`.
_OPERATORS = {
    "!=": "ne",
    ">=": "gte",
    "<=": "lte",
    "==": "eq",
    "=": "eq",
    ">": "gt",
    "<": "lt",
    " in ": "in",
    " like ": "like",
    " exists ": "exists",
}
_CONDITION = re.compile("|".join(re.escape(sign) for sign in _OPERATORS))


class Format(StrEnum):
    """How documents are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Name = Annotated[str, typer.Argument(help="The collection's name or id.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", "-w", help="Such as 'total>10', 'name like A%'. Repeatable: and."),
]
Sort = Annotated[str | None, typer.Option(help="Up to three fields, `-` before one: -total,id.")]
Fields = Annotated[str | None, typer.Option(help="These fields alone: a,b.c")]
As = Annotated[Format, typer.Option("--format", "-f", help="How to print them.")]
JsonToo = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def add(app: typer.Typer) -> None:
    """`mammothbox query`."""
    app.command()(query)


def query(
    collection: Name,
    *,
    where: Where = None,
    sort: Sort = None,
    fields: Fields = None,
    as_format: As = Format.TABLE,
    limit: listing.Limit = listing.USUAL,
    everything: listing.Everything = False,
    as_json: JsonToo = False,
) -> None:
    """Ask a collection; the answer is the same whether it is kept as JSONB or in a table.

    Conditions: = != < <= > >=, `in a,b`, `like A%`, `exists true`. JSON is a line per document.

    Examples: mammothbox query orders -w 'total>10' -w 'country in DE,FR' --sort -total
    · mammothbox query orders --all --format csv > orders.csv
    """
    asked: dict[str, Any] = {"sort": sort, "fields": fields}
    for condition in where or ():
        asked.update(parameter(condition))
    with connect() as server:
        found = documents(server, collection, asked)
        shown = found if everything else islice(found, limit)
        _print(shown, Format.JSON if as_json else as_format, _split(fields))


def parameter(condition: str) -> dict[str, str]:
    """A condition as the API takes it. Raises `Stop` when it has no operator."""
    match = _CONDITION.search(condition)
    if match is None or not condition[: match.start()].strip():
        signs = ", ".join(sign.strip() for sign in _OPERATORS)
        raise Stop(f"{condition!r} is no condition: write a field, one of {signs}, a value.", USAGE)
    field = condition[: match.start()].strip()
    return {f"filter[{field}][{_OPERATORS[match[0]]}]": condition[match.end() :].strip()}


def documents(server: Server, collection: str, asked: Query) -> Iterator[dict[str, Any]]:
    """The documents, page after page: `doc`, `document_id`, `system_id`."""
    cursor = None
    while True:
        page = _page(server, collection, {**asked, "limit": _PAGE, "cursor": cursor})
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _page(server: Server, collection: str, asked: Query) -> dict[str, Any]:
    answer = server.answer("GET", f"{collection_path(collection)}/documents", query=asked)
    try:
        page = exact_json.read(answer.content)
        page["items"], page["next_cursor"]
    except (ValueError, KeyError, TypeError) as error:
        raise Stop(another_program(server.url)) from error
    return dict(page)


def _split(fields: str | None) -> list[str]:
    return [field.strip() for field in (fields or "").split(",") if field.strip()]


def _print(found: Iterator[dict[str, Any]], as_format: Format, fields: Sequence[str]) -> None:
    if as_format is Format.JSON:
        for one in found:
            typer.echo(exact_json.write(one["doc"]))
        return
    docs = [one["doc"] for one in found]
    # Columns that are asked for are there, in that order, whatever documents have.
    names = list(
        fields or dict.fromkeys(name for doc in docs if isinstance(doc, dict) for name in doc)
    )
    if as_format is Format.CSV:
        _write_csv(names, docs)
    elif docs:
        output.table(names or ["document"], [_cells(names, doc) for doc in docs])
    else:
        output.note("No document matches.")


def _write_csv(names: Sequence[str], docs: Sequence[Any]) -> None:
    writer = csv.writer(sys.stdout)
    if names:
        writer.writerow(names)
    writer.writerows(_cells(names, doc) for doc in docs)
    sys.stdout.flush()


def _cells(names: Sequence[str], doc: Any) -> list[str]:
    if not isinstance(doc, dict):
        return [exact_json.write(doc), *([""] * (len(names) - 1))]
    return [_cell(_value(doc, name)) for name in names]


def _value(doc: dict[str, Any], name: str) -> Any:
    """What is at `a`, or at `a.b`."""
    if name in doc:
        return doc[name]
    value: Any = doc
    for step in name.split("."):
        value = value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
    return value


def _cell(value: Any) -> str:
    if value is _MISSING:
        return ""
    return value if isinstance(value, str) else exact_json.write(value)
