"""The CDK app deployed into LocalStack as into AWS: bootstrap, migrations, then everything."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.aws import cli, packages
from infra.aws.settings import REPOSITORY, read
from infra.local import postgres
from infra.local.environment import ACCOUNT, OWNER, REGION
from infra.local.postgres import DatabaseUrls
from infra.localstack import door
from infra.localstack.server import Server, started
from infra.topology import MIGRATE

CONTEXT = "localstack"
PREFIX = f"MammothBox-{CONTEXT}-"
DATABASE = "mammothbox"
# In place of a role; the app puts each function's own there.
_ROLE = "{role}"
_MIGRATIONS_TAKE_S = MIGRATE.timeout_s + 60
_FALLBACK = "deployed as a fallback"


class DeployError(RuntimeError):
    """Something went otherwise than on AWS; the message says what."""


@dataclass(frozen=True)
class Deployment:
    """The app in LocalStack, its catalogue in Postgres, and an operator's key to it."""

    server: Server
    folder: Path
    urls: DatabaseUrls
    told: tuple[str, ...]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What the stacks put out, by name."""
        return {
            output["OutputKey"]: output["OutputValue"]
            for stack in stacks(self.server)
            for output in stack.get("Outputs", [])
        }

    @cached_property
    def key(self) -> str:
        """Asked for as whoever deploys has to."""
        wanted = {"owner": OWNER, "role": "operator", "name": "localstack"}
        return str(self.invoke(MIGRATE.name, {"make_key": wanted})["key"])

    @property
    def url(self) -> str:
        """Where API Gateway answers."""
        return f"{self.server.endpoint}/_aws/execute-api/{self.outputs['ApiId']}/live"

    def deploy(self, *which: str) -> str:
        """Synthesise and deploy as `make deploy` does, and return what was said."""
        folder = self.folder / "cdk.out"
        shutil.rmtree(folder, ignore_errors=True)
        synthesise(folder, self.told)
        return _deploy(self.server, folder, *which)

    def invoke(self, name: str, event: dict[str, Any] | None = None) -> Any:
        """What the function of that name in the topology answers. Raises `DeployError`."""
        return invoke(self.server, name, event)

    def destroy(self) -> None:
        """Take everything down that was deployed, with all it holds."""
        _empty_buckets(self.server)
        arguments = ["destroy", "--all", "--force", "--app", str(self.folder / "cdk.out")]
        cli.run(arguments, _environment(self.server), self.folder)


@contextmanager
def deployed(folder: Path, port: int) -> Iterator[Deployment]:
    """Have it in `folder`, where logs and templates are. What was started is ended.

    Raises `DeployError`, `CdkError`, `ServerError` and `CannotRun`.
    """
    with ExitStack() as stack:
        catalogue = stack.enter_context(postgres.lease(folder / "postgres", durable=False))
        catalogue.create_database(DATABASE)
        beside = stack.enter_context(ThreadPoolExecutor(1))
        # Half a gigabyte is put together while LocalStack is.
        packing = beside.submit(packages.make, read(CONTEXT))
        server = stack.enter_context(started(folder, port))
        bootstrapping = beside.submit(_bootstrap, server, folder)
        packing.result()
        address = catalogue.url(_ROLE, DATABASE)
        if server.in_containers:
            socket = catalogue.socket_folder / ".s.PGSQL.5432"
            address = f"postgresql://{_ROLE}@{stack.enter_context(door.opened(socket))}/{DATABASE}"
        deployment = Deployment(server, folder, catalogue.urls(DATABASE), _told(server, address))
        stack.callback(_destroy_rest, deployment)
        _first(deployment, bootstrapping)
        yield deployment


def synthesise(folder: Path, told: tuple[str, ...]) -> None:
    """Write the templates of the context. Raises `CdkError`."""
    # Packages are zipped where they lie: a copy of them would be half a gigabyte more.
    arguments = ["synth", "--quiet", "--no-staging", "--output", str(folder)]
    cli.run([*arguments, "-c", f"context={CONTEXT}", *told], os.environ, REPOSITORY)


def stacks(server: Server) -> list[Any]:
    """The stacks of ours that are there. LocalStack goes on telling of those that were deleted."""
    found = client(server, "cloudformation").describe_stacks()["Stacks"]
    return [
        stack
        for stack in found
        if stack["StackName"].startswith(PREFIX) and stack["StackStatus"] != "DELETE_COMPLETE"
    ]


def fallbacks(server: Server, *names: str) -> list[str]:
    """Resources that LocalStack only pretends to have made, in the stacks of these names."""
    cloudformation = client(server, "cloudformation")
    return [
        f"{event['ResourceType']} {event['LogicalResourceId']}"
        for name in names
        for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        if _FALLBACK in event.get("ResourceStatusReason", "")
    ]


def invoke(server: Server, name: str, event: dict[str, Any] | None = None) -> Any:
    """What the function answers whose description names it. Raises `DeployError`."""
    functions = client(server, "lambda")
    pages = functions.get_paginator("list_functions").paginate()
    found = [one for page in pages for one in page["Functions"]]
    [function] = [one for one in found if one.get("Description") == f"MammothBox: {name}"]
    payload = json.dumps(event or {}).encode()
    answer = functions.invoke(FunctionName=function["FunctionName"], Payload=payload)
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise DeployError(f"{name}: {said}")
    return said


def client(server: Server, service: str) -> Any:
    """A client of LocalStack, whatever the environment says about AWS."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - LocalStack takes any
        config=Config(read_timeout=_MIGRATIONS_TAKE_S, retries={"max_attempts": 0}),
    )


def _first(deployment: Deployment, bootstrapping: Future[None]) -> None:
    """The database first, so that no function of this version meets the last one's tables."""
    folder = deployment.folder / "cdk.out"
    synthesise(folder, deployment.told)
    bootstrapping.result()
    _deploy(deployment.server, folder, f"{PREFIX}Database")
    deployment.invoke(MIGRATE.name)
    _deploy(deployment.server, folder)


def _bootstrap(server: Server, folder: Path) -> None:
    # In a folder without an app: it needs none.
    empty = folder / "bootstrap"
    empty.mkdir()
    cli.run(["bootstrap", f"aws://{ACCOUNT}/{REGION}"], _environment(server), empty)


def _deploy(server: Server, folder: Path, *which: str) -> str:
    how = ["--require-approval", "never", "--concurrency", "2", "--progress", "events"]
    arguments = ["deploy", "--app", str(folder), *how, *(which or ["--all"])]
    return cli.run(arguments, _environment(server), folder.parent)


def _told(server: Server, address: str) -> tuple[str, ...]:
    told = ["-c", f"database_url={address}"]
    return (*told, "-c", "hot_reload=true") if server.hot_reload else tuple(told)


def _environment(server: Server) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | server.environment()


def _destroy_rest(deployment: Deployment) -> None:
    """In a LocalStack of somebody else's; one of ours is gone with everything in it."""
    if deployment.server.hot_reload and stacks(deployment.server):
        deployment.destroy()


def _empty_buckets(server: Server) -> None:
    """Buckets are deleted only when they are empty, every version of everything included."""
    cloudformation, s3 = client(server, "cloudformation"), client(server, "s3")
    for stack in stacks(server):
        for one in cloudformation.describe_stack_resources(StackName=stack["StackName"])[
            "StackResources"
        ]:
            if one["ResourceType"] == "AWS::S3::Bucket":
                _empty(s3, one["PhysicalResourceId"])


def _empty(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
