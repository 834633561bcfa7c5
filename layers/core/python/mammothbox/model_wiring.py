"""What workers with models in them work with, built once, on first use."""

from __future__ import annotations

import atexit
import os
from functools import cache

from mammothbox.encoders import choose
from mammothbox.encoders.encoder import Encoder
from mammothbox.media.options import Options
from mammothbox.media.understand import Decoders
from mammothbox.settings import CaptionSettings, MediaSettings, ModelSettings, load
from mammothbox.tagging import caption_orders as orders
from mammothbox.tagging import vocabulary as vocabularies
from mammothbox.tagging.caption_orders import CaptionOrders
from mammothbox.tagging.labels import Labels
from mammothbox.tagging.vocabulary import Vocabulary


@cache
def decoders() -> Decoders:
    """As many children at once as there are cores; they end with this process."""
    opened = Decoders(slots=os.cpu_count() or 1)
    # Their libraries load while this process loads its model.
    opened.warm()
    atexit.register(opened.close)
    return opened


@cache
def decoder_options() -> Options:
    settings = load(MediaSettings)
    return Options(
        keep_gps_in_derivatives=not settings.strip_gps, max_frames=settings.max_key_frames
    )


@cache
def encoder(space: str) -> Encoder:
    """The encoder of that space. Raises `Retryable` when its model is not here."""
    settings = load(ModelSettings)
    return choose.open_encoder(settings.models_folder, space, settings.encoder_threads)


@cache
def vocabulary() -> Vocabulary:
    settings = load(ModelSettings)
    return vocabularies.load(settings.models_folder / "vocabulary", settings.vocabulary_language)


@cache
def labels() -> dict[str, Labels]:
    """The label vectors read so far, by space."""
    return {}


@cache
def caption_orders() -> CaptionOrders:
    return orders.caption_orders(load(CaptionSettings))
