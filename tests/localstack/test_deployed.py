"""The journeys through API Gateway, S3, SQS and Lambda functions, and the deployment itself.

In this order: the last test takes everything down.
"""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.local.home import LOOPBACK
from infra.localstack.deployment import fallbacks, stacks
from tests.e2e.stack import REPOSITORY, processes_of, wait_for
from tests.e2e.test_journeys import (  # noqa: F401 - they are run here too
    test_a_file_copied_into_the_bucket_becomes_an_asset,
    test_a_presigned_upload_becomes_ready_and_can_be_downloaded,
    test_a_wrong_hash_is_a_listed_failure_whose_bytes_are_kept,
    test_an_abandoned_upload_expires,
    test_json_sent_to_the_api_becomes_one_asset_an_object,
    test_others_are_told_over_the_bus,
    test_poison_reaches_the_dead_letters_and_is_redriven_once_mended,
    test_the_same_bytes_twice_are_a_duplicate_and_the_third_time_not_sent,
    test_the_store_refuses_what_was_not_announced,
    test_zero_bytes_are_refused_or_fail_with_the_reason,
    unique,
)
from tests.e2e.test_media import (  # noqa: F401 - they are run here too
    test_a_broken_file_fails_with_the_reason_and_can_be_downloaded,
    test_a_film_gets_a_poster_and_key_frames,
    test_a_photo_gets_thumbnails_a_vector_and_tags,
)
from tests.localstack.cloud import Cloud

pytestmark = pytest.mark.localstack

_CAT = REPOSITORY / "models" / "evaluation" / "gallery" / "cat.webp"
_PRETENDED = {"Resources": {"Pretended": {"Type": "AWS::RDS::DBInstance", "Properties": {}}}}


def test_every_resource_is_really_there(stack: Cloud) -> None:
    server = stack.deployment.server
    names = [one["StackName"] for one in stacks(server)]

    assert len(names) >= 3
    assert {one["StackStatus"] for one in stacks(server)} == {"CREATE_COMPLETE"}
    assert fallbacks(server, *names) == []


def test_a_resource_that_is_only_pretended_would_be_noticed(stack: Cloud) -> None:
    formation = stack.aws("cloudformation")
    formation.create_stack(StackName="pretended", TemplateBody=json.dumps(_PRETENDED))
    formation.get_waiter("stack_create_complete").wait(
        StackName="pretended", WaiterConfig={"Delay": 1}
    )

    found = fallbacks(stack.deployment.server, "pretended")

    formation.delete_stack(StackName="pretended")
    assert found == ["AWS::RDS::DBInstance Pretended"]


def test_a_photo_is_found_by_what_it_shows(stack: Cloud) -> None:
    name, body = f"{unique().decode()}.webp", _CAT.read_bytes()
    stack.s3.put_object(Bucket=stack.raw_bucket, Key=f"drop/local/photos/{name}", Body=body)
    assert stack.dropped(name)["status"] == "ready"

    def found() -> list[str]:
        answer = stack.http.get("search", params={"query": "a cat", "kind": "image"})
        assert answer.status_code == 200, answer.text
        return [one["filename"] for one in answer.json()["results"]]

    wait_for(lambda: name in found())


def test_a_proposal_is_approved_and_answers_stay_the_same(stack: Cloud) -> None:
    # Given orders in a file
    lines = [json.dumps({"order": n, "total": n * 1.5, "who": f"c{n % 5}"}) for n in range(40)]
    name = f"{unique().decode()}.ndjson"
    body = "\n".join(lines).encode()
    stack.s3.put_object(Bucket=stack.raw_bucket, Key=f"drop/local/sales/{name}", Body=body)
    assert stack.dropped(name)["status"] == "ready"

    def answer() -> list[Any]:
        asked = {"filter[total][gt]": "50", "sort": "-order"}
        page = stack.http.get("collections/sales/documents", params=asked)
        assert page.status_code == 200, page.text
        return [item["doc"] for item in page.json()["items"]]

    def proposed() -> dict[str, Any] | None:
        _think(stack)
        asked = {"collection": "sales", "status": "provisional"}
        items = stack.http.get("schemas", params=asked).json()["items"]
        return next((one for one in items if one.get("storage_choice") == "sql"), None)

    before = answer()
    assert [one["order"] for one in before] == [39, 38, 37, 36, 35, 34]
    schema = wait_for(proposed)

    # When the proposal is approved
    def approved() -> bool:
        done = stack.http.post(f"schemas/{schema['id']}/approve")
        return bool(done.status_code == 202)

    wait_for(approved)

    # Then they are in a table, and the answer is what it was
    def stored() -> bool:
        _think(stack)
        found = stack.http.get("collections/sales").json()
        return bool(found["storage"] == "sql")

    # Three functions in turn, each of which may have to be started first.
    wait_for(stored, patience_s=180)
    assert answer() == before


def _think(stack: Cloud) -> None:
    """Do now what the janitor would call for some minutes later."""
    later = "UPDATE chore SET due_at = now() WHERE due_at > now() RETURNING name"
    if stack.rows(later):
        stack.sweep()


def test_the_gateway_answers_in_the_shape_of_errors(stack: Cloud) -> None:
    refused = stack.http.get("objects", headers={"Authorization": "Bearer wrong"})
    missing = stack.http.get("nowhere")

    for answer, status in ((refused, 401), (missing, 404)):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_one_id_from_the_gateway_to_the_object_and_the_log(stack: Cloud) -> None:
    content = unique("traced ")
    announced = {"filename": "traced.txt", "size_bytes": len(content)}
    answer = stack.http.post("uploads", json={"files": [announced]})
    upload = answer.json()["uploads"][0]
    httpx2.post(upload["url"], data=upload["fields"], files={"file": content})
    stack.settled(upload["system_id"])

    # API Gateway gives every request an id of its own, and says which.
    request_id = answer.headers["X-Request-Id"]
    assert request_id == answer.headers["x-amzn-RequestId"]
    items = stack.http.get(f"objects/{upload['system_id']}/lineage").json()["items"]
    stored = stack.s3.head_object(Bucket=stack.raw_bucket, Key=upload["fields"]["key"])
    assert {item["request_id"] for item in items} == {request_id}
    assert stored["Metadata"]["request-id"] == request_id
    wait_for(
        lambda: [
            line for line in stack.logged("intake", request_id) if line["message"] == "stage done"
        ]
    )


def test_the_clock_wakes_the_janitor(stack: Cloud) -> None:
    wait_for(lambda: stack.logged("janitor", "swept"), patience_s=90)


def test_a_second_deployment_changes_nothing(stack: Cloud) -> None:
    said = stack.deployment.deploy()

    names = [one["StackName"] for one in stacks(stack.deployment.server)]
    assert [name for name in names if f"{name} (no changes)" not in said] == []


def test_afterwards_nothing_is_left(stack: Cloud, ending: ExitStack) -> None:
    deployment = stack.deployment

    deployment.destroy()

    assert stack.left() == {kind: [] for kind in stack.left()}
    if deployment.server.hot_reload:
        return
    # And LocalStack itself ends, with its port, its functions and what it wrote.
    ending.close()
    wait_for(lambda: not processes_of(deployment.folder), patience_s=10)
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind((LOOPBACK, deployment.server.port))
    assert _folders(deployment.folder) <= {"postgres", "bootstrap", "cdk.out"}


def _folders(inside: Path) -> set[str]:
    return {path.name for path in inside.iterdir() if path.is_dir()}
