"""What Secrets Manager keeps for us."""

from __future__ import annotations

import time
from functools import lru_cache

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from mammothbox.errors import Unavailable

_ARN = "arn:"
# What was put into a secret or changed there is in use this much later at the latest.
_KEPT_S = 300


def read(arn: str) -> str:
    """What the secret holds. Raises `Unavailable`."""
    try:
        client = boto3.client("secretsmanager")
        return client.get_secret_value(SecretId=arn)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the secret cannot be read: {type(error).__name__}") from error


def reveal(told: SecretStr) -> SecretStr:
    """A key that was told, or that is in the secret whose ARN was told. Raises `Unavailable`.

    The secret is read every few minutes: keys are changed, and put there after a deployment.
    """
    value = told.get_secret_value()
    if not value.startswith(_ARN):
        return told
    return _read_lately(value, int(time.time() / _KEPT_S))


@lru_cache(maxsize=1)
def _read_lately(arn: str, _period: int) -> SecretStr:
    return SecretStr(read(arn))
