"""The chores that collections give rise to."""

from __future__ import annotations

# A table for documents that came since the last time, or a change of the one there is.
PROPOSE = "propose"
# The dry run of a proposal.
PROVE = "prove"
# The table of an approved proposal, row by row.
BUILD = "build"
# The end of a table that was rolled back.
UNDO = "undo"
# The words of documents, by which they are found.
WORDS = "words"

OF_COLLECTIONS = (PROPOSE, PROVE, BUILD, UNDO, WORDS)
