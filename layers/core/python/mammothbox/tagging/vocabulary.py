"""The labels pictures are tagged with, read from `models/vocabulary/`.

`en.toml` holds the labels, what each is a kind of, and the English texts they are looked for
with, for the encoders know English best. Another language's file only names them. So the
vectors of the labels, and `digest`, do not depend on the language.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from mammothbox.plain_text import one_line

MASTER = "en"
ROOTS = "roots"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_LONGEST = 60


class VocabularyError(RuntimeError):
    """A vocabulary file that cannot be used; the message names file, line and remedy."""


@dataclass(frozen=True)
class Label:
    """`hypernyms` are ids, nearest first, up to a root. A heading has no `texts`."""

    id: str
    name: str
    hypernyms: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """`digest` changes with everything the label vectors are made of, and with nothing else."""

    language: str
    labels: tuple[Label, ...]
    digest: str

    @cached_property
    def sought(self) -> tuple[Label, ...]:
        """The labels that are looked for in pictures, in the order of their vectors."""
        return tuple(label for label in self.labels if label.texts)

    @cached_property
    def by_id(self) -> Mapping[str, Label]:
        return {label.id: label for label in self.labels}

    @cached_property
    def by_name(self) -> Mapping[str, Label]:
        """By name, whatever its capitals."""
        return {label.name.casefold(): label for label in self.labels}

    def hypernym_names(self, label: Label) -> tuple[str, ...]:
        return tuple(self.by_id[hypernym].name for hypernym in label.hypernyms)


def load(folder: Path, language: str) -> Vocabulary:
    """The vocabulary with its names in `language`.

    A label without a name there keeps its English one. Raises `VocabularyError` when there
    is no such language or a file is broken.
    """
    master = _File(folder / f"{MASTER}.toml")
    parents, texts = _read_master(master)
    names = {id_: _english_name(id_, texts[id_]) for id_ in parents}
    if language != MASTER:
        names |= _read_names(_language_file(folder, language), known=parents)
    # As hands write their tags, lest one that a hand takes away be another one.
    names = {id_: one_line(name, _LONGEST) or id_ for id_, name in names.items()}
    _refuse_equal_names(names, folder / f"{language}.toml")
    labels = tuple(
        Label(id_, names[id_], _chain(id_, parents), _prompts(texts[id_])) for id_ in parents
    )
    return Vocabulary(language, labels, _digest(labels))


class _File:
    """A TOML file, and the way to complain about a line of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text("utf-8")
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except FileNotFoundError:
            raise VocabularyError(f"{path}: there is no such file.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise VocabularyError(f"{path}: {error}. Correct the line and try again.") from None

    def complain(self, about: str, problem: str) -> VocabularyError:
        """About the last line that begins with `about`, for that is where a twin stands."""
        starts = re.compile(rf"\s*(\[\s*)?\"?{re.escape(about)}\"?\s*[\]=]")
        lines = [at for at, line in enumerate(self.text.splitlines(), 1) if starts.match(line)]
        where = f", line {lines[-1]}" if lines else ""
        return VocabularyError(f"{self.path}{where}: {about!r} {problem}")


def _read_master(file: _File) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    """Each label's parent and its texts, by id."""
    parents: dict[str, str | None] = {}
    texts: dict[str, list[str]] = {}
    for table, labels in file.content.items():
        if not isinstance(labels, dict):
            raise file.complain(table, f"stands before the first [table]; put it in [{ROOTS}].")
        for id_, words in labels.items():
            _check_label(file, id_, words)
            if id_ in parents:
                other = parents[id_] or ROOTS
                raise file.complain(id_, f"is also in [{other}]; keep one of the two.")
            parents[id_] = None if table == ROOTS else table
            texts[id_] = words
    _check_tables(file, parents)
    return parents, texts


def _check_label(file: _File, id_: str, words: object) -> None:
    if not _ID.fullmatch(id_) or id_ == ROOTS:
        raise file.complain(id_, "is no id; use small letters, digits and single dashes.")
    if not isinstance(words, list) or not all(_is_word(word) for word in words):
        raise file.complain(
            id_, f'needs a list of texts of 1 to {_LONGEST} characters, as in {id_} = ["{id_}"].'
        )


def _is_word(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= _LONGEST and word == word.strip()


def _check_tables(file: _File, parents: Mapping[str, str | None]) -> None:
    for table in file.content:
        if table != ROOTS and table not in parents:
            raise file.complain(table, f"is a table but no label.{_hint(table, parents)}")
    for id_ in parents:
        above, seen = parents[id_], {id_}
        while above is not None:
            if above in seen:
                raise file.complain(id_, f"is a kind of itself, by way of [{above}]; undo that.")
            seen.add(above)
            above = parents[above]


def _hint(unknown: str, known: Iterable[str]) -> str:
    close = get_close_matches(unknown, known, 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _language_file(folder: Path, language: str) -> _File:
    path = folder / f"{language}.toml"
    if not _LANGUAGE.fullmatch(language) or not path.is_file():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.toml"))) or "none"
        raise VocabularyError(f"{folder}: no vocabulary for {language!r}. There are: {there}.")
    return _File(path)


def _read_names(file: _File, known: Mapping[str, object]) -> dict[str, str]:
    for id_, name in file.content.items():
        if id_ not in known:
            raise file.complain(id_, f"is no label of {MASTER}.toml.{_hint(id_, known)}")
        if not _is_word(name):
            raise file.complain(
                id_, f'needs a name of 1 to {_LONGEST} characters, as in {id_} = "…".'
            )
    return file.content


def _refuse_equal_names(names: Mapping[str, str], path: Path) -> None:
    first: dict[str, str] = {}
    for id_, name in names.items():
        other = first.setdefault(name.casefold(), id_)
        if other != id_:
            raise VocabularyError(
                f"{path}: {other!r} and {id_!r} are both named {name!r}; rename one of them."
            )


def _english_name(id_: str, texts: list[str]) -> str:
    return texts[0] if texts else id_.replace("-", " ")


def _chain(id_: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    chain: list[str] = []
    above = parents[id_]
    while above is not None:
        chain.append(above)
        above = parents[above]
    return tuple(chain)


def _prompts(texts: list[str]) -> tuple[str, ...]:
    """The bare name suits an encoder of sentences, the captions one trained on captions."""
    return (*texts[:1], *(f"a photo of a {text}" for text in texts))


def _digest(labels: Iterable[Label]) -> str:
    content = [[label.id, *label.texts] for label in labels if label.texts]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
