"""What the console's pages may load, and from where."""

from __future__ import annotations

from collections.abc import Iterable


def content_security_policy(s3_origins: Iterable[str]) -> str:
    """The console's own files and API, and what presigned addresses of these origins give."""
    outside = " ".join(s3_origins)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: data: {outside}",
            f"media-src 'self' blob: {outside}",
            f"connect-src 'self' {outside}",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
