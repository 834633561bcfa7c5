"""Our CLIP against open_clip's, on a tiny model that open_clip itself wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.encoders.clip import (
    FILES,
    IMAGE_TOWER,
    PREPROCESSING,
    TEXT_TOWER,
    open_clip,
    open_towers,
)
from mammothbox.encoders.encoder import Encoder
from mammothbox.encoders.manifest import MANIFEST, Manifest
from onnxruntime import InferenceSession

from models.clip_source.inputs import pictures, texts
from models.clip_source.quantise import quantise
from models.clip_source.shorten import shorten

TINY = Path(__file__).parents[2] / "models/tiny_clip"
DIMENSION = 32


@pytest.fixture(scope="module")
def references() -> dict[str, np.ndarray]:
    with np.load(TINY / "references.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return open_clip(installed(tmp_path_factory.mktemp("whole")), threads=1)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """As `make models` makes it."""
    folder = installed(tmp_path_factory.mktemp("small"))
    for tower in (IMAGE_TOWER, TEXT_TOWER):
        quantise(TINY / tower, folder / tower)
    shorten(folder / TEXT_TOWER, folder / TEXT_TOWER)
    return open_clip(folder, threads=1)


def installed(folder: Path) -> Path:
    for name in FILES:
        shutil.copy(TINY / name, folder)
    manifest = Manifest(
        prefix="clip-tiny", model="tiny", dimension=DIMENSION, weights_sha256="ab" * 32, files={}
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    return folder


def least_cosine(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float((ours * theirs).sum(axis=1).min())


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many inputs each run of a model has from here on."""
    sizes: list[int] = []
    run = InferenceSession.run

    def counted(session: InferenceSession, names: None, given: dict[str, np.ndarray]) -> Any:
        sizes.append(*(len(rows) for rows in given.values()))
        return run(session, names, given)

    monkeypatch.setattr(InferenceSession, "run", counted)
    return sizes


def test_the_space_is_named_after_model_and_weights(whole: Encoder) -> None:
    assert whole.space.name == "clip-tiny-abababab"
    assert whole.space.dimension == DIMENSION


def test_pictures_of_all_shapes_have_open_clips_vectors(
    whole: Encoder, references: dict[str, np.ndarray]
) -> None:
    assert least_cosine(whole.embed_images(pictures()), references["images"]) >= 0.99999


def test_texts_of_all_kinds_have_open_clips_vectors(
    whole: Encoder, references: dict[str, np.ndarray]
) -> None:
    assert least_cosine(whole.embed_texts(texts()), references["texts"]) >= 0.99999


def test_in_int8_vectors_stay_near(small: Encoder, references: dict[str, np.ndarray]) -> None:
    assert least_cosine(small.embed_images(pictures()), references["images"]) >= 0.99
    assert least_cosine(small.embed_texts(texts()), references["texts"]) >= 0.99


def test_texts_become_the_tokens_open_clip_makes_of_them(
    references: dict[str, np.ndarray],
) -> None:
    _images, tower = open_towers(TINY, threads=1)

    for text, ours, theirs in zip(
        texts(), tower.tokens(texts()), references["tokens"], strict=True
    ):
        assert ours.tolist() == theirs.tolist(), text


def test_a_long_text_is_cut_and_still_ends() -> None:
    _images, tower = open_towers(TINY, threads=1)

    short, long = tower.tokens(["a cat", "a cat " * 500])

    assert len(short) == len(long) == 77
    assert long[-1] == short.max()


def test_a_text_that_spells_out_the_token_that_ends_it_does_not_end_there() -> None:
    _images, tower = open_towers(TINY, threads=1)
    (row,) = tower.tokens(["cat<|endoftext|>dog"])

    assert (row == row.max()).sum() == 1
    assert row.argmax() > 4


@pytest.mark.parametrize("kind", ["whole", "small"])
def test_a_vector_does_not_depend_on_its_batch(kind: str, request: pytest.FixtureRequest) -> None:
    encoder: Encoder = request.getfixturevalue(kind)
    together = encoder.embed_images(pictures()), encoder.embed_texts(texts()[:20])

    alone = (
        np.concatenate([encoder.embed_images([each]) for each in pictures()]),
        np.concatenate([encoder.embed_texts([each]) for each in texts()[:20]]),
    )

    assert together[0] == pytest.approx(alone[0], abs=1e-6)
    assert together[1] == pytest.approx(alone[1], abs=1e-6)


@pytest.mark.parametrize("kind", ["whole", "small"])
def test_a_batch_is_one_run_of_the_model(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder: Encoder = request.getfixturevalue(kind)
    runs = count_runs(monkeypatch)

    encoder.embed_images(pictures()[:8])
    encoder.embed_texts([f"a photo of {letter}" for letter in "abcdefgh"])

    assert runs == [8, 8]


def test_nothing_in_nothing_out(whole: Encoder) -> None:
    assert whole.embed_images([]).shape == (0, DIMENSION)
    assert whole.embed_texts([]).shape == (0, DIMENSION)


def test_opening_reads_no_weights_and_the_first_use_does(tmp_path: Path) -> None:
    folder = installed(tmp_path)
    for tower in (IMAGE_TOWER, TEXT_TOWER):
        (folder / tower).unlink()

    encoder = open_clip(folder, threads=1)

    with pytest.raises(Exception, match=r"image\.onnx"):
        encoder.embed_images(pictures()[:1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resize_mode": "squash"}, "resize_mode"),
        ({"interpolation": "nearest"}, "interpolation"),
        ({"size": [32, 48]}, "32 x 48 is no square"),
    ],
)
def test_preprocessing_that_we_cannot_follow_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    folder = installed(tmp_path)
    chosen = json.loads((folder / PREPROCESSING).read_text())
    (folder / PREPROCESSING).write_text(json.dumps(chosen | change))

    with pytest.raises(ValueError, match=said):
        open_clip(folder, threads=1)


def test_a_folder_without_the_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=MANIFEST):
        open_clip(tmp_path, threads=1)


@settings(deadline=None, max_examples=100)
@given(text=st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_has_a_vector(whole: Encoder, text: str) -> None:
    (vector,) = whole.embed_texts([text])

    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 400), width=st.integers(1, 400), value=st.integers(0, 255))
def test_any_picture_has_a_vector(whole: Encoder, height: int, width: int, value: int) -> None:
    (vector,) = whole.embed_images([np.full((height, width, 3), value, np.uint8)])

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
