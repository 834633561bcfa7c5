"""How a function shows the catalogue who it is: by its address, an IAM token, or a secret."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError

from mammothbox import secrets
from mammothbox.catalog import rds
from mammothbox.catalog.connection import Database, on_rds
from mammothbox.errors import Unavailable
from mammothbox.settings import DatabaseSettings, OperatorDatabaseSettings, OwnerDatabaseSettings

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

_PORT = 5432


def database(settings: DatabaseSettings) -> Database:
    """The catalogue as the role of the function."""
    return _open(settings.database_url.get_secret_value(), settings.database_auth)


def operator_database(settings: OperatorDatabaseSettings) -> Database:
    """The catalogue as role `operator`."""
    return _open(settings.operator_database_url.get_secret_value(), settings.database_auth)


def owner_address(settings: OwnerDatabaseSettings) -> str:
    """The address of the role that owns the catalogue. Raises `Unavailable`."""
    url = settings.database_url.get_secret_value()
    if settings.database_secret is None:
        return url
    by_password = on_rds(url, json.loads(secrets.read(settings.database_secret))["password"])
    # Of the roles it made it is a member since Postgres 16, and so by their right to come with a
    # token of `rds_iam`, too, whose members RDS may let in by token alone.
    return by_password if rds.lets_in(by_password) else on_rds(url, _token(url))


def _open(url: str, auth: str) -> Database:
    return Database(url, (lambda: _token(url)) if auth == "iam" else None)


def _token(url: str) -> str:
    """A password for this address, good for 15 minutes. Signed here: nobody is asked for it."""
    address = urlsplit(url)
    try:
        return _rds().generate_db_auth_token(
            DBHostname=address.hostname or "",
            Port=address.port or _PORT,
            DBUsername=address.username or "",
        )
    except BotoCoreError as error:
        raise Unavailable(f"no token for the catalogue: {type(error).__name__}") from error


@cache
def _rds() -> RDSClient:
    return boto3.client("rds")
