"""Telling the outside what became of an asset, or of a schema."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mammothbox.catalog import lineage, outbox
from mammothbox.catalog.assets import Asset, Settled
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.schema_defs import SchemaDef
from mammothbox.ids import new_id
from mammothbox.messages import Announcement
from mammothbox.observability import record_milliseconds


def announce(
    connection: Connection, asset: Asset, settled: Settled | None, request_id: str
) -> tuple[Announcement, ...]:
    """Put on record, for the outside, that the asset has just settled."""
    if settled is None:
        return ()
    if settled.status == "ready" and settled.arrived_at is not None:
        took = datetime.now(UTC) - settled.arrived_at
        record_milliseconds("ingest.time_to_ready", took / timedelta(milliseconds=1))
    announcement = Announcement.model_validate(
        {
            "id": new_id(),
            "owner": asset.owner,
            "type": f"asset.{settled.status}",
            "request_id": request_id,
            "detail": {
                "system_id": str(asset.id),
                "job_id": str(settled.job_id),
                "kind": settled.kind,
                "duplicate_of": str(settled.duplicate_of) if settled.duplicate_of else None,
            },
        }
    )
    outbox.insert(connection, [announcement])
    lineage.record(
        connection,
        lineage.about(asset, announcement.type, actor="mammothbox", request_id=request_id),
    )
    return (announcement,)


def announce_schema(connection: Connection, definition: SchemaDef, became: str) -> None:
    """Put on record, for the outside, what became of a schema. The janitor sends it."""
    announcement = Announcement.model_validate(
        {
            "id": new_id(),
            "owner": definition.owner,
            "type": f"schema.{became}",
            "request_id": str(definition.id),
            "detail": {
                "schema_id": str(definition.id),
                "collection_id": str(definition.collection_id),
                "version": definition.version,
                "storage": definition.storage,
                "ddl_sha256": definition.ddl_sha256,
            },
        }
    )
    outbox.insert(connection, [announcement])
