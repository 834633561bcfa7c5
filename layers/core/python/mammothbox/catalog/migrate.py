"""Numbered plain-SQL migrations, each applied once, in order, under a lock."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

FOLDER = Path(__file__).parent / "migrations"
# Any number will do, as long as nobody else locks it: "mammoth" in ASCII.
_LOCK = 0x6D616D6D6F7468
_TRIES = 10


class MigrationError(RuntimeError):
    """The database and the migration files disagree; the message says which and how."""


@dataclass(frozen=True)
class Migration:
    """One file `NNNN_name.sql`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files of `folder` in order. Raises `MigrationError` on a bad name or a gap."""
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)", path.stem)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_what_it_does.sql")
        migrations.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    numbers = [migration.number for migration in migrations]
    if numbers != list(range(1, len(numbers) + 1)):
        raise MigrationError(f"migrations must count 1, 2, 3 … without gap or repeat: {numbers}")
    return migrations


def migrate(url: str, folder: Path = FOLDER, *, may_be_newer: bool = False) -> list[str]:
    """Apply what the database has not seen and return its names.

    Each migration is one transaction. Callers at the same time wait for each other. Raises
    `MigrationError`, changing nothing, when an applied migration was edited or removed. A database
    that `may_be_newer` is left alone when it has seen all of these and more: a deployment that is
    taken back calls the version before.
    """
    migrations = read_migrations(folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        applied = _applied(connection)
        seen = applied[: len(migrations)] if may_be_newer else applied
        _refuse_rewritten_history(seen, migrations)
        pending = migrations[len(applied) :]
        for migration in pending:
            _apply(connection, migration)
    return [f"{migration.number:04}_{migration.name}" for migration in pending]


def _applied(connection: psycopg.Connection) -> list[tuple[int, str, str]]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.migration ("
        " number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())"
    )
    return connection.execute(
        "SELECT number, name, checksum FROM public.migration ORDER BY number"
    ).fetchall()


def _refuse_rewritten_history(
    applied: list[tuple[int, str, str]], migrations: list[Migration]
) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, name, checksum in applied:
        if number not in known:
            raise MigrationError(
                f"migration {number:04}_{name} was applied to this database, but its file is"
                " missing: deploy a version that has it"
            )
        if known[number].checksum != checksum:
            raise MigrationError(
                f"migration {number:04}_{name} was edited after it was applied: restore its"
                " file and put the change into a new migration"
            )


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    for left in reversed(range(_TRIES)):
        try:
            return _apply_once(connection, migration)
        except psycopg.errors.InternalError_ as error:
            # Roles are the server's: another database of it is being migrated at this moment.
            if not left or "concurrently" not in str(error):
                raise


def _apply_once(connection: psycopg.Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(migration.sql.encode())
        connection.execute(
            "INSERT INTO public.migration (number, name, checksum) VALUES (%s, %s, %s)",
            [migration.number, migration.name, migration.checksum],
        )
