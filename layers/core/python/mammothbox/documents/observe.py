"""Looks at many values of one field at once, which is much faster than one by one.

What is already known spares checks that cannot come out otherwise any more; what is seen and
what is known then add up to the same as if there had been one look.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mammothbox.documents import sketch
from mammothbox.documents.fields import (
    EXAMPLES,
    MOST_VALUES,
    Field,
    Lists,
    Numeric,
    Text,
    merge_fields,
)
from mammothbox.documents.observed import (
    FORMATS,
    Kind,
    above,
    below,
    canonical,
    formats,
    survives_double,
)
from mammothbox.documents.sketch import Sketch
from mammothbox.documents.values import Digits, JsonValue

# Longer strings are shortened in examples, and no values of an enumeration.
_LONG = 80
# The seeds of their hashes, which keep "1" and 1 apart.
_BOOLEAN, _NUMBER, _STRING = 1, 2, 3
# PostgreSQL writes a double from here on with an exponent.
_DOUBLE_WHOLE = 10**15
NOTHING = Field({})


def observe(values: Sequence[JsonValue], known: Field = NOTHING) -> Field:
    """What these values of a field have in common, but for what is inside of objects."""
    types = set(map(type, values))
    if len(types) == 1:
        return _LOOKS[types.pop()](values, known)
    seen = NOTHING
    for each, look in _LOOKS.items():
        if each in types:
            seen = merge_fields(seen, look([one for one in values if type(one) is each], known))
    return seen


def _nulls(values: Sequence[Any], _known: Field) -> Field:
    return Field({"null": len(values)})


def _objects(values: Sequence[Any], _known: Field) -> Field:
    return Field({"object": len(values)})


def _booleans(values: Sequence[Any], known: Field) -> Field:
    texts = ["true" if value else "false" for value in values]
    return _scalars("boolean", _BOOLEAN, texts, known)


def _integers(values: Sequence[Any], known: Field) -> Field:
    smallest, largest = min(values), max(values)
    numeric = Numeric(
        below(Decimal(smallest)),
        above(Decimal(largest)),
        0,
        _double_exact(known) and smallest > -_DOUBLE_WHOLE and largest < _DOUBLE_WHOLE,
    )
    try:
        texts = list(map(str, values))
    except ValueError:  # Python writes no integer of more than 4,300 digits.
        texts = [format(Decimal(value), "f") for value in values]
    return _scalars("integer", _NUMBER, texts, known, numeric=numeric)


def _numbers(values: Sequence[Any], known: Field) -> Field:
    texts = list(map(canonical, values))
    fractions = [text for text in texts if "." in text]
    if len(fractions) == len(texts):
        return _decimals("number", texts, known)
    wholes = _decimals("integer", [text for text in texts if "." not in text], known)
    if not fractions:
        return wholes
    return merge_fields(wholes, _decimals("number", fractions, known))


def _decimals(kind: Kind, texts: Sequence[str], known: Field) -> Field:
    different = set(texts)
    numbers = list(map(Decimal, different))
    numeric = Numeric(
        below(min(numbers)),
        above(max(numbers)),
        max(len(text.partition(".")[2]) for text in different),
        _double_exact(known) and all(map(survives_double, different)),
    )
    return _scalars(kind, _NUMBER, texts, known, numeric=numeric)


def _double_exact(known: Field) -> bool:
    return known.numeric is None or known.numeric.double_exact


def _strings(values: Sequence[Any], known: Field) -> Field:
    different = set(values)
    lengths = set(map(len, different))
    alive = known.text.formats if known.text else FORMATS
    text = Text(min(lengths), max(lengths), formats(different, alive))
    return _scalars("string", _STRING, values, known, text=text, tell=_quoted)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _scalars(
    kind: Kind,
    seed: int,
    texts: Sequence[str],
    known: Field,
    *,
    numeric: Numeric | None = None,
    text: Text | None = None,
    tell: Callable[[str], str] = str,
) -> Field:
    different = list(set(texts))
    hashes = sketch.hashes(different, seed)
    limit = sketch.limit(known.sketch)
    few = [(number, one) for number, one in zip(hashes, different, strict=True) if number <= limit]
    smallest = sketch.smallest(number for number, _ in few)
    return Field(
        {kind: len(texts)},
        numeric=numeric,
        text=text,
        sketch=smallest,
        values=_values(texts, different, known, tell),
        examples=_examples(few, smallest, tell),
    )


def _values(
    texts: Sequence[str], different: Collection[str], known: Field, tell: Callable[[str], str]
) -> Mapping[str, int] | None:
    if known.values is None or len(different) > MOST_VALUES or max(map(len, different)) > _LONG:
        return None
    return {tell(text): count for text, count in Counter(texts).items()}


def _examples(
    few: Sequence[tuple[int, str]], smallest: Sketch, tell: Callable[[str], str]
) -> tuple[tuple[int, str], ...]:
    if not few:
        return ()
    edge = smallest[:EXAMPLES][-1]
    told = {(number, tell(text)[:_LONG]) for number, text in few if number <= edge}
    return tuple(sorted(told)[:EXAMPLES])


def _arrays(values: Sequence[Any], _known: Field) -> Field:
    empty = of_objects = of_scalars = mixed = 0
    for array in values:
        types = set(map(type, array))
        if not types:
            empty += 1
        elif types == {dict}:
            of_objects += 1
        elif dict in types or list in types:
            mixed += 1
        else:
            of_scalars += 1
    return Field({"array": len(values)}, lists=Lists(empty, of_objects, of_scalars, mixed))


_LOOKS: dict[type, Callable[[Sequence[Any], Field], Field]] = {
    type(None): _nulls,
    bool: _booleans,
    int: _integers,
    Digits: _numbers,
    str: _strings,
    list: _arrays,
    dict: _objects,
}
