"""Queues and what works on them, in every context's templates."""

from __future__ import annotations

import pytest

from infra.topology import WORKERS
from tests.infra.aws.deployment import Deployment, Resource

pytestmark = pytest.mark.xdist_group("cdk")


def queue_of(deployment: Deployment, mapping: Resource) -> Resource:
    return deployment.get(mapping.properties["EventSourceArn"].strip("<>").removesuffix(".Arn"))


def dead_letters_of(deployment: Deployment, queue: Resource) -> Resource:
    target = queue.properties["RedrivePolicy"]["deadLetterTargetArn"]
    return deployment.get(target.strip("<>").removesuffix(".Arn"))


def test_every_worker_has_a_mapping_as_the_topology_says(deployment: Deployment) -> None:
    mappings = deployment.of("AWS::Lambda::EventSourceMapping")
    found = {
        deployment.function_behind(one.properties["FunctionName"]).properties["Description"]: one
        for one in mappings
    }

    assert sorted(found) == sorted(f"MammothBox: {worker.name}" for worker in WORKERS)
    for worker in WORKERS:
        mapping = found[f"MammothBox: {worker.name}"].properties
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        most = mapping["ScalingConfig"]["MaximumConcurrency"]
        assert most == worker.queue.max_concurrency
        assert mapping["BatchSize"] == worker.queue.batch_size


def test_a_message_stays_hidden_six_times_as_long_as_its_function_runs(
    deployment: Deployment,
) -> None:
    for mapping in deployment.of("AWS::Lambda::EventSourceMapping"):
        function = deployment.function_behind(mapping.properties["FunctionName"])
        hidden = queue_of(deployment, mapping).properties["VisibilityTimeout"]
        assert hidden >= 6 * function.properties["Timeout"]


def test_every_queue_has_dead_letters_that_are_kept_longer_and_watched(
    deployment: Deployment,
) -> None:
    queues = deployment.of("AWS::SQS::Queue")
    working = [one for one in queues if "RedrivePolicy" in one.properties]
    dead = [dead_letters_of(deployment, one) for one in working]
    alarmed = {
        dimension["Value"]
        for alarm in deployment.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        and alarm.properties["Threshold"] == 0
        and alarm.properties["AlarmActions"]
        for dimension in alarm.properties["Dimensions"]
    }

    assert len(working) == len(WORKERS)
    assert {one.name for one in queues} == {one.name for one in [*working, *dead]}
    for queue, letters in zip(working, dead, strict=True):
        assert queue.properties["RedrivePolicy"]["maxReceiveCount"] >= 5
        kept = queue.properties["MessageRetentionPeriod"]
        assert letters.properties["MessageRetentionPeriod"] > kept
        assert f"<{letters.name}.QueueName>" in alarmed


def test_sweeps_that_fail_or_wait_do_not_pile_up(deployment: Deployment) -> None:
    (clock,) = deployment.of("AWS::Events::Rule")
    (invoked,) = deployment.of("AWS::Lambda::EventInvokeConfig")
    (target,) = clock.properties["Targets"]
    janitor = deployment.function_behind(target["Arn"])
    alias = target["Arn"]

    assert deployment.function_behind(invoked.properties["FunctionName"]).name == janitor.name
    assert invoked.properties["Qualifier"] == (
        "$LATEST" if alias == f"<{janitor.name}.Arn>" else alias
    )
    assert invoked.properties["MaximumRetryAttempts"] == 0
    assert invoked.properties["MaximumEventAgeInSeconds"] == 60


def test_events_reach_the_intake_queue_alone(deployment: Deployment) -> None:
    (notifying,) = [
        one
        for one in deployment.of("AWS::S3::Bucket")
        if "NotificationConfiguration" in one.properties
    ]
    told = notifying.properties["NotificationConfiguration"]["QueueConfigurations"]

    assert {one["Event"] for one in told} == {"s3:ObjectCreated:*"}
    (queue,) = {one["Queue"] for one in told}
    mapping = next(
        one
        for one in deployment.of("AWS::Lambda::EventSourceMapping")
        if one.properties["EventSourceArn"] == queue
    )
    function = deployment.function_behind(mapping.properties["FunctionName"])
    assert function.properties["Description"] == "MammothBox: intake"
    prefixes = {one["Filter"]["S3Key"]["Rules"][0]["Value"] for one in told}
    assert prefixes == {"incoming/", "drop/"}
