"""Workflows, the Dockerfile and the locks, by what checks them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DOCKERFILES = [ROOT / "functions" / "Dockerfile"]


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    done = subprocess.run(
        [str(BIN / "actionlint"), "-no-color", *map(str, WORKFLOWS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(WORKFLOWS) >= 2
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_finds_nothing_in_a_dockerfile(path: Path) -> None:
    done = subprocess.run(
        [str(BIN / "hadolint"), str(path)], capture_output=True, text=True, check=False
    )

    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_every_dockerfile_is_linted() -> None:
    found = subprocess.run(
        ["git", "ls-files", "*Dockerfile*"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {ROOT / line for line in found.stdout.splitlines()} == {*DOCKERFILES}


def test_the_image_names_no_base_by_itself_and_runs_as_nobody() -> None:
    lines = (ROOT / "functions" / "Dockerfile").read_text("utf-8").splitlines()

    assert "ARG BASE_DIGEST" in lines
    assert all("@${BASE_DIGEST}" in line for line in lines if line.startswith("FROM "))
    assert [line for line in lines if line.startswith("USER ")][-1] != "USER root"


def test_workflows_call_make_targets_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {*re.findall(r"^([a-z]+):", makefile, re.MULTILINE)}
    called = {
        word
        for path in WORKFLOWS
        for line in re.findall(r"run: make (.*)", path.read_text("utf-8"))
        for word in line.split()
        if word.isalpha()
    }

    assert {"lint", "test", "prove", "diff", "deploy", "image", "packages"} <= called <= targets


def test_locks_are_hashed_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        assert "--hash=sha256:" in text, path
        assert "://" not in text, path


@pytest.mark.parametrize("name", ["core", "caption", "encoders", "worker"])
def test_what_is_deployed_is_what_was_tested(name: str) -> None:
    """Another version of anything would be one that no test has seen."""
    tested = pins("dev")

    assert {package: tested.get(package) for package in pins(name)} == pins(name)


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
