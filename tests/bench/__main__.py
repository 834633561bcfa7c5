"""`make bench`: how fast it is here. Prints the machine, medians and 95th percentiles."""

from __future__ import annotations

import argparse
import platform
import sys

from tests.bench import (
    api,
    clusters,
    documents,
    drops,
    duplicates,
    encoders,
    large_json,
    media,
    memory,
    profiles,
    reading,
    search,
    sketches,
    typed,
)
from tests.bench.figures import machine

BENCHES = {
    "api": api.run,
    "clusters": clusters.run,
    "documents": documents.run,
    "drops": drops.run,
    "duplicates": duplicates.run,
    "encoders": encoders.run,
    "large_json": large_json.run,
    "media": media.run,
    "memory": memory.run,
    "profiles": profiles.run,
    "reading": reading.run,
    "search": search.run,
    "sketches": sketches.run,
    "typed": typed.run,
}


def main() -> None:
    """Run the named benches, or all of them."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], default=[])
    parser.add_argument("--assets", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(f"{machine()}, Python {platform.python_version()}")
    for name in arguments.names or BENCHES:
        print(f"\n{name}")
        sys.stdout.flush()
        BENCHES[name](arguments.assets)


if __name__ == "__main__":
    main()
