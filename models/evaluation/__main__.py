"""Measures an encoder on the committed photos: `python -m models.evaluation [space]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammothbox.encoders.choose import available, open_encoder
from mammothbox.tagging.vocabulary import load

from models.evaluation.measures import (
    measure_labels,
    measure_sameness,
    measure_search,
    zero_shot,
)
from models.evaluation.photos import photos

_MODELS = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space", nargs="?", help="as named by its encoder; the preferred if none")
    parser.add_argument("--models", type=Path, default=_MODELS, help="folder of the models")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="the best labels of every photo, too")
    chosen = parser.parse_args()
    space = chosen.space or available(chosen.models)[0].name
    encoder = open_encoder(chosen.models, space, chosen.threads)
    vocabulary = load(_MODELS / "vocabulary", "en")
    shown = photos()
    measured = measure_labels(encoder, vocabulary, shown)
    similarity = measured.photos @ measured.labels.T
    if chosen.each:
        for photo, row in zip(shown, similarity, strict=True):
            best = [vocabulary.sought[at].id for at in (-row).argsort()[:5]]
            print(f"{photo.name:28} {', '.join(photo.labels[:2]):24} -> {', '.join(best)}")
    told = zero_shot(similarity, measured.right)
    found = measure_search(encoder, vocabulary, shown, measured.photos)
    same = measure_sameness(encoder, shown, measured.photos)
    print(f"{space}, {told.photos} photos, {told.labels} labels")
    print(f"zero-shot       top-1 {told.top_1:.3f}, top-5 {told.top_5:.3f}")
    print(
        f"text to image   recall@1 {found.recall_1:.3f}, @5 {found.recall_5:.3f}, "
        f"@10 {found.recall_10:.3f} ({found.queries} queries)"
    )
    print(
        f"copies          cosine {same.same_mean:.3f} (5 % below {same.same_low:.3f}), "
        f"own photo nearest {same.found:.3f} ({same.copies} copies)"
    )
    print(
        f"other photos    cosine {same.different_mean:.3f} (1 % above {same.different_high:.3f}), "
        f"copy nearer than other {same.apart:.4f}"
    )


if __name__ == "__main__":
    main()
