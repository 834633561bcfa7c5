"""Which copies of pictures are found, on the golden set. The table is for people; what is asserted
are promises, and floors a little below what was measured when they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
from mammothbox.clustering.sameness import Bounds
from mammothbox.encoders.builtin import open_builtin
from mammothbox.tagging import calibration

from models.evaluation.duplicates import Golden, golden, table

pytestmark = pytest.mark.prove
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def found() -> Golden:
    encoder = open_builtin(MODELS / "builtin", threads=2)
    rules = calibration.load(MODELS / "builtin" / "calibration.toml", encoder.space.name)
    return golden(encoder, Bounds(rules.same_picture_features, rules.similar))


def test_pictures_that_are_not_the_same_are_never_called_so(
    found: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{table(found)}")

    wrong = [
        f"{judged.one.source} {judged.one.change.name} and {judged.other.source} "
        f"{judged.other.change.kind} {judged.other.change.name}"
        for judged in found.wrongly_same
    ]
    assert wrong == []
    assert found.precision_of_same() == 1.0


@pytest.mark.parametrize("group", ["photo", "screenshot"])
@pytest.mark.parametrize("kind", ["re-encoded", "resized"])
def test_re_encoded_and_resized_copies_are_found(found: Golden, group: str, kind: str) -> None:
    count, shares = found.shares(group, kind)

    assert count >= 20
    assert shares["same"] >= 0.98


def test_edited_copies_are_the_same_or_similar(found: Golden) -> None:
    for kind in ("brightened", "cropped"):
        _count, shares = found.shares("photo", kind)

        assert shares["same"] >= 0.4, kind
        assert shares["same"] + shares["similar"] >= 0.95, kind


def test_mirrored_pictures_and_bursts_are_similar(found: Golden) -> None:
    for kind in ("mirrored", "burst"):
        _count, shares = found.shares("photo", kind)

        assert shares["same"] == 0, kind
        assert shares["similar"] >= 0.9, kind


def test_what_is_called_similar_mostly_is(found: Golden) -> None:
    assert found.precision_of_similar() >= 0.8
