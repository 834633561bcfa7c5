"""Small real files."""

from __future__ import annotations

import io

from PIL import Image


def png(width: int = 48, height: int = 32, shade: int = 0) -> bytes:
    """A picture with something in it; another `shade` is another picture."""
    picture = Image.new("RGB", (width, height))
    picture.putdata(
        [
            ((x * 5 + shade) % 256, (y * 7) % 256, (x * y + shade) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    body = io.BytesIO()
    picture.save(body, "PNG")
    return body.getvalue()


PNG = png()
