"""A hub of models on this machine: speaks as much of its protocol as its own client asks for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "5ca1ab1e" * 5
_LARGE = 4096
_PATH = re.compile(rf"/([^/]+/[^/]+)/resolve/{COMMIT}/(.+)")


@dataclass
class Hub:
    """`files` are served by their paths.

    `cut` tells how many times only the first half of a file leaves.

    `tags` are published instead of the true hashes; `status` answers every request with a fault.
    """

    files: dict[str, bytes]
    url: str = ""
    repository: str = "test/tiny-clip"
    cut: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    # Method, path and the byte a download began at.
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def tag(self, path: str) -> str:
        content = self.files[path]
        if len(content) >= _LARGE:
            return self.tags.get(path, hashlib.sha256(content).hexdigest())
        blob = b"blob %d\0" % len(content) + content
        return self.tags.get(path, hashlib.sha1(blob, usedforsecurity=False).hexdigest())

    def bytes_sent_of(self, path: str) -> list[int]:
        return [start for method, asked, start in self.asked if (method, asked) == ("GET", path)]


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            _answer(self, hub)

        def do_GET(self) -> None:
            _answer(self, hub)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read what the program prints."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, hub: Hub) -> None:
    found = _PATH.fullmatch(request.path)
    path = found.group(2) if found and found.group(1) == hub.repository else ""
    start = int((request.headers["Range"] or "bytes=0-").removeprefix("bytes=").partition("-")[0])
    hub.asked.append((request.command, path, start))
    if hub.status or path not in hub.files:
        _refuse(request, hub.status or 404)
        return
    content = hub.files[path]
    request.send_response(206 if "Range" in request.headers else 200)
    request.send_header("ETag", f'"{hub.tag(path)}"')
    request.send_header("X-Repo-Commit", COMMIT)
    request.send_header("Accept-Ranges", "bytes")
    request.send_header("Content-Length", str(len(content) - start))
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.end_headers()
    if request.command == "GET" and hub.cut.get(path):
        hub.cut[path] -= 1
        request.wfile.write(content[start : len(content) // 2])
        request.close_connection = True
    elif request.command == "GET":
        request.wfile.write(content[start:])


def _refuse(request: BaseHTTPRequestHandler, status: int) -> None:
    request.send_response(status)
    if status == HTTPStatus.NOT_FOUND:
        request.send_header("X-Error-Code", "EntryNotFound")
    request.send_header("Content-Length", "0")
    request.end_headers()
