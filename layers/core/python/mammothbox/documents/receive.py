"""What the schema queue asks for: a JSON file to be read, a piece of one, or of a chore."""

from __future__ import annotations

from functools import partial

from mammothbox.catalog.stages import StageKey
from mammothbox.documents.chore_names import PROPOSE, PROVE
from mammothbox.documents.errands import errands
from mammothbox.documents.piece import read_piece
from mammothbox.documents.source import Reading
from mammothbox.documents.survey import survey
from mammothbox.errands import do
from mammothbox.errors import Permanent
from mammothbox.messages import ChoreCall, Outgoing, parse_chore_call, parse_wake_up
from mammothbox.route import SCHEMA
from mammothbox.stages import NoSuchStage, Work, run, was_purged


def receive(reading: Reading, body: str) -> Outgoing:
    """Do what the message asks for. Raises as `stages.run`; a chore's failure is on its row."""
    call = parse_chore_call(body)
    if call is not None:
        do(errands(reading), call)
        # Whatever is new is proved at once.
        follows = PROVE if call.chore == PROPOSE else None
        return Outgoing(chores=(ChoreCall(chore=follows, owner=call.owner),) if follows else ())
    told = parse_wake_up(body)
    if told is None or told.stage != SCHEMA:
        raise Permanent("not_for_schema", "The message wakes no schema stage.")
    key = StageKey(told.owner, told.asset_id, told.stage, told.space, told.part)
    try:
        return run(reading.database, key, reading.limits, partial(_read, reading))
    except NoSuchStage:
        if was_purged(reading.database, key):
            return Outgoing()
        raise


def _read(reading: Reading, work: Work) -> Outgoing:
    """The whole file comes first; it may fall into pieces, which are stages of their own."""
    return survey(reading, work) if work.claim.key.part == 0 else read_piece(reading, work)
