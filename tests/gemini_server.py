"""A server on this machine that speaks the Gemini API's wire format: `generateContent` alone.

It gives the replies it was told to give, in turn, and good ones after that. Like the real one
it refuses a wrong key and an unknown model.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "AIzaSyTest-key_of-the-local-server-0000"
MODEL = "gemini-test-flash"
VERSION = "gemini-test-flash-001"
GOOD = {
    "caption": "A brown dog runs along a beach.",
    "tags": ["dog", "beach", "running"],
    "visible_text": "NO DOGS",
}
GOOD_TOKENS = 1234


@dataclass(frozen=True)
class Reply:
    """One HTTP answer. `hangs` until the server ends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


HANG = Reply(hangs=True)


def says(text: str, *, finish: str = "STOP", tokens: int = GOOD_TOKENS) -> Reply:
    """A candidate with this text."""
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finishReason": finish,
        "index": 0,
    }
    return _json({"candidates": [candidate], **_usage(tokens)})


def good(**changed: Any) -> Reply:
    """The good caption, or one that differs in the given fields."""
    return says(json.dumps({**GOOD, **changed}))


def stopped(finish: str, *, tokens: int = 600) -> Reply:
    """A candidate without content, as when its safety rules stop the model."""
    return _json({"candidates": [{"finishReason": finish, "index": 0}], **_usage(tokens)})


def blocked(reason: str, *, tokens: int = 500) -> Reply:
    """No candidate, for the prompt itself was refused."""
    return _json({"promptFeedback": {"blockReason": reason}, **_usage(tokens)})


def error(
    code: int,
    status: str,
    message: str = "as told by the test",
    *,
    details: tuple[Mapping[str, Any], ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A `google.rpc.Status`."""
    body = {"error": {"code": code, "message": message, "status": status, "details": details}}
    return _json(body, code, headers)


def retry_info(delay: str) -> Mapping[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers or {})


def _usage(tokens: int) -> dict[str, Any]:
    usage = {
        "promptTokenCount": tokens - tokens // 10,
        "candidatesTokenCount": tokens // 10,
        "totalTokenCount": tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens - tokens // 10}],
    }
    return {"usageMetadata": usage, "modelVersion": VERSION, "responseId": "r-1"}


_PATH = re.compile(rf"/v1(beta)?/models/{MODEL}:generateContent")
_WRONG_KEY = error(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    details=(
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
        },
    ),
)
_NO_SUCH_MODEL = error(404, "NOT_FOUND", "models/x is not found for API version v1beta")


class GeminiServer:
    """`requests` are the bodies it was sent; `replies` those it still has to give."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.replies: deque[Reply] = deque()
        self.ending = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def will(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.02)

    def end(self) -> None:
        self.ending.set()
        self._http.shutdown()
        self._http.server_close()

    def reply(self, path: str, key: str | None, body: dict[str, Any]) -> Reply:
        self.requests.append(body)
        if self.replies:
            return self.replies.popleft()
        if key != KEY:
            return _WRONG_KEY
        return good() if _PATH.fullmatch(path) else _NO_SUCH_MODEL

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = server.reply(self.path, self.headers["x-goog-api-key"], body)
                if reply.hangs:
                    server.ending.wait()
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def gemini_server() -> Iterator[GeminiServer]:
    """A running server, ended with the block."""
    server = GeminiServer()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()
