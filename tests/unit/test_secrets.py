"""Keys that are told, and keys that are kept."""

from __future__ import annotations

import boto3
import pytest
from mammothbox import secrets
from mammothbox.errors import Unavailable
from moto import mock_aws
from pydantic import SecretStr


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


def test_a_secret_that_is_not_there_is_unavailable() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nothing-AbCdEf"

    with mock_aws(), pytest.raises(Unavailable, match="cannot be read"):
        secrets.read(arn)
