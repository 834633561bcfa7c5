"""A stack under load that loses its processes again and again, and nothing else."""

from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import pytest

from infra.topology import RAW_BUCKET
from tests.e2e.stack import LocalStack, started, wait_for

pytestmark = pytest.mark.prove

OBJECTS = 400
UNIQUE = 300
# One fewer than the attempts that a stage and the receives that a message have.
KILLS = 4


def test_whatever_dies_every_object_settles_once(tmp_path: Path) -> None:
    contents = [_content(number) for number in range(UNIQUE)]
    with started(tmp_path / "home") as stack:
        # When four hundred objects arrive, some of them twice, while workers are being killed
        with ThreadPoolExecutor(3) as pool:
            sending = pool.map(lambda number: _send(stack, number, contents), range(OBJECTS))
            for _ in range(KILLS):
                _kill(stack, "infra.local.execution_child functions.intake")
            list(sending)

        # Then each is ready or a duplicate of a ready one
        # What was announced and posted without an event is found by the janitor, later.
        wait_for(lambda: _all_settled(stack), patience_s=240)
        assert stack.rows("SELECT filename, error_detail FROM asset WHERE status = 'failed'") == []
        statuses = Counter(row["status"] for row in stack.rows("SELECT status FROM asset"))
        assert statuses == {"ready": UNIQUE, "duplicate": OBJECTS - UNIQUE}
        # And every job counted it once, and every one of them was announced once
        assert stack.rows("SELECT 1 AS x FROM job WHERE settled <> objects OR failed > 0") == []
        twice = "SELECT asset_id FROM lineage WHERE event IN ('asset.ready', 'asset.duplicate')"
        assert stack.rows(f"{twice} GROUP BY asset_id HAVING count(*) > 1") == []
        assert stack.rows("SELECT 1 AS x FROM stage WHERE state <> 'done'") == []


def _content(number: int) -> bytes:
    """Its number comes first: chance alone would now and then begin a picture or a JSON text."""
    return b"%d\n" % number + os.urandom(random.randint(1, 50_000))


def _send(stack: LocalStack, number: int, contents: list[bytes]) -> None:
    content = contents[number % UNIQUE]
    if number % 2:
        stack.s3.put_object(Bucket=RAW_BUCKET, Key=f"drop/local/{number}.bin", Body=content)
        return
    upload = stack.announce(filename=f"{number}.bin", size_bytes=len(content))
    answer = httpx2.post(upload["url"], data=upload["fields"], files={"file": content})
    assert answer.status_code == 204, answer.text


def _kill(stack: LocalStack, marker: str) -> None:
    victim = stack.child(marker)
    running = "SELECT 1 AS x FROM stage WHERE state = 'running'"
    wait_for(lambda: stack.rows(running) or _all_settled(stack))
    try:
        victim.kill()
        victim.wait()
    except psutil.NoSuchProcess:
        return


def _all_settled(stack: LocalStack) -> bool:
    settled = "SELECT count(*) FROM asset WHERE status IN ('ready', 'duplicate', 'failed')"
    return bool(stack.rows(settled)[0]["count"] == OBJECTS)
