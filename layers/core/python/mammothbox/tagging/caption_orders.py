"""Ordering a caption: only where it is switched on, and within the owner's budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mammothbox.catalog import captions, stages
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.stages import StageKey
from mammothbox.media.understood import Derivative
from mammothbox.route import CAPTION, Next
from mammothbox.tagging.budget import Limits, refusal
from mammothbox.tagging.gemini import estimate_tokens

# What a captioner looks at.
PICTURE = "preview-1024.jpg"

_SAYS = {
    "daily_budget_spent": "Today's tokens for captions are spent: replay this stage tomorrow.",
    "monthly_budget_spent": "This month's tokens for captions are spent: replay it next month.",
}


@dataclass(frozen=True)
class CaptionOrders:
    """Whether captions are on, and what they may cost each owner."""

    on: bool
    limits: Limits

    def place(
        self, connection: Connection, asset: Asset, derivatives: Sequence[Derivative]
    ) -> list[Next]:
        """Reserve tokens for the asset's caption and return its stage, once for each asset.

        Where the budget is spent, the stage is on record as skipped and says so.
        """
        picture = next((made for made in derivatives if made.name == PICTURE), None)
        if not self.on or picture is None:
            return []
        if captions.is_ordered(connection, asset.owner, asset.id):
            return []
        today = datetime.now(UTC).date()
        tokens = estimate_tokens(picture.width, picture.height)
        used = captions.lock_use(connection, asset.owner, today)
        if code := refusal(tokens, used, self.limits):
            key = StageKey(asset.owner, asset.id, CAPTION)
            stages.skip_from_the_start(connection, key, code, _SAYS[code])
            return []
        captions.reserve(connection, asset.owner, asset.id, today, tokens)
        return [Next(CAPTION, optional=True)]
