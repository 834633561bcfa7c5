"""How many documents are worked on at once, for they may be tiny or large."""

from __future__ import annotations

from dataclasses import dataclass

_LEAST = 200
_MOST = 50_000
_ABOUT_S = 1.0


@dataclass
class Pieces:
    """Walks in pieces that take about a second each, whatever the documents are."""

    most: int = 5_000

    def took(self, seconds: float) -> None:
        """Learn from how long the last piece took."""
        if seconds < _ABOUT_S / 2:
            self.most = min(_MOST, self.most * 2)
        elif seconds > _ABOUT_S * 2:
            self.most = max(_LEAST, self.most // 2)
