"""Addresses signed here are those that AWS's own library signs, to the letter."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore import auth
from mammothbox import database_access, signature
from mammothbox.errors import Unavailable
from mammothbox.signature import Signer
from mammothbox.storage import client, signing
from mammothbox.storage.signing import signed_get

# A full half minute, for addresses are as of the tenth of their time that has begun.
NOW = datetime(2026, 11, 21, 12, 30, 30, tzinfo=UTC)
KEYS = ("derived/0-1/thumb-300.webp", "drop/ada/a b+c&d=é~'()*!/$,;:@ü🦣.jpg", "incoming/x", "key/")
DOWNLOAD = {
    "versionId": "v/1+2=",
    "response-content-type": "text/plain; charset=utf-8",
    "response-content-disposition": "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%2Fb.txt",
}
LIBRARYS = {
    "versionId": "VersionId",
    "response-content-type": "ResponseContentType",
    "response-content-disposition": "ResponseContentDisposition",
}


class Clock(datetime):
    moment: ClassVar[datetime] = NOW

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.moment


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that names who signs, as Lambda's does, and nothing else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(signing, "datetime", Clock)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None))
    # Which keeps whom it has found.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    client.s3.cache_clear()


def librarys(bucket: str, key: str, parameters: dict[str, str]) -> str:
    """The address that AWS's library makes, of the client that everything else is done with."""
    params = {LIBRARYS[name]: value for name, value in parameters.items()}
    return client.s3().generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key, **params}, ExpiresIn=300
    )


def same(ours: str, theirs: str) -> bool:
    # The library sorts for the signature alone.
    return urlsplit(ours)[:3] == urlsplit(theirs)[:3] and sorted(
        parse_qsl(urlsplit(ours).query)
    ) == sorted(parse_qsl(urlsplit(theirs).query))


@pytest.mark.parametrize("token", [None, "to/ken+with=signs"])
@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-east-1", None),
        ("eu-central-1", None),
        ("us-east-1", "http://127.0.0.1:4566"),
        ("us-east-1", "https://S3.example:443"),
        ("eu-west-1", "http://127.0.0.1:4566/below"),
    ],
)
def test_an_address_is_the_one_that_the_library_makes(
    monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str | None, token: str | None
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)

    for key in KEYS:
        for parameters in ({}, DOWNLOAD):
            assert same(signed_get("lib", key, parameters, 300), librarys("lib", key, parameters))


def test_a_bucket_is_where_the_library_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    partitions = ("aws", "aws-cn", "aws-us-gov")
    session = boto3.Session()
    regions = [r for each in partitions for r in session.get_available_regions("s3", each)]

    for region in regions:
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        client.s3.cache_clear()
        for bucket in ("lib", "with.dots"):
            assert same(signed_get(bucket, "key", {}, 300), librarys(bucket, "key", {})), region
    assert len(regions) > 30


def test_an_address_stays_the_same_for_a_tenth_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for seconds in (0, 29.9, 30):
        monkeypatch.setattr(Clock, "moment", NOW + timedelta(seconds=seconds))
        made.append(signed_get("lib", KEYS[0], {}, 300))

    assert made[0] == made[1] != made[2]
    assert "X-Amz-Date=20261121T123100Z" in made[2]


@pytest.mark.parametrize("token", [None, "to/ken+with=signs"])
def test_a_token_for_the_catalogue_is_the_one_that_the_library_makes(
    monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    monkeypatch.setattr(time, "time", NOW.timestamp)
    librarys = boto3.client("rds").generate_db_auth_token("db.example.com", 5433, "app")

    assert database_access.token("postgresql://app@db.example.com:5433/mammothbox") == librarys


def test_where_the_environment_names_nobody_the_library_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    signature._session.cache_clear()
    with pytest.raises(Unavailable, match="credentials"):
        signature.signer()
    with pytest.raises(Unavailable, match="region"):
        signature.region()

    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = theirs\naws_secret_access_key = hush\n"
    )
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n")
    signature._session.cache_clear()

    assert signature.signer() == Signer("theirs", "hush", None)
    assert signature.region() == "eu-north-1"
    signature._session.cache_clear()
