"""What a command says: results on standard output, everything else on standard error.

People at a terminal get tables and colours; a pipe gets tabs between the columns and every
value whole; `--json` gives JSON alone: of every list a line per item, of one thing one document.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.cli import exact_json

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for scripts: of lists a line per item.")
]
_ANY_WIDTH = 100_000
# An id; no longer a word is kept whole in a table that is too wide.
_LONGEST_WORD = 36
_FIRST_PRINTABLE = " "
_DELETE, _LAST_CONTROL = "\x7f", "\x9f"


def people() -> Console:
    """Where results go that people read."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def notes() -> Console:
    """Where everything goes that is no result."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def tell(text: str = "") -> None:
    """A line of the result, for people."""
    people().print(clean(text))


def note(text: str, style: str = "") -> None:
    """A line beside the result."""
    notes().print(clean(text, style))


def warn(text: str) -> None:
    """A line beside the result, about something that is not as it should be."""
    note(text, "yellow")


def emit(value: Any) -> None:
    """One value as JSON."""
    typer.echo(exact_json.write(value, indent="  "))


def emit_lines(values: Iterable[Any]) -> None:
    """Each value as one line of JSON, as soon as it is there."""
    for value in values:
        typer.echo(exact_json.write(value))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their names. A column named `>size` stands to the right."""
    names = [column.removeprefix(">") for column in columns]
    if not sys.stdout.isatty():
        for row in (names, *rows):
            typer.echo("\t".join(clean(value).plain.replace("\n", " ") for value in row))
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    cells = [[clean(value) for value in row] for row in rows]
    for at, (column, name) in enumerate(zip(columns, names, strict=True)):
        shown.add_column(
            name,
            justify="right" if column.startswith(">") else "left",
            overflow="fold",
            no_wrap=all(_is_word(row[at].plain) for row in cells),
        )
    for row in cells:
        shown.add_row(*row)
    _print(shown)


def _print(shown: Table) -> None:
    """Fold cells between words; where that is too wide still, leave folding to the terminal.

    People copy ids out of tables, and could not do so in pieces.
    """
    console = Console(file=sys.stdout, highlight=False)
    needed = console.measure(shown, options=console.options.update(width=_ANY_WIDTH))
    if needed.minimum <= console.width:
        console.print(shown)
        return
    console.width = needed.maximum
    with console.capture() as lines:
        console.print(shown)
    for line in lines.get().splitlines():
        typer.echo(line.rstrip())


def _is_word(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and not any(map(str.isspace, text))


def clean(value: object, style: str = "") -> Text:
    """The value as text that cannot move the cursor, nor be taken for markup."""
    if isinstance(value, Text):
        return value
    text = "" if value is None else str(value)
    return Text("".join(map(_shown, text)), style=style)


def size(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return ""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":  # noqa: PLR2004 - a thousand of one are the next
            break
        amount /= 1000
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """So many of what the noun names."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def when(instant: str | None) -> str:
    """A time of the API, to the minute."""
    return (instant or "")[:16].replace("T", " ")


def duration(seconds: float) -> str:
    """A span of time as people say it."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"


def _shown(character: str) -> str:
    if character == "\n":
        return character
    if character < _FIRST_PRINTABLE or _DELETE <= character <= _LAST_CONTROL:
        return "\ufffd" if character != "\t" else " "
    # How Python tells bytes in names of files that are no Unicode; no terminal takes these.
    return "\ufffd" if "\ud800" <= character <= "\udfff" else character
