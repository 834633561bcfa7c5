"""Bucket drops through emulator, queues and workers, as `make up` runs them."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from infra.topology import RAW_BUCKET
from tests.bench.figures import scratch_folder
from tests.e2e.stack import LocalStack, started, wait_for

_OBJECTS = 600
_RUNS = 3


def run(_assets: int) -> None:
    """Print how many small drops a second become ready, from the first copy to the last ready."""
    with (
        scratch_folder() as folder,
        started(folder / "home") as stack,
    ):
        rates = [_rate(stack, f"run-{number}") for number in range(_RUNS)]
        print(f"  median {statistics.median(rates):.0f} a second")


def _rate(stack: LocalStack, run: str) -> float:
    def copy(index: int) -> None:
        key = f"drop/local/{run}/{index}.bin"
        stack.s3.put_object(Bucket=RAW_BUCKET, Key=key, Body=os.urandom(2000))

    def ready() -> bool:
        query = "SELECT count(*) FROM asset WHERE collection = %s AND status = 'ready'"
        return bool(stack.rows(query, run)[0]["count"] == _OBJECTS)

    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(copy, range(_OBJECTS)))
    copied = time.perf_counter() - began
    wait_for(ready, patience_s=300)
    rate = _OBJECTS / (time.perf_counter() - began)
    print(f"  {_OBJECTS} drops: copied in {copied:.1f} s, {rate:.0f} ready a second")
    return rate
