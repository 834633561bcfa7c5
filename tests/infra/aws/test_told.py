"""Each function is told what its settings require and nothing else; metrics are looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from mammothbox.settings import ModelSettings

from infra.topology import SEARCH
from tests.infra.aws.deployment import Deployment
from tests.infra.aws.needed_settings import needed

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[3]
# Read by what is around the handlers.
OF_THE_SURROUNDINGS = {"POWERTOOLS_METRICS_NAMESPACE", "TRACING"}
METRIC = re.compile(r'(?<![.\w])(?:count|record_milliseconds|timed)\(\s*"([a-z_]+\.[a-z_]+)"')


def modules_of(name: str) -> list[str]:
    """Every module of the function's folder: what its routes use is used by nobody's call."""
    folder = ROOT / "functions" / name
    files = [path for path in sorted(folder.rglob("*.py")) if path.stem != "__init__"]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]


def test_every_function_is_told_what_it_has_to_know_and_nothing_else(
    deployment: Deployment,
) -> None:
    for name, function in deployment.functions().items():
        models = needed(*modules_of(name))
        required = {
            field.upper()
            for model in models
            for field, about in model.model_fields.items()
            if about.is_required()
        }
        # The image itself says where it has the models.
        possible = {field.upper() for model in models for field in model.model_fields}
        told = {*function.properties["Environment"]["Variables"]}

        assert required - told == set(), name
        assert told - possible - OF_THE_SURROUNDINGS == set(), name


def test_only_functions_with_models_are_told_where_they_are(deployment: Deployment) -> None:
    for name, function in deployment.functions().items():
        told = "MODELS_FOLDER" in function.properties["Environment"]["Variables"]
        assert told is (ModelSettings in needed(*modules_of(name))), name


def test_every_metric_that_is_emitted_is_looked_at_and_the_other_way_round(
    prod: Deployment,
) -> None:
    emitted = {
        name
        for folder in ("layers/core/python/mammothbox", "functions")
        for path in (ROOT / folder).rglob("*.py")
        for name in METRIC.findall(path.read_text("utf-8"))
    }
    shown = {
        metric
        for dashboard in prod.of("AWS::CloudWatch::Dashboard")
        for metric in re.findall(
            r'"MammothBox/prod","([a-z_.]+)"', dashboard.properties["DashboardBody"]
        )
    }
    alarmed = {
        alarm.properties["MetricName"]
        for alarm in prod.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("Namespace") == "MammothBox/prod"
    }

    assert len(emitted) >= 5
    assert shown | alarmed == emitted


def test_contexts_in_one_account_do_not_ring_each_others_alarms(deployment: Deployment) -> None:
    namespaces = {
        function.properties["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        for function in deployment.functions().values()
    }
    (api,) = deployment.of("AWS::ApiGateway::RestApi")
    watched = [alarm.properties for alarm in deployment.of("AWS::CloudWatch::Alarm")]
    named = {
        dimension["Value"]
        for alarm in watched
        if alarm.get("Namespace") == "AWS/ApiGateway"
        for dimension in alarm["Dimensions"]
    }
    ours = {alarm.get("Namespace", "") for alarm in watched}

    assert namespaces == {f"MammothBox/{deployment.context}"}
    assert {name for name in ours if not name.startswith("AWS/")} <= {*namespaces, ""}
    assert api.properties["Name"] == f"mammothbox-{deployment.context}"
    assert named <= {api.properties["Name"]}


def test_alarms_are_silent_about_chores_and_name_routes_that_there_are(prod: Deployment) -> None:
    contract = json.loads((ROOT / "functions" / "api" / "openapi.json").read_text("utf-8"))
    timeouts = {
        f"<{one.name}>": one.properties["Timeout"] * 1000 for one in prod.functions().values()
    }
    for alarm in prod.of("AWS::CloudWatch::Alarm"):
        told = alarm.properties
        if told.get("MetricName") == "Duration":
            whole = timeouts[told["Dimensions"][0]["Value"]]
            # Building a table goes on until ten seconds are left.
            assert whole - 10_000 < told["Threshold"] < whole, alarm.name
        for path in re.findall(r"GET (/[a-z0-9/]+)", told["AlarmDescription"]):
            known = {path, re.sub(r"/dlq/.*", "/dlq/{queue}", path)}
            assert known & contract["paths"].keys(), path


def test_the_objective_is_95_percent_within_60_seconds(prod: Deployment) -> None:
    objective = next(
        alarm.properties
        for alarm in prod.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == "ingest.time_to_ready"
    )
    assert (objective["ExtendedStatistic"], objective["Threshold"]) == ("p95", 60_000)


def test_every_path_leads_to_its_function(deployment: Deployment) -> None:
    paths = {}
    for method in deployment.of("AWS::ApiGateway::Method"):
        uri = method.properties["Integration"]["Uri"]
        target = re.search(r"functions/(<.*?>(?::live)?)/invocations", uri)
        assert target is not None, uri
        function = deployment.function_behind(target[1])
        about = function.properties["Description"].removeprefix("MammothBox: ")
        paths[path_of(deployment, method.properties["ResourceId"])] = about

    assert {path for path, name in paths.items() if name == SEARCH.name} == {
        one for path in SEARCH.paths for one in (path, f"{path}/{{proxy+}}")
    }
    assert paths["/"] == paths["/{proxy+}"] == paths["/api/v1/{proxy+}"] == "api"


def path_of(deployment: Deployment, resource: str) -> str:
    name = resource.strip("<>")
    if name.endswith(".RootResourceId"):
        return "/"
    one = deployment.get(name).properties
    return f"{path_of(deployment, one['ParentId']).rstrip('/')}/{one['PathPart']}"


def test_every_route_but_health_and_docs_asks_for_a_key() -> None:
    contract = json.loads((ROOT / "functions" / "api" / "openapi.json").read_text("utf-8"))
    open_to_all = {
        path
        for path, methods in contract["paths"].items()
        for method in methods.values()
        if not method.get("security")
    }

    assert open_to_all == {"/api/v1/health/live", "/api/v1/health/ready"}
