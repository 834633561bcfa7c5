"""How well photos find their clusters, beside what scikit-learn makes of the same vectors, and
whatever order they come in. The table is for people.

scikit-learn takes a second to import, so that only who runs these tests waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from mammothbox.encoders.builtin import open_builtin
from mammothbox.tagging import calibration, vocabulary

from models.evaluation.clusters import (
    Labelled,
    Labels,
    adjusted_rand,
    arriving,
    labelled,
    one_by_one,
)
from models.evaluation.photos import photos

pytestmark = pytest.mark.prove

MODELS = Path(__file__).parents[2] / "models"
SHUFFLES = 20
EVERYTHING = 10_000
# A neighbourhood of no more members than this is a small part of the whole.
LITTLE = 40


@pytest.fixture(scope="module")
def found() -> Labelled:
    encoder = open_builtin(MODELS / "builtin", threads=2)
    return labelled(encoder, vocabulary.load(MODELS / "vocabulary", "en"), photos())


@pytest.fixture(scope="module")
def threshold() -> float:
    file = MODELS / "builtin" / "calibration.toml"
    space = next(line for line in file.read_text("utf-8").splitlines() if line.startswith("space"))
    return calibration.load(file, space.split('"')[1]).cluster_threshold


@pytest.fixture(scope="module")
def clusterings(found: Labelled, threshold: float) -> Mapping[str, Labels]:
    from sklearn.cluster import HDBSCAN, AgglomerativeClustering

    hdbscan = HDBSCAN(min_cluster_size=2, copy=True).fit_predict(found.vectors)
    # What belongs nowhere is alone.
    alone = np.where(hdbscan < 0, len(hdbscan) + np.arange(len(hdbscan)), hdbscan)
    average = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold
    )
    return {
        "ours, as they come": one_by_one(found.vectors, threshold),
        "ours, consolidated": arriving(found, threshold, EVERYTHING, seed=0),
        "agglomerative, average": average.fit_predict(found.vectors),
        "HDBSCAN, at least 2": alone,
    }


def test_clusters_are_as_good_as_those_of_the_best_known_ways(
    found: Labelled,
    threshold: float,
    clusterings: Mapping[str, Labels],
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    with capsys.disabled():
        print(f"\n{len(found.vectors)} pictures, threshold {threshold}")
        print(f"{'':24}clusters  scenes: ARI     V  kinds: ARI     V")
        for name, labels in clusterings.items():
            told = "  ".join(
                f"{adjusted_rand_score(truth, labels):11.3f} {v_measure_score(truth, labels):.3f}"
                for truth in (found.scene, found.kind)
            )
            print(f"{name:24}{len(set(labels.tolist())):8}  {told}")

    ours = clusterings["ours, consolidated"]
    for other in ("agglomerative, average", "HDBSCAN, at least 2"):
        assert adjusted_rand(found.scene, ours) >= (
            adjusted_rand_score(found.scene, clusterings[other]) - 0.02
        )
    assert adjusted_rand(found.scene, ours) >= 0.9


def test_our_index_is_the_adjusted_rand_index(
    found: Labelled, clusterings: Mapping[str, Labels]
) -> None:
    from sklearn.metrics import adjusted_rand_score

    for labels in clusterings.values():
        compact = np.unique(labels, return_inverse=True)[1]

        assert adjusted_rand(found.kind, compact) == pytest.approx(
            adjusted_rand_score(found.kind, labels)
        )


@pytest.mark.parametrize("most_members", [EVERYTHING, LITTLE])
def test_the_order_of_arrival_hardly_matters(
    found: Labelled, threshold: float, most_members: int, capsys: pytest.CaptureFixture[str]
) -> None:
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    ended = [arriving(found, threshold, most_members, seed) for seed in range(SHUFFLES)]

    for name, truth in (("scenes", found.scene), ("kinds", found.kind)):
        for measure in (adjusted_rand_score, v_measure_score):
            indices = [float(measure(truth, labels)) for labels in ended]
            with capsys.disabled():
                print(
                    f"\n{SHUFFLES} orders, at most {most_members} together, {name}, "
                    f"{measure.__name__}: {min(indices):.3f} to {max(indices):.3f}",
                    end="",
                )
            assert min(indices) >= 0.95 * max(indices)
