"""The words of a query as Postgres compares them: plain, and as a query of its own kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mammothbox.catalog.connection import Connection
from mammothbox.searching.asked import Term

# Each costs two looks into the index, and few of those who ask write as many.
MOST_APART = 8
_A_PAIR = 2
# Both as they stand and in their other forms, one behind the other, as `word_vector` has them.
_UNDERSTOOD = (
    "SELECT plain, phraseto_tsquery('simple', plain)::text AS exact,"
    " phraseto_tsquery(search_language(), plain)::text AS forms,"
    " plain ~ '^[[:alpha:]]{4,30}$' AND NOT EXISTS (SELECT FROM lexicon l"
    "  WHERE l.owner = %(owner)s AND l.word = plain) AS strange"
    " FROM unnest(%(terms)s::text[]) WITH ORDINALITY AS asked (term, n),"
    " LATERAL plain_words(term) AS plain ORDER BY n"
)


@dataclass(frozen=True)
class Understood:
    """A term of a query.

    `tsquery` finds it; it is empty when no word is in the term. A `light` word, such as "the",
    need not be there. A `strange` one is not in the lexicon as it stands.
    """

    term: Term
    plain: str
    tsquery: str
    light: bool
    strange: bool


def understand(
    connection: Connection, owner: str, terms: Sequence[Term]
) -> Callable[[], list[Understood]]:
    """Asks what the terms mean; what is returned reads the answer."""
    if not terms:
        return list
    cursor = connection.execute(
        _UNDERSTOOD, {"owner": owner, "terms": [term.text for term in terms]}, prepare=True
    )

    def read() -> list[Understood]:
        return [
            Understood(
                term=term,
                plain=row["plain"],
                tsquery=_either(row["exact"], "" if term.quoted else row["forms"]),
                light=not row["forms"] and not term.quoted,
                strange=row["strange"] and not term.quoted,
            )
            for term, row in zip(terms, cursor.fetchall(), strict=True)
        ]

    return read


def begun(word: Understood) -> Understood:
    """A strange word, taken for the beginning of any."""
    return replace(word, tsquery=f"'{word.plain}':*", strange=False)


def every(words: Sequence[Understood]) -> str:
    """A tsquery for what has all of these; light words count only if there are no others."""
    return " & ".join(each(words))


def some(words: Sequence[Understood]) -> str:
    """A tsquery for what has any of these."""
    return " | ".join(each(words))


def each(words: Sequence[Understood]) -> list[str]:
    """A tsquery for each of those that count, each once."""
    found = [word for word in words if word.tsquery]
    heavy = [word for word in found if not word.light]
    return list(dict.fromkeys(f"({word.tsquery})" for word in heavy or found))


def all_but_one(words: Sequence[Understood]) -> list[str]:
    """Tsqueries for what lacks one of the words; none if there is but one.

    Of very many words only the first are looked at, here and in `one_each`.
    """
    alone = each(words)[:MOST_APART]
    if len(alone) == 1:
        return []
    return [" & ".join(alone[:at] + alone[at + 1 :]) for at in range(len(alone))]


def one_each(words: Sequence[Understood]) -> list[str]:
    """Tsqueries for what has one of the words, unless `all_but_one` comes to the same."""
    alone = each(words)[:MOST_APART]
    return alone if len(alone) > _A_PAIR else []


def _either(exact: str, forms: str) -> str:
    if not forms or forms == exact:
        return exact
    return f"({exact}) | ({forms})" if exact else forms
