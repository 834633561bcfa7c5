"""Tags a file's own metadata gives, none of which tells the place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mammothbox.media.understood import Camera, Facts
from mammothbox.plain_text import one_line
from mammothbox.tagging.tag import Tag
from mammothbox.tagging.vocabulary import Vocabulary

# What the reading of a file hints at, and the label in the vocabulary that says so.
_LABEL_OF_HINT = {
    "animated": "animated",
    "burst": "burst",
    "live": "live-photo",
    "panorama": "panorama",
    "raw": "raw-photo",
    "screenshot": "screenshot",
    "slow_motion": "slow-motion",
    "time_lapse": "time-lapse",
    "voice_memo": "voice-memo",
}
_SQUARE = 1.02
_LONGEST_NAME = 60
# What firms call themselves beside their name.
_FIRM = re.compile(
    r"[\s,]+(corporation|corp|company|co|limited|ltd|inc|gmbh|ag|electronics|technologies|"
    r"technology|imaging|optical|camera|digital|computer|mobile|communications)\b\.?",
    re.IGNORECASE,
)
_NAMES = {"eastman kodak": "Kodak", "hewlett-packard": "HP", "ricoh": "Ricoh"}
_SPELT_IN_CAPITALS = {"dji", "htc", "hp", "lg", "lge", "nec", "rca", "tcl", "zte"}


def tags(kind: str, facts: Facts, hints: Iterable[str], vocabulary: Vocabulary) -> list[Tag]:
    """What facts and hints say of an `image`, `video` or `audio`, each label once.

    Hints nobody knows say nothing, and neither do labels that were taken out of the vocabulary.
    """
    hinted = (_LABEL_OF_HINT[hint] for hint in hints if hint in _LABEL_OF_HINT)
    ids = dict.fromkeys((*hinted, *_shape(kind, facts), *_sound(kind, facts)))
    known = (vocabulary.by_id[id_] for id_ in ids if id_ in vocabulary.by_id)
    found = [
        Tag(label.name, "metadata", hypernyms=vocabulary.hypernym_names(label)) for label in known
    ]
    return [*found, *(_camera(facts.camera) if facts.camera else ())]


def _shape(kind: str, facts: Facts) -> Iterator[str]:
    if kind == "audio" or not facts.width or not facts.height:
        return
    long, short = max(facts.width, facts.height), min(facts.width, facts.height)
    if long <= short * _SQUARE:
        yield "square-format"
    else:
        yield "landscape-format" if facts.width > facts.height else "portrait-format"


def _sound(kind: str, facts: Facts) -> Iterator[str]:
    if kind == "video" and facts.video_codec and not facts.audio_codec:
        yield "silent-video"
    if kind == "audio" and (facts.artist or facts.album):
        yield "music"


def _camera(camera: Camera) -> Iterator[Tag]:
    """The model, a kind of its maker's; the maker alone where no model is told."""
    maker, model = _maker(camera.make or ""), one_line(camera.model or "", _LONGEST_NAME)
    if model and maker:
        name = one_line(_model(maker, model), _LONGEST_NAME)
        yield Tag(name, "metadata", hypernyms=(maker,))
    elif model or maker:
        yield Tag(model or maker, "metadata")


def _maker(make: str) -> str:
    """NIKON CORPORATION is Nikon."""
    name = _FIRM.sub("", one_line(make, _LONGEST_NAME)).strip(" ,.")
    if name.casefold() in _NAMES:
        return _NAMES[name.casefold()]
    shouted = name.isupper() and name.casefold() not in _SPELT_IN_CAPITALS
    return name.title() if shouted or name.islower() else name


def _model(maker: str, model: str) -> str:
    """Many models begin with their maker's name, as do those of makers that were bought."""
    first, _, rest = model.partition(" ")
    if first.casefold() == maker.casefold():
        return f"{maker} {rest}".strip()
    if first.casefold() == "pentax":
        return f"Pentax {rest}".strip()
    return f"{maker} {model}"
