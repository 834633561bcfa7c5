"""Bytecode that Lambda takes as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.aws import bytecode

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_python_takes_it_without_looking_at_the_source(tmp_path: Path) -> None:
    source = tmp_path / "box.py"
    source.write_text("print('as it was')\n")
    python = bytecode.compiler(HERE)
    assert python is not None
    bytecode.write(python, tmp_path)
    source.write_text("raise SystemExit('compiled anew')\n")

    told = subprocess.run(
        [sys.executable, "-c", "import box"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "as it was\n"


def test_no_other_python_writes_it() -> None:
    assert bytecode.compiler("3.2") is None
