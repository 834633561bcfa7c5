"""A hub of models on this machine: speaks as much of its protocol as its own client asks for.

As on the real one, large files come from another host, which a redirect names, and are offered in
chunks of a storage of their own (Xet), too. That storage cannot be reached here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from models.clip_source.recipe import Recipe, Source

COMMIT = "5ca1ab1e" * 5
TINY = Path(__file__).parent / "models/tiny_clip"
PATHS = {
    "image.onnx": "visual/model.onnx",
    "text.onnx": "textual/model.onnx",
    "preprocess_cfg.json": "visual/preprocess_cfg.json",
    "tokenizer.json": "textual/tokenizer.json",
    "config.json": "config.json",
}
RECIPE = Recipe(
    prefix="clip-tiny",
    model="tiny",
    licence="none",
    dimension=32,
    repository="test/tiny-clip",
    revision=COMMIT,
    needed_mb=1,
    files={name: Source(path=path) for name, path in PATHS.items()},
)
_LARGE = 4096
_FOUND = re.compile(rf"/{RECIPE.repository}/resolve/{COMMIT}/(.+)")
_STORED = re.compile(r"/stored/(.+)")


@dataclass
class Hub:
    """`files` are served by their paths.

    `cut` tells how many times only the first half of a file leaves; of `held`, only half does,
    and the connection stays open until `let_go`.

    `tags` are published instead of the true hashes; `status` answers every request with a fault.
    """

    files: dict[str, bytes]
    port: int = 0
    cut: dict[str, int] = field(default_factory=dict)
    held: str | None = None
    is_holding: Event = field(default_factory=Event)
    let_go: Event = field(default_factory=Event)
    tags: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    # Method and path of every request.
    asked: list[tuple[str, str]] = field(default_factory=list)
    # Path of every file that left, and the byte it began at.
    sent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tag(self, path: str) -> str:
        content = self.files[path]
        if len(content) >= _LARGE:
            return self.tags.get(path, hashlib.sha256(content).hexdigest())
        blob = b"blob %d\0" % len(content) + content
        return self.tags.get(path, hashlib.sha1(blob, usedforsecurity=False).hexdigest())

    def starts_of(self, path: str) -> list[int]:
        """The byte that each download of a file began at."""
        return [start for sent, start in self.sent if sent == path]


def tiny_files() -> dict[str, bytes]:
    """What the repository of `RECIPE` holds."""
    return {path: (TINY / name).read_bytes() for name, path in PATHS.items()}


def as_toml(recipe: Recipe) -> str:
    figures = recipe.model_dump(exclude={"files"})
    lines = [f"{name} = {json.dumps(value)}" for name, value in figures.items()]
    files = [f'"{name}" = {{ path = "{each.path}" }}' for name, each in recipe.files.items()]
    return "\n".join(["[clip]", *lines, "[clip.files]", *files, ""])


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
    hub.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, hub: Hub) -> None:
    hub.asked.append((request.command, request.path))
    found, stored = _FOUND.fullmatch(request.path), _STORED.fullmatch(request.path)
    match = found or stored
    path = match.group(1) if match else ""
    if hub.status or path not in hub.files:
        _refuse(request, hub.status or HTTPStatus.NOT_FOUND)
    elif found and len(hub.files[path]) >= _LARGE:
        _redirect(request, hub, path)
    else:
        _send(request, hub, path)


def _redirect(request: BaseHTTPRequestHandler, hub: Hub, path: str) -> None:
    request.send_response(HTTPStatus.FOUND)
    # To the client another host: it would follow a redirect to the same one by itself.
    request.send_header("Location", f"http://localhost:{hub.port}/stored/{path}")
    request.send_header("X-Linked-Etag", f'"{hub.tag(path)}"')
    request.send_header("X-Linked-Size", str(len(hub.files[path])))
    request.send_header("X-Repo-Commit", COMMIT)
    request.send_header("X-Xet-Hash", hashlib.sha256(path.encode()).hexdigest())
    request.send_header("X-Xet-Refresh-Route", f"{hub.url}/api/models/xet-read-token/{COMMIT}")
    request.send_header("Content-Length", "0")
    request.end_headers()


def _send(request: BaseHTTPRequestHandler, hub: Hub, path: str) -> None:
    content = hub.files[path]
    start = int((request.headers["Range"] or "bytes=0-").removeprefix("bytes=").partition("-")[0])
    request.send_response(206 if "Range" in request.headers else 200)
    request.send_header("ETag", f'"{hub.tag(path)}"')
    request.send_header("X-Repo-Commit", COMMIT)
    request.send_header("Accept-Ranges", "bytes")
    request.send_header("Content-Length", str(len(content) - start))
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.end_headers()
    if request.command == "HEAD":
        return
    hub.sent.append((path, start))
    if hub.held != path and not hub.cut.get(path):
        request.wfile.write(content[start:])
        return
    request.wfile.write(content[start : len(content) // 2])
    request.close_connection = True
    if hub.held == path:
        hub.is_holding.set()
        hub.let_go.wait()
    else:
        hub.cut[path] -= 1


def _refuse(request: BaseHTTPRequestHandler, status: int) -> None:
    request.send_response(status)
    if status == HTTPStatus.NOT_FOUND:
        request.send_header("X-Error-Code", "EntryNotFound")
    request.send_header("Content-Length", "0")
    request.end_headers()
