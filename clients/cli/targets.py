"""What a command is about, as people name it: ids, from a pipe too, and names of clusters."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from clients.cli import output
from clients.cli.problems import FAILED, NOT_FOUND, PROBLEMS, USAGE, ServerProblem, Stop, sentence
from clients.cli.server import Server

_ID_KEYS = ("system_id", "id")
_HEADING = "id\t"
# These are about the caller, not about one object: to go on would fail in the same way.
_OF_CALLER = {401, 403}


def is_id(text: str) -> bool:
    """Whether it is an id as the API writes it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def the_id(given: str, of: str, listed_by: str) -> str:
    """An id as it was given. Raises `Stop` when it is none, and says which command shows them."""
    if not is_id(given):
        raise Stop(f"{given!r} is no id of {of}: `mammothbox {listed_by}` shows them.", USAGE)
    return given


def folder_named(named: str) -> Path:
    """A folder as it is named; a variable of a script that is not set names none."""
    if not named:
        raise Stop("An empty name is no folder; the one you are in is called `.`.", USAGE)
    return Path(named)


def piped_ids() -> list[str]:
    """The ids on standard input: one a line, a table of `ls`, or lines as of `--json`."""
    if sys.stdin.isatty():
        return []
    told = (line.strip() for line in sys.stdin)
    return [_id_of(line) for line in told if line and not line.startswith(_HEADING)]


def object_ids(given: Sequence[str]) -> list[str]:
    """The objects a command is about: its arguments, or what is piped in.

    Raises `Stop` when there are none, or what is given is no id.
    """
    ids = [one for one in given if one != "-"] or piped_ids()
    if not ids:
        raise Stop(
            "Name at least one object by its id: `mammothbox ls` shows them. Or pipe them.", USAGE
        )
    return list(dict.fromkeys(the_id(one, "an object", "ls") for one in ids))


def ids_and_words(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Arguments that are ids, or piped ids, and the others. Raises `Stop` as `object_ids` does."""
    words = [one for one in given if not is_id(one) and one != "-"]
    ids = [one for one in given if is_id(one)] or piped_ids()
    if not ids and words:
        raise Stop(
            f"{words[0]!r} is no id of an object, and none was piped in: `mammothbox ls` shows"
            " them.",
            USAGE,
        )
    return object_ids(ids), words


def for_each(ids: Iterable[str], act: Callable[[str], Any], as_json: bool, done: str) -> None:
    """Do something with each object. What fails is told and does not stop the others.

    Ends with status 1 when anything failed; `done` says what was done, for people.
    """
    well = 0
    failed = 0
    for one in ids:
        try:
            answer = act(one)
        except PROBLEMS as problem:
            if not isinstance(problem, ServerProblem) or problem.status in _OF_CALLER:
                raise
            failed += 1
            output.warn(f"{one}: {sentence(problem)}")
            if as_json:
                output.emit_lines([{"system_id": one, "error": problem.code}])
            continue
        well += 1
        if as_json:
            output.emit_lines([answer if isinstance(answer, dict) else {"system_id": one}])
    output.note(f"{done} {well} of {well + failed}.")
    if failed:
        raise typer.Exit(FAILED)


def cluster_id(server: Server, named: str) -> str:
    """The id of the cluster with that id or name. Raises `Stop` unless there is exactly one."""
    if is_id(named):
        return named
    wanted = named.casefold()
    found = [one for one in server.pages("clusters") if one["name"].casefold() == wanted]
    if len(found) == 1:
        return str(found[0]["id"])
    if not found:
        raise Stop(f"No cluster is called {named!r}: `mammothbox clusters list`.", NOT_FOUND)
    ids = ", ".join(one["id"] for one in found)
    raise Stop(f"{len(found)} clusters are called {named!r}; name one by its id: {ids}", USAGE)


def sure(question: str, yes: bool) -> None:
    """Ask before something that others see. Raises `Stop` for a no, or when nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Stop(f"{question} Nobody is there to answer: add --yes.", USAGE)
    if not typer.confirm(question, err=True):
        raise Stop("Nothing was changed.")


def _id_of(line: str) -> str:
    if not line.startswith("{"):
        return line.split(maxsplit=1)[0]
    try:
        item = json.loads(line)
    except ValueError:
        return line
    found: Iterator[str] = (str(item[key]) for key in _ID_KEYS if item.get(key))
    return next(found, line)
