"""From the bytes of a picture to the vector that is looked for.

Loaded only when somebody shows a picture: it brings decoders and the model's image tower. The
picture goes the way of an upload: the same decoders in a child process, the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from mammothbox import model_wiring
from mammothbox.embedding.vectors import encode
from mammothbox.errors import Permanent, Refused, Retryable, Unavailable
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media.understand import Job

# Of the 29 seconds that a request has.
_DECODING_S = 20.0


@dataclass(frozen=True)
class _Bytes:
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


def embed(space: str, content: bytes) -> list[float]:
    """The vector of the picture in the space of that name.

    Raises `Refused` for what is no picture or cannot be decoded (415, 422) and where the
    space's model is not here (503), and `Unavailable` when there was no time to decode it.
    """
    told = recognise(content[:HEAD_BYTES])
    if told.kind != "image":
        raise Refused(
            415,
            "not_an_image",
            "Search by a photo or another picture of pixels, such as JPEG, PNG or WebP; this is"
            f" {told.content_type}, which is none.",
        )
    try:
        encoder = model_wiring.encoder(space)
    except Retryable as error:
        raise Refused(503, "model_unavailable", error.detail) from None
    job = Job(told.kind, told.content_type, _Bytes(content))
    (outcome,) = model_wiring.decoders().understand_all(
        [job], model_wiring.decoder_options(), _DECODING_S
    )
    if isinstance(outcome, Permanent):
        raise Refused(422, outcome.code, outcome.detail)
    if isinstance(outcome, Retryable):
        raise Unavailable(f"the picture was not decoded: {outcome.code}")
    if isinstance(outcome, Exception):
        raise outcome
    (vectors,) = encode(encoder, [outcome.frames[:1]])
    if not vectors:
        raise Refused(422, "no_picture", "There is nothing to see in this file.")
    vector: list[float] = vectors[0].vector.tolist()
    return vector
