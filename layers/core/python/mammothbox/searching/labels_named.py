"""Which labels a query may name: its words and what stands beside each other in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mammothbox.searching.asked import Term
from mammothbox.tagging.same_label import small_letters

# "Staffordshire bull terrier" has three words.
_MOST_WORDS = 4
_SHORTEST_PLURAL = 4


def labels(terms: Sequence[Term]) -> dict[str, int]:
    """In small letters, as facets have them; plurals as they are and as singulars.

    Each with the terms that it is made of, as bits, the first the lowest. A phrase in quotes is a
    label as a whole. What no label has costs a look into an index.
    """
    found: dict[str, int] = {}
    run: list[str] = []
    for number, term in enumerate((*terms, Term("", quoted=True))):
        if not term.quoted:
            run.append(term.text.lower().strip(".,;!?"))
            continue
        whole = (term.text.lower(), 1 << number)
        for label, bits in (*_runs(run, number - len(run)), whole):
            for form in _forms(label):
                found[form] = found.get(form, 0) | bits
        run = []
    return found


def _forms(label: str) -> Iterator[str]:
    for meant in (label, *_singulars(label)) if label else ():
        yield from small_letters(meant)


def _runs(words: Sequence[str], before: int) -> Iterator[tuple[str, int]]:
    """What stands together, and which terms that is, when there are so many before them."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MOST_WORDS, len(words)) + 1):
            yield " ".join(words[start:end]), ((1 << end) - (1 << start)) << before


def _singulars(label: str) -> Iterator[str]:
    """What it could be the English plural of."""
    if len(label) < _SHORTEST_PLURAL or not label.endswith("s") or label.endswith("ss"):
        return
    yield label[:-1]
    if label.endswith("es"):
        yield label[:-2]
    if label.endswith("ies"):
        yield label[:-3] + "y"
