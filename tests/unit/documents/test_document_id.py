"""Ids of documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from mammothbox.documents.document_id import first_id
from mammothbox.ids import new_id

THEN = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
ASSET = uuid5(UUID(int=0), "an asset")


def test_the_id_of_a_document_never_changes_and_reads_as_a_uuid_of_its_asset_s_time() -> None:
    first = UUID(int=first_id(ASSET, THEN))

    assert first == UUID(int=first_id(ASSET, THEN))
    assert first.version == 7
    assert first.int >> 80 == int(THEN.timestamp() * 1000)


def test_documents_stand_in_the_order_of_the_file_behind_those_of_earlier_assets() -> None:
    earlier = first_id(new_id(), THEN - timedelta(milliseconds=1))
    begin = first_id(ASSET, THEN)
    last_of_a_terabyte = begin + (1 << 40) - 1

    assert earlier + (1 << 40) - 1 < begin < begin + 1 < last_of_a_terabyte
    assert UUID(int=last_of_a_terabyte).version == 7
    assert last_of_a_terabyte >> 40 == begin >> 40


def test_assets_of_the_same_millisecond_do_not_share_ids() -> None:
    begins = {first_id(new_id(), THEN) >> 40 for _ in range(1000)}

    assert len(begins) == 1000
