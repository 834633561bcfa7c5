"""The whole house within a test: send it requests, let its queues run, look at its rows."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import boto3
import httpx2
import psycopg
from mammothbox import bus, model_wiring, queues, wiring
from mammothbox.catalog import api_keys, spaces
from mammothbox.catalog.api_keys import Role
from mammothbox.encoders.builtin import open_builtin
from mammothbox.storage import client as storage_client
from psycopg.rows import dict_row
from starlette.testclient import TestClient

from functions.api import services
from functions.api.app import app as api
from functions.caption import handler as caption_function
from functions.cluster import handler as cluster_function
from functions.embed import handler as embed_function
from functions.intake import handler as intake_function
from functions.janitor import handler as janitor_function
from functions.schema import handler as schema_function
from functions.search.app import app as search
from functions.tag import handler as tag_function
from infra.local.gateway import by_path
from infra.local.postgres import DatabaseUrls
from infra.topology import EVENT_BUS, LIBRARY_BUCKET, RAW_BUCKET

WORKERS = {
    "intake": intake_function.handler,
    "embed": embed_function.handler,
    "caption": caption_function.handler,
    "tag": tag_function.handler,
    "cluster": cluster_function.handler,
    "schema": schema_function.handler,
}
# Every function that answers clients, behind one address.
app = by_path(api, search, api)
# They know nothing of any test, and take their time to load.
KEPT = {"decoders", "encoder", "vocabulary", "labels"}
MODELS = Path(__file__).parent.parent / "models"
# The space whose model every clone has.
SPACE = open_builtin(MODELS / "builtin", threads=1).space


def forget_everything() -> None:
    """Drop what execution environments keep between invocations, as a new one would."""
    for module in (services, wiring, model_wiring, caption_function, queues, bus, storage_client):
        for value in vars(module).values():
            if isinstance(value, functools._lru_cache_wrapper) and value.__name__ not in KEPT:
                if value.cache_info().currsize and "database" in value.__name__:
                    value().close()
                value.cache_clear()


@dataclass
class Context:
    """As much of Lambda's context as the handlers read."""

    seconds: float = 300
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class House:
    """A running house whose queues move when the test says so."""

    urls: DatabaseUrls
    session: boto3.Session
    queue_urls: dict[str, str]
    dead_letter_queue_urls: dict[str, str]
    context: Context = field(default_factory=Context)

    @classmethod
    def build(cls, urls: DatabaseUrls, session: boto3.Session, workers: list[str]) -> House:
        s3, sqs = session.client("s3"), session.client("sqs")
        s3.create_bucket(Bucket=RAW_BUCKET)
        s3.put_bucket_versioning(Bucket=RAW_BUCKET, VersioningConfiguration={"Status": "Enabled"})
        letters = {name: sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"] for name in workers}
        queues = {name: _queue(sqs, name, letters[name]) for name in workers}
        session.client("events").create_event_bus(Name=EVENT_BUS)
        s3.create_bucket(Bucket=LIBRARY_BUCKET)
        spaces.offer(urls.superuser, [(SPACE, {})], SPACE.name)
        return cls(urls, session, queues, letters)

    def environment(self) -> dict[str, str]:
        return {
            "QUEUE_URLS": json.dumps(self.queue_urls),
            "DEAD_LETTER_QUEUE_URLS": json.dumps(self.dead_letter_queue_urls),
        }

    @cached_property
    def s3(self) -> Any:
        return self.session.client("s3")

    @cached_property
    def sqs(self) -> Any:
        return self.session.client("sqs")

    def key(self, role: Role = "admin", owner: str = "ada", until: datetime | None = None) -> str:
        return api_keys.create(
            self.urls.superuser, owner=owner, role=role, name="test", expires_at=until
        )

    def client(self, role: Role = "admin", owner: str = "ada") -> TestClient:
        """An HTTP client with a key of that role."""
        headers = {"Authorization": f"Bearer {self.key(role, owner)}"}
        return TestClient(
            app, headers=headers, raise_server_exceptions=False, follow_redirects=False
        )

    def store(self, key: str, body: bytes) -> str:
        """What a client or a partner does, without S3 telling of it; returns the version."""
        answer = self.s3.put_object(Bucket=RAW_BUCKET, Key=key, Body=body)
        return str(answer["VersionId"])

    def put(self, key: str, body: bytes) -> str:
        """What a client or a partner does; returns the version."""
        version_id = self.store(key, body)
        self.tell(object_created(key, version_id, len(body)))
        return version_id

    def tell(self, body: str) -> None:
        """Put a message on the intake queue."""
        self.sqs.send_message(QueueUrl=self.queue_urls["intake"], MessageBody=body)

    def upload(self, client: TestClient, content: bytes, **file: Any) -> UUID:
        """Announce a file and send its bytes; returns its system_id."""
        answer = client.post(
            "/api/v1/uploads",
            json={"files": [{"filename": "a.bin", "size_bytes": len(content), **file}]},
        )
        assert answer.status_code == 201, answer.text
        upload = answer.json()["uploads"][0]
        if upload["method"] == "POST":
            self.put(upload["fields"]["key"], content)
        return UUID(upload["system_id"])

    def receive(self, name: str = "intake") -> list[dict[str, Any]]:
        """The messages that wait, as Lambda hands them over; they stay hidden from others."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_urls[name],
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [_record(message) for message in answer.get("Messages", [])]

    def invoke_intake(self, records: list[dict[str, Any]]) -> list[str]:
        """Hand records to intake; returns the message ids it reports as failed."""
        return self.invoke("intake", records)

    def invoke(self, name: str, records: list[dict[str, Any]]) -> list[str]:
        """Hand records to a worker's handler; returns the message ids it reports as failed."""
        with self.as_worker():
            answer = WORKERS[name]({"Records": records}, self.context)  # type: ignore[arg-type]
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def run_queues(self, *names: str) -> None:
        """Let these workers, or all, work until nothing waits for any of them.

        Failed messages are left where they are.
        """
        while any([self.run_queue(name) for name in names or self.queue_urls]):
            pass

    def run_queue(self, name: str) -> bool:
        """Let one worker work until nothing waits for it; whether anything did."""
        worked = False
        while records := self.receive(name):
            worked = True
            failed = self.invoke(name, records)
            for record in records:
                if record["messageId"] not in failed:
                    self.sqs.delete_message(
                        QueueUrl=self.queue_urls[name], ReceiptHandle=record["receiptHandle"]
                    )
        return worked

    def sweep(self) -> dict[str, int]:
        """Run the janitor once."""
        with self.as_worker():
            return dict(janitor_function.handler({}, self.context))  # type: ignore[arg-type]

    @contextmanager
    def as_worker(self) -> Iterator[None]:
        """The environment of a worker function, whose role in the catalogue is another."""
        before = os.environ["DATABASE_URL"]
        os.environ["DATABASE_URL"] = self.urls.worker
        try:
            yield
        finally:
            os.environ["DATABASE_URL"] = before

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What stands in the catalogue; or change it, as a superuser."""
        with closing(
            psycopg.connect(self.urls.superuser, autocommit=True, row_factory=dict_row)
        ) as connection:
            connection.execute("SET search_path = catalog, public")
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def get(self, client: TestClient, asset_id: UUID) -> dict[str, Any]:
        """The object as the API shows it."""
        answer: httpx2.Response = client.get(f"/api/v1/objects/{asset_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def event(name: str) -> str:
    """A payload of the folder `events`."""
    return (Path(__file__).parent.parent / "events" / name).read_text("utf-8")


def object_created(key: str, version_id: str, size: int) -> str:
    """S3's message about an object. (moto's own would name no version.)"""
    message = json.loads(event("s3_object_created.json"))
    message["Records"][0]["s3"]["object"] |= {
        "key": quote_plus(key, safe="/"),
        "versionId": version_id,
        "size": size,
    }
    return json.dumps(message)


def _queue(sqs: Any, name: str, dead_letters: str) -> str:
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": 3}
    answer = sqs.create_queue(
        QueueName=name,
        Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "1800"},
    )
    return str(answer["QueueUrl"])


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    }
