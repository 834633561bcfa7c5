"""Drops: what partners copy into the bucket was not announced, so its records begin here."""

from __future__ import annotations

from mammothbox.catalog import assets, jobs, lineage, raws
from mammothbox.catalog.assets import NewAsset
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.jobs import NewJob
from mammothbox.catalog.lineage import Entry
from mammothbox.catalog.raws import NewRaw
from mammothbox.intake.arrivals import Arrival
from mammothbox.storage.keys import DropKey


def record_drop(connection: Connection, arrival: Arrival, dropped: DropKey, *, actor: str) -> None:
    """Begin a job, a raw object and an asset, unless they began before or were erased."""
    identifier = arrival.asset_id
    if lineage.was_purged(connection, arrival.owner, identifier):
        return
    job = NewJob(arrival.owner, identifier, arrival.request_id, source="drop", objects=1)
    if not jobs.insert(connection, job):
        return
    raw = NewRaw(arrival.owner, identifier, arrival.bucket, arrival.key, arrival.version_id)
    asset = NewAsset(
        owner=arrival.owner,
        id=identifier,
        job_id=identifier,
        ordinal=0,
        raw_id=identifier,
        status="queued",
        filename=dropped.filename,
        size_bytes=arrival.size,
        collection=dropped.collection,
    )
    raws.insert(connection, [raw])
    assets.insert(connection, [asset])
    lineage.record(
        connection,
        Entry(
            owner=arrival.owner,
            request_id=arrival.request_id,
            event="asset.dropped",
            actor=actor,
            job_id=identifier,
            raw_id=identifier,
            asset_id=identifier,
        ),
    )
