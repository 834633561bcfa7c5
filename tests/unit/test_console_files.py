"""The console is plain files that a strict Content-Security-Policy lets run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CONSOLE = Path(__file__).resolve().parents[2] / "clients" / "console"
MODULES = sorted((CONSOLE / "js").rglob("*.js"))
IMPORTED = re.compile(
    r"""^(?:import|export|\}) (?:[^"'`]*? )?from "([^"]+)\""""
    r"""|\bimport\(\s*"([^"]+)"|new URL\("([^"]+)\"""",
    re.MULTILINE,
)
FORBIDDEN = {
    "markup made of text": r"\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write",
    "code made of text": r"\beval\(|new Function\b|set(?:Timeout|Interval)\(\s*[\"'`]",
    "a style attribute": r"""setAttribute\(\s*["']style["']|\bstyle\s*=\s*["'{]""",
    "a handler in an attribute": r"""\bon(?:click|load|error|submit|input)\s*[:=]\s*["'`]""",
    "another origin": r"https?://(?!www\.w3\.org/)",
}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_safe_and_finds_what_it_imports(module: Path) -> None:
    text = module.read_text()

    assert len(text.splitlines()) <= 350
    assert [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []
    for name in map("".join, IMPORTED.findall(text)):
        assert name.startswith("."), f"{name} is no address of a file"
        assert (module.parent / name).resolve().is_file(), f"{name} does not exist"


def test_pages_and_styles_ask_nobody_else() -> None:
    page = (CONSOLE / "index.html").read_text()

    assert re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page) is None
    for text in (page, *(sheet.read_text() for sheet in (CONSOLE / "style").glob("*.css"))):
        assert re.search(r"https?://|@import|url\(", text) is None
    for name in re.findall(r'(?:href|src)="([^"#]+)"', page):
        assert (CONSOLE / name).is_file(), name


def test_every_view_exists_with_the_styles_it_names() -> None:
    views = re.findall(r'import\("(\./views/[^"]+)"\)', (CONSOLE / "js" / "rooms.js").read_text())

    assert len(views) >= 10
    for view in views:
        text = (CONSOLE / "js" / view).read_text()
        assert "export const title" in text, view
        assert re.search(r"export (?:async )?function show\(", text), view
        styles = re.search(r"export const styles = \[([^\]]*)\]", text)
        for style in re.findall(r'"([^"]+)"', styles[1] if styles else ""):
            assert (CONSOLE / "style" / style).is_file(), (view, style)


def test_what_others_wrote_comes_with_its_licence() -> None:
    folders = [path for path in (CONSOLE / "vendor").iterdir() if path.is_dir()]

    assert folders
    for folder in folders:
        assert "Permission" in (folder / "LICENSE").read_text(), folder
