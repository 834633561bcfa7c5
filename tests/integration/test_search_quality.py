"""What the parts of a search are worth on the committed photos, alone and together. The table is
in models/builtin/README.md; what is fused must not find less than the best of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from mammothbox.encoders.builtin import open_builtin
from mammothbox.searching import fuse
from mammothbox.tagging import calibration, vocabulary

from models.evaluation.photos import photos
from models.evaluation.search import absent, hear, library, mean_ndcg, queries, silence

pytestmark = pytest.mark.prove

MODELS = Path(__file__).parents[2] / "models"


def test_what_is_fused_finds_as_much_as_each_part_alone() -> None:
    encoder = open_builtin(MODELS / "builtin", threads=2)
    english, shown = vocabulary.load(MODELS / "vocabulary", "en"), photos()
    measured = calibration.load(MODELS / "builtin/calibration.toml", encoder.space.name)
    likely = fuse.goodness(measured.model_dump())
    with library(encoder, english) as found:
        heard = hear(found, queries(english, shown, found.ids))
        unheard = hear(found, absent(english, shown)[::6])

    def worth(only: str | None = None) -> float:
        return mean_ndcg(heard, likely, fuse.WEIGHTS, only)

    assert measured.relevance_measured_on
    assert worth() >= max(worth("words"), worth("tags"), worth("vector"))
    assert worth() >= 0.69
    # To what is not there, nothing good is found; to what is, as often as not.
    assert silence(unheard, likely, 0.25) >= 0.85
    assert silence(heard, likely, 0.25) <= 0.6
