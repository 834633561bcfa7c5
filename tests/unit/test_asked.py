"""Telling two requests under one idempotency key apart, today and after any release."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.uploads.request import Announced, Asked

FILE = Announced("é.txt", "text/plain", 3, sha256="0" * 64, collection="attic")
ASKED = Asked("ada", "key:1", "r-1", "upload", [FILE, Announced(None, "a/b", 1)], comments="hi")


def test_the_digest_is_of_canonical_json() -> None:
    """Pinned: digests are stored, and a repeated request must find its own."""
    canonical = (
        r'{"comments":"hi","files":[{"collection":"attic","content_type":"text/plain",'
        r'"filename":"\u00e9.txt","sha256":"' + "0" * 64 + r'","size_bytes":3},'
        r'{"content_type":"a/b","size_bytes":1}],"source":"upload"}'
    )

    assert ASKED.digest() == hashlib.sha256(canonical.encode("ascii")).digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "ingest"},
        {"comments": None},
        {"comments": ""},
        {"files": [FILE]},
        {"files": ASKED.files[::-1]},
        {"files": [replace(FILE, collection=None), ASKED.files[1]]},
        {"files": [replace(FILE, filename="e.txt"), ASKED.files[1]]},
        {"files": [replace(FILE, size_bytes=4), ASKED.files[1]]},
        {"files": [replace(FILE, sha256="1" * 64), ASKED.files[1]]},
        {"files": [replace(FILE, content_type="text/html"), ASKED.files[1]]},
    ],
)
def test_whatever_the_client_asks_otherwise_is_another_request(changes: dict[str, Any]) -> None:
    assert replace(ASKED, **changes).digest() != ASKED.digest()


def test_who_asks_and_when_is_no_part_of_what_is_asked() -> None:
    again = replace(ASKED, actor="key:2", request_id="r-2", idempotency_key="k")

    assert again.digest() == ASKED.digest()


texts = st.none() | st.text(max_size=5)
files = st.lists(
    st.builds(Announced, texts, st.text(max_size=5), st.integers(0), texts, texts), max_size=3
)
requests = st.builds(
    Asked, st.just("ada"), st.just("a"), st.just("r"), st.just("upload"), files, texts
)


@given(requests, requests)
def test_two_requests_share_a_digest_only_if_they_ask_the_same(one: Asked, other: Asked) -> None:
    assert (one.digest() == other.digest()) == (one == other)
