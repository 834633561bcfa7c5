"""What the classifier's thousand classes mean, as vectors of the text model.

A class is its name, a description of what it looks like, and what it is a kind of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.builtin_source.packages import Wheel

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

HYPERNYMS = Path(__file__).with_name("hypernyms.tsv")
# The share of the description and of the hypernyms beside the name. Each hypernym counts half
# of the one before it. Chosen on photos that are not in the evaluation (README).
_DESCRIPTION = 0.5
_HYPERNYMS = 0.75
_DECAY = 0.5


def class_vectors(classes: Wheel, embed: Embed) -> NDArray[np.float32]:
    """One unit vector for each class, in the order of the classifier's outputs."""
    names: list[str] = json.loads(classes.read("/imagenet1k_clean_names.json"))
    named = _unit(embed(names) + embed([f"a photo of a {name}" for name in names]))
    described = embed(_descriptions(classes, names))
    kinds = _kinds(json.loads(classes.read("/imagenet1k_to_21k.json")), embed)
    return _unit(named + _DESCRIPTION * described + _HYPERNYMS * kinds)


def _descriptions(classes: Wheel, names: Sequence[str]) -> list[str]:
    """Some classes have none; those are only named."""
    found = json.loads(classes.read("/imagenet1k_gpt_names_descriptions.json"))
    described = (found.get(str(at), {}).get("description", "") for at in range(len(names)))
    return [f"{name}: {text}" for name, text in zip(names, described, strict=True)]


def _kinds(synsets: dict[str, str], embed: Embed) -> NDArray[np.float32]:
    rows = [line.split("\t") for line in HYPERNYMS.read_text("utf-8").splitlines()]
    chains = {row[0]: row[1:] for row in rows if not row[0].startswith("#")}
    words = sorted({word for chain in chains.values() for word in chain})
    vectors = dict(zip(words, embed(words), strict=True))
    kinds = np.zeros((len(synsets), len(vectors[words[0]])), np.float32)
    for at in range(len(synsets)):
        for step, word in enumerate(chains[synsets[str(at)]], start=1):
            kinds[at] += _DECAY**step * vectors[word]
    return kinds


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
