"""The labels: those we ship, and what is said of a file somebody broke."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.tagging import vocabulary
from mammothbox.tagging.vocabulary import Vocabulary, VocabularyError

from tests.unit.tagging.conftest import SHIPPED, SMALL, UNHURRIED


def test_there_are_labels_for_every_day(english: Vocabulary) -> None:
    assert len(english.sought) >= 400
    everyday = {"dog", "beach", "car", "person", "pizza", "birthday", "sunset", "document"}
    assert everyday <= {label.name for label in english.sought}


def test_every_label_is_there_once_and_named_once(english: Vocabulary, german: Vocabulary) -> None:
    """A second id would be a table's twin in TOML; the loader refuses the others."""
    for words in (english, german):
        assert len(words.by_id) == len(words.labels)
        assert len(words.by_name) == len(words.labels)


def test_every_chain_ends_at_a_root(english: Vocabulary) -> None:
    for label in english.labels:
        assert len({label.id, *label.hypernyms}) == 1 + len(label.hypernyms)
        if label.hypernyms:
            nearest, *further = label.hypernyms
            assert english.by_id[nearest].hypernyms == tuple(further)


def test_chains_go_from_near_to_far(english: Vocabulary) -> None:
    assert english.by_id["beach"].hypernyms == ("landscape", "nature")
    assert english.by_id["puppy"].hypernyms == ("dog", "pet", "mammal", "animal")
    assert english.hypernym_names(english.by_id["kayak"]) == ("boat", "vehicle")


def test_every_language_names_every_label(english: Vocabulary) -> None:
    languages = sorted(file.stem for file in SHIPPED.glob("*.toml"))
    assert languages == ["de", "en"]
    for language in languages:
        lines = (SHIPPED / f"{language}.toml").read_text("utf-8").splitlines()
        named = {line.partition(" = ")[0] for line in lines if " = " in line and line[0] != "#"}
        assert named == english.by_id.keys()


def test_no_text_is_looked_for_twice(english: Vocabulary) -> None:
    texts = [text for label in english.sought for text in label.texts]

    assert sorted(texts) == sorted(set(texts))


def test_a_language_names_what_english_looks_for(english: Vocabulary, german: Vocabulary) -> None:
    """The encoders know English; so the vectors serve every language."""
    dog = german.by_id["dog"]

    assert dog.name == "Hund"
    assert dog.texts == english.by_id["dog"].texts
    assert german.hypernym_names(dog) == ("Haustier", "Säugetier", "Tier")
    assert german.digest == english.digest


def test_a_label_is_looked_for_as_a_word_and_as_a_caption(small: Vocabulary) -> None:
    assert small.by_id["dog"].texts == (
        "dog",
        "a photo of a dog",
        "a photo of a puppy",
    )
    assert small.by_id["fork"].texts == ("fork", "a photo of a fork")
    assert small.by_id["thing"].texts == ()
    assert "thing" not in {label.id for label in small.sought}


def test_a_label_without_a_name_keeps_its_english_one(folder: Path) -> None:
    german = vocabulary.load(folder, "de")

    assert (german.by_id["dog"].name, german.by_id["cat"].name) == ("Hund", "cat")


