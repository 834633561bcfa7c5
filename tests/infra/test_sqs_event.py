"""Lambda's event for SQS messages, and its rules for the answer."""

from __future__ import annotations

import json

import pytest

from infra.local.sqs_event import build_event, failed_ids
from tests.house import event

MESSAGE = {
    "MessageId": "one",
    "ReceiptHandle": "handle",
    "Body": "{}",
    "MD5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
    "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795248930512"},
    "MessageAttributes": {"request_id": {"DataType": "String", "StringValue": "r-1"}},
}


def test_a_record_has_the_fields_lambda_sends() -> None:
    (record,) = build_event("mammothbox-intake", [MESSAGE])["Records"]

    assert set(record) == set(json.loads(event("sqs_batch.json"))["Records"][0])
    assert record["messageId"] == "one"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["request_id"]["stringValue"] == "r-1"
    assert record["messageAttributes"]["request_id"]["dataType"] == "String"
    assert record["eventSourceARN"].endswith(":mammothbox-intake")


def test_a_binary_attribute_travels_as_text() -> None:
    attributes = {"blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    message = {**MESSAGE, "MessageAttributes": attributes, "MD5OfMessageAttributes": "5eb6"}

    (record,) = json.loads(json.dumps(build_event("mammothbox-intake", [message])))["Records"]

    assert record["messageAttributes"]["blob"]["binaryValue"] == "AP8="
    assert record["md5OfMessageAttributes"] == "5eb6"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
        ({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"a", "b", "c"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b", "c"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b", "c"}),
        ({"batchItemFailures": [{"wrong": "b"}]}, {"a", "b", "c"}),
        ({"batchItemFailures": [{"itemIdentifier": ["b"]}]}, {"a", "b", "c"}),
        ({"batchItemFailures": ["b"]}, {"a", "b", "c"}),
        ({"batchItemFailures": "b"}, {"a", "b", "c"}),
        ("done", {"a", "b", "c"}),
    ],
)
def test_failures_are_read_as_aws_reads_them(answer: object, failed: set[str]) -> None:
    assert failed_ids(answer, ["a", "b", "c"]) == failed
