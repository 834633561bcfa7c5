"""How similar is similar enough: measured for each embedding space, or said to be unmeasured."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# What CLIP models are trained with. For other models these are cautious guesses.
_GUESSED_LOGIT_SCALE = 100.0
_GUESSED_LEAST_SIMILARITY = 0.2
_GUESSED_LEAST_SCORE = 0.2
# By these, too few things are put together rather than too many.
_GUESSED_CLUSTER_THRESHOLD = 0.8
_GUESSED_SAME_PICTURE_FEATURES = 0.95
_GUESSED_SIMILAR = 0.9
# Cosines of texts and pictures as CLIP models have them.
GUESSED_RELEVANT_AT = 0.25
GUESSED_RELEVANCE_STEEPNESS = 50.0


class CalibrationError(RuntimeError):
    """A calibration file that cannot be read; the message says what to do."""


class Calibration(BaseModel):
    """Turns similarities of one space into scores, and scores into yes or no.

    The score of a label is its share in a softmax over all labels of `logit_scale` times the
    cosine. A label is given when its score reaches `least_score` and its cosine
    `least_similarity`; the latter keeps pictures of nothing we know free of tags.
    `measured_on` says in words what the figures were measured on; without it nobody has
    measured this space and the figures are guesses.

    A vector joins the cluster whose mean it has a cosine of `cluster_threshold` to. Pictures
    whose hashes are only near are the same when the cosine of their features, which are the
    vectors' components from `features_from` on, reaches `same_picture_features`; from a cosine
    of `similar` on, pictures are shown as similar. `grouping_measured_on` is as `measured_on`.

    How likely a picture is relevant to a text is a logistic curve over their cosine: one half at
    `relevant_at`, and there as steep as `relevance_steepness`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    space: str = Field(min_length=1)
    logit_scale: float = Field(gt=0)
    least_similarity: float = Field(ge=-1, le=1)
    least_score: float = Field(gt=0, le=1)
    measured_on: str | None = None
    cluster_threshold: float = Field(default=_GUESSED_CLUSTER_THRESHOLD, ge=-1, le=1)
    same_picture_features: float = Field(default=_GUESSED_SAME_PICTURE_FEATURES, ge=-1, le=1)
    similar: float = Field(default=_GUESSED_SIMILAR, ge=-1, le=1)
    features_from: int = Field(default=0, ge=0)
    grouping_measured_on: str | None = None
    relevant_at: float = Field(default=GUESSED_RELEVANT_AT, ge=-1, le=1)
    relevance_steepness: float = Field(default=GUESSED_RELEVANCE_STEEPNESS, gt=0)
    relevance_measured_on: str | None = None

    @property
    def calibrated(self) -> bool:
        return self.measured_on is not None


def uncalibrated(space: str) -> Calibration:
    """Guesses for a space nobody has measured."""
    return Calibration(
        space=space,
        logit_scale=_GUESSED_LOGIT_SCALE,
        least_similarity=_GUESSED_LEAST_SIMILARITY,
        least_score=_GUESSED_LEAST_SCORE,
    )


def load(file: Path, space: str) -> Calibration:
    """The calibration in `file` if it is of `space`, else guesses that say so.

    Raises `CalibrationError` when the file is there and cannot be understood.
    """
    if not file.exists():
        return uncalibrated(space)
    try:
        found = Calibration.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise CalibrationError(
            f"{file}: {error}\nCorrect the file, or delete it and measure again."
        ) from None
    return found if found.space == space else uncalibrated(space)


def dump(calibration: Calibration) -> str:
    """The text of a file that `load` reads."""
    figures = calibration.model_dump(exclude_none=True).items()
    # A JSON string or number is a TOML one too.
    lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in figures)
    return "\n".join([*lines, ""])
