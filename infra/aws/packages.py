"""What is deployed, put together from the hashed locks: the layer, zips, and the image's context.

    python -m infra.aws.packages dev

The same commit gives the same bytes, so that a second deployment of it changes nothing. Folders
that are up to date are left as they are.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.aws import bytecode
from infra.aws.deployables import Deployables
from infra.aws.settings import REPOSITORY, Settings, contexts, read
from infra.topology import API, JANITOR, MIGRATE, SEARCH, WORKERS

HOME = REPOSITORY / ".local" / "packages"
# Lambda's own limit for a function with its layers, unpacked.
MOST_BYTES = 250 * 1024**2
_LIBRARY = REPOSITORY / "layers" / "core" / "python" / "mammothbox"
_FUNCTIONS = REPOSITORY / "functions"
_MODELS = REPOSITORY / "models"
_REQUIREMENTS = REPOSITORY / "requirements"
# Lambda's machines have a newer C library than the wheels that this asks for.
_PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
# What models are made from, and what judges them.
_NOT_DEPLOYED = {"builtin_source", "clip_source", "evaluation", ".download"}
_CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
# Scripts name this machine's Python, and records name the scripts.
_OF_THIS_MACHINE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")

# Zips by the lock they are made from; all others have everything that workers may need.
_LOCKS = {
    API.name: "core",
    JANITOR.name: "core",
    "intake": "core",
    "schema": "core",
    "caption": "caption",
    "cluster": "encoders",
}
_EVERYTHING = "worker"


class TooLarge(ValueError):
    """Lambda would refuse it."""


@dataclass(frozen=True)
class Contents:
    """What goes into one folder: pinned requirements, files of ours by where they go, bytecode."""

    lock: str | None
    files: dict[str, Path]
    compiled: bool = False


def make(settings: Settings) -> Deployables:
    """Everything that a context deploys. Raises `TooLarge`, and `CalledProcessError`."""
    if settings.package == "zip":
        return Deployables(zips=_zip_for_each(settings))
    library = Contents("core", {"python/mammothbox": _LIBRARY}, compiled=True)
    layer = _made("layer", settings, library, "python")
    api = _made("api", settings, Contents(None, _functions("api"), compiled=True))
    _check_size(layer, api)
    image = _made("image", settings, Contents(None, _context()))
    return Deployables(layer=layer, zips={API.name: api}, image=image)


def _zip_for_each(settings: Settings) -> dict[str, Path]:
    """Functions with the same requirements share a folder, with the code of all of them."""
    names = [API.name, SEARCH.name, JANITOR.name, MIGRATE.name, *(w.name for w in WORKERS)]
    by_lock: dict[str, list[str]] = {}
    for name in names:
        by_lock.setdefault(_LOCKS.get(name, _EVERYTHING), []).append(name)
    folders: dict[str, Path] = {}
    for lock, sharing in by_lock.items():
        files = {"mammothbox": _LIBRARY, **_functions(*sharing)}
        if lock == _EVERYTHING:
            files |= {f"models/{path.name}": path for path in _models()}
        folder = _made(f"zip-{lock}", settings, Contents(lock, files))
        folders |= dict.fromkeys(sharing, folder)
    return folders


def _functions(*names: str) -> dict[str, Path]:
    wanted = {f"functions/{name}": _FUNCTIONS / name for name in names}
    return {"functions/__init__.py": _FUNCTIONS / "__init__.py", **wanted}


def _models() -> list[Path]:
    return [path for path in sorted(_MODELS.iterdir()) if path.name not in _NOT_DEPLOYED]


def _context() -> dict[str, Path]:
    """What the Dockerfile copies, and nothing else: what is not here cannot leak into it."""
    return {
        "functions": _FUNCTIONS,
        "layers/core/python/mammothbox": _LIBRARY,
        "requirements/worker.txt": _REQUIREMENTS / "worker.txt",
        **{f"models/{path.name}": path for path in _models()},
    }


def _made(name: str, settings: Settings, contents: Contents, into: str = "") -> Path:
    """The folder, made anew if what it is made of has changed."""
    python = bytecode.compiler(settings.python) if contents.compiled else None
    stamp = _stamp(settings, contents, compiled=python is not None)
    # Without a dot, which CDK would take for an extension.
    folder = HOME / f"{name}-{settings.architecture}-{settings.python.replace('.', '')}"
    marker = HOME / f"{folder.name}.stamp"
    if marker.exists() and marker.read_text() == stamp:
        return folder
    marker.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if contents.lock is not None:
        _install(contents.lock, folder / into, settings)
        _strip(folder / into)
    for place, source in contents.files.items():
        _copy(source, folder / place)
    if contents.compiled:
        _compile(folder, python, settings)
    marker.write_text(stamp)
    return folder


def _compile(folder: Path, python: str | None, settings: Settings) -> None:
    if python is not None:
        bytecode.write(python, folder)
        return
    print(
        f"There is no python{settings.python} here: {folder.name} goes without bytecode, and starts"
        " half as slow again. Install one and deploy again.",
        file=sys.stderr,
    )


def _install(lock: str, target: Path, settings: Settings) -> None:
    """Wheels for Lambda's machine, by their hashes; nothing is ever built."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [
            *(str(uv), "pip", "install", "-q", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--link-mode", "copy"),
            *("--python-platform", _PLATFORMS[settings.architecture]),
            *("--python-version", settings.python, "--target", str(target)),
            *("-r", str(_REQUIREMENTS / f"{lock}.txt")),
        ],
        check=True,
    )


