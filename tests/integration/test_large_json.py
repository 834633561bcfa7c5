"""Files of JSON that are far larger than the memory of the worker that reads them."""

from __future__ import annotations

import pytest
from mammothbox.settings import DocumentSettings

from infra.local.postgres import DatabaseUrls
from tests.bench.large_json import LAYOUTS, LIFETIME_S, measure

SIZE = 600_000_000


@pytest.mark.prove
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_large_file_takes_the_memory_of_a_piece(database_urls: DatabaseUrls, layout: str) -> None:
    took = measure(database_urls, layout, SIZE)

    assert took.holds_bytes >= SIZE
    assert SIZE // DocumentSettings().part_bytes <= took.pieces <= DocumentSettings().most_parts
    assert took.documents > took.pieces_read * 100_000
    assert took.peak_mb <= 300
    assert max(took.longest_look_s, took.longest_piece_s) < LIFETIME_S / 2
