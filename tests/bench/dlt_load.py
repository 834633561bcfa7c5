"""A file of JSON lines into Postgres with dlt, as its documentation does it. Run by itself."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt


def main(file: str, url: str, folder: str) -> None:
    """Load the file and print what dlt itself took, without its import."""

    def lines() -> Iterator[list[dict[str, Any]]]:
        with open(file, "rb") as opened:  # noqa: PTH123 - as anybody writes it
            some = []
            for line in opened:
                some.append(json.loads(line))
                if len(some) == 1000:
                    yield some
                    some = []
            yield some

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(
            url.replace("postgres@/", "postgres:unused@localhost/")
        ),
        pipelines_dir=folder,
    )
    began = time.perf_counter()
    pipeline.run(dlt.resource(lines, name="users"))
    print(f"  dlt alone: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
