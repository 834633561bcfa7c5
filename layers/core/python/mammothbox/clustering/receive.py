"""What the cluster queue asks for: a place for one asset, or a piece of a chore."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mammothbox.catalog import duplicates as pairs
from mammothbox.catalog import searchables, spaces
from mammothbox.catalog.connection import Connection
from mammothbox.clustering import duplicates
from mammothbox.clustering.assign import assign
from mammothbox.clustering.errands import Clustering, errands
from mammothbox.errands import do
from mammothbox.errors import Retryable
from mammothbox.messages import Outgoing, parse_chore_call
from mammothbox.route import CLUSTER, Next
from mammothbox.stages import Work, finish
from mammothbox.woken import receive_stage


def receive(clustering: Clustering, body: str) -> Outgoing:
    """Do what the message asks for. Raises as `stages.run`; a chore's failure is on its row."""
    call = parse_chore_call(body)
    if call is not None:
        do(errands(clustering), call)
        return Outgoing()
    return receive_stage(
        clustering.database,
        clustering.limits,
        body,
        {CLUSTER: partial(_assign, clustering)},
        worker=CLUSTER,
    )


def _assign(clustering: Clustering, work: Work) -> Outgoing:
    key = work.claim.key

    def record(connection: Connection) -> Sequence[Next]:
        space = spaces.find(connection, key.space)
        if space is None:
            raise Retryable("unknown_space", f"The space {key.space} is not on record.")
        assign(connection, key.owner, key.asset_id, space)
        duplicates.find(connection, key.owner, key.asset_id)
        if pairs.is_yielding(connection, key.owner, key.asset_id):
            # What is kept in its place is found by its camera, too, which may be known only now.
            searchables.refresh_standing(connection, key.owner, [key.asset_id])
        return ()

    return finish(clustering.database, work, record)
