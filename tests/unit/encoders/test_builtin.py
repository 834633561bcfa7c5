"""The committed encoder: what is in its folder, and what it promises for any input."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.encoders.builtin import open_builtin
from mammothbox.encoders.encoder import Encoder, Pixels
from mammothbox.encoders.manifest import MANIFEST, Manifest

FOLDER = Path(__file__).parents[3] / "models" / "builtin"
DIMENSION = 384


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return open_builtin(FOLDER, threads=1)


def picture(seed: int, height: int = 120, width: int = 160) -> Pixels:
    """Coarse patches, so that pictures differ in more than noise."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(np.kron(patches, np.ones((20, 20, 1), np.uint8))[:height, :width])


def test_the_files_are_what_the_manifest_says() -> None:
    manifest = Manifest.model_validate_json((FOLDER / MANIFEST).read_bytes())

    found = {
        name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in manifest.files
    }

    assert found == manifest.files
    assert hashlib.sha256(json.dumps(found).encode()).hexdigest() == manifest.weights_sha256
    assert sum((FOLDER / name).stat().st_size for name in found) <= 32_000_000


def test_the_space_is_named_after_the_weights(encoder: Encoder) -> None:
    space = encoder.space

    assert space.name == f"builtin-{space.weights_sha256[:8]}"
    assert space.dimension == DIMENSION


def test_other_weights_are_another_space(tmp_path: Path, encoder: Encoder) -> None:
    manifest = json.loads((FOLDER / MANIFEST).read_text())
    manifest["weights_sha256"] = "0" * 64
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    shutil.copy(FOLDER / "settings.json", tmp_path)

    assert open_builtin(tmp_path, threads=1).space.name == "builtin-00000000"


def test_opening_reads_no_weights_and_the_first_use_does(tmp_path: Path) -> None:
    for name in (MANIFEST, "settings.json"):
        shutil.copy(FOLDER / name, tmp_path)

    encoder = open_builtin(tmp_path, threads=1)

    with pytest.raises(Exception, match=r"image\.onnx"):
        encoder.embed_images([picture(1)])


def test_a_folder_without_the_encoder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=MANIFEST):
        open_builtin(tmp_path, threads=1)


def test_pictures_and_texts_become_unit_vectors_of_one_space(encoder: Encoder) -> None:
    vectors = np.concatenate(
        [encoder.embed_images([picture(1), picture(2)]), encoder.embed_texts(["a cat", "a dog"])]
    )

    assert vectors.shape == (4, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_vector_does_not_depend_on_its_batch(encoder: Encoder) -> None:
    pictures = [picture(seed) for seed in range(11)]
    texts = ["a", "a much longer text about a red bicycle in the rain", ""]

    together = encoder.embed_images(pictures), encoder.embed_texts(texts)
    alone = (
        np.concatenate([encoder.embed_images([each]) for each in pictures]),
        np.concatenate([encoder.embed_texts([each]) for each in texts]),
    )

    assert together[0] == pytest.approx(alone[0], abs=1e-5)
    assert together[1] == pytest.approx(alone[1], abs=1e-5)


def test_nothing_in_nothing_out(encoder: Encoder) -> None:
    assert encoder.embed_images([]).shape == (0, DIMENSION)
    assert encoder.embed_texts([]).shape == (0, DIMENSION)


@settings(deadline=None, max_examples=15)
@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    value=st.integers(0, 255),
)
def test_a_picture_of_any_shape_has_a_vector(
    encoder: Encoder, height: int, width: int, value: int
) -> None:
    flat = np.full((height, width, 3), value, np.uint8)

    (vector,) = encoder.embed_images([flat])

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(text=st.text(max_size=80))
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    (vector,) = encoder.embed_texts([text])

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_of_a_very_long_text_the_beginning_counts(encoder: Encoder) -> None:
    beginning = "beach " * 300

    same, other = encoder.embed_texts([beginning, beginning + "engine " * 3000])

    assert same @ other == pytest.approx(1, abs=1e-5)


def test_case_and_accents_of_a_text_do_not_matter(encoder: Encoder) -> None:
    plain, shouted = encoder.embed_texts(["cafe in Zurich", "CAFÉ IN ZÜRICH"])

    assert plain @ shouted == pytest.approx(1, abs=1e-5)


def test_texts_of_like_meaning_are_near(encoder: Encoder) -> None:
    dog, puppy, tractor = encoder.embed_texts(["a dog", "a puppy", "a tractor"])

    assert dog @ puppy > dog @ tractor + 0.2