def _strip(installed: Path) -> None:
    """Take away tests, caches, and what tells of the machine that it was put together on."""
    shutil.rmtree(installed / "bin", ignore_errors=True)
    (installed / ".lock").unlink(missing_ok=True)
    for path in sorted(installed.rglob("*"), reverse=True):
        if path.is_dir() and path.name in {"tests", *_CACHES}:
            shutil.rmtree(path)
        elif path.name in _OF_THIS_MACHINE and path.parent.suffix == ".dist-info":
            path.unlink()


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns(*_CACHES, "*.pyc"))
    else:
        shutil.copyfile(source, place)
    # As git has them, whatever this user's mask is: Lambda runs as somebody else.
    for path in [place, *(place.rglob("*") if place.is_dir() else ())]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _stamp(settings: Settings, contents: Contents, *, compiled: bool) -> str:
    digest = hashlib.sha256(f"{settings.architecture} {settings.python} {compiled}\n".encode())
    for program in (__file__, bytecode.__file__):
        digest.update(Path(program).read_bytes())
    if contents.lock is not None:
        digest.update((_REQUIREMENTS / f"{contents.lock}.txt").read_bytes())
    for place, source in sorted(contents.files.items()):
        for path in _files(source):
            name = f"{place}/{path.relative_to(source)}" if source.is_dir() else place
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.is_file() and not {*path.parts} & _CACHES and path.suffix != ".pyc":
            yield path


def size(*folders: Path) -> int:
    """How many bytes the files have."""
    return sum(p.stat().st_size for f in folders for p in f.rglob("*") if p.is_file())


def fingerprint(folder: Path) -> str:
    """Of every file's place and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _check_size(*folders: Path) -> None:
    found = size(*folders)
    if found > MOST_BYTES:
        raise TooLarge(f"{found:,} bytes unpacked, and Lambda takes {MOST_BYTES:,}")


def _shown(folders: Iterable[Path]) -> None:
    for folder in sorted(set(folders)):
        print(f"{size(folder) / 1024**2:7.1f} MiB  {fingerprint(folder)[:16]}  {folder}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("context", choices=sorted(contexts()))
    made = make(read(parser.parse_args().context))
    _shown([*made.zips.values(), *(f for f in (made.layer, made.image) if f is not None)])


if __name__ == "__main__":
    main()
