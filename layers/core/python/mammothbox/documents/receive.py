"""What the schema queue asks for: a JSON file to be read, a piece of one, or of a chore."""

from __future__ import annotations

from functools import partial

from mammothbox.documents.chore_names import PROPOSE, PROVE
from mammothbox.documents.errands import errands
from mammothbox.documents.piece import read_piece
from mammothbox.documents.source import Reading
from mammothbox.documents.survey import survey
from mammothbox.errands import do
from mammothbox.messages import ChoreCall, Outgoing, parse_chore_call
from mammothbox.route import SCHEMA
from mammothbox.stages import Work
from mammothbox.woken import receive_stage


def receive(reading: Reading, body: str) -> Outgoing:
    """Do what the message asks for. Raises as `stages.run`; a chore's failure is on its row."""
    call = parse_chore_call(body)
    if call is not None:
        do(errands(reading), call)
        # Whatever is new is proved at once.
        follows = PROVE if call.chore == PROPOSE else None
        return Outgoing(chores=(ChoreCall(chore=follows, owner=call.owner),) if follows else ())
    return receive_stage(
        reading.database,
        reading.limits,
        body,
        {SCHEMA: partial(_read, reading)},
        worker=SCHEMA,
        forget=reading.library.erase,
    )


def _read(reading: Reading, work: Work) -> Outgoing:
    """The whole file comes first; it may fall into pieces, which are stages of their own."""
    return survey(reading, work) if work.claim.key.part == 0 else read_piece(reading, work)
