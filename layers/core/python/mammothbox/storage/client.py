"""The one S3 client of an execution environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# A client waits for the API's answer; a worker has time for a slow stream.
PATIENCE_S = 10
STREAM_PATIENCE_S = 60


@cache
def s3(read_timeout_s: int = PATIENCE_S) -> S3Client:
    """Signs with SigV4; addresses buckets by path where an emulator stands in for AWS."""
    emulated = "AWS_ENDPOINT_URL" in os.environ or "AWS_ENDPOINT_URL_S3" in os.environ
    return boto3.client(
        "s3",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if emulated else "virtual"},
            connect_timeout=5,
            read_timeout=read_timeout_s,
            max_pool_connections=16,
            retries={"mode": "standard", "max_attempts": 2},
        ),
    )
