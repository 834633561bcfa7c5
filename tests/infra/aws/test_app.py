"""The app as a whole: judged by cdk-nag, the same each time, refusing what cannot work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk import App
from pydantic import ValidationError

from infra.aws import connections, costs
from infra.aws.acknowledgements import BY_TYPE
from infra.aws.app import build
from infra.aws.code import NoBaseDigest
from infra.aws.database import NoDatabase
from infra.aws.deployables import Deployables
from infra.aws.rights import RIGHTS
from infra.aws.settings import Settings, Told, contexts, read
from tests.infra.aws.deployment import Deployment
from tests.infra.aws.deployment import read as read_templates
from tests.infra.aws.synthesis import EVERY_FUNCTION, TOLD, stand_ins, synthesise

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.mark.parametrize(
    "context",
    ["prod", *(pytest.param(name, marks=pytest.mark.prove) for name in ("dev", "localstack"))],
)
def test_cdk_nag_finds_nothing_that_has_no_reason(context: str, tmp_path: Path) -> None:
    """Synthesis raises what the packs find and nobody acknowledged."""
    synthesise(context, tmp_path / "out", judged=True)

    report = json.loads((tmp_path / "out" / "validation-report.json").read_text("utf-8"))
    found = {plugin["pluginName"]: plugin["conclusion"] for plugin in report["pluginReports"]}
    assert found["AwsSolutions"] == found["Serverless"] == "success"


@pytest.mark.prove
def test_the_same_commit_gives_the_same_templates(
    deployments: dict[str, Deployment], tmp_path: Path
) -> None:
    synthesise("prod", tmp_path / "again" / "out")

    assert read_templates("prod", tmp_path / "again" / "out").stacks == deployments["prod"].stacks


def test_every_acknowledgement_says_why() -> None:
    reasons = [reason for rules in BY_TYPE.values() for reason in rules.values()]

    assert all(len(reason.split()) >= 4 and reason.endswith(".") for reason in reasons)


def test_every_function_of_the_topology_is_there(deployment: Deployment) -> None:
    assert {*deployment.functions()} == {*EVERY_FUNCTION} == {*RIGHTS}


def test_more_connections_than_there_are_stop_the_synthesis() -> None:
    dev = contexts()["dev"]
    crowded = Settings.model_validate(
        {**dev, "database": {**dev["database"], "max_connections": 50}}
    )

    with pytest.raises(connections.TooManyConnections, match=r"t4g\.micro is set to 44"):
        build(App(), "dev", crowded, TOLD, Deployables())


def test_an_image_needs_its_base(tmp_path: Path) -> None:
    settings = read("dev")
    told = Told()

    with pytest.raises(NoBaseDigest, match="BASE_DIGEST"):
        build(App(), "dev", settings, told, stand_ins(settings, tmp_path))


def test_without_a_database_an_address_is_needed(tmp_path: Path) -> None:
    settings = read("localstack")

    with pytest.raises(NoDatabase, match="database_url"):
        build(App(), "localstack", settings, Told(), stand_ins(settings, tmp_path))


def test_a_context_with_a_slip_of_the_pen_is_refused() -> None:
    with pytest.raises(ValidationError, match="relase"):
        Settings.model_validate({**contexts()["dev"], "relase": "canary"})


def test_costs_count_what_is_there(deployments: dict[str, Deployment]) -> None:
    for name in ("dev", "prod"):
        alarms = deployments[name].of("AWS::CloudWatch::Alarm")
        secrets = deployments[name].of("AWS::SecretsManager::Secret")
        items = costs.at_rest(read(name), costs.prices())
        said = " ".join(item.what for item in items)

        assert costs.alarms_of(read(name)) == len(alarms)
        assert f"secrets, {len(secrets)}" in said
    assert "not verified" in costs.table()
