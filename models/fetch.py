"""Puts CLIP into `models/clip/`: `python -m models.fetch`, or `make models`.

Downloads the towers named in `models/manifest.toml`, makes them int8 where that leaves vectors as
they are, measures its calibration, and installs all of it at once. When anything fails, one line
says what and what to do; the encoder in use stays as it was.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mammothbox.encoders.clip import (
    FILES,
    IMAGE_TOWER,
    TEXT_TOWER,
    open_clip,
    open_towers,
)
from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.encoders.manifest import MANIFEST, Manifest
from mammothbox.tagging.calibration import dump
from mammothbox.tagging.vocabulary import load

from models.calibrate import measure
from models.clip_source.download import download
from models.clip_source.inputs import pictures, texts
from models.clip_source.quantise import quantise
from models.clip_source.recipe import FetchError, Recipe, read_recipe
from models.clip_source.shorten import shorten

_MODELS = Path(__file__).parent
_LEAST_COSINE = 0.99
_SAME_COSINE = 0.9999
_STILL = "The encoder in use stays as it was."
_TOWERS = (IMAGE_TOWER, TEXT_TOWER)

Calibrate = Callable[[Encoder], str]


def fetch(recipe: Recipe, models: Path, threads: int, calibrate: Calibrate) -> Manifest:
    """Makes `models/clip` anew. Raises `FetchError`, or `OSError` when the disk is full.

    All work is done in `models/.download`, which keeps the download, so that a next run need not
    begin at the beginning.
    """
    work = models / ".download"
    files = download(recipe, work / recipe.repository.replace("/", "--"))
    new = work / "new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        manifest = _make(recipe, files, new, threads)
        print("measuring when a label is sure enough to be a tag")
        (new / "calibration.toml").write_text(calibrate(open_clip(new, threads)), "utf-8")
        _install(new, models / "clip", work / "old")
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return manifest


def calibrated(encoder: Encoder) -> str:
    """What `calibration.toml` says of this encoder, measured on the committed photos."""
    return dump(measure(encoder, load(_MODELS / "vocabulary", "en")))


def _make(recipe: Recipe, files: dict[str, Path], new: Path, threads: int) -> Manifest:
    for name in FILES:
        if name not in files:
            raise FetchError(f"models/manifest.toml names no {name}. Add it and try again.")
        shutil.copyfile(files[name], new / name)
    try:
        whole = _vectors(new, threads)
        _check_dimension(recipe, whole)
        for tower in _TOWERS:
            quantise(files[tower], new / tower)
        small = _vectors(new, threads)
    except FetchError:
        raise
    # The libraries' own errors for files that are no models have only this in common.
    except Exception as error:
        if _is_full(error):
            raise
        said = " ".join(str(error).split())[:200]
        raise FetchError(
            f"{recipe.repository} holds no CLIP model that works here: {said}. "
            "Put another repository or revision into models/manifest.toml."
        ) from error
    kept = {
        tower: _keep_nearest(tower, whole[tower], small[tower], files[tower], new / tower)
        for tower in _TOWERS
    }
    # Vectors are the same however texts are read, and so are they of the same space.
    space = _hash_of(_hashes(new))
    _shorten(new, kept[TEXT_TOWER], threads)
    return _write_manifest(recipe, new, space)


def _vectors(folder: Path, threads: int) -> dict[str, Vectors]:
    images, _words = open_towers(folder, threads)
    return {IMAGE_TOWER: images.embed(pictures()), TEXT_TOWER: _text_vectors(folder, threads)}


def _text_vectors(folder: Path, threads: int) -> Vectors:
    _images, words = open_towers(folder, threads)
    return words.embed(texts())


def _check_dimension(recipe: Recipe, vectors: dict[str, Vectors]) -> None:
    for tower, rows in vectors.items():
        if rows.shape[1] != recipe.dimension or not np.isfinite(rows).all():
            raise FetchError(
                f"{tower} gives vectors of {rows.shape[1]} dimensions and models/manifest.toml "
                f"says {recipe.dimension}, or some are not numbers. Correct models/manifest.toml."
            )


def _shorten(new: Path, before: Vectors, threads: int) -> None:
    """Has the text tower read no more than there is, if its vectors stay as they were before."""
    as_it_was = (new / TEXT_TOWER).read_bytes()
    try:
        shorten(new / TEXT_TOWER, new / TEXT_TOWER)
        least = _least_cosine(before, _text_vectors(new, threads))
    # The libraries' own errors for what they cannot change or run have only this in common.
    except Exception as error:
        if _is_full(error):
            raise
        least = 0.0
    if least < _SAME_COSINE:
        print(f"{TEXT_TOWER}: texts take as long as its authors made it")
        (new / TEXT_TOWER).write_bytes(as_it_was)


def _keep_nearest(tower: str, whole: Vectors, small: Vectors, source: Path, kept: Path) -> Vectors:
    """Takes the float32 tower back if int8 moved any vector too far; the vectors of what stays."""
    least = _least_cosine(whole, small)
    if least >= _LEAST_COSINE:
        print(f"{tower}: int8, cosine to float32 at least {least:.4f}")
        return small
    print(f"{tower}: stays float32; int8 moves vectors to a cosine of {least:.4f}")
    shutil.copyfile(source, kept)
    return whole


def _least_cosine(some: Vectors, others: Vectors) -> float:
    return float((some * others).sum(axis=1).min())


def _hashes(new: Path) -> dict[str, str]:
    return {name: hashlib.sha256((new / name).read_bytes()).hexdigest() for name in FILES}


def _hash_of(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _write_manifest(recipe: Recipe, new: Path, weights_sha256: str) -> Manifest:
    manifest = Manifest(
        prefix=recipe.prefix,
        model=recipe.model,
        dimension=recipe.dimension,
        weights_sha256=weights_sha256,
        files=_hashes(new),
        sizes={name: (new / name).stat().st_size for name in FILES},
    )
    (new / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
    return manifest


def _install(new: Path, target: Path, old: Path) -> None:
    """Two renames: whoever looks sees the old model, for a moment none, or the new one, whole."""
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=_MODELS, help="folder of the models")
    parser.add_argument("--manifest", type=Path, default=_MODELS / "manifest.toml")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    try:
        recipe = read_recipe(chosen.manifest)
        print(f"{recipe.model} ({recipe.licence}) from {recipe.repository}")
        manifest = fetch(recipe, chosen.models, chosen.threads, calibrated)
    except FetchError as error:
        sys.exit(f"{error} {_STILL}")
    except KeyboardInterrupt:
        print(
            f"Interrupted. `make models` goes on; whole files are kept. {_STILL}", file=sys.stderr
        )
        sys.exit(130)
    except OSError as error:
        where = error.filename or chosen.models
        why = "The disk is full" if _is_full(error) else f"{where}: {error.strerror or error}"
        sys.exit(f"{why}. Mend that and run `make models` again. {_STILL}")
    print(f"{chosen.models / 'clip'}: {manifest.space().name}")


if __name__ == "__main__":
    main()
