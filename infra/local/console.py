"""The console's files, as CloudFront serves them: at `/`, with headers that let nothing else in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.console_policy import content_security_policy

FILES = Path(__file__).resolve().parents[2] / "clients" / "console"


def files(s3_url: str) -> ASGIApp:
    """An app that serves them; pages may load from S3 at that address, too.

    What is no such file is 404, and whatever would change one is 405.
    """
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(s3_url))
    headers = {
        b"content-security-policy": content_security_policy([origin]).encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        # Changed files show at the next load; unchanged ones are not sent again.
        b"cache-control": b"no-cache",
    }
    # As an app of its own: by themselves, static files raise where there is none.
    static = Starlette(routes=[Mount("/", StaticFiles(directory=FILES, html=True))])

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers.items()]
            await send(message)

        await static(scope, receive, with_headers)

    return serve
