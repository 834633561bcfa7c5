"""`search`, `searches`: what fits best, and questions that are kept."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from clients.cli import exact_json, listing, output
from clients.cli.listing import Column
from clients.cli.output import Json
from clients.cli.problems import NOT_FOUND, USAGE, Stop
from clients.cli.server import Query, Server, connect
from clients.cli.targets import is_id

# What the API takes at once; the model sees far less than that of any picture.
_LARGEST_EXAMPLE = 4 * 1024 * 1024
# A best result that fits less is no answer, only the nearest thing to one; as in the console.
_UNLIKELY = 0.05
_SHOWN = 60
# Neither a long option, nor a short one with its number, such as `-n5`.
_WITHOUT = re.compile(r"-(?!-|\w=?\d+$).")
# Each is asked anew when they are listed, so the API lists no more at once.
MOST_KEPT = 50

Asked = Annotated[
    list[str] | None,
    typer.Argument(help='Words, "phrases", -words, and filters such as tag:beach or after:2024.'),
]
Like = Annotated[str | None, typer.Option(help="A picture, or the id of an object.")]
Explain = Annotated[bool, typer.Option("--explain", help="Say why each was found.")]
Type = Annotated[str | None, typer.Option(help="media, document or all.")]
Kind = Annotated[list[str] | None, typer.Option(help="image, video, audio, json, other.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="With this tag; all of several.")]
Since = Annotated[str | None, typer.Option("--from", help="Such as 2024-06.")]
Until = Annotated[str | None, typer.Option("--to", help="The first that is too late.")]
Cluster = Annotated[list[str] | None, typer.Option(help="In this cluster, by name or id.")]
Collection = Annotated[str | None, typer.Option(help="In this collection.")]
Near = Annotated[str | None, typer.Option(help="latitude,longitude,distance, such as 52,13,5km.")]
Copies = Annotated[str | None, typer.Option(help="include, exclude or only.")]
Score = Annotated[float | None, typer.Option(help="Leave out what fits less, from 0 to 1.")]
Kept = Annotated[str | None, typer.Option("--saved", help="A kept search, by its name or id.")]
SearchName = Annotated[str, typer.Argument(help="Its name or id.")]


def _what(one: dict[str, Any]) -> str:
    if one["document"] is not None:
        text = f"{one['collection']}: {exact_json.write(one['document'])}"
    else:
        text = one["caption"] or one["filename"] or ""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


_COLUMNS = (
    Column(">score", lambda one: _rounded(one["score"])),
    Column(">alike", lambda one: _rounded(one["similarity"])),
    Column("kind", lambda one: one["kind"] or "document"),
    Column("what", _what),
    Column("tags", lambda one: ", ".join(tag["label"] for tag in one["tags"][:4])),
    Column("id", lambda one: one["id"]),
)
_WHY = Column("why", lambda one: ", ".join(map(_said, one["why"] or [])))
_KEPT = (
    Column("name", lambda one: one["name"]),
    Column(">finds", lambda one: f"{one['count']}{'+' if one['more'] else ''}"),
    Column("asked", lambda one: exact_json.write(_plain(one["asked"]))),
    Column("id", lambda one: one["id"]),
)


class Worded(TyperCommand):
    """A command whose words may begin with `-`, as in `red car -tag:toy`: no option does so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let such words stand behind `--`."""
        takes_value = {
            name: isinstance(option, TyperOption) and not option.is_flag
            for option in self.get_params(ctx)
            for name in option.opts
        }
        options, words = [], list[str]()
        left = iter(args)
        for one in left:
            if one == "--":
                words += left
            elif _WITHOUT.match(one) and one not in takes_value:
                words.append(one)
            else:
                options.append(one)
                options += islice(left, 1 if takes_value.get(one) else 0)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)


def add(app: typer.Typer) -> None:
    """`mammothbox search`, `mammothbox searches …`."""
    app.command(cls=Worded)(search)
    kept = typer.Typer(no_args_is_help=True, help="Searches that are kept by name.")
    kept.command("list")(list_kept)
    kept.command("save", cls=Worded)(save)
    kept.command("rename")(rename)
    kept.command("change", cls=Worded)(change)
    kept.command("rm")(remove)
    app.add_typer(kept, name="searches")


def search(
    asked: Asked = None,
    *,
    like: Like = None,
    explain: Explain = False,
    kind_of: Type = None,
    kind: Kind = None,
    tag: Tags = None,
    since: Since = None,
    until: Until = None,
    cluster: Cluster = None,
    collection: Collection = None,
    near: Near = None,
    duplicates: Copies = None,
    min_score: Score = None,
    saved: Kept = None,
    limit: listing.Limit = 20,
    as_json: Json = False,
) -> None:
    """Find what fits best: by words, by what pictures show, by example, in documents.

    Examples: mammothbox search red car -tag:toy after:2020 · mammothbox search --like photo.jpg
    · mammothbox search 'rating:>=4 near:52.5,13.4,10km' --json
    """
    words = " ".join(asked or ())
    query: dict[str, Any] = {
        "query": words or None,
        "type": kind_of,
        "kind": kind,
        "tags": tag,
        "from": since,
        "to": until,
        "cluster": cluster,
        "collection": collection,
        "near": near,
        "duplicates": duplicates,
        "min_score": min_score,
        "explain": explain or None,
    }
    if like and saved:
        raise Stop("--like and --saved do not go together.", USAGE)
    with connect() as server:
        query["saved"] = saved and _kept_id(server, saved)
        _print(_found(server, query, like, limit), explain, as_json)


def list_kept(as_json: Json = False) -> None:
    """List kept searches with what they find now."""
    with connect() as server:
        asked = listing.Asked(everything=True, as_json=as_json)
        listing.show(
            server, "searches", {"limit": MOST_KEPT}, _KEPT, asked, empty="No search is kept."
        )


def save(
    name: SearchName,
    asked: Annotated[list[str], typer.Argument(help="What to look for.")],
    as_json: Json = False,
) -> None:
    """Keep a search by name. Example: mammothbox searches save Seaside tag:beach after:2024"""
    with connect() as server:
        _tell(server.post("searches", {"name": name, "query": " ".join(asked)}), as_json)


def rename(name: SearchName, new: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give a kept search another name."""
    with connect() as server:
        server.patch(f"searches/{_kept_id(server, name)}", {"name": new})
    output.note(f"{name} is called {new} now.")


