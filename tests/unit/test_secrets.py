"""Keys that are told, and keys that are kept."""

from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
from mammothbox import secrets
from mammothbox.errors import Unavailable
from moto import mock_aws
from pydantic import SecretStr

from functions.caption import handler as caption_function


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def test_a_key_is_itself_and_an_arn_is_what_its_secret_holds() -> None:
    with mock_aws():
        made = boto3.client("secretsmanager").create_secret(Name="key", SecretString="kept")

        assert secrets.reveal(SecretStr(made["ARN"])).get_secret_value() == "kept"
        assert secrets.reveal(SecretStr("told")).get_secret_value() == "told"


def test_a_key_that_is_changed_is_in_use_a_few_minutes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(secrets, "time", SimpleNamespace(time=lambda: now))
    with mock_aws():
        client = boto3.client("secretsmanager")
        arn = client.create_secret(Name="key", SecretString="made up by AWS")["ARN"]
        assert secrets.reveal(SecretStr(arn)).get_secret_value() == "made up by AWS"
        client.put_secret_value(SecretId=arn, SecretString="put there by hand")
        now = 299.0
        assert secrets.reveal(SecretStr(arn)).get_secret_value() == "made up by AWS"
        now = 300.0
        assert secrets.reveal(SecretStr(arn)).get_secret_value() == "put there by hand"


def test_a_captioner_lasts_as_long_as_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "told")
    captioner = caption_function._captioner(SecretStr("told"))

    assert caption_function._captioner(SecretStr("told")) is captioner
    assert caption_function._captioner(SecretStr("other")) is not captioner


def test_a_secret_that_is_not_there_is_unavailable() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nothing-AbCdEf"

    with mock_aws(), pytest.raises(Unavailable, match="cannot be read"):
        secrets.read(arn)
