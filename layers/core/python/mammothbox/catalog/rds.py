"""What only a server of RDS has: roles that let others in by IAM token."""

from __future__ import annotations

import psycopg
from psycopg import sql

# Those that functions connect as.
_BY_TOKEN = ("app", "worker", "operator")


def lets_in(url: str) -> bool:
    """Whether the server takes the address's password. Fails as Postgres does for anything else."""
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error):
            return False
        raise
    return True


def let_in_by_token(url: str) -> list[str]:
    """Let the functions' roles in by IAM token and return them; none where the server is not RDS.

    `url` is of a role that may grant; done already is done.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'rds_iam'").fetchone()
        if found is None:
            return []
        roles = sql.SQL(", ").join(map(sql.Identifier, _BY_TOKEN))
        connection.execute(sql.SQL("GRANT rds_iam TO {}").format(roles))
    return list(_BY_TOKEN)
