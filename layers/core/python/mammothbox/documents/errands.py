"""Chores of the schema function: pieces of work on all collections that an owner has."""

from __future__ import annotations

from collections.abc import Callable

from mammothbox.documents.build import build
from mammothbox.documents.chore_names import BUILD, PROPOSE, PROVE, UNDO, WORDS
from mammothbox.documents.propose import propose
from mammothbox.documents.prove import prove
from mammothbox.documents.rollback import undo
from mammothbox.documents.source import Reading
from mammothbox.documents.wording import write_words
from mammothbox.errands import Errands


def errands(reading: Reading) -> Errands:
    """The chores of collections, by name."""
    steps: dict[str, Callable[[str], bool]] = {
        PROPOSE: lambda owner: propose(reading.database, owner),
        PROVE: lambda owner: prove(
            reading.database, owner, reading.time_left, auto_migrate=reading.settings.auto_migrate
        ),
        BUILD: lambda owner: build(reading.database, owner, reading.time_left),
        UNDO: lambda owner: undo(reading.database, owner),
        WORDS: lambda owner: write_words(reading.database, owner, reading.time_left),
    }
    return Errands(reading.database, reading.limits, reading.time_left, steps)
