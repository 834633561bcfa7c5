"""How far words are apart, and which of some was meant by one that is spelt wrong."""

from __future__ import annotations

from collections.abc import Sequence

# From how many letters on a word may have so many mistakes.
_TWO_MISTAKES = 7


def meant(word: str, near: Sequence[str]) -> str | None:
    """The word with the fewest mistakes to `word`; of equals the first. None if all are far."""
    allowed = 2 if len(word) >= _TWO_MISTAKES else 1
    best: str | None = None
    for candidate in near:
        mistakes = distance(word, candidate, allowed)
        if mistakes <= allowed:
            best, allowed = candidate, mistakes - 1
    return best


def distance(one: str, other: str, most: int) -> int:
    """Letters to add, drop, change, or swap with their neighbour; anything beyond `most` is one."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before, row = before, row, [at]
        for to, against in enumerate(other, 1):
            cost = min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != against))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == against:
                cost = min(cost, earlier[to - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
