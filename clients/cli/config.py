"""Which server, and with which key: options, then the environment, then what `login` kept."""

from __future__ import annotations

import json
import os
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_state_path

from clients.cli.problems import NOT_ALLOWED, USAGE, Stop

URL_VARIABLE = "MAMMOTHBOX_URL"
KEY_VARIABLE = "MAMMOTHBOX_KEY"
# Where `make up` answers unless it is told otherwise.
USUAL_URL = "http://127.0.0.1:8000"
_APP = "mammothbox"


@dataclass(frozen=True)
class Given:
    """What the options say."""

    url: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Account:
    """A server, and the key to use there."""

    url: str
    key: str


@dataclass(frozen=True)
class Login:
    """What `login` keeps: an account, and whose it is."""

    url: str
    key: str
    owner: str
    role: str


_NOTHING = Given()
_given: ContextVar[Given] = ContextVar("given", default=_NOTHING)


def choose(given: Given) -> None:
    """Let the options of this invocation count before everything else."""
    _given.set(given)


def account() -> Account:
    """The server and key to use. Raises `Stop` when there is no key.

    A key that `login` kept is sent to the server it was kept for, and to no other.
    """
    given, kept = _given.get(), kept_login()
    url = given.url or os.environ.get(URL_VARIABLE)
    key = given.key or os.environ.get(KEY_VARIABLE)
    server = plain_url(url or (kept.url if kept else USUAL_URL))
    if key is None and kept is not None and kept.url == server:
        key = kept.key
    # Files with keys end in a line break, which no header takes.
    key = (key or "").strip()
    if not key:
        raise Stop(
            f"You are not signed in at {server}: run `mammothbox login`, or set {KEY_VARIABLE}.",
            NOT_ALLOWED,
        )
    return Account(server, key)


def usual_url() -> str:
    """Where a person most likely wants to sign in."""
    kept = kept_login()
    return _given.get().url or os.environ.get(URL_VARIABLE) or (kept.url if kept else USUAL_URL)


def plain_url(url: str) -> str:
    """The address without what people paste along with it."""
    plain = url.strip().rstrip("/").removesuffix("/api/v1")
    plain = plain if "://" in plain else f"http://{plain}"
    try:
        parts = urlsplit(plain)
        right = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        right = False
    if not right or plain.startswith(("http://http:", "http://https:")):
        raise Stop(f"{url.strip()!r} is no address of a server, such as {USUAL_URL}.", USAGE)
    return plain


def kept_login() -> Login | None:
    """What `login` kept, if it can be read."""
    try:
        return Login(**json.loads(_login_file().read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep(login: Login) -> Path:
    """Write the login down for this user alone, whole or not at all."""
    path = _login_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    # The file is made readable to its owner only.
    with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(asdict(login), file)
    Path(file.name).replace(path)
    return path


def forget() -> bool:
    """Remove what `login` kept; whether there was anything."""
    try:
        _login_file().unlink()
    except FileNotFoundError:
        return False
    return True


def state_folder() -> Path:
    """Where the journal of uploads is; made if need be, for this user alone."""
    folder = user_state_path(_APP, appauthor=False)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _login_file() -> Path:
    return user_config_path(_APP, appauthor=False) / "login.json"
