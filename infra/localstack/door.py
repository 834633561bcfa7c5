"""A door from functions in containers to the embedded Postgres, which has only a socket file.

Whoever reaches the door is let in as any role: it listens where containers of this machine find
it, at any free port, for as long as a run takes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local.home import LOOPBACK
from infra.localstack import docker

# As Docker Desktop names this machine, whose containers have no network with it.
_BY_NAME = "host.docker.internal"
_PIECE = 65536


@contextmanager
def opened(socket: Path) -> Iterator[str]:
    """Host and port by which containers reach the server behind `socket`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="door", daemon=True)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_listen(socket, docker.bridge()), loop)
        server, host = listening.result()
        yield f"{host}:{server.sockets[0].getsockname()[1]}"
        loop.call_soon_threadsafe(server.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(_settled(loop))
        loop.close()


async def _listen(socket: Path, bridge: str | None) -> tuple[asyncio.Server, str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(str(socket))
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))

    if bridge is not None:
        with suppress(OSError):
            return await asyncio.start_server(answer, bridge, 0), bridge
        return await asyncio.start_server(answer, LOOPBACK, 0), _BY_NAME
    return await asyncio.start_server(answer, LOOPBACK, 0), LOOPBACK


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _settled(loop: asyncio.AbstractEventLoop) -> None:
    others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
    await asyncio.gather(*others, return_exceptions=True)
