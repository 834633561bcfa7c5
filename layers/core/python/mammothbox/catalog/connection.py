"""Connections to the catalogue: opened on demand, kept while idle, dropped when broken.

On Lambda, which serves one request at a time, this is one connection per execution
environment. Under uvicorn or in a test it is as many as there are requests at once.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from mammothbox.errors import Unavailable

Connection: TypeAlias = "psycopg.Connection[DictRow]"
Row: TypeAlias = dict[str, Any]

# Only statements that ask for it are prepared: those that every search runs, and those so long that
# Postgres takes as long to understand them as to answer. So many a connection keeps. How they are
# planned is left to Postgres, but for searches: what is set here holds for foreign keys, too.
_NEVER_BY_COUNT = sys.maxsize
_MOST_PREPARED = 40
# Every transaction of an owner's begins with it.
_OWNER = "SELECT set_config('app.owner', %s, true)"
# On AWS the server drops a connection that has idled for a minute, and an environment that Lambda
# froze meanwhile cannot tell. So a connection that has idled this long is not used again.
IDLE_S = 50
# Whom to take for RDS. A token or a password is shown to nobody else.
_RDS_ROOTS = Path(__file__).with_name("rds_roots.pem")


class Reader(psycopg.Cursor[DictRow]):
    """A cursor that ends a round trip with a Sync, where psycopg's own only flushes.

    Between a flush and the next message Postgres takes a transaction for busy, so it would not
    end one whose client is gone; after a Sync it counts how long the transaction idles.
    """

    def fetchone(self) -> DictRow | None:
        self._sync()
        return super().fetchone()

    def fetchall(self) -> list[DictRow]:
        self._sync()
        return super().fetchall()

    def _sync(self) -> None:
        pipeline = self.connection._pipeline
        if pipeline is not None and self.pgresult is None:
            pipeline.sync()


class Database:
    """The catalogue as one role sees it.

    Where there is a `password`, it is asked for one at each connect, and the server has to show
    that it is RDS.
    """

    def __init__(self, url: str, password: Callable[[], str] | None = None) -> None:
        self._url = url
        self._password = password
        self._idle: list[tuple[float, Connection]] = []

    @contextmanager
    def transaction(self, owner: str | None = None) -> Iterator[Connection]:
        """A transaction that shows the rows of `owner` to role `app`.

        Statements travel in a pipeline: a round trip happens when a result is read and at the
        commit. Raises `Unavailable` when the server cannot be reached or goes away; nothing
        of the transaction is kept then, except if only the answer to the commit was lost.
        """
        with self.session() as connection:
            try:
                with connection.pipeline():
                    # Not `connection.transaction()`: it would wait for each of these.
                    connection.execute("BEGIN")
                    if owner is not None:
                        connection.execute(_OWNER, [owner], prepare=True)
                    yield connection
                    connection.execute("COMMIT")
            finally:
                _roll_back_unless_done(connection)

    @contextmanager
    def bulk(self) -> Iterator[Connection]:
        """A transaction for COPY, which has no place in a pipeline. Fails as `transaction` does."""
        with self.session() as connection:
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            finally:
                _roll_back_unless_done(connection)

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection on which each statement stands for itself. Fails as `transaction` does."""
        connection = self._borrow()
        try:
            yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(f"the catalogue does not answer: {type(error).__name__}") from error
        finally:
            self._give_back(connection)

    def ping(self) -> None:
        """Raises `Unavailable` unless the server answers."""
        with self.session() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[1].close()

    def _borrow(self) -> Connection:
        while self._idle:
            since, connection = self._idle.pop()
            if time.time() - since < IDLE_S and not _was_dropped(connection):
                return connection
            connection.close()
        address = self._url if self._password is None else on_rds(self._url, self._password())
        try:
            connection = psycopg.connect(
                address,
                autocommit=True,
                row_factory=dict_row,
                cursor_factory=Reader,
                prepare_threshold=_NEVER_BY_COUNT,
                connect_timeout=5,
            )
        except psycopg.OperationalError as error:
            # The driver's text may repeat the address; the class says enough.
            raise Unavailable("the catalogue cannot be reached") from error
        connection.prepared_max = _MOST_PREPARED
        return connection

    def _give_back(self, connection: Connection) -> None:
        if connection.closed or connection.broken:
            connection.close()
        else:
            # By the clock on the wall, which goes on while an environment is frozen.
            self._idle.append((time.time(), connection))


def on_rds(url: str, password: str) -> str:
    """The address with a password, which only a server that RDS vouches for gets to see."""
    return make_conninfo(url, password=password, sslmode="verify-full", sslrootcert=str(_RDS_ROOTS))


def _roll_back_unless_done(connection: Connection) -> None:
    """After a statement or the caller failed, before the connection serves anyone else."""
    if connection.closed or connection.info.transaction_status == TransactionStatus.IDLE:
        return
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()


def _was_dropped(connection: Connection) -> bool:
    """An idle connection has nothing to say; if it has, it is the server hanging up."""
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
