"""The command line by itself: a wheel in an empty environment, used from anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Person, Said
from tests.cli.shelf import stored
from tests.house import House

_COMPLETING = """
eval "$(mammothbox --show-completion bash)"
COMP_WORDS=(mammothbox clusters re)
COMP_CWORD=2
$(complete -p mammothbox | sed 's/.*-F \\([^ ]*\\) .*/\\1/') mammothbox
"""


def done(*arguments: str | Path, environment: dict[str, str] | None = None) -> Said:
    """What a program said that ran in another folder, without what this process is told."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
    ended = subprocess.run(
        list(map(str, arguments)),
        cwd="/",
        env={**kept, **pip, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return Said(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.prove
def test_a_wheel_in_an_empty_environment_is_all_that_it_takes(
    house: House, person: Person, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    folder = tmp_path / "venv" / "bin"
    installed = done(folder / "python", "-m", "pip", "install", "-q", f"{wheel}[cli]")
    assert installed.status == 0, installed.err
    note = tmp_path / "note.txt"
    note.write_text("from afar")
    program = folder / "mammothbox"

    told = done(program, "--help")
    sent = done(program, "upload", note, environment=person.environment)
    up = done(program, "up")
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    script = f'{_COMPLETING}\necho "${{COMPREPLY[@]}}"'
    completed = done(shutil.which("bash") or "bash", "-c", script, environment=path)

    assert told.status == 0 and " upload " in told.out
    assert sent.status == 0 and stored(house).total() == 1, sent.err
    assert up.status == 1 and "checkout" in up.err and "mammothbox login" in up.err
    assert completed.out.split() == ["rename"], completed
