"""AWS's Lambda Runtime API for one process, on a port of this machine.

The process asks for an event, answers it, and asks for the next; what it does is told in order
through one queue.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias, cast

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Invocation:
    """An event, and until when it has to be answered, in seconds since 1970."""

    request_id: str
    event: bytes
    function_arn: str
    trace_id: str
    deadline: float


@dataclass(frozen=True)
class Ready:
    """The process asks for an event: it has said everything about the one before."""


@dataclass(frozen=True)
class InitFailed:
    """The handler could not be loaded; `error` is JSON, as Lambda shows it."""

    error: bytes


@dataclass(frozen=True)
class Answered:
    """What the handler returned, or what it raised."""

    request_id: str
    body: bytes
    is_error: bool


@dataclass(frozen=True)
class Ended:
    """There is no process any more."""

    status: int


Told: TypeAlias = Ready | InitFailed | Answered | Ended


class RuntimeApi:
    """The server. It is up as long as it is not closed."""

    def __init__(self) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self.waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._server = _Server((_LOOPBACK, 0), _Handler)
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as `AWS_LAMBDA_RUNTIME_API` has them."""
        return f"{_LOOPBACK}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Turn away a process that still asks, and free the port."""
        self.waiting.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi

    def handle_error(self, request: object, client_address: object) -> None:
        """The process was ended while it was being answered; `Ended` tells of that."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _api(self) -> RuntimeApi:
        return cast(_Server, self.server).api

    def do_GET(self) -> None:
        if not self.path.endswith("/runtime/invocation/next"):
            self._reply(HTTPStatus.NOT_FOUND)
            return
        self._api.told.put(Ready())
        invocation = self._api.waiting.get()
        if invocation is None:
            self.close_connection = True
            self._reply(HTTPStatus.GONE)
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        self._reply(HTTPStatus.OK, invocation.event, headers)

    def do_POST(self) -> None:
        body = self._body()
        match self.path.strip("/").split("/"):
            case [*_, "runtime", "init", "error"]:
                self._api.told.put(InitFailed(body))
            case [*_, "invocation", request_id, "response" | "error" as outcome]:
                self._api.told.put(Answered(request_id, body, outcome == "error"))
            case _:
                self._reply(HTTPStatus.NOT_FOUND)
                return
        self._reply(HTTPStatus.ACCEPTED)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _reply(
        self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: these are not requests that anybody wants to read about."""


def deadline_in(seconds: float) -> float:
    """The time that lies so far ahead."""
    return time.time() + seconds
