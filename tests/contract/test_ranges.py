"""Pieces of one version of an object, on moto and on the emulator that `make up` runs.

The emulator answers with all of a version, whatever range was asked for.
"""

from __future__ import annotations

from uuid import uuid4

import boto3
import pytest
from mammothbox.errors import Permanent, Unavailable
from mammothbox.storage.ranges import RangedObject

from infra.topology import RAW_BUCKET
from tests.contract.conftest import cut_line_of

pytestmark = pytest.mark.xdist_group("emulator")

CONTENT = bytes(range(256)) * 40
SIZE = len(CONTENT)


@pytest.fixture(params=["moto", "emulator"])
def ranged(request: pytest.FixtureRequest) -> RangedObject:
    if request.param == "emulator":
        client = request.getfixturevalue("emulated")
    else:
        session: boto3.Session = request.getfixturevalue("aws")
        client = session.client("s3")
        client.create_bucket(Bucket=RAW_BUCKET)
        client.put_bucket_versioning(
            Bucket=RAW_BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
    key = f"incoming/ada/{uuid4()}"
    answer = client.put_object(Bucket=RAW_BUCKET, Key=key, Body=CONTENT)
    client.put_object(Bucket=RAW_BUCKET, Key=key, Body=b"Something else came later.")
    return RangedObject(client, RAW_BUCKET, key, answer["VersionId"], SIZE)


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 10), (0, SIZE), (5000, 100), (SIZE - 7, 100), (SIZE, 5), (3, 0)]
)
def test_a_range_is_what_stands_there(ranged: RangedObject, offset: int, length: int) -> None:
    assert ranged.read(offset, length) == CONTENT[offset : offset + length]


@pytest.mark.parametrize("most", [100, 4096, 2 * SIZE])
@pytest.mark.parametrize(("first", "end"), [(0, SIZE), (4321, 9876), (9000, 2 * SIZE)])
def test_pieces_join_to_the_range(ranged: RangedObject, first: int, end: int, most: int) -> None:
    pieces = list(ranged.pieces(first, end, most))

    assert b"".join(pieces) == CONTENT[first:end]
    assert all(0 < len(piece) <= most for piece in pieces)


def test_whoever_wants_no_more_asks_for_no_more(ranged: RangedObject) -> None:
    pieces = ranged.pieces(256, SIZE, 256)

    assert next(pieces) == CONTENT[:256]
    pieces.close()  # type: ignore[attr-defined]
    assert ranged.read(0, 3) == CONTENT[:3]


def test_a_version_that_is_gone_is_gone_for_good(ranged: RangedObject) -> None:
    ranged.client.delete_object(Bucket=RAW_BUCKET, Key=ranged.key, VersionId=ranged.version_id)

    with pytest.raises(Permanent, match="object_gone"):
        ranged.read(0, 10)


def test_a_store_that_does_not_answer_is_unavailable(ranged: RangedObject) -> None:
    with cut_line_of(ranged.client), pytest.raises(Unavailable):
        ranged.read(0, 10)
