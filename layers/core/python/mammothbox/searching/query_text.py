"""The language of queries: words, "phrases in quotes", -words and key:value filters.

`tag:beach -tag:dog after:2024 size:>10mb "red car" sunset`. Everything has to hold at once; a
list, as in `tag:cat,dog`, asks for any of its values.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from mammothbox.errors import Refused
from mammothbox.plain_text import one_line
from mammothbox.searching import query_filters
from mammothbox.searching.asked import Query, Term
from mammothbox.searching.narrowing import Contradiction
from mammothbox.searching.query_filters import KEYS, OTHER_WORDS, Given

LONGEST = 1000
MOST_TERMS = 32
MOST_FILTERS = 64
# Also as phones and word processors write them.
_QUOTES = '"“”„‟«»＂'
_KEY = re.compile(r"([A-Za-z_]{2,}):")
_WORD = re.compile(rf"[^\s{_QUOTES}]+")
_BARE = re.compile(rf"[^\s{_QUOTES},]*")
_ESCAPED = re.compile(rf"\\([\\{_QUOTES}])")
# Any other backslash is one.
_QUOTED = re.compile(
    rf"[{_QUOTES}]((?:[^\\{_QUOTES}]|\\[\\{_QUOTES}]|\\(?![\\{_QUOTES}]))*)[{_QUOTES}]"
)
_NO_OR = (
    "There is no OR: a comma means any, as in tag:beach,sea; to look for the word, write it in"
    " small letters or in quotes"
)
_NO_END = 'This quote has no end; close it with another "'
_NO_END_BUT = r"; a \" is part of what is quoted, and a \ before the end is written \\"


@dataclass(frozen=True)
class _Piece:
    """A word, phrase or filter, and at which character it begins."""

    at: int
    excluded: bool
    term: Term | None = None
    given: Given | None = None


def parse(text: str) -> Query:
    """What the text asks for.

    Raises `Refused` with `invalid_query`, saying what cannot be understood, where, and what is
    allowed there. Signs alone are nothing to look for.
    """
    if len(text) > LONGEST:
        raise Refused(422, "invalid_query", f"A query has at most {LONGEST} characters.")
    line = one_line(text, 2 * LONGEST)
    pieces = list(_pieces(line))
    if not pieces and line.strip():
        raise Refused(
            422,
            "invalid_query",
            "There is nothing to look for but signs. Give a word, or leave the query empty to have"
            " all there is.",
        )
    terms = [piece for piece in pieces if piece.term]
    filters = [piece for piece in pieces if piece.given]
    if len(terms) > MOST_TERMS or len(filters) > MOST_FILTERS:
        raise Refused(
            422,
            "invalid_query",
            f"A query has at most {MOST_TERMS} words and phrases and {MOST_FILTERS} filters.",
        )
    return _put_together(terms, filters)


def refuse(problem: str, at: int) -> Refused:
    """What is wrong, and at which character, counted from 1."""
    return Refused(422, "invalid_query", f"{problem} (at character {at + 1})")


def _put_together(terms: list[_Piece], filters: list[_Piece]) -> Query:
    query = Query(tuple(piece.term for piece in terms if piece.term and not piece.excluded))
    without = frozenset(piece.term.text for piece in terms if piece.term and piece.excluded)
    query = replace(query, filters=replace(query.filters, without=without))
    for piece in filters:
        assert piece.given is not None  # noqa: S101 - or it were no filter
        try:
            query = query_filters.narrow(query, piece.given, excluded=piece.excluded)
        except Contradiction:
            raise refuse(
                f"{piece.given.key}: says something else than what came before it; an object"
                " cannot be both",
                piece.at,
            ) from None
        except ValueError as error:
            raise refuse(f"{piece.given.key}: takes {error}", piece.at) from None
    return query


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        begin = at
        excluded = text[at] == "-" and at + 1 < len(text) and text[at + 1] not in " -"
        at += excluded
        if text[at] in _QUOTES:
            phrase, at = _quoted(text, at)
            term = Term(phrase, quoted=True)
        else:
            given, at = _filter(text, at)
            if given is not None:
                yield _Piece(begin, excluded, given=given)
                continue
            word = _WORD.match(text, at)
            assert word is not None  # noqa: S101 - here is neither a space nor a quote
            if word[0] == "OR":
                raise refuse(_NO_OR, at)
            term, at = Term(word[0]), word.end()
        if _says_something(term.text, excluded=excluded):
            yield _Piece(begin, excluded, term=term)


def _says_something(text: str, *, excluded: bool) -> bool:
    """Signs alone are no words. A little picture, such as an emoji, shows what to look for."""
    return any(
        sign.isalnum() or (unicodedata.category(sign) == "So" and not excluded) for sign in text
    )


def _quoted(text: str, at: int) -> tuple[str, int]:
    """What stands in quotes, and where it goes on behind them."""
    found = _QUOTED.match(text, at)
    if found is None:
        raise refuse(_NO_END + (_NO_END_BUT if _ESCAPED.search(text, at) else ""), at)
    return " ".join(_ESCAPED.sub(r"\1", found[1]).split()), found.end()


def _filter(text: str, at: int) -> tuple[Given | None, int]:
    """The filter that begins here; none when it is a word, as in 10:30, http://… or `note: …`."""
    found = _KEY.match(text, at)
    if found is None or text.startswith("//", found.end()):
        return None, at
    key, end = found[1].lower(), found.end()
    empty = end == len(text) or text[end].isspace()
    if key not in KEYS:
        if empty:
            return None, at
        raise refuse(_unknown(key), at)
    values: list[str] = []
    while True:
        value, end = _value(text, end)
        if not value:
            raise refuse(f"{key}: needs a value; it takes {KEYS[key]}", at)
        values.append(value)
        if not text.startswith(",", end):
            return Given(key, tuple(values)), end
        end += 1


def _value(text: str, at: int) -> tuple[str, int]:
    if at < len(text) and text[at] in _QUOTES:
        return _quoted(text, at)
    found = _BARE.match(text, at)
    assert found is not None  # noqa: S101 - it matches nothing, too
    return found[0], found.end()


def _unknown(key: str) -> str:
    close = [OTHER_WORDS[key]] if key in OTHER_WORDS else get_close_matches(key, KEYS, 1, 0.7)
    meant = f"; did you mean {close[0]}:" if close else ""
    return (
        f"There is no filter {key[:40]}:{meant}. There are {', '.join(sorted(KEYS))}; to look"
        " for the words, put them in quotes"
    )
