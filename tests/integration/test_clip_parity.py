"""CLIP in full size against open_clip, in the environment with PyTorch that `make prove` makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from mammothbox.encoders.clip import IMAGE_TOWER, TEXT_TOWER, open_towers

from models.clip_source.inputs import pictures, texts
from models.clip_source.quantise import quantise
from models.clip_source.shorten import shorten

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-prove" / "bin" / "python"

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ViT-B-32 with random weights, and what open_clip makes of our pictures and texts."""
    folder = tmp_path_factory.mktemp("exported")
    subprocess.run(
        [str(PYTHON), "-m", "models.export_clip", "--references", "--into", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'layers/core/python'}:{ROOT}"},
        check=True,
    )
    return folder


def least_cosine(folder: Path, references: Path) -> dict[str, float]:
    """Between our vectors and open_clip's, over all pictures and all texts."""
    images, words = open_towers(folder, threads=2)
    with np.load(references) as theirs:
        return {
            IMAGE_TOWER: float((images.embed(pictures()) * theirs["images"]).sum(axis=1).min()),
            TEXT_TOWER: float((words.embed(texts()) * theirs["texts"]).sum(axis=1).min()),
        }


def test_in_float32_vectors_are_open_clips(exported: Path) -> None:
    found = least_cosine(exported, exported / "references.npz")

    assert min(found.values()) >= 0.9999, found


def test_of_texts_as_long_as_they_are_vectors_are_open_clips(
    exported: Path, tmp_path: Path
) -> None:
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    shorten(exported / TEXT_TOWER, tmp_path / TEXT_TOWER)

    found = least_cosine(tmp_path, exported / "references.npz")

    assert min(found.values()) >= 0.9999, found


def test_in_int8_vectors_are_near_open_clips(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    for tower in (IMAGE_TOWER, TEXT_TOWER):
        quantise(exported / tower, tmp_path / tower)
    shorten(tmp_path / TEXT_TOWER, tmp_path / TEXT_TOWER)

    found = least_cosine(tmp_path, exported / "references.npz")

    assert min(found.values()) >= 0.99, found


def test_with_the_whole_vocabulary_tokens_are_open_clips(exported: Path) -> None:
    _images, tower = open_towers(exported, threads=1)

    with np.load(exported / "references.npz") as theirs:
        assert (tower.tokens(texts()) == theirs["tokens"]).all()
