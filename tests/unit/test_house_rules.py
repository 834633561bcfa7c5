"""The rules of the house, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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
    "mammothbox/database_access.py",
    "mammothbox/secrets.py",
)
SPEAK_SQL = ("mammothbox/catalog/",)
HTTP = {"fastapi", "starlette", "python_multipart"}
SPEAK_HTTP = ("mammothbox/web/",)
SLOW = ("PIL", "numpy", "onnxruntime", "scipy", "aws_xray_sdk", "av", "torch")


def modules(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in ROOMS[room].rglob("*.py"))


def name(path: Path) -> str:
    """The path as it is imported: from the root of its packages."""
    return str(path.relative_to(LIBRARY if path.is_relative_to(LIBRARY) else ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """What the module imports, anywhere in it, by its full name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path: Path, packages: set[str]) -> list[str]:
    return [imported for imported in imports(path) if imported.partition(".")[0] in packages]


def by_name(path: Path) -> str:
    return name(path)


library = pytest.mark.parametrize("path", modules("mammothbox"), ids=by_name)
functions = pytest.mark.parametrize("path", modules("functions"), ids=by_name)
everywhere = pytest.mark.parametrize("path", modules(*ROOMS), ids=by_name)


@library
def test_the_library_imports_nothing_of_ours(path: Path) -> None:
    assert imports_of(path, OURS - {"mammothbox"}) == []


@functions
def test_functions_import_the_library_and_themselves(path: Path) -> None:
    """A function may import its own folder, and never another function's."""
    assert imports_of(path, {"infra", "tests"}) == []
    own = ".".join(path.relative_to(ROOT).parts[:2])
    assert [one for one in imports_of(path, {"functions"}) if not one.startswith(own)] == []


@everywhere
def test_nobody_imports_tests(path: Path) -> None:
    assert imports_of(path, {"tests"}) == []


@pytest.mark.parametrize("path", modules("mammothbox", "functions"), ids=by_name)
def test_aws_is_spoken_only_in_its_adapters(path: Path) -> None:
    if not name(path).startswith(SPEAK_AWS):
        assert imports_of(path, AWS) == []


@library
def test_http_is_spoken_only_where_it_is_shared(path: Path) -> None:
    if not name(path).startswith(SPEAK_HTTP):
        assert imports_of(path, HTTP) == []


@pytest.mark.parametrize("path", modules("mammothbox", "functions"), ids=by_name)
def test_postgres_is_spoken_only_in_the_catalogue(path: Path) -> None:
    if not name(path).startswith(SPEAK_SQL):
        assert imports_of(path, {"psycopg", "pgvector"}) == []


@pytest.mark.parametrize(
    "path", [path for path in modules("functions") if path.name == "handler.py"], ids=by_name
)
def test_a_handler_is_one_screen_without_sql_or_aws(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_HANDLER_LINES
    assert imports_of(path, {*AWS, "psycopg"}) == []
    assert [text for text in _texts(tree(path)) if _is_sql(text)] == []


@everywhere
def test_no_module_is_too_long_to_read(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())

    assert lines <= MOST_LINES or name(path) in LONG


def test_modules_listed_as_long_are_long() -> None:
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules(*ROOMS)}

    assert {listed: lines.get(listed, 0) > MOST_LINES for listed in LONG} == dict.fromkeys(
        LONG, True
    )


@everywhere
def test_modules_are_named_after_what_they_know(path: Path) -> None:
    assert not {*path.with_suffix("").parts[-2:]} & EMPTY_NAMES


@everywhere
def test_modules_say_what_they_are(path: Path) -> None:
    assert path.name == "__init__.py" or ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", modules("mammothbox", "functions"), ids=by_name)
def test_no_sql_in_an_f_string(path: Path) -> None:
    found = [
        ast.unparse(node)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.JoinedStr) and _is_sql("".join(_texts(node)))
    ]

    assert found == []


@pytest.mark.parametrize("path", modules("mammothbox", "functions"), ids=by_name)
def test_sql_is_written_only_in_the_catalogue(path: Path) -> None:
    if not name(path).startswith(SPEAK_SQL):
        assert [text for text in _texts(tree(path)) if _is_sql(text)] == []


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