def test_names_are_written_as_hands_write_tags(folder: Path) -> None:
    """Else no hand could take one away that an editor put together from accents."""
    (folder / "xx.toml").write_text('dog = "Hu\u0308ndin  am\\tMeer"\n', "utf-8")

    assert vocabulary.load(folder, "xx").by_id["dog"].name == "H\u00fcndin am Meer"


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ('"puppy"', '"whelp"', True),
        ("# ", "# ", False),
        ('cat = ["cat"]', 'cat = ["cat"]\nmouse = ["mouse"]', True),
        ("[roots]", "# a remark\n[roots]", False),
    ],
)
def test_vectors_are_stale_when_what_they_are_made_of_changes(
    folder: Path, old: str, new: str, stale: bool
) -> None:
    before = vocabulary.load(folder, "en").digest

    (folder / "en.toml").write_text(SMALL.replace(old, new), "utf-8")

    assert (vocabulary.load(folder, "en").digest != before) == stale


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('cat = ["cat"]', 'cat = ["cat"', "line 1"),
        ('cat = ["cat"]', 'cat = "cat"', "line 12: 'cat' needs a list of texts"),
        ('cat = ["cat"]', 'cat = [""]', "line 12: 'cat' needs a list of texts"),
        ('cat = ["cat"]', 'cat = ["cat", 7]', "line 12: 'cat' needs a list of texts"),
        ('cat = ["cat"]', 'big_cat = ["cat"]', "line 12: 'big_cat' is no id"),
        ("[bird]", "[brid]", "line 14: 'brid' is a table but no label. Did you mean 'bird'?"),
        ('fork = ["fork"]', 'dog = ["hot dog"]', r"line 18: 'dog' is also in \[pet\]"),
        ('fork = ["fork"]', 'fork = ["Cat"]', "'cat' and 'fork' are both named"),
        ("[roots]\n", "[roots]\nroots = []\n", "'roots' is no id"),
        ("[roots]\n", 'lost = ["lost"]\n[roots]\n', "line 1: 'lost' stands before the first"),
        (
            'fork = ["fork"]',
            'fork = ["fork"]\n[fork]\nspoon = ["spoon"]\n[spoon]\nknife = []\n[knife]\nthing2 = []',
            None,
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_its_line(
    folder: Path, old: str, new: str, said: str | None
) -> None:
    (folder / "en.toml").write_text(SMALL.replace(old, new), "utf-8")

    if said is None:
        vocabulary.load(folder, "en")
        return
    with pytest.raises(VocabularyError, match=said) as caught:
        vocabulary.load(folder, "en")
    assert "en.toml" in str(caught.value)


def test_a_label_is_no_kind_of_itself(folder: Path) -> None:
    (folder / "en.toml").write_text(
        '[roots]\nanimal = []\n[dog]\npuppy = ["puppy"]\n[puppy]\ndog = ["dog"]\n', "utf-8"
    )

    with pytest.raises(VocabularyError, match="is a kind of itself"):
        vocabulary.load(folder, "en")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('dgo = "Hund"', "line 1: 'dgo' is no label of en.toml. Did you mean 'dog'?"),
        ('dog = ["Hund"]', "'dog' needs a name"),
        ('dog = ""', "'dog' needs a name"),
        ('dog = "Hund"\ncat = "hund"', "'dog' and 'cat' are both named"),
        ("[dog]", "'dog' needs a name"),
        ("dog = Hund", "line 1"),
    ],
)
def test_what_is_wrong_with_a_translation(folder: Path, content: str, said: str) -> None:
    (folder / "de.toml").write_text(content, "utf-8")

    with pytest.raises(VocabularyError, match=said) as caught:
        vocabulary.load(folder, "de")
    assert "de.toml" in str(caught.value)


@pytest.mark.parametrize("language", ["fr", "../en", "", "en\n"])
def test_a_language_there_is_not(folder: Path, language: str) -> None:
    with pytest.raises(VocabularyError, match="There are: de, en"):
        vocabulary.load(folder, language)


def test_a_folder_without_a_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="there is no such file"):
        vocabulary.load(tmp_path, "en")


@UNHURRIED
@given(
    text=st.text(st.characters(codec="utf-8"))
    | st.lists(st.sampled_from(SMALL.split())).map(" ".join)
)
def test_any_file_is_a_vocabulary_or_told_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "en.toml").write_text(text, "utf-8")

    try:
        loaded = vocabulary.load(folder, "en")
    except VocabularyError as error:
        assert str(folder) in str(error)
    else:
        assert all(label.id in loaded.by_id for label in loaded.labels)
