"""What is deployed: small enough, for Lambda's machine, and the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.aws import packages
from infra.aws.settings import read

ROOT = Path(__file__).parents[3]
FOREIGN = {"tests", "bin"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.mark.prove
def test_the_layer_and_the_api_are_small_clean_and_for_lambdas_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "HOME", home)

    made = packages.make(read("prod"))

    assert made.layer is not None
    folders = (made.layer, made.zips["api"])
    assert 0 < packages.size(*folders) < packages.MOST_BYTES
    found = {path.relative_to(made.layer) for path in made.layer.rglob("*")}
    assert not [path for path in found if FOREIGN & {*path.parts}]
    tag = f"cpython-{read('prod').python.replace('.', '')}"
    assert not [path for path in found if path.suffix == ".pyc" and tag not in path.name]
    native = [path.name for path in found if path.suffix == ".so"]
    assert native
    assert not [name for name in native if "x86_64" in name]
    assert (made.layer / "python" / "mammothbox" / "settings.py").is_file()
    assert not [path for path in found if path.name in ("RECORD", "INSTALLER")]


@pytest.mark.prove
def test_the_same_commit_gives_the_same_bytes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprints = []
    for folder in (home, tmp_path / "a longer way to it"):
        monkeypatch.setattr(packages, "HOME", folder)
        made = packages.make(read("prod"))
        assert made.layer is not None
        assert made.image is not None
        all_of_it = (made.layer, made.image, *made.zips.values())
        fingerprints.append([packages.fingerprint(one) for one in all_of_it])

    assert fingerprints[0] == fingerprints[1]


@pytest.mark.prove
@pytest.mark.parametrize("lock", ["core", "caption", "encoders", "worker"])
def test_zips_hold_what_their_functions_import(
    lock: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing else there: no environment of ours, and no repository."""
    settings = read("localstack")
    if settings.python != f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip("the zips are for another Python")
    monkeypatch.setattr(packages, "HOME", home)
    zips = packages.make(settings).zips
    sharing = [name for name, folder in zips.items() if f"zip-{lock}-" in folder.name]
    program = ";".join(f"import functions.{name}.handler" for name in sharing)

    assert sharing
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, '.'); {program}"],
        cwd=zips[sharing[0]],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_is_too_large_is_not_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large").write_bytes(b"12345")
    monkeypatch.setattr(packages, "MOST_BYTES", 4)

    with pytest.raises(packages.TooLarge, match="5 bytes"):
        packages._check_size(tmp_path)
