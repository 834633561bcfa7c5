"""The commands of `python -m infra.local`."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import datetime

from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import ROLES
from mammothbox.catalog.migrate import MigrationError
from mammothbox.errors import Unavailable
from mammothbox.keys import lasts_until
from mammothbox.storage.keys import OWNER_PATTERN

from infra.local import ending
from infra.local.environment import read_env
from infra.local.home import UpError, home_from_environment, is_occupied
from infra.local.postgres_programs import PostgresError
from infra.local.terminal import say

_HOW = f"make key OWNER=ada ROLE=uploader (or another of {', '.join(ROLES)})"


def key(owner: str, role: str, name: str, expires_at: datetime | None) -> None:
    """Make an API key for the running stack and print it, once."""
    if not owner or not role:
        raise UpError(f"say whose key and for what: {_HOW}")
    if role not in ROLES:
        raise UpError(f"{role!r} is no role: {_HOW}")
    home = home_from_environment()
    if re.fullmatch(OWNER_PATTERN, owner) is None:
        raise UpError("an owner has 1 to 63 of a-z, 0-9, '-', '_', and begins with a-z or 0-9")
    if not is_occupied(home):
        raise UpError("nothing is running: start it with `make up` first")
    url = read_env(home).get("DATABASE_URL")
    if url is None:
        raise UpError("it is still starting: try again in a moment")
    print(api_keys.create(url, owner=owner, role=role, name=name, expires_at=expires_at))


def _after_days(text: str) -> datetime | None:
    try:
        return lasts_until(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="run the whole system on this machine")
    commands.add_parser("down", help="end it")
    making = commands.add_parser("key", help="make an API key")
    making.add_argument("--owner", default="", help="whose key")
    making.add_argument("--role", default="", help=", ".join(ROLES))
    making.add_argument("--name", default="made by hand")
    making.add_argument("--expires-days", dest="expires_at", type=_after_days)
    return parser.parse_args()


def main() -> None:
    """Do what the command line asks for; a failure is one line and status 1."""
    arguments = _arguments()
    try:
        if arguments.command == "up":
            from infra.local.up import up  # noqa: PLC0415 - loads what reads models

            up()
        elif arguments.command == "down":
            say(ending.end(home_from_environment()))
        else:
            key(arguments.owner, arguments.role, arguments.name, arguments.expires_at)
    except (UpError, PostgresError, MigrationError, Unavailable) as error:
        say(str(error))
        sys.exit(1)
