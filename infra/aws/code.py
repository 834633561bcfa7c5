"""What a function is made of: a zip with the core layer, the container image, or a zip alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.aws.deployables import Deployables
from infra.aws.settings import Settings, Told

# The bucket by whose name LocalStack takes a key for a folder.
_HOT_RELOAD = "hot-reload"
_IN_IMAGE = "/var/task/models"
DOCKERFILE = "functions/Dockerfile"
_ARCHITECTURES = {
    "arm64": (lambda_.Architecture.ARM_64, ecr_assets.Platform.LINUX_ARM64),
    "x86_64": (lambda_.Architecture.X86_64, ecr_assets.Platform.LINUX_AMD64),
}


class NoBaseDigest(ValueError):
    """The image's base was not named."""


@dataclass(frozen=True)
class Coded:
    """A function's code as Lambda takes it."""

    code: lambda_.Code
    handler: str
    runtime: lambda_.Runtime
    architecture: lambda_.Architecture
    layers: Sequence[lambda_.ILayerVersion] = ()
    environment: dict[str, str] = field(default_factory=dict)


def code_of(
    scope: Construct,
    *,
    name: str,
    handler: str,
    settings: Settings,
    told: Told,
    deployables: Deployables,
) -> Coded:
    """The code of the function of that name. Raises `NoBaseDigest`."""
    architecture, platform = _ARCHITECTURES[settings.architecture]
    if name in deployables.zips:
        runtime = lambda_.Runtime(f"python{settings.python}", lambda_.RuntimeFamily.PYTHON)
        return Coded(
            _zip(scope, deployables.zips[name], told),
            handler,
            runtime,
            architecture,
            _layers(scope, architecture, runtime, deployables),
        )
    if told.base_digest is None or deployables.image is None:
        raise NoBaseDigest(
            "name the image's base: BASE_DIGEST=sha256:…, as `docker buildx imagetools inspect"
            f" public.ecr.aws/lambda/python:{settings.python}` tells it"
        )
    return Coded(
        lambda_.EcrImageCode.from_asset_image(
            str(deployables.image),
            file=DOCKERFILE,
            cmd=[handler],
            platform=platform,
            build_args={"PYTHON": settings.python, "BASE_DIGEST": told.base_digest},
        ),
        lambda_.Handler.FROM_IMAGE,
        lambda_.Runtime.FROM_IMAGE,
        architecture,
    )


def _zip(scope: Construct, folder: Path, told: Told) -> lambda_.Code:
    if not told.hot_reload:
        return lambda_.Code.from_asset(str(folder))
    bucket = s3.Bucket.from_bucket_name(scope, "HotReload", _HOT_RELOAD)
    return lambda_.Code.from_bucket(bucket, str(folder))


def _layers(
    scope: Construct,
    architecture: lambda_.Architecture,
    runtime: lambda_.Runtime,
    deployables: Deployables,
) -> list[lambda_.ILayerVersion]:
    if deployables.layer is None:
        return []
    return [
        lambda_.LayerVersion(
            scope,
            "Core",
            code=lambda_.Code.from_asset(str(deployables.layer)),
            compatible_architectures=[architecture],
            compatible_runtimes=[runtime],
            description="MammothBox: the library and what it needs",
        )
    ]
