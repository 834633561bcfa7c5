"""Jobs as they go on, until nothing of them is left to do."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from clients.cli.server import Server

_SHORTEST_PAUSE_S = 0.3
_LONGEST_PAUSE_S = 3.0
_SETTLED = ("done", "partial", "failed")

Job = dict[str, Any]


def follow(server: Server, job_ids: Sequence[str]) -> Iterator[list[Job]]:
    """How the jobs stand, again and again, until all are settled; those are not asked again."""
    jobs: dict[str, Job] = {}
    pause_s = _SHORTEST_PAUSE_S
    while True:
        for job_id in job_ids:
            if job_id not in jobs or not is_settled(jobs[job_id]):
                jobs[job_id] = server.get(f"ingest/{job_id}/status")
        yield [jobs[job_id] for job_id in job_ids]
        if all(map(is_settled, jobs.values())):
            return
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.3, _LONGEST_PAUSE_S)


def is_settled(job: Job) -> bool:
    """Whether nothing more will happen by itself."""
    return job["status"] in _SETTLED


def went_well(job: Job) -> bool:
    """Whether every object of the job is ready, or known already."""
    return bool(job["status"] == "done")


def counts(jobs: Sequence[Job]) -> dict[str, int]:
    """How many objects are where, over all jobs."""
    names = ("queued", "processing", "done", "failed")
    return {name: sum(job["progress"][name] for job in jobs) for name in names}


def failed_of(server: Server, job_ids: Sequence[str], objects: Collection[str]) -> dict[str, str]:
    """Which of these objects of the jobs have failed by now, and why; copies as their original.

    A job tells for good what failed then, and nothing of what its copies are copies of.
    """
    failed = {
        one["system_id"]: _why(one["error"])
        for one in server.pages("objects", {"status": "failed"})
    }
    originals = {
        one["system_id"]: one["duplicate_of"]
        for job_id in (job_ids if failed else ())
        for one in server.pages("objects", {"job_id": job_id, "duplicates": "only"})
    }
    found = {one: failed.get(originals.get(one) or one) for one in objects}
    return {one: why for one, why in found.items() if why}


def _why(error: dict[str, Any] | None) -> str:
    return f"{error['detail']} [{error['code']}]" if error else "nobody knows why"
