"""Tags by likeness: which labels of the vocabulary a picture's vector comes closest to.

The scores of the labels add up to one, and a label's hypernyms gather what is below them: when
it may be this breed or that one, it is a dog for sure. Of what scores enough only the most
special is given; what that is a kind of travels with it and takes up no room of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammothbox.encoders.encoder import Encoder, Vectors
from mammothbox.tagging.calibration import Calibration
from mammothbox.tagging.tag import Tag
from mammothbox.tagging.vocabulary import Label, Vocabulary

MOST_TAGS = 8
_TEXTS_AT_ONCE = 64


def label_vectors(encoder: Encoder, labels: Sequence[Label]) -> Vectors:
    """One unit vector for each of these labels: the mean of those of its texts.

    Slow (every text runs through the model) and the same until the vocabulary's digest or
    the encoder's space changes: keep them.
    """
    texts = [text for label in labels for text in label.texts]
    batches = [
        encoder.embed_texts(texts[start : start + _TEXTS_AT_ONCE])
        for start in range(0, len(texts), _TEXTS_AT_ONCE)
    ]
    starts = np.cumsum([0, *(len(label.texts) for label in labels)])[:-1]
    sums = np.add.reduceat(np.concatenate(batches), starts, axis=0)
    unit: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    return unit


def tags(
    vectors: NDArray[np.floating[Any]],
    labels: Vectors,
    vocabulary: Vocabulary,
    calibration: Calibration,
) -> list[Tag]:
    """At most eight tags, best first, for an asset with these vectors: one, or one per frame.

    `labels` are what `label_vectors` made of `vocabulary.sought` in the same space. A video
    shows what any of its frames shows. Raises `ValueError` when vectors and labels do not
    fit together.
    """
    if labels.shape != (len(vocabulary.sought), vectors.shape[-1]):
        raise ValueError("label vectors of another vocabulary or another space")
    if not len(vectors):
        return []
    similarity = vectors.reshape(-1, labels.shape[1]) @ labels.T
    share = shares(similarity, calibration.logit_scale)
    score = np.where(similarity >= calibration.least_similarity, share, 0)
    shown = _shown(vocabulary, score, calibration.least_score)
    implied = {hypernym for id_ in shown for hypernym in vocabulary.by_id[id_].hypernyms}
    special = [
        _tag(vocabulary, vocabulary.by_id[id_], at)
        for id_, at in shown.items()
        if id_ not in implied
    ]
    return sorted(special, key=lambda tag: (-(tag.score or 0), tag.label))[:MOST_TAGS]


def _tag(vocabulary: Vocabulary, label: Label, score: float) -> Tag:
    return Tag(label.name, "zero-shot", score, vocabulary.hypernym_names(label))


def shares(similarity: NDArray[np.floating[Any]], logit_scale: float) -> NDArray[np.float64]:
    """Softmax over the labels, row by row."""
    logits = similarity.astype(np.float64) * logit_scale
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    share: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return share


def _shown(
    vocabulary: Vocabulary, score: NDArray[np.float64], least_score: float
) -> dict[str, float]:
    """The labels whose gathered score is enough in their best frame."""
    best: dict[str, float] = {}
    for frame in score.tolist():
        gathered: defaultdict[str, float] = defaultdict(float)
        for label, share in zip(vocabulary.sought, frame, strict=True):
            for each in (label.id, *label.hypernyms):
                gathered[each] += share
        for label in vocabulary.sought:
            if gathered[label.id] >= max(least_score, best.get(label.id, 0)):
                best[label.id] = min(gathered[label.id], 1.0)
    return best
