"""Search's app for the bench: on one port, with as many processes as there are cores."""

from __future__ import annotations

import os
import socket
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess


def main() -> None:
    """Serve on the port that is given, until terminated."""
    config = uvicorn.Config(
        "functions.search.app:app",
        workers=os.cpu_count() or 1,
        log_level="error",
        access_log=False,
    )
    # The socket that uvicorn makes for several processes names no protocol. asyncio does not take
    # that for TCP, leaves Nagle's algorithm on, and every answer waits 40 ms for its client.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", int(sys.argv[1])))
    Multiprocess(config, sockets=[listening]).run()


if __name__ == "__main__":
    main()
