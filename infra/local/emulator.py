"""The AWS emulator: started as a child, and filled with what the topology asks for."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import lifeline
from infra.local.environment import ACCOUNT, clean_environment
from infra.local.home import LOOPBACK, Home, UpError
from infra.topology import EVENT_BUS, EVENT_PREFIXES, LIBRARY_BUCKET, RAW_BUCKET, Worker

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_PATIENCE_S = 30


@dataclass(frozen=True)
class QueueAddresses:
    """The queues by worker name."""

    queues: dict[str, str]
    dead_letters: dict[str, str]


def start(home: Home, port: int, workers: Sequence[Worker]) -> subprocess.Popen[bytes]:
    """Start the emulator and fill it with what the topology asks for.

    Objects survive even its sudden death; queues and settings do not, so they are made again.
    Raises `UpError` when it does not answer.
    """
    process = _start(home, port)
    try:
        _wait_until_ready(process, port)
        _make_resources(port, workers)
    except BaseException:
        lifeline.end(process, patience_s=2)
        raise
    return process


def addresses(port: int, workers: Sequence[Worker]) -> QueueAddresses:
    """Where the queues are; the emulator itself would name the port at which it made them."""
    base = f"http://{LOOPBACK}:{port}/{ACCOUNT}"
    return QueueAddresses(
        {worker.name: f"{base}/{worker.queue_name}" for worker in workers},
        {worker.name: f"{base}/{worker.dead_letter_queue_name}" for worker in workers},
    )


def _start(home: Home, port: int) -> subprocess.Popen[bytes]:
    state = home.folder / "aws"
    state.mkdir(exist_ok=True)
    environment = {
        **clean_environment(),
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "state"),
        "SERVICES": "s3,sqs,events,secretsmanager,ssm,sts",
        # It would listen on every interface.
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    return lifeline.start("ministack", [], environment, home.logs / "emulator.log")


def client(service: str, port: int) -> Any:
    """A client of the emulator, whatever the environment says about AWS."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=f"http://{LOOPBACK}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        config=Config(
            connect_timeout=2,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 2},
            s3={"addressing_style": "path"},
        ),
    )


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once the emulator answers. Raises `UpError` when it ends or stays silent."""
    s3 = client("s3", port)
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            s3.list_buckets()
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
        else:
            return
    raise UpError("the AWS emulator does not start: see logs/emulator.log")


def _make_resources(port: int, workers: Sequence[Worker]) -> None:
    """Buckets, queues with their dead letters, notifications and the bus; as often as wanted."""
    s3: S3Client = client("s3", port)
    sqs: SQSClient = client("sqs", port)
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in (RAW_BUCKET, LIBRARY_BUCKET):
        if bucket not in existing:
            s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=RAW_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    urls = {worker.name: _queue(sqs, worker) for worker in workers}
    _notify(s3, _arn(sqs, urls["intake"]))
    try:
        client("events", port).create_event_bus(Name=EVENT_BUS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise


def _queue(sqs: SQSClient, worker: Worker) -> str:
    dead_letters = sqs.create_queue(
        QueueName=worker.dead_letter_queue_name,
        Attributes={"MessageRetentionPeriod": str(14 * 24 * 3600)},
    )["QueueUrl"]
    attributes = {
        "VisibilityTimeout": str(worker.visibility_timeout_s),
        "MessageRetentionPeriod": str(4 * 24 * 3600),
        "RedrivePolicy": json.dumps(
            {
                "deadLetterTargetArn": _arn(sqs, dead_letters),
                "maxReceiveCount": worker.queue.max_receives,
            }
        ),
    }
    try:
        url = _url(sqs, worker.queue_name)
    except ClientError:
        return sqs.create_queue(QueueName=worker.queue_name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)  # type: ignore[arg-type]
    return url


def _url(sqs: SQSClient, name: str) -> str:
    return sqs.get_queue_url(QueueName=name)["QueueUrl"]


def _arn(sqs: SQSClient, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def _notify(s3: S3Client, queue_arn: str) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=RAW_BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": prefix.rstrip("/"),
                    "QueueArn": queue_arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
                }
                for prefix in EVENT_PREFIXES
            ]
        },
    )
