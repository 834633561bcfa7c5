"""Tags a captioner gave."""

from __future__ import annotations

from mammothbox.tagging.captioner import Caption
from mammothbox.tagging.tag import Tag
from mammothbox.tagging.vocabulary import Vocabulary


def tags(caption: Caption, vocabulary: Vocabulary) -> list[Tag]:
    """The caption's tags; those the vocabulary knows as its labels, with their hypernyms."""
    return [_tag(word, vocabulary) for word in caption.tags]


def _tag(word: str, vocabulary: Vocabulary) -> Tag:
    label = vocabulary.by_name.get(word.casefold())
    if label is None:
        return Tag(word, "caption")
    return Tag(label.name, "caption", hypernyms=vocabulary.hypernym_names(label))
