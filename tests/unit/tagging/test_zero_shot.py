"""Which labels a picture gets, in a space made for the purpose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.encoders.encoder import Pixels, Vectors
from mammothbox.encoders.space import Space
from mammothbox.tagging import calibration, zero_shot
from mammothbox.tagging.calibration import Calibration
from mammothbox.tagging.vocabulary import Vocabulary

from tests.unit.tagging.conftest import UNHURRIED

MEASURED = Calibration(
    space="axes", logit_scale=20, least_similarity=0.3, least_score=0.1, measured_on="axes"
)


class Axes:
    """Every word is a direction; a text points where its words do."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.runs: list[int] = []

    @property
    def space(self) -> Space:
        return Space("axes", 4096, "axes", "0" * 64)

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        raise NotImplementedError

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        self.runs.append(len(texts))
        vectors = np.zeros((len(texts), self.space.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.replace("a photo of a", "").split(",")[0].split():
                row[self.words.setdefault(word, len(self.words))] = 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def picture_of(axes: Axes, **parts: float) -> Vectors:
    vector = np.zeros((1, axes.space.dimension), np.float32)
    for word, share in parts.items():
        vector[0, axes.words[word]] = share
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


@pytest.fixture
def axes() -> Axes:
    return Axes()


@pytest.fixture
def labels(axes: Axes, small: Vocabulary) -> Vectors:
    return zero_shot.label_vectors(axes, small.sought)


def test_a_label_is_the_mean_of_its_texts(axes: Axes, small: Vocabulary, labels: Vectors) -> None:
    dog = labels[[label.id for label in small.sought].index("dog")]

    # Two of its three texts say dog, one says puppy.
    assert dog[axes.words["dog"]] / dog[axes.words["puppy"]] == pytest.approx(2)
    assert np.linalg.norm(labels, axis=1) == pytest.approx(1)
    assert labels.dtype == np.float32


def test_labels_run_through_the_model_in_handy_batches(english: Vocabulary) -> None:
    axes = Axes()

    vectors = zero_shot.label_vectors(axes, english.sought)

    assert len(vectors) == len(english.sought)
    assert max(axes.runs) <= 64
    assert sum(axes.runs) == sum(len(label.texts) for label in english.sought)


def test_a_dog_on_a_picture(axes: Axes, small: Vocabulary, labels: Vectors) -> None:
    (tag,) = zero_shot.tags(picture_of(axes, dog=1), labels, small, MEASURED)

    assert (tag.label, tag.source) == ("dog", "zero-shot")
    assert tag.hypernyms == ("pet", "animal")
    assert tag.score is not None
    assert 0.9 < tag.score <= 1


def test_two_things_on_a_picture_the_clearer_one_first(
    axes: Axes, small: Vocabulary, labels: Vectors
) -> None:
    found = zero_shot.tags(picture_of(axes, cat=1.0, fork=1.05), labels, small, MEASURED)

    assert [tag.label for tag in found] == ["fork", "cat"]


def test_when_only_the_kind_is_sure_the_kind_is_the_tag(
    axes: Axes, small: Vocabulary, labels: Vectors
) -> None:
    """Cat or dog, neither enough for itself."""
    strict = MEASURED.model_copy(update={"least_score": 0.7})

    found = zero_shot.tags(picture_of(axes, cat=1, dog=1.118), labels, small, strict)

    assert [tag.label for tag in found] == ["pet"]


def test_what_a_thing_is_a_kind_of_takes_no_room(
    axes: Axes, small: Vocabulary, labels: Vectors
) -> None:
    found = zero_shot.tags(picture_of(axes, dog=1, animal=1), labels, small, MEASURED)

    assert [tag.label for tag in found] == ["dog"]


def test_a_picture_of_nothing_we_know_has_no_tags(
    axes: Axes, small: Vocabulary, labels: Vectors
) -> None:
    axes.embed_texts(["spoon"])

    assert zero_shot.tags(picture_of(axes, spoon=1, dog=0.2), labels, small, MEASURED) == []


def test_a_video_shows_what_any_frame_shows(axes: Axes, small: Vocabulary, labels: Vectors) -> None:
    frames = np.concatenate([picture_of(axes, dog=1), picture_of(axes, fork=1)])

    found = zero_shot.tags(frames, labels, small, MEASURED)

    assert {tag.label for tag in found} == {"dog", "fork"}
    assert min(tag.score or 0 for tag in found) > 0.9


def test_no_vectors_no_tags(axes: Axes, small: Vocabulary, labels: Vectors) -> None:
    assert zero_shot.tags(np.empty((0, labels.shape[1])), labels, small, MEASURED) == []


def test_vectors_of_another_space_or_vocabulary_are_refused(
    axes: Axes, small: Vocabulary, labels: Vectors, english: Vocabulary
) -> None:
    with pytest.raises(ValueError, match="another"):
        zero_shot.tags(np.ones((1, 3)), labels, small, MEASURED)
    with pytest.raises(ValueError, match="another"):
        zero_shot.tags(picture_of(axes, dog=1), labels, english, MEASURED)


@UNHURRIED
@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(1, 4),
    scale=st.floats(1, 200),
    least_score=st.floats(0.001, 1),
)
def test_whatever_the_picture_the_rules_hold(
    seed: int, frames: int, scale: float, least_score: float, english: Vocabulary
) -> None:
    """At most eight, best first, each over the threshold and none a kind of another."""
    chance = np.random.default_rng(seed)
    labels = chance.normal(size=(len(english.sought), 16)).astype(np.float32)
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    vectors = chance.normal(size=(frames, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rules = Calibration(space="s", logit_scale=scale, least_similarity=0.3, least_score=least_score)

    found = zero_shot.tags(vectors, labels, english, rules)

    scores = [tag.score for tag in found if tag.score is not None]
    assert len(scores) == len(found) <= zero_shot.MOST_TAGS
    assert scores == sorted(scores, reverse=True)
    assert all(least_score <= score <= 1 + 1e-9 for score in scores)
    names = {tag.label for tag in found}
    assert not names & {hypernym for tag in found for hypernym in tag.hypernyms}


def test_a_calibration_survives_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("space") / "calibration.toml"
    told = MEASURED.model_copy(update={"measured_on": 'photos of "all" kinds,\nby hand: ä \\ 🐘'})
    file.write_text(calibration.dump(told), "utf-8")

    assert calibration.load(file, "axes") == told
    assert told.calibrated


def test_a_space_nobody_measured_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("space") / "calibration.toml"
    assert not calibration.load(file, "axes").calibrated

    # Another space's figures are no use.
    file.write_text(calibration.dump(MEASURED), "utf-8")
    found = calibration.load(file, "other-axes")
    assert (found.space, found.calibrated) == ("other-axes", False)


@pytest.mark.parametrize(
    "content", ["space =", 'space = "axes"', 'space = "axes"\nlogit_scale = "big"', "\udcff"]
)
def test_a_broken_calibration_is_told(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    file = tmp_path_factory.mktemp("space") / "calibration.toml"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(calibration.CalibrationError, match=r"calibration\.toml"):
        calibration.load(file, "axes")
