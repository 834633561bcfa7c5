"""A proxy that a test can tell to fail: it drops, stalls, answers 503, or cuts bodies short."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Literal

Fault = Literal["drop", "lose", "stall", "busy"]
Plan = Callable[[str, str], Fault | None]
_SKIPPED = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}


@dataclass
class Proxy:
    """`plan` is asked, for each request, how it is to fail.

    `drop`: it never arrives; `lose`: it does, and its answer is lost; `stall`: nothing is
    answered until the test is over; `busy`: 503. `seen` counts what did arrive, `lines` the
    connections that were opened.
    """

    port: int
    plan: Plan = lambda _method, _path: None
    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def fails(self, fault: Fault, *, method: str = "", path: str = "", times: int = 10**9) -> None:
        """From now on such requests fail so, that many times."""
        left = [times]

        def plan(asked: str, at: str) -> Fault | None:
            if left[0] > 0 and asked.startswith(method) and path in at:
                left[0] -= 1
                return fault
            return None

        self.plan = plan

    def renew(self) -> None:
        """Forget what was, and let go of what is still waiting."""
        self.works()
        self.over.set()
        self.over = threading.Event()
        self.seen, self.faults, self.lines = Counter(), Counter(), 0

    def works(self) -> None:
        """From now on nothing fails."""
        self.plan = lambda _method, _path: None


@contextmanager
def proxying(port: int) -> Iterator[Proxy]:
    """A proxy in front of that port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    proxy = Proxy(server.server_address[1])
    server.RequestHandlerClass = type("Line", (_Line,), {"proxy": proxy, "port": port})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Line(BaseHTTPRequestHandler):
    """One connection; `proxy` and `port` are those of the proxy it was made for."""

    proxy: ClassVar[Proxy]
    port: ClassVar[int]
    protocol_version = "HTTP/1.1"
    # Small answers would wait for the acknowledgement of what went before.
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        self.proxy.lines += 1
        super().setup()

    def handle_one_request(self) -> None:
        with suppress(OSError):
            super().handle_one_request()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def pass_on(self) -> None:
        fault = self.proxy.plan(self.command, self.path)
        if fault is not None:
            self.proxy.faults[fault] += 1
        if fault == "drop":
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault == "stall":
            self.proxy.over.wait()
            self.close_connection = True
        elif fault == "busy":
            self.answer(503, [("Retry-After", "0")], b"busy")
        else:
            self.forward(body, lost=fault == "lose")

    def forward(self, body: bytes, *, lost: bool) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(self.command, self.path, body, dict(self.headers.items()))
            answer = line.getresponse()
            content = answer.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            line.close()
        self.proxy.seen[f"{self.command} {self.path.partition('?')[0]}"] += 1
        if lost:
            self.close_connection = True
            return
        self.answer(answer.status, answer.getheaders(), content)

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _SKIPPED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = pass_on
