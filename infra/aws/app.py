"""The app: `cdk synth -c context=dev -c base_digest=sha256:…`. It only puts stacks together."""

from __future__ import annotations

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.aws import acknowledgements, connections, packages
from infra.aws.alarms import AlarmsStack
from infra.aws.api import ApiStack
from infra.aws.database import DatabaseStack
from infra.aws.deployables import Deployables
from infra.aws.function import Place, Surroundings
from infra.aws.network import NetworkStack
from infra.aws.observability import ObservabilityStack
from infra.aws.pipeline import PipelineStack
from infra.aws.settings import Settings, Told, read


def build(app: App, name: str, settings: Settings, told: Told, deployables: Deployables) -> None:
    """Every stack of a context, named `MammothBox-<context>-…`.

    Raises when the functions could open more connections than the database has.
    """
    connections.check(settings)
    prefix = f"MammothBox-{name}"
    place = None
    if settings.network is not None:
        network = NetworkStack(
            app, f"{prefix}-Network", settings=settings, network=settings.network
        )
        place = Place(network.vpc, network.subnets, network.functions)
    alarms = AlarmsStack(app, f"{prefix}-Alarms", email=settings.alarm_email)
    around = Surroundings(name, settings, told, deployables, place, alarms.topic)
    database = DatabaseStack(app, f"{prefix}-Database", around=around)
    pipeline = PipelineStack(app, f"{prefix}-Pipeline", around=around, catalogue=database.catalogue)
    # No function gets new code before the migrations have run.
    pipeline.add_stack_dependency(database)
    api = ApiStack(app, f"{prefix}-Api", pipeline=pipeline)
    if settings.watched:
        ObservabilityStack(
            app,
            f"{prefix}-Observability",
            pipeline=pipeline,
            functions=[*pipeline.functions, *api.functions.values(), database.migrate],
            rest=api.gateway.rest,
            instance=database.instance,
        )
    Tags.of(app).add("application", "mammothbox")
    Tags.of(app).add("context", name)
    buckets = pipeline.buckets
    acknowledgements.acknowledge(app, pipeline, buckets.raw, buckets.library)


def judge(app: App) -> None:
    """Let cdk-nag look at everything: what it finds and nobody acknowledged fails the synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def main() -> None:
    """Synthesise the context that `cdk` was told."""
    app = App()
    name = app.node.try_get_context("context") or "dev"
    given = {field: app.node.try_get_context(field) for field in Told.model_fields}
    told = Told.model_validate({field: value for field, value in given.items() if value})
    settings = read(name)
    build(app, name, settings, told, packages.make(settings))
    judge(app)
    app.synth()


if __name__ == "__main__":
    main()
