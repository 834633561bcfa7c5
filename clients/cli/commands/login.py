"""`login`, `logout` and `whoami`: keeping a key for the commands that follow."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from clients.cli import config
from clients.cli.output import Json, emit, note, tell, warn, when
from clients.cli.problems import NOT_ALLOWED, USAGE, Stop
from clients.cli.server import connect

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Url = Annotated[str | None, typer.Option(help="The server; asked for when it is left out.")]
KeyFromStdin = Annotated[
    bool, typer.Option("--key-stdin", help="Read the key from standard input, for scripts.")
]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(url: Url = None, key_stdin: KeyFromStdin = False) -> None:
    """Check an API key and keep it, readable for you alone."""
    if not key_stdin and not sys.stdin.isatty():
        raise Stop("Nobody can be asked for the key here: send it with --key-stdin.", USAGE)
    address = config.plain_url(url or typer.prompt("Server", default=config.usual_url()))
    if key_stdin:
        key = typer.get_text_stream("stdin").readline().strip()
    else:
        key = typer.prompt("API key", hide_input=True).strip()
    if not key:
        raise Stop("There is no key to sign in with.", NOT_ALLOWED)
    _warn_of_plain_http(address)
    with connect(config.Account(address, key)) as server:
        holder = server.get("keys/current")
    path = config.keep(config.Login(address, key, holder["owner"], holder["role"]))
    note(f"Signed in at {address} as {_called(holder)}. The key is kept in {path}.")


def logout() -> None:
    """Forget the key that `login` kept. The key itself stays valid."""
    note("Signed out." if config.forget() else "There was no login.")


def whoami(as_json: Json = False) -> None:
    """Tell which server and which key the commands use."""
    with connect() as server:
        holder = server.get("keys/current")
    if as_json:
        emit({"url": server.url, **holder})
        return
    until = holder.get("expires_at")
    tell(f"{_called(holder)} at {server.url}" + (f", until {when(until)}" if until else ""))


def _called(holder: dict[str, Any]) -> str:
    return f"{holder['owner']} ({holder['role']})"


def _warn_of_plain_http(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        warn(f"{url} is not encrypted: whoever is on the way can read the key.")
