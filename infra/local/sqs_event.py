"""The event Lambda builds of SQS messages, and how it reads a function's answer to it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.environment import ACCOUNT, REGION

Message = Mapping[str, Any]


def build_event(queue_name: str, messages: Sequence[Message]) -> dict[str, Any]:
    """The event for a batch of messages as `ReceiveMessage` gives them."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}"
    return {"Records": [_record(message, arn) for message in messages]}


def failed_ids(answer: object, sent: Sequence[str]) -> set[str]:
    """Which messages failed, by AWS's rules for `ReportBatchItemFailures`.

    Nothing, or an empty list, means that all succeeded. An answer that is not of that form, or
    names a message that was not sent, fails them all.
    """
    if answer is None or answer == {}:
        return set()
    everything = set(sent)
    failures = answer.get("batchItemFailures", ()) if isinstance(answer, dict) else ""
    if failures is None:
        return set()
    if not isinstance(failures, (list, tuple)):
        return everything
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures]
    # Compared one by one, since a handler may name what no set can hold.
    return {str(name) for name in named} if all(name in sent for name in named) else everything


def _record(message: Message, arn: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    read = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in value:
        read["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        read["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return read
