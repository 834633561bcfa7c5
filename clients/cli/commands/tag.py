"""`tag`, `rate`, `comment`, `trash`, `untrash`: what a hand changes about objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from clients.cli.output import Json, counted
from clients.cli.problems import USAGE, Stop
from clients.cli.server import Server, connect
from clients.cli.targets import for_each, ids_and_words, object_ids, sure

Ids = Annotated[
    list[str] | None, typer.Argument(help="Ids of objects; - or none: from standard input.")
]
IdsAndLabels = Annotated[
    list[str], typer.Argument(help="Ids of objects and tags; ids from standard input if none.")
]
Purge = Annotated[bool, typer.Option("--purge", help="Erase bytes and metadata, for good.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add(app: typer.Typer) -> None:
    """`mammothbox tag …`, `rate`, `comment`, `trash` and `untrash`."""
    tags = typer.Typer(no_args_is_help=True, help="Tags by hand; no model takes them back.")
    tags.command("add")(add_tags)
    tags.command("rm")(remove_tags)
    app.add_typer(tags, name="tag")
    app.command()(rate)
    app.command()(comment)
    app.command()(trash)
    app.command()(untrash)


def add_tags(given: IdsAndLabels, as_json: Json = False) -> None:
    """Put tags on objects.

    Examples: mammothbox tag add ID beach summer · mammothbox ls --kind video --json | mammothbox
    tag add film
    """
    _tag(given, "add", as_json)


def remove_tags(given: IdsAndLabels, as_json: Json = False) -> None:
    """Take tags away from objects, for good. Example: mammothbox tag rm ID dog"""
    _tag(given, "remove", as_json)


def rate(
    stars: Annotated[int, typer.Argument(min=0, max=5, help="0 to 5; 0 is a rating, too.")],
    ids: Ids = None,
    as_json: Json = False,
) -> None:
    """Rate objects. Example: mammothbox rate 5 ID"""
    objects = object_ids(ids or [])
    with connect() as server:
        for_each(objects, _patch(server, {"rating": stars}), as_json, "Rated")


def comment(
    text: Annotated[str, typer.Argument(help="Takes the place of the comment; '' removes it.")],
    ids: Ids = None,
    as_json: Json = False,
) -> None:
    """Comment on objects. Example: mammothbox comment 'Our first summer there' ID"""
    objects = object_ids(ids or [])
    with connect() as server:
        for_each(objects, _patch(server, {"comments": text or None}), as_json, "Commented")


def trash(
    ids: Ids = None, *, purge: Purge = False, yes: Yes = False, as_json: Json = False
) -> None:
    """Put objects into the trash, or erase them.

    Examples: mammothbox trash ID · mammothbox ls --trashed --all --json | mammothbox trash
    --purge --yes
    """
    objects = object_ids(ids or [])
    if purge:
        sure(f"Erase {counted(len(objects), 'object')} for good?", yes)
    with connect() as server:
        query = {"purge": purge or None}
        for_each(
            objects,
            lambda one: server.delete(f"objects/{one}", query),
            as_json,
            "Erased" if purge else "Put into the trash:",
        )


def untrash(ids: Ids = None, as_json: Json = False) -> None:
    """Take objects out of the trash. Example: mammothbox untrash ID"""
    objects = object_ids(ids or [])
    with connect() as server:
        for_each(
            objects,
            lambda one: server.post(f"objects/{one}/restore", repeatable=True),
            as_json,
            "Taken out of the trash:",
        )


def _tag(given: list[str], act: str, as_json: bool) -> None:
    ids, labels = ids_and_words(given)
    if not labels:
        raise Stop("Name at least one tag.", USAGE)
    with connect() as server:
        for_each(ids, _patch(server, {"tags": {act: labels}}), as_json, "Changed")


def _patch(server: Server, body: object) -> Callable[[str], Any]:
    return lambda one: server.patch(f"objects/{one}", body)
