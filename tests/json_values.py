"""Any JSON there is, as it is read, and texts that a person would be surprised by."""

from __future__ import annotations

from hypothesis import strategies as st
from mammothbox.documents.values import Digits, JsonValue

ODD_KEYS = (
    "",
    " ",
    "id",
    "ID",
    "Id",
    "_id",
    "created_at",
    "createdAt",
    "extra",
    "document_id",
    "documentId",
    "ctid",
    "xmin",
    "select",
    "user",
    "a__b",
    '"; drop table x; --',
    "'); drop table x; --",
    "%s",
    "{}",
    "a/b",
    "a~b",
    "*",
    "\n",
    "ключ",
    "Größe",
    "e\u0301",
    "\u00e9",
    "İ",
    "日本",
    "🐘",
    "0",
    "2020",
    "k" * 200,
    "k" * 63 + "1",
    "k" * 63 + "2",
    "é" * 40,
)
ODD_TEXTS = (
    "",
    "2024-02-29",
    "2024-02-30",
    "0000-01-01",
    "2024-01-01T10:00:00Z",
    "2024-01-01T10:00:00.123456+02:00",
    "2024-01-01T10:00:00.1234567Z",
    "2024-01-01 10:00:00-0330",
    "2024-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2024-01-01T10:00:00+16:00",
    "2024-01-01T10:00:00",
    "٢٠٢٤-01-01",
    "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
    "6f9619ff8b86d011b42d00cf4fc964ff",
    "ada@example.com",
    "https://example.com/a?b#c",
    "infinity",
    "now",
    "1",
    "true",
    "x" * 100,
)
ODD_NUMBERS = (
    "0.0",
    "-0.0",
    "1.0",
    "1.10",
    "1e2",
    "1.5e3",
    "1.50e1",
    "1e-7",
    "-1E+3",
    "0e5",
    "0e-5",
    "0.0001",
    "0.00001",
    "0.1",
    "0.30000000000000004",
    "1.7976931348623157e308",
    "1e400",
    "123456789012345.6",
    "1234567890123456.7",
    "999999999999999.9",
    "4503599627370496.5",
    "5e-324",
    "3.141592653589793",
    "3.1415926535897932384626433832795",
)
INTEGERS = st.one_of(
    st.integers(-100, 100),
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**15, 10**15 - 1, 10**30]),
)
# What PostgreSQL can hold: neither NUL nor halves of characters.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
KEYS = st.one_of(st.sampled_from(ODD_KEYS), TEXTS)
NUMBERS = st.one_of(
    st.sampled_from(ODD_NUMBERS),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=3).map(str),
).map(Digits)
SCALARS: st.SearchStrategy[JsonValue] = st.one_of(
    st.none(), st.booleans(), INTEGERS, NUMBERS, st.sampled_from(ODD_TEXTS), TEXTS
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
# Few keys, so that documents have some in common.
_SOME_KEYS = st.sampled_from(["id", "a", "A", "b", "user_id", "", "k" * 200, '"; drop table x; --'])
OBJECTS: st.SearchStrategy[JsonValue] = st.dictionaries(
    _SOME_KEYS, st.one_of(SCALARS, VALUES), max_size=6
)
DOCUMENTS = st.lists(st.one_of(OBJECTS, OBJECTS, VALUES), max_size=12)
