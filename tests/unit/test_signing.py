"""Addresses signed here are those that AWS's own library signs, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore import auth
from botocore.config import Config
from mammothbox.storage import signing
from mammothbox.storage.signing import signed_get

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


def client(region: str, style: str, endpoint: str | None, token: str | None) -> S3Client:
    return boto3.Session("id", "secret", token, region).client(
        "s3",
        endpoint_url=endpoint,
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("token", [None, "to/ken+with=signs"])
@pytest.mark.parametrize(
    ("region", "style", "endpoint"),
    [
        ("us-east-1", "virtual", None),
        ("eu-central-1", "virtual", None),
        ("us-east-1", "path", "http://127.0.0.1:4566"),
        ("us-east-1", "path", "https://S3.example:443"),
    ],
)
def test_an_address_is_the_one_that_the_library_makes(
    monkeypatch: pytest.MonkeyPatch,
    region: str,
    style: str,
    endpoint: str | None,
    token: str | None,
) -> None:
    s3 = client(region, style, endpoint, token)
    monkeypatch.setattr(signing, "datetime", Clock)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None))

    for key in KEYS:
        for parameters in ({}, DOWNLOAD):
            params = {LIBRARYS[name]: value for name, value in parameters.items()}
            librarys = s3.generate_presigned_url(
                "get_object", Params={"Bucket": "lib", "Key": key, **params}, ExpiresIn=300
            )
            ours = signed_get(s3, "lib", key, parameters, 300)

            assert urlsplit(ours)[:3] == urlsplit(librarys)[:3]
            # The library sorts for the signature alone.
            assert sorted(parse_qsl(urlsplit(ours).query)) == sorted(
                parse_qsl(urlsplit(librarys).query)
            )


def test_an_address_stays_the_same_for_a_tenth_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3 = client("us-east-1", "virtual", None, None)
    monkeypatch.setattr(signing, "datetime", Clock)
    made = []
    for seconds in (0, 29.9, 30):
        monkeypatch.setattr(Clock, "moment", NOW + timedelta(seconds=seconds))
        made.append(signed_get(s3, "lib", KEYS[0], {}, 300))

    assert made[0] == made[1] != made[2]
    assert "X-Amz-Date=20261121T123100Z" in made[2]
