"""What Secrets Manager keeps for us."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from mammothbox.errors import Unavailable

_ARN = "arn:"


def read(arn: str) -> str:
    """What the secret holds. Raises `Unavailable`."""
    try:
        client = boto3.client("secretsmanager")
        return client.get_secret_value(SecretId=arn)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the secret cannot be read: {type(error).__name__}") from error


def reveal(told: SecretStr) -> SecretStr:
    """A key that was told, or that is in the secret whose ARN was told. Raises `Unavailable`."""
    value = told.get_secret_value()
    return SecretStr(read(value)) if value.startswith(_ARN) else told
