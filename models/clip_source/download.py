"""Downloads a model's files from the hub and checks them by their hashes.

A connection that breaks is taken up where it broke; a run that broke, at the file it broke in.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from models.clip_source.recipe import FetchError, Recipe, Source

LOCK = "lock.json"
_AGAIN = "Run `make models` again: whole files are kept."
_SHA256_LENGTH = 64


def download(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """The path of every file of the recipe, by its name, each of them checked.

    Raises `FetchError` for whatever went wrong. `folder` keeps what has arrived.
    """
    # Its warnings of every try would hide the one line that says what to do.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    # Its storage of chunks is on hosts of its own; where they are blocked, it tries for minutes
    # without a word. The hub sends the same files, which can be taken up where they broke.
    constants.HF_HUB_DISABLE_XET = True
    folder.mkdir(parents=True, exist_ok=True)
    # The client names parts by chance and would never find these again.
    for part in folder.rglob("*.incomplete"):
        part.unlink()
    _check_space(recipe, folder)
    return {name: _one(recipe, source, folder) for name, source in recipe.files.items()}


def _one(recipe: Recipe, source: Source, folder: Path) -> Path:
    path = folder / source.path
    expected = source.sha256 or _read_lock(folder).get(_key(recipe, source))
    if expected and path.exists() and _sha256(path) == expected:
        return path
    if expected:
        # What is there was kept from before and is broken; the client would believe it.
        path.unlink(missing_ok=True)
    print(f"downloading {source.path}", flush=True)
    with _faults_told(recipe, source):
        # Asked for by itself, it fails at once where the client would try for long.
        url = hf_hub_url(recipe.repository, source.path, revision=recipe.revision)
        published = get_hf_file_metadata(url).etag or ""
        hf_hub_download(recipe.repository, source.path, revision=recipe.revision, local_dir=folder)
    found = _sha256(path)
    if expected is None and not _is_published(path, published):
        raise _refusal(path, source, "is not the one the hub says it is")
    if expected and found != expected:
        raise _refusal(path, source, f"has the sha256 {found} and should have {expected}")
    _lock(folder, recipe, source, found)
    return path


@contextmanager
def _faults_told(recipe: Recipe, source: Source) -> Iterator[None]:
    """Turns the client's faults into what to do about them."""
    what = f"{source.path} of {recipe.repository}"
    try:
        with warnings.catch_warnings():
            # Of a disk that will be full: it is, soon after, and that is told.
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (RepositoryNotFoundError, RevisionNotFoundError, RemoteEntryNotFoundError) as error:
        raise FetchError(
            f"The hub has no {what} at {recipe.revision[:8]}. "
            "Put another repository or revision into models/manifest.toml."
        ) from error
    except (LocalEntryNotFoundError, httpx2.TransportError, ConnectionError) as error:
        raise FetchError(
            f"{what} cannot be downloaded: the hub does not answer, or not to the end. "
            f"Check the network (or HF_ENDPOINT, for a mirror). {_AGAIN}"
        ) from error
    except HfHubHTTPError as error:
        raise FetchError(f"The hub refused {what}: {_line(error)} {_AGAIN}") from error
    except OSError as error:
        if "Consistency check failed" not in str(error):
            raise
        raise FetchError(f"Only a part of {what} arrived. {_AGAIN}") from error


def _is_published(file: Path, etag: str) -> bool:
    """Large files are tagged with their sha256, small ones with git's sha1 of them."""
    if len(etag) == _SHA256_LENGTH:
        return _sha256(file) == etag
    content = file.read_bytes()
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == etag


def _refusal(file: Path, source: Source, why: str) -> FetchError:
    file.unlink()
    return FetchError(
        f"{source.path} {why}. It was deleted; run `make models` again. "
        "If it stays so, the file has changed at its source: don't use it."
    )


def _lock(folder: Path, recipe: Recipe, source: Source, sha256: str) -> None:
    """Whole or not at all, also when this ends halfway."""
    locked = {**_read_lock(folder), _key(recipe, source): sha256}
    new = folder / f"{LOCK}.new"
    new.write_text(json.dumps(locked, indent=2) + "\n", "utf-8")
    new.replace(folder / LOCK)


def _read_lock(folder: Path) -> dict[str, str]:
    file = folder / LOCK
    try:
        found: dict[str, str] = json.loads(file.read_bytes()) if file.exists() else {}
    except ValueError:
        raise FetchError(f"{file} cannot be read. Delete it and run `make models`.") from None
    return found


def _key(recipe: Recipe, source: Source) -> str:
    return f"{recipe.repository}@{recipe.revision}/{source.path}"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check_space(recipe: Recipe, folder: Path) -> None:
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if free + there < recipe.needed_mb * 1_000_000:
        raise FetchError(
            f"{os.fspath(folder)} has {free / 1e6:,.0f} MB left and the model needs "
            f"{recipe.needed_mb:,} MB to be made. Free some and run `make models` again."
        )


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
