"""Bytes out of the store: what becomes of the line that they come over."""

from __future__ import annotations

import io
import socket
from threading import Thread

import httpx2
import pytest

from clients.cli.downloading import Original, stream
from clients.cli.hashing import Interrupted
from clients.cli.server import Server

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_whoever_is_to_stop_leaves_no_line_to_the_store_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.settimeout(10)
        place = {"location": f"http://127.0.0.1:{store.getsockname()[1]}/bytes"}
        api = httpx2.MockTransport(lambda _: httpx2.Response(307, headers=place))
        last: list[bytes] = []

        def answer() -> None:
            line, _ = store.accept()
            with line:
                line.settimeout(10)
                line.recv(65536)
                line.sendall(_ANSWER)
                last.append(line.recv(65536))

        answering = Thread(target=answer)
        answering.start()
        with (
            httpx2.Client(transport=api, base_url="http://api") as http,
            httpx2.Client() as storage,
        ):
            server = Server("http://api", http, storage)
            server.stop.set()
            with pytest.raises(Interrupted):
                stream(server, Original("x", None, 5), io.BytesIO())
            answering.join()

    assert last == [b""], "the line was closed, though the client that keeps lines was not"
