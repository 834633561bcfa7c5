"""The ports, each played by its fake and by the real adapter on moto."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import EndpointConnectionError
from mammothbox.bus import Bus, EventBridgeBus
from mammothbox.messages import Announcement, WakeUp
from mammothbox.queues import SqsQueues, WakeUps
from mammothbox.storage.blobs import BlobStore, S3BlobStore
from moto import mock_aws

from infra.local import emulator
from tests.emulated import running
from tests.fakes import MemoryBlobStore, MemoryBus, MemoryWakeUps

BUCKET = "the-raw-bucket"
BUS = "the-bus"
QUEUES = ("intake", "embed")

Cut = Callable[[], AbstractContextManager[None]]


@dataclass
class Store:
    """A blob store, what others do to its bucket, and a way to cut its line."""

    port: BlobStore
    cut: Cut
    delete: Callable[[str], None]
    markers: Callable[[str], int]


@dataclass
class Waker:
    """A waker, what it has sent so far, and a way to cut its line."""

    port: WakeUps
    sent: Callable[[], list[WakeUp]]
    cut: Cut


@dataclass
class Publisher:
    """A bus, the details it has published so far, and a way to cut its line."""

    port: Bus
    published: Callable[[], list[dict[str, Any]]]
    cut: Cut


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The S3 of the emulator that `make up` runs."""
    with running(tmp_path_factory.mktemp("emulator")) as port:
        client = emulator.client("s3", port)
        yield client
        client.close()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.Session()


@pytest.fixture(params=["fake", "real"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        fake = MemoryBlobStore()
        return Store(
            fake,
            fake.line.cut,
            delete=lambda key: fake.markers.update([key]),
            markers=lambda key: fake.markers[key],
        )
    s3 = request.getfixturevalue("aws").client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def markers(key: str) -> int:
        listed = s3.list_object_versions(Bucket=BUCKET).get("DeleteMarkers", [])
        return sum(marker["Key"] == key for marker in listed)

    return Store(
        S3BlobStore(s3, BUCKET),
        lambda: cut_line_of(s3),
        delete=lambda key: s3.delete_object(Bucket=BUCKET, Key=key),
        markers=markers,
    )


@pytest.fixture(params=["fake", "real"])
def waker(request: pytest.FixtureRequest) -> Waker:
    if request.param == "fake":
        fake = MemoryWakeUps()
        return Waker(fake, lambda: fake.sent, fake.line.cut)
    sqs = request.getfixturevalue("aws").client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
    queues = SqsQueues(sqs, urls)

    def sent() -> list[WakeUp]:
        bodies = []
        for name in QUEUES:
            while messages := queues.receive(name, hide_s=300):
                bodies += [WakeUp.model_validate_json(message.body) for message in messages]
        return bodies

    return Waker(queues, sent, lambda: cut_line_of(sqs))


@pytest.fixture(params=["fake", "real"])
def publisher(request: pytest.FixtureRequest) -> Publisher:
    if request.param == "fake":
        fake = MemoryBus()
        return Publisher(fake, lambda: [_told(one) for one in fake.published], fake.line.cut)
    session: boto3.Session = request.getfixturevalue("aws")
    events, sqs = session.client("events"), session.client("sqs")
    events.create_event_bus(Name=BUS)
    events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source": ["mammothbox"]}')
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_targets(
        Rule="all", EventBusName=BUS, Targets=[{"Id": "told", "Arn": arn["QueueArn"]}]
    )

    def published() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                told.append({"type": body["detail-type"], **body["detail"]})
        return told

    return Publisher(EventBridgeBus(events, BUS), published, lambda: cut_line_of(events))


def _told(announcement: Announcement) -> dict[str, Any]:
    """An announcement as a listener hears it."""
    plain = announcement.model_dump(mode="json")
    return {**plain.pop("detail"), **plain}


@contextmanager
def cut_line_of(client: Any, calls: Container[int] = range(1000)) -> Iterator[None]:
    """Let these calls of the body, or all, fail as they do when nobody answers."""
    numbers = itertools.count()

    def fail(request: AWSRequest, **_: Any) -> None:
        if next(numbers) in calls:
            raise EndpointConnectionError(endpoint_url=str(request.url))

    # Registered first: before moto has its say.
    client.meta.events.register_first("before-sign", fail)
    try:
        yield
    finally:
        client.meta.events.unregister("before-sign", fail)
