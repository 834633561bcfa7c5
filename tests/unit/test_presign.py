"""Presigned addresses: what they allow, and under which name a download is saved."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.storage.presign import (
    content_disposition,
    presign_download,
    presign_parts,
    presign_post,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHAPE = re.compile(r"attachment; filename=\"([^\"]*)\"; filename\*=UTF-8''([A-Za-z0-9%_.~-]*)")
NASTY = {
    "plain": ("mammoth.png", "mammoth.png"),
    "path": ("../../etc/passwd", "_.._etc_passwd"),
    "windows path": ("C:\\Windows\\a.txt", "C__Windows_a.txt"),
    "quotes": ('a"; filename="evil.exe', "a_; filename=_evil.exe"),
    "new line": ("a\r\nSet-Cookie: b=c", "a__Set-Cookie_ b=c"),
    "NUL": ("a\x00.png", "a_.png"),
    "right to left": ("cod\u202egnp.exe", "cod_gnp.exe"),
    "isolates": ("\u2066a\u2069.png", "_a_.png"),
    "dots": ("...", "download"),
    "spaces": ("   ", "download"),
    "nothing": ("", "download"),
    "hidden": (".bashrc", "bashrc"),
    "stars": ("a*?<b>|c", "a___b__c"),
    "umlaut": ("Mammüt 🦣.png", "Mammüt 🦣.png"),
}


def parse(header: str) -> tuple[str, str]:
    match = SHAPE.fullmatch(header)
    assert match is not None, header
    return match[1], unquote(match[2])


@pytest.mark.parametrize(("filename", "saved_as"), NASTY.values(), ids=NASTY)
def test_a_download_is_saved_under_a_harmless_name(filename: str, saved_as: str) -> None:
    plain, full = parse(content_disposition(filename))

    assert full == saved_as
    assert re.fullmatch(r"[ -~]*", plain)
    assert not set(plain + full) & set('\\/"\r\n\x00:*?<>|\u202e\u2066\u2069')


def test_a_long_name_is_cut() -> None:
    _, full = parse(content_disposition("é" * 1025))

    assert len(full) == 200


def test_a_name_outside_ascii_has_a_plain_stand_in() -> None:
    plain, full = parse(content_disposition("Mammüt.png"))

    assert (plain, full) == ("Mamm_t.png", "Mammüt.png")


@given(st.text(st.characters(exclude_categories=())))
def test_any_name_makes_a_header_that_is_one_line_of_ascii(filename: str) -> None:
    header = content_disposition(filename)

    plain, full = parse(header)
    assert header.isascii()
    assert header.isprintable()
    assert plain.strip(" .")
    assert full.strip(" .")
    assert not set(plain + full) & set('\\/"\r\n\x00:*?<>|')


@pytest.fixture(scope="module")
def client() -> S3Client:
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://s3.test",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def test_a_post_allows_one_key_one_type_and_one_size(client: S3Client) -> None:
    post = presign_post(
        client,
        bucket="raw",
        key="incoming/ada/1",
        content_type="image/png",
        size=1234,
        metadata={"sha256": "ab", "request-id": "r"},
        expires_s=900,
    )

    policy: dict[str, Any] = json.loads(base64.b64decode(post.fields["policy"]))
    conditions = policy["conditions"]
    for condition in (
        {"bucket": "raw"},
        {"key": "incoming/ada/1"},
        {"Content-Type": "image/png"},
        {"x-amz-meta-sha256": "ab"},
        {"x-amz-meta-request-id": "r"},
        ["content-length-range", 1234, 1234],
    ):
        assert condition in conditions
    assert post.url == "http://s3.test/raw"
    assert post.fields["key"] == "incoming/ada/1"
    assert post.fields["Content-Type"] == "image/png"
    expiration = datetime.fromisoformat(policy["expiration"])
    assert abs(expiration - post.expires_at) < timedelta(seconds=5)
    assert timedelta(0) < expiration - datetime.now(UTC) <= timedelta(seconds=900)


def test_each_part_has_its_own_address(client: S3Client) -> None:
    parts = presign_parts(
        client, bucket="raw", key="k", upload_id="u", numbers=range(9, 12), expires_s=60
    )

    assert [part.number for part in parts] == [9, 10, 11]
    for part in parts:
        query = parse_qs(urlsplit(part.url).query)
        assert query["partNumber"] == [str(part.number)]
        assert query["uploadId"] == ["u"]
        assert query["X-Amz-Expires"] == ["60"]


def test_a_download_is_of_one_version_and_an_attachment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "test")
    url = presign_download(
        bucket="raw",
        key="drop/ada/é.html",
        version_id="v1",
        filename="../é.html",
        content_type="text/html",
        expires_s=300,
    )

    query = parse_qs(urlsplit(url).query)
    assert query["versionId"] == ["v1"]
    assert query["response-content-type"] == ["text/html"]
    assert query["response-content-disposition"] == [content_disposition("../é.html")]
    assert query["X-Amz-Expires"] == ["300"]
