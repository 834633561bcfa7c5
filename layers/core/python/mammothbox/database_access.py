"""How a function shows the catalogue who it is: by its address, an IAM token, or a secret."""

from __future__ import annotations

import hashlib
import json
import time
from urllib.parse import urlsplit

from mammothbox import signature
from mammothbox.catalog import rds
from mammothbox.catalog.connection import Database, on_rds
from mammothbox.settings import DatabaseSettings, OperatorDatabaseSettings, OwnerDatabaseSettings
from mammothbox.signature import Place

_PORT = 5432
_TOKEN_S = 900
_NOTHING = hashlib.sha256(b"").hexdigest()


def database(settings: DatabaseSettings) -> Database:
    """The catalogue as the role of the function."""
    return _open(settings.database_url.get_secret_value(), settings.database_auth)


def operator_database(settings: OperatorDatabaseSettings) -> Database:
    """The catalogue as role `operator`."""
    return _open(settings.operator_database_url.get_secret_value(), settings.database_auth)


def owner_address(settings: OwnerDatabaseSettings) -> str:
    """The address of the role that owns the catalogue. Raises `Unavailable`."""
    from mammothbox import secrets  # noqa: PLC0415 - with AWS's library, which no other role needs

    url = settings.database_url.get_secret_value()
    if settings.database_secret is None:
        return url
    by_password = on_rds(url, json.loads(secrets.read(settings.database_secret))["password"])
    # Of the roles it made it is a member since Postgres 16, and so by their right to come with a
    # token of `rds_iam`, too, whose members RDS may let in by token alone.
    return by_password if rds.lets_in(by_password) else on_rds(url, token(url))


def _open(url: str, auth: str) -> Database:
    return Database(url, (lambda: token(url)) if auth == "iam" else None)


def token(url: str) -> str:
    """A password for this address, good for 15 minutes. Signed here: nobody is asked for it.

    Raises `Unavailable` where nobody says who signs.
    """
    address = urlsplit(url)
    host = f"{address.hostname or ''}:{address.port or _PORT}"
    where = Place(host, host, signature.region(), "rds-db")
    asked = {"Action": "connect", "DBUser": address.username or ""}
    now = signature.written(int(time.time()))
    return signature.signed(where, signature.signer(), "/", asked, _TOKEN_S, now, _NOTHING)
