"""Connecting as AWS wants it: by token, to nobody but RDS, and as an owner who is no superuser."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mammothbox import database_access
from mammothbox.catalog import connection as connections
from mammothbox.catalog.migrate import migrate, read_migrations
from mammothbox.catalog.rds import let_in_by_token
from mammothbox.errors import Unavailable
from mammothbox.settings import DatabaseSettings, OwnerDatabaseSettings
from moto import mock_aws
from pydantic import SecretStr

from infra.local import postgres

_ASK_FOR_PASSWORD = b"R" + struct.pack("!II", 8, 3)
_LET_IN = b"R" + struct.pack("!II", 8, 0) + b"Z" + struct.pack("!I", 5) + b"I"
_WHY = b'SFATAL\x00C28000\x00MPAM authentication failed for user "mammothbox"\x00\x00'
_REFUSE = b"E" + struct.pack("!I", 4 + len(_WHY)) + _WHY


@dataclass
class Listener:
    """As much of a Postgres server as it takes to be shown a password."""

    port: int
    users: list[bytes] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    # The one that it takes.
    right: bytes | None = None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Somebody's, for `localhost`, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def listener(certificate: Path) -> Iterator[Listener]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("localhost", 0)) as server:
        heard = Listener(server.getsockname()[1])
        thread = threading.Thread(target=_listen, args=(server, context, heard), daemon=True)
        thread.start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def _listen(server: socket.socket, context: ssl.SSLContext, heard: Listener) -> None:
    while True:
        try:
            plain, _ = server.accept()
        except OSError:
            return
        try:
            with plain:
                plain.settimeout(5)
                plain.recv(8)
                plain.sendall(b"S")
                with context.wrap_socket(plain, server_side=True) as client:
                    heard.users.append(client.recv(1024))
                    client.sendall(_ASK_FOR_PASSWORD)
                    heard.passwords.append(client.recv(4096)[5:-1])
                    client.sendall(_LET_IN if heard.passwords[-1] == heard.right else _REFUSE)
        except OSError:
            continue


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def by_token(listener: Listener) -> DatabaseSettings:
    url = f"postgresql://worker@localhost:{listener.port}/mammothbox"
    return DatabaseSettings(database_url=SecretStr(url), database_auth="iam")


def test_a_server_that_rds_does_not_vouch_for_is_shown_nothing(listener: Listener) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        database_access.database(by_token(listener)).ping()

    assert (listener.users, listener.passwords) == ([], [])


def test_each_connect_shows_a_token_of_its_own_for_that_role(
    listener: Listener, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_RDS_ROOTS", certificate)
    database = database_access.database(by_token(listener))

    for _ in range(2):
        with pytest.raises(Unavailable):
            database.ping()

    assert len(listener.passwords) == 2
    for user, token in zip(listener.users, listener.passwords, strict=True):
        assert b"user\x00worker\x00" in user
        assert token.startswith(f"localhost:{listener.port}/?Action=connect".encode())
        assert b"DBUser=worker" in token
        assert b"X-Amz-Expires=900" in token


def test_the_roots_are_authorities_that_are_valid_for_years() -> None:
    roots = x509.load_pem_x509_certificates(connections._RDS_ROOTS.read_bytes())
    in_ten_years = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3650)

    assert len(roots) > 50
    for root in roots:
        assert root.issuer == root.subject
        assert "Amazon RDS" in root.subject.rfc4514_string()
        assert root.not_valid_after_utc > in_ten_years


def owner_of(listener: Listener, *, right: bytes | None) -> dict[str, object]:
    """The parts of the address by which the owner's password, or a token, gets in."""
    listener.right = right
    url = SecretStr(f"postgresql://mammothbox@localhost:{listener.port}/mammothbox")
    with mock_aws():
        kept = boto3.client("secretsmanager").create_secret(
            Name="owner", SecretString=json.dumps({"username": "mammothbox", "password": "of 'it'"})
        )
        told = OwnerDatabaseSettings(database_url=url, database_secret=kept["ARN"])
        return dict(psycopg.conninfo.conninfo_to_dict(database_access.owner_address(told)))


def test_the_owners_password_comes_out_of_its_secret(
    listener: Listener, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_RDS_ROOTS", certificate)

    found = owner_of(listener, right=b"of 'it'")

    assert (found["password"], found["sslmode"]) == ("of 'it'", "verify-full")
    plain = OwnerDatabaseSettings(database_url=SecretStr("postgresql://mammothbox@db/mammothbox"))
    assert database_access.owner_address(plain) == "postgresql://mammothbox@db/mammothbox"


def test_an_owner_whom_rds_lets_in_by_token_alone_comes_with_a_token(
    listener: Listener, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who makes a role is a member of it, and so of `rds_iam` once that role is."""
    monkeypatch.setattr(connections, "_RDS_ROOTS", certificate)

    found = owner_of(listener, right=None)

    assert listener.passwords == [b"of 'it'"]
    assert "DBUser=mammothbox" in str(found["password"])
    assert found["sslmode"] == "verify-full"


def test_an_owner_who_is_no_superuser_migrates_and_lets_functions_in_by_token(
    tmp_path: Path,
) -> None:
    """RDS gives nobody a superuser, and has a role whose members come with a token."""
    with postgres.lease(tmp_path / "rds", durable=False) as server:
        with psycopg.connect(server.urls("postgres").superuser, autocommit=True) as superuser:
            superuser.execute("CREATE ROLE mammothbox LOGIN CREATEROLE CREATEDB")
            superuser.execute("CREATE ROLE rds_iam")
            superuser.execute("GRANT rds_iam TO mammothbox WITH ADMIN OPTION")
            superuser.execute("CREATE DATABASE mammothbox OWNER mammothbox")
        # RDS lets its owner make these, which a plain server leaves to superusers.
        with psycopg.connect(server.urls("mammothbox").superuser) as superuser:
            superuser.execute("CREATE EXTENSION vector")
        owner = server.url("mammothbox", "mammothbox")

        assert len(migrate(owner)) == len(read_migrations())
        assert let_in_by_token(owner) == ["app", "worker", "operator"]
        assert (migrate(owner), let_in_by_token(owner)) == ([], ["app", "worker", "operator"])

        with psycopg.connect(owner) as connection:
            rows = connection.execute(
                "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
                " WHERE m.roleid = 'rds_iam'::regrole AND r.rolname <> 'mammothbox'"
            ).fetchall()
        assert {name for (name,) in rows} == {"app", "worker", "operator"}


def test_where_there_is_no_rds_nobody_is_let_in_by_token(
    database_urls: postgres.DatabaseUrls,
) -> None:
    assert let_in_by_token(database_urls.superuser) == []
