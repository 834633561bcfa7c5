"""When two labels are one tag: whatever their capitals."""

from __future__ import annotations

import re

# The catalogue makes each letter small by itself. Python writes the dot of a capital İ behind the
# i, and a sigma at the end of a word as it is written there.
_I_WITH_DOT = "i\u0307"
_LAST_SIGMA = "ς"
_SIGMA_AT_THE_END = re.compile(r"σ(?!\w)")


def key(label: str) -> str:
    """The same for all spellings of a tag."""
    return label.lower().replace(_I_WITH_DOT, "i").replace(_LAST_SIGMA, "σ")


def small_letters(label: str) -> frozenset[str]:
    """What the catalogue's small letters may be of the tag's spellings; most often just one."""
    same = key(label)
    return frozenset({label.lower(), same, _SIGMA_AT_THE_END.sub(_LAST_SIGMA, same)})