def change(
    name: SearchName,
    asked: Annotated[list[str], typer.Argument(help="What to look for instead.")],
    as_json: Json = False,
) -> None:
    """Let a kept search ask something else, and nothing that it asked before.

    Example: mammothbox searches change Seaside tag:beach,sea after:2023
    """
    with connect() as server:
        query = {"query": " ".join(asked)}
        _tell(server.patch(f"searches/{_kept_id(server, name)}", query), as_json)


def remove(name: SearchName) -> None:
    """Forget a kept search."""
    with connect() as server:
        server.delete(f"searches/{_kept_id(server, name)}")
    output.note(f"{name} is forgotten.")


def _found(server: Server, query: Query, like: str | None, limit: int) -> dict[str, Any]:
    """The first results; the `plan` and the correction are those of the first page."""
    found: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    cursor = None
    while len(results) < limit:
        size = min(limit - len(results), 200)
        page = _page(server, {**query, "limit": size, "cursor": cursor}, like)
        found = found or page
        results += page["results"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return {**found, "results": results, "next_cursor": cursor}


def _page(server: Server, query: dict[str, Any], like: str | None) -> dict[str, Any]:
    if like is None:
        answer = server.answer("GET", "search", query=query)
    elif is_id(like):
        query.pop("saved")
        body = {"system_id": like}
        answer = server.answer("POST", "search/by-image", query=query, body=body, repeatable=True)
    else:
        query.pop("saved")
        answer = server.answer(
            "POST",
            "search/by-image",
            query=query,
            content=_picture(Path(like)),
            headers={"Content-Type": "image/*"},
            repeatable=True,
        )
    return _read(answer.content)


def _read(content: bytes) -> dict[str, Any]:
    try:
        page = exact_json.read(content)
        page["results"], page["next_cursor"]
    except (ValueError, KeyError, TypeError) as error:
        raise Stop("The server does not answer as MammothBox does: look at its address.") from error
    return dict(page)


def _picture(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        why = f"{path} cannot be read: {error.strerror}. (No object has that id.)"
        raise Stop(why, USAGE) from error
    if len(content) > _LARGEST_EXAMPLE:
        raise Stop(f"{path} is over 4 MiB: make the picture smaller first.", USAGE)
    return content


def _print(found: dict[str, Any], explain: bool, as_json: bool) -> None:
    if as_json:
        output.emit_lines(found["results"])
    elif found["results"]:
        if _is_unlikely(found["results"][0]):
            output.note("Nothing fits well; these come closest.")
        listing.rows(found["results"], (*_COLUMNS, _WHY) if explain else _COLUMNS)
    else:
        output.note("Nothing was found.")
    if found.get("corrected"):
        output.note(f"Looked for: {found['corrected']}")
    if explain:
        for step in found["plan"]:
            output.note(f"{step['retriever']}: {step['plan']}, found {step['found']}")
    if found["next_cursor"] and not as_json:
        output.note(f"There is more than these {len(found['results'])}: --limit N.")


def _is_unlikely(best: dict[str, Any]) -> bool:
    return best["score"] is not None and best["score"] < _UNLIKELY


def _tell(kept: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(kept)
    else:
        output.note(f"{kept['name']} is kept; it finds {kept['count']} now.")


def _kept_id(server: Server, named: str) -> str:
    if is_id(named):
        return named
    for one in server.pages("searches", {"limit": MOST_KEPT}):
        if one["name"] == named:
            return str(one["id"])
    raise Stop(f"No search is kept as {named!r}: `mammothbox searches list`.", NOT_FOUND)


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value not in (None, "", [], {})}


def _rounded(number: str | None) -> str:
    return "" if number is None else f"{float(number):.3f}"


def _said(one: dict[str, Any]) -> str:
    return f"{one['retriever']} #{one['rank']}"
