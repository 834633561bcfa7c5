"""How long to leave alone what fails again and again."""

from __future__ import annotations

_LONGEST_S = 30.0
_DOUBLED_AT_MOST = 10


def pause_s(troubles: int) -> float:
    """The pause after so many troubles in a row: doubled with each, half a minute at most."""
    return min(2.0 ** min(troubles, _DOUBLED_AT_MOST) / 4, _LONGEST_S)
