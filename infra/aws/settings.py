"""What a context in `cdk.json` says. It says what to build; no code asks for a context's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

REPOSITORY = Path(__file__).parents[2]
CDK_JSON = REPOSITORY / "cdk.json"

_CONFIG = ConfigDict(frozen=True, extra="forbid")
_DIGEST = r"^sha256:[0-9a-f]{64}$"


class Network(BaseModel):
    """A VPC without a way to the internet."""

    model_config = _CONFIG
    zones: Annotated[int, Field(ge=2, le=3)] = 2
    # Each zone of each endpoint costs; a zone without one reaches it across.
    endpoint_zones: Annotated[int, Field(ge=1, le=3)]


class Database(BaseModel):
    """One RDS instance. What it cannot serve, no function may ask for: see `connections.py`."""

    model_config = _CONFIG
    instance: Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+$")]
    storage_gb: Annotated[int, Field(ge=20)]
    most_storage_gb: Annotated[int, Field(ge=21)]
    max_connections: Annotated[int, Field(ge=20)]
    multi_az: bool
    backup_days: Annotated[int, Field(ge=1, le=35)]
    keep: bool


class Api(BaseModel):
    """What clients may ask for at once."""

    model_config = _CONFIG
    requests_a_second: Annotated[int, Field(ge=1)]
    burst: Annotated[int, Field(ge=1)]
    # Functions of one kind at once; the catalogue has to have connections for them.
    most_at_once: dict[str, Annotated[int, Field(ge=1)]]
    cors_origins: tuple[str, ...] = ()
    firewall: bool = False
    # CloudFront before the console's files and the API.
    console: bool = True


class Captions(BaseModel):
    """A captioner, whose key is put into its secret by hand."""

    model_config = _CONFIG
    tokens_a_day: Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """One way to deploy."""

    model_config = _CONFIG
    architecture: Literal["arm64", "x86_64"] = "arm64"
    python: Literal["3.11", "3.12", "3.13"] = "3.13"
    # Workers from the container image, or each from a zip of its own where no image runs.
    package: Literal["image", "zip"] = "image"
    network: Network | None
    # Without one, the catalogue is at an address that is told.
    database: Database | None
    api: Api
    captions: Captions | None = None
    # A version and an alias each, and in steps that an alarm takes back.
    release: Literal["latest", "at_once", "canary"]
    # A dashboard and alarms beyond those that a worker has by itself.
    watched: bool = True
    alarm_email: str | None = None
    # A name of CDK's `RetentionDays`.
    logs_kept: Annotated[str, Field(pattern=r"^[A-Z]+_[A-Z]+$")]
    keep_objects: bool
    # Resources that deploy by a function of CDK's own.
    custom_resources: bool = True


class Told(BaseModel):
    """What only the one who deploys knows: `-c base_digest=… -c database_url=…`."""

    model_config = _CONFIG
    # Of public.ecr.aws/lambda/python:3.13 for the architecture. There is no default.
    base_digest: Annotated[str, Field(pattern=_DIGEST)] | None = None
    # With `{role}` where the role goes, which is `owner_role` for migrations.
    database_url: str | None = None
    owner_role: str = "postgres"
    # LocalStack reads the zips' folders where they lie, as its limit for zips is Lambda's.
    hot_reload: bool = False


def contexts() -> dict[str, Any]:
    """The contexts of `cdk.json` by name."""
    return dict(json.loads(CDK_JSON.read_text("utf-8"))["context"]["mammothbox"])


def read(name: str) -> Settings:
    """The context of that name. Raises `KeyError`, and pydantic's `ValidationError`."""
    return Settings.model_validate(contexts()[name])
