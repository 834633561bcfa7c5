"""Which worker does which chore."""

from __future__ import annotations

from mammothbox.documents.chore_names import OF_COLLECTIONS
from mammothbox.route import CLUSTER, SCHEMA


def worker_of(chore: str) -> str:
    """The name of the worker whose queue takes calls for the chore."""
    return SCHEMA if chore in OF_COLLECTIONS else CLUSTER
