"""The rules of the house, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "layers/core/python"
ROOMS = {
    "mammothbox": LIBRARY / "mammothbox",
    "functions": ROOT / "functions",
    "infra": ROOT / "infra",
}
OURS = {*ROOMS, "tests"}

MOST_LINES = 350
MOST_HANDLER_LINES = 60
# Longer modules, each with its reason.
LONG: dict[str, str] = {}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers"}
AWS = {"boto3", "botocore"}
SPEAK_AWS = (
    "mammothbox/storage/",
    "mammothbox/queues.py",
    "mammothbox/bus.py",
    "mammothbox/signature.py",
    "mammothbox/secrets.py",
)
SPEAK_SQL = ("mammothbox/catalog/",)
HTTP = {"fastapi", "starlette", "python_multipart"}
SPEAK_HTTP = ("mammothbox/web/",)
SLOW = ("PIL", "numpy", "onnxruntime", "scipy", "aws_xray_sdk", "av", "torch")

Found = TypeVar("Found", bound=Collection[str])


def modules(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in ROOMS[room].rglob("*.py"))


def name(path: Path) -> str:
    """The path as it is imported: from the root of its packages."""
    return str(path.relative_to(LIBRARY if path.is_relative_to(LIBRARY) else ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """What the module imports, anywhere in it, by its full name."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def imports_of(path: Path, packages: set[str]) -> list[str]:
    return [imported for imported in imports(path) if imported.partition(".")[0] in packages]


def offenders(paths: Iterable[Path], find: Callable[[Path], Found]) -> dict[str, Found]:
    """Every module in which `find` finds something, and what."""
    return {name(path): found for path in paths if (found := find(path))}


def test_there_are_modules_to_look_at() -> None:
    for room in ROOMS:
        assert len(modules(room)) > 10, room


def test_the_library_imports_nothing_of_ours() -> None:
    found = offenders(modules("mammothbox"), lambda path: imports_of(path, OURS - {"mammothbox"}))

    assert found == {}


def test_functions_import_the_library_and_themselves() -> None:
    """A function may import its own folder, and never another function's."""

    def not_its_own(path: Path) -> list[str]:
        own = ".".join(path.relative_to(ROOT).parts[:2])
        of_functions = imports_of(path, {"functions"})
        return imports_of(path, {"infra", "tests"}) + [
            one for one in of_functions if not one.startswith(own)
        ]

    assert offenders(modules("functions"), not_its_own) == {}


def test_nobody_imports_tests() -> None:
    assert offenders(modules(*ROOMS), lambda path: imports_of(path, {"tests"})) == {}


@pytest.mark.parametrize(
    ("rooms", "packages", "who_may"),
    [
        (("mammothbox", "functions"), AWS, SPEAK_AWS),
        (("mammothbox",), HTTP, SPEAK_HTTP),
        (("mammothbox", "functions"), {"psycopg", "pgvector"}, SPEAK_SQL),
    ],
    ids=["AWS", "HTTP", "Postgres"],
)
def test_what_lies_outside_is_spoken_to_only_by_its_adapters(
    rooms: tuple[str, ...], packages: set[str], who_may: tuple[str, ...]
) -> None:
    found = offenders(modules(*rooms), lambda path: imports_of(path, packages))

    assert {named: what for named, what in found.items() if not named.startswith(who_may)} == {}
    assert found != {}


def test_a_handler_is_one_screen_without_sql_or_aws() -> None:
    handlers = [path for path in modules("functions") if path.name == "handler.py"]

    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in handlers}
    assert {named: many for named, many in lines.items() if many > MOST_HANDLER_LINES} == {}
    assert offenders(handlers, lambda path: imports_of(path, {*AWS, "psycopg"})) == {}
    assert offenders(handlers, _sql) == {}
    assert handlers != []


def test_no_module_is_too_long_to_read() -> None:
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules(*ROOMS)}

    assert {named for named, many in lines.items() if many > MOST_LINES} == set(LONG)


def test_modules_are_named_after_what_they_know() -> None:
    def empty(path: Path) -> set[str]:
        return {*path.with_suffix("").parts[-2:]} & EMPTY_NAMES

    assert offenders(modules(*ROOMS), empty) == {}


def test_modules_say_what_they_are() -> None:
    silent = [
        name(path)
        for path in modules(*ROOMS)
        if path.name != "__init__.py" and not ast.get_docstring(tree(path))
    ]

    assert silent == []


def test_no_sql_in_an_f_string() -> None:
    def formatted(path: Path) -> list[str]:
        return [
            ast.unparse(node)
            for node in ast.walk(tree(path))
            if isinstance(node, ast.JoinedStr) and _is_sql("".join(_texts(node)))
        ]

    assert offenders(modules("mammothbox", "functions"), formatted) == {}


def test_sql_is_written_only_in_the_catalogue() -> None:
    found = offenders(modules("mammothbox", "functions"), _sql)

    assert {named: what for named, what in found.items() if not named.startswith(SPEAK_SQL)} == {}
    assert found != {}


def test_the_rules_would_notice_sql() -> None:
    for text in (
        "SELECT 1 FROM asset",
        " update asset set x = 1",
        "DELETE FROM job",
        "INSERT INTO t",
    ):
        assert _is_sql(text)
    assert not _is_sql("Select a file from the list")


@pytest.mark.parametrize("function", ["api", "search"])
def test_importing_what_answers_clients_is_quick_and_brings_no_model(
    capsys: pytest.CaptureFixture[str], function: str
) -> None:
    """In a fresh process, as on a cold start. The figure is for people; machines differ."""
    program = (
        "import sys, time; began = time.perf_counter();"
        f"import functions.{function}.handler;"
        "print(round((time.perf_counter() - began) * 1000));"
        f"print(*sorted({{*sys.modules}} & {set(SLOW)!r}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    milliseconds, slow = done.stdout.split("\n")[:2]
    with capsys.disabled():
        print(f"\nimport functions.{function}.handler: {milliseconds} ms")
    assert slow.split() == []


def _sql(path: Path) -> list[str]:
    return [text for text in _texts(tree(path)) if _is_sql(text)]


def _texts(inside: ast.AST) -> list[str]:
    constants = [node.value for node in ast.walk(inside) if isinstance(node, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


def _is_sql(text: str) -> bool:
    words = text.split()[:3]
    if len(words) < 2 or not (words[0].isupper() or words[0].islower()):
        return False
    first, second = words[0].upper(), words[1].upper()
    return (
        (first == "SELECT" and " FROM " in text)
        or (first == "INSERT" and second == "INTO")
        or (first == "DELETE" and second == "FROM")
        or (first == "UPDATE" and " SET " in text.upper())
        or (first in ("CREATE", "ALTER", "DROP") and second in ("TABLE", "INDEX", "VIEW", "ROLE"))
    )
