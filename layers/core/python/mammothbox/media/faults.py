"""Why a file cannot be understood: every code of this room but those of video and audio.

`decoder_*` is what the parent says of a child that ended without an answer. `out_of_time`
alone is passing: the file was not to blame, and its message comes back.
"""

from __future__ import annotations

from mammothbox.errors import NotItsTurn, Permanent, Retryable


def unsupported_picture(content_type: str) -> Permanent:
    return Permanent(
        "unsupported_picture",
        f"Pictures of type {content_type} cannot be read. Save it as JPEG, PNG, WebP or TIFF.",
    )


def rare_picture(what: str) -> Permanent:
    return Permanent(
        "unsupported_picture",
        f"The picture is of a rare kind that cannot be read ({what}). Save it as JPEG, PNG or WebP,"
        " or as TIFF with 8 bits a channel.",
    )


def broken_picture(what: str) -> Permanent:
    return Permanent(
        "broken_picture",
        f"The picture is damaged or cut off ({what}). Upload it again from where it still opens.",
    )


def too_many_pixels(width: int, height: int, most: int) -> Permanent:
    return Permanent(
        "too_many_pixels",
        f"The picture has {width} x {height} pixels; at most {most:,} in all can be read.",
    )


def too_much_to_read(most: int) -> Permanent:
    return Permanent(
        "too_much_to_read", f"More than {most:,} bytes of the file would have to be read."
    )


def decoder_crashed(how: str) -> Permanent:
    return Permanent(
        "decoder_crashed", f"The file crashed its decoder ({how}); it is probably damaged."
    )


def decoder_failed(how: str) -> Permanent:
    return Permanent("decoder_failed", f"The file could not be read ({how}).")


def decoder_timeout(seconds: float) -> Permanent:
    return Permanent("decoder_timeout", f"Reading the file took longer than {seconds:g} seconds.")


def decoder_out_of_memory() -> Permanent:
    return Permanent(
        "decoder_out_of_memory",
        "Reading the file takes more memory than there is. A smaller version may work.",
    )


def out_of_time() -> Retryable:
    return Retryable("out_of_time", "There was no time left to read the file.")


def not_its_turn() -> NotItsTurn:
    return NotItsTurn("out_of_time", "There was no time left to read the file.")
