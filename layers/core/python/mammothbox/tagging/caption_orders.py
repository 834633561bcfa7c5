"""Ordering a caption: only where it is switched on, and within the owner's budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mammothbox.catalog import captions, stages
from mammothbox.catalog.assets import Asset
from mammothbox.catalog.connection import Connection
from mammothbox.catalog.stages import StageKey
from mammothbox.errors import Refused
from mammothbox.media.understood import Derivative
from mammothbox.route import CAPTION, Next
from mammothbox.settings import CaptionSettings
from mammothbox.tagging.budget import Limits, frees_on, refusal
from mammothbox.tagging.gemini_prompt import estimate_tokens

# What a captioner looks at.
PICTURE = "preview-1024.jpg"

_PERIODS = {"daily_budget_spent": "today", "monthly_budget_spent": "this month"}


@dataclass(frozen=True)
class CaptionOrders:
    """Whether captions are on, and what they may cost each owner.

    Whoever orders holds the asset's lock: asset first, then what its owner has used.
    """

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
        tokens, today = estimate_tokens(picture.width, picture.height), _today()
        if refused := self._beyond_budget(connection, asset.owner, today, tokens):
            key = StageKey(asset.owner, asset.id, CAPTION)
            stages.skip_from_the_start(connection, key, refused.code, refused.detail)
            return []
        captions.reserve(connection, asset.owner, asset.id, today, tokens)
        return [Next(CAPTION, optional=True)]

    def refusal_to_renew(self, connection: Connection, asset: Asset) -> Refused | None:
        """Why the asset's caption may not be ordered again; `None` if it may.

        Until the transaction ends nobody else reserves for the owner, so that it stays true.
        """
        if not self.on:
            return Refused(409, "captions_off", "Captions are switched off here: ask the operator.")
        return self._beyond_budget(connection, asset.owner, _today(), _cost(connection, asset))

    def renew(self, connection: Connection, asset: Asset) -> None:
        """Reserve tokens for a caption that is ordered again."""
        tokens = _cost(connection, asset)
        captions.reserve(connection, asset.owner, asset.id, _today(), tokens)

    def _beyond_budget(
        self, connection: Connection, owner: str, today: date, tokens: int
    ) -> Refused | None:
        used = captions.lock_use(connection, owner, today)
        code = refusal(tokens, used, self.limits)
        if code is None:
            return None
        detail = (
            f"The tokens left for captions {_PERIODS[code]} are too few for this one:"
            f" replay its caption stage from {frees_on(code, today)}, 00:00 UTC."
        )
        return Refused(409, code, detail)


def caption_orders(settings: CaptionSettings) -> CaptionOrders:
    """Orders as a deployment wants them."""
    limits = Limits(daily=settings.caption_tokens_a_day, monthly=settings.caption_tokens_a_month)
    return CaptionOrders(settings.captions, limits)


def _cost(connection: Connection, asset: Asset) -> int:
    """What to reserve for an asset that was ordered before; nothing where nobody is asked."""
    picture = captions.uncaptioned_picture(connection, asset.owner, asset.id, PICTURE)
    return estimate_tokens(*picture) if picture else 0


def _today() -> date:
    return datetime.now(UTC).date()
