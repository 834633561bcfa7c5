"""A vocabulary to look at, as it is shipped, and a small one to break."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from mammothbox.tagging import vocabulary
from mammothbox.tagging.vocabulary import Vocabulary

# Machines differ, and so do their loads.
UNHURRIED = settings(deadline=None)
SHIPPED = Path(__file__).parents[3] / "models/vocabulary"


@pytest.fixture(scope="session")
def english() -> Vocabulary:
    return vocabulary.load(SHIPPED, "en")


@pytest.fixture(scope="session")
def german() -> Vocabulary:
    return vocabulary.load(SHIPPED, "de")


SMALL = """\
[roots]
animal = ["animal"]
thing = []
nature = ["nature"]

[animal]
pet = ["pet"]
bird = ["bird"]

[pet]
dog = ["dog", "puppy"]
cat = ["cat"]

[bird]
crane = ["crane"]

[thing]
fork = ["fork"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "en.toml").write_text(SMALL, "utf-8")
    (tmp_path / "de.toml").write_text('dog = "Hund"\nanimal = "Tier"\n', "utf-8")
    return tmp_path


@pytest.fixture
def small(folder: Path) -> Vocabulary:
    return vocabulary.load(folder, "en")
