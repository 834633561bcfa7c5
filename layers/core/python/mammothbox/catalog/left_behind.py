"""Stages that failed in a space which has gone out of use since: its model may be gone, too.

An object can become ready in the active space instead, so what is tried again there is the
embedding, from which the rest follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mammothbox.catalog.connection import Connection, Row

# Of the stage `s`. What is optional holds up no object.
IS_LEFT_BEHIND = (
    " (s.space <> '' AND NOT s.optional AND s.state IN ('failed', 'dead') AND NOT EXISTS ("
    "SELECT FROM embedding_space e WHERE e.name = s.space AND e.state IN ('active', 'filling')))"
)
_GO_OVER = (
    "WITH gone AS (UPDATE stage s SET state = 'skipped', optional = true, lease_until = NULL,"
    " finished_at = now(), error_code = 'space_not_in_use', retryable = false,"
    " error_detail = 'This embedding space is neither active nor being filled any more.'"
    " WHERE s.owner = %(owner)s AND s.asset_id = %(asset_id)s AND {which}"
    " RETURNING s.request_id)"
    " INSERT INTO stage AS s (owner, asset_id, name, space, state, request_id)"
    " SELECT %(owner)s, %(asset_id)s, 'embed', e.name, 'queued', gone.request_id"
    " FROM embedding_space e, (SELECT request_id FROM gone LIMIT 1) gone WHERE e.state = 'active'"
    " ON CONFLICT (owner, asset_id, name, space, part) DO UPDATE"
    " SET state = 'queued', optional = false, revived_at_attempt = s.attempt, queued_at = now(),"
    " woken_at = NULL, finished_at = NULL, error_code = NULL, error_detail = NULL,"
    " retryable = NULL WHERE s.state IN ('done', 'failed', 'dead', 'skipped')"
    " RETURNING s.name AS stage, s.owner, s.asset_id, s.space, s.part, s.request_id"
)


def go_over(connection: Connection, which: str, values: Mapping[str, Any]) -> list[Row]:
    """Embed an asset in the active space in place of those stages; what is to be woken for it.

    `which` are our own conditions on the stage `s`; `values` has `owner` and `asset_id`, too.
    """
    statement = _GO_OVER.format(which=IS_LEFT_BEHIND + which)
    return connection.execute(statement.encode(), values).fetchall()
