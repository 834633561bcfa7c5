"""What each role may do, in every context's templates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.aws.acknowledgements import ON_EVERYTHING
from infra.topology import SEARCH, WORKERS
from tests.infra.aws.deployment import Deployment, Resource, Statement, statements

pytestmark = pytest.mark.xdist_group("cdk")

# The API signs uploads, and puts the JSON that came with a request.
MAY_PUT_WHERE_EVENTS_ARISE = {"api"}
WRITES = {"s3:PutObject", "s3:*", "*", "s3:Put*", "s3:RestoreObject", "s3:ReplicateObject"}
# Made by CDK, for what it does in a deployment: what their roles may on more than one resource.
MADE_BY_CDK = {
    "lambda:InvokeFunction": "The migrations run at a version whose number is not known before.",
}
# CDK's own function that puts the console's files where they go; its rights are CDK's to word.
DELIVERY = "CDKBucketDeployment"
INVALIDATION = {"cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"}


def notifying(deployment: Deployment) -> Resource:
    return next(
        one
        for one in deployment.of("AWS::S3::Bucket")
        if "NotificationConfiguration" in one.properties
    )


def test_nothing_is_put_where_events_arise(deployment: Deployment) -> None:
    """A function that did would wake itself."""
    bucket = f"<{notifying(deployment).name}.Arn>"
    puts = {
        name
        for name, function in deployment.functions().items()
        for statement in deployment.allowed(function)
        if WRITES & {*statement.actions}
        and any(resource == "*" or resource.startswith(bucket) for resource in statement.resources)
    }

    assert puts == MAY_PUT_WHERE_EVENTS_ARISE


def test_nobody_may_everything(deployment: Deployment) -> None:
    for place, statement in every_statement(deployment):
        if DELIVERY in place:
            continue
        assert not [action for action in statement.actions if "*" in action], place
        for resource in statement.resources:
            if resource.endswith("*") and "/" not in resource.rpartition(">")[2]:
                reasons = ON_EVERYTHING.keys() | MADE_BY_CDK.keys()
                assert {*statement.actions} <= reasons, (place, statement)


def test_what_delivers_the_console_has_to_do_with_its_files_alone(prod: Deployment) -> None:
    packages = 'arn:<AWS::Partition>:s3:::<Fn::Sub "cdk-hnb659fds-assets-'
    files = (packages, "<MammothBox-prod-Api.ConsoleFiles")
    allowed = [statement for place, statement in every_statement(prod) if DELIVERY in place]

    assert len(allowed) == 3
    for statement in allowed:
        if {*statement.actions} != INVALIDATION:
            assert all(action.startswith("s3:") for action in statement.actions), statement
            assert all(resource.startswith(files) for resource in statement.resources), statement


def test_every_reason_is_still_needed(prod: Deployment) -> None:
    used = {
        action
        for _, statement in every_statement(prod)
        for action in statement.actions
        if any(resource.endswith("*") for resource in statement.resources)
    }

    assert ON_EVERYTHING.keys() | MADE_BY_CDK.keys() <= used


def every_statement(deployment: Deployment) -> Iterator[tuple[str, Statement]]:
    for one in deployment.of("AWS::IAM::Policy"):
        for statement in statements(one.properties["PolicyDocument"]):
            yield one.name, statement
    for one in deployment.of("AWS::IAM::Role"):
        for policy in one.properties.get("Policies", []):
            for statement in statements(policy["PolicyDocument"]):
                yield one.name, statement


def test_each_function_has_a_role_of_its_own(deployment: Deployment) -> None:
    roles = [one.properties["Role"] for one in deployment.functions().values()]

    assert len({*roles}) == len(roles)


def test_the_captioner_sees_previews_and_writes_its_answers_and_is_nowhere_near_the_catalogue(
    prod: Deployment,
) -> None:
    caption = prod.functions()["caption"]
    objects = {
        (action, resource.partition("/")[2])
        for statement in prod.allowed(caption)
        for action in statement.actions
        for resource in statement.resources
        if action.startswith("s3:") and action != "s3:ListBucket"
    }

    assert "VpcConfig" not in caption.properties
    assert "DATABASE_URL" not in caption.properties["Environment"]["Variables"]
    assert objects == {
        ("s3:GetObject", "derived/*/preview-1024.jpg"),
        ("s3:GetObject", "derived/*/caption.json"),
        ("s3:PutObject", "derived/*/caption.json"),
    }


def test_functions_of_the_catalogue_stand_in_the_vpc_and_connect_as_their_role(
    prod: Deployment,
) -> None:
    roles = {worker.name: worker.database_role for worker in WORKERS}
    for name, function in prod.functions().items():
        connects = {
            resource.rpartition("/")[2]
            for statement in prod.allowed(function)
            if statement.actions == ("rds-db:connect",)
            for resource in statement.resources
        }
        if name == "api":
            assert connects == {"app", "operator"}
        elif name == SEARCH.name:
            assert connects == {"app"}
        elif name == "migrate":
            # Where the owner's password does not do.
            assert connects == {"mammothbox"}
        else:
            assert connects == ({roles.get(name, "worker")} - {None})
        assert ("VpcConfig" in function.properties) == (name != "caption")


def test_whoever_gives_a_stage_back_or_a_message_may(deployment: Deployment) -> None:
    functions = deployment.functions()
    own = {
        deployment.function_behind(one.properties["FunctionName"]).name: one
        for one in deployment.of("AWS::Lambda::EventSourceMapping")
    }
    for worker in WORKERS:
        function = functions[worker.name]
        queue = own[function.name].properties["EventSourceArn"]
        sends = [one for one in deployment.allowed(function) if "sqs:SendMessage" in one.actions]
        # All but the captioner, which knows no stages.
        wakes_itself = any(queue in one.resources for one in sends)
        assert wakes_itself is (worker.database_role is not None), worker.name
    dead = {
        queue.properties["RedrivePolicy"]["deadLetterTargetArn"]
        for queue in deployment.of("AWS::SQS::Queue")
        if "RedrivePolicy" in queue.properties
    }
    puts_back = {
        resource
        for one in deployment.allowed(functions["api"])
        if "sqs:ChangeMessageVisibility" in one.actions
        for resource in one.resources
    }
    assert puts_back == dead


def test_a_worker_sends_only_where_its_work_goes_on(deployment: Deployment) -> None:
    """And whatever address it was told of, it may do something there."""
    for name, function in deployment.functions().items():
        variables = function.properties["Environment"]["Variables"]
        reached = {
            resource.removeprefix("<").removesuffix(".Arn>")
            for statement in deployment.allowed(function)
            if statement.actions[0].startswith("sqs:")
            for resource in statement.resources
        }
        mentioned = {
            queue.name
            for queue in deployment.of("AWS::SQS::Queue")
            for variable in ("QUEUE_URLS", "DEAD_LETTER_QUEUE_URLS")
            if f"<{queue.name}>" in str(variables.get(variable, ""))
        }
        assert mentioned == reached, name
