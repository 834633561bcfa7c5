"""How much memory intake's pass over an object takes, whatever the object's size."""

from __future__ import annotations

import subprocess
import sys

from tests.bench.figures import scratch_folder
from tests.e2e.stack import REPOSITORY, started

SIZES = (1_000_000, 100_000_000, 2_000_000_000)
# Its own process, so that the peak is of this pass alone.
_PASS = """
import resource, sys, time
from mammothbox.intake.digest import digest
from mammothbox.storage.blobs import S3BlobStore
from mammothbox.storage.client import STREAM_PATIENCE_S, s3
store = S3BlobStore(s3(STREAM_PATIENCE_S), sys.argv[1])
began = time.perf_counter()
version = store.first_version(sys.argv[2])
found = digest(store.open(sys.argv[2], version.version_id).body)
took = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"  {found.size:>13,} bytes: peak {peak:5.0f} MB, {found.size / took / 1e6:5.0f} MB/s")
"""


def run(_assets: int) -> None:
    """Print the peak memory of reading and hashing one object of each size."""
    with (
        scratch_folder() as folder,
        started(folder / "home") as stack,
    ):
        bucket = stack.env["LIBRARY_BUCKET"]
        stack.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for size in SIZES:
            file = folder / "object"
            with file.open("wb") as sparse:
                sparse.truncate(size)
            stack.s3.upload_file(str(file), bucket, f"{size}")
            subprocess.run(
                [sys.executable, "-c", _PASS, bucket, str(size)],
                cwd=REPOSITORY,
                env={**stack.env, "PATH": ""},
                check=True,
            )
