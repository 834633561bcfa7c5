"""What the routes of every function work with, built once per environment, on first use."""

from __future__ import annotations

from functools import cache
from typing import Protocol
from uuid import UUID

from mammothbox import database_access
from mammothbox.catalog.connection import Database
from mammothbox.settings import DatabaseSettings, MediaSettings, StorageSettings, load
from mammothbox.storage.keys import derived_key
from mammothbox.storage.presign import presign_derivative, presign_download


class Stored(Protocol):
    """An asset, as far as it says where its bytes are."""

    @property
    def id(self) -> UUID: ...
    @property
    def bucket(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def version_id(self) -> str | None: ...
    @property
    def filename(self) -> str | None: ...
    @property
    def content_type(self) -> str | None: ...


@cache
def database() -> Database:
    """The catalogue as role `app`."""
    return database_access.database(load(DatabaseSettings))


@cache
def storage_settings() -> StorageSettings:
    return load(StorageSettings)


@cache
def media_settings() -> MediaSettings:
    return load(MediaSettings)


def derivative_address(asset_id: UUID, name: str) -> str:
    """Where a client gets a derivative, for a few minutes."""
    settings = storage_settings()
    return presign_derivative(
        bucket=settings.library_bucket,
        key=derived_key(asset_id, name),
        expires_s=settings.download_expires_s,
    )


def download_address(asset: Stored) -> str | None:
    """Where a client gets the bytes as they came, for a few minutes; `None` before they have."""
    if asset.version_id is None:
        return None
    return presign_download(
        bucket=asset.bucket,
        key=asset.key,
        version_id=asset.version_id,
        filename=asset.filename or str(asset.id),
        content_type=asset.content_type or "application/octet-stream",
        expires_s=storage_settings().download_expires_s,
    )
