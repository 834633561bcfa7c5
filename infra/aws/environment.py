"""What each function is told: the variables that its settings ask for, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from infra.aws.catalogue import Catalogue
from infra.aws.rights import RIGHTS
from infra.aws.settings import Captions
from infra.topology import API, JANITOR, SEARCH, WORKERS, Worker

# Where the image has the models, and where a zip has them.
MODELS = "/var/task/models"
_WITH_MODELS = {SEARCH.name, *(worker.name for worker in WORKERS if worker.with_models)}
# Those that order captions.
_ORDER_CAPTIONS = {API.name, "embed"}
_CAPTIONER = "caption"


@dataclass(frozen=True)
class Surface:
    """What functions touch."""

    catalogue: Catalogue
    raw: s3.IBucket
    library: s3.IBucket
    queues: Mapping[str, sqs.IQueue]
    dead_letters: Mapping[str, sqs.IQueue]
    bus: events.IEventBus
    captions: Captions | None
    captioner_key: secretsmanager.ISecret | None
    cors_origins: tuple[str, ...]


def of_worker(stack: Stack, surface: Surface, worker: Worker) -> dict[str, str]:
    """For a function that its queue wakes."""
    reaches = dict.fromkeys((worker.name, *RIGHTS[worker.name].wakes))
    return {
        **_catalogue(surface, worker.database_role),
        **_buckets(surface),
        **_models(worker.name),
        **_captions(surface, worker.name),
        **_captioner(surface, worker.name),
        **_bus(surface, worker.name),
        "QUEUE_URLS": _urls(stack, surface.queues, reaches),
        "MAX_RECEIVES": str(worker.queue.max_receives),
        "FUNCTION_TIMEOUT_S": str(worker.timeout_s),
        **worker.environment,
    }


def of_janitor(stack: Stack, surface: Surface) -> dict[str, str]:
    """For the sweep, which measures every queue."""
    return {
        **_catalogue(surface, JANITOR.database_role),
        **_buckets(surface),
        **_bus(surface, JANITOR.name),
        "QUEUE_URLS": _urls(stack, surface.queues, surface.queues),
    }


def of_api(stack: Stack, surface: Surface) -> dict[str, str]:
    """For the API, which is two roles."""
    return {
        **_catalogue(surface, API.database_role),
        "OPERATOR_DATABASE_URL": surface.catalogue.url("operator"),
        **_buckets(surface),
        **_captions(surface, API.name),
        **_bus(surface, API.name),
        "QUEUE_URLS": _urls(stack, surface.queues, surface.queues),
        "DEAD_LETTER_QUEUE_URLS": _urls(stack, surface.dead_letters, surface.dead_letters),
        **_browsers(surface),
    }


def of_search(stack: Stack, surface: Surface) -> dict[str, str]:
    """For search."""
    return {
        **_catalogue(surface, SEARCH.database_role),
        **_buckets(surface),
        **_models(SEARCH.name),
        **_browsers(surface),
    }


ENVIRONMENTS: dict[str, Callable[[Stack, Surface], dict[str, str]]] = {
    API.name: of_api,
    SEARCH.name: of_search,
}


def _catalogue(surface: Surface, role: str | None) -> dict[str, str]:
    return surface.catalogue.environment(role) if role else {}


def _buckets(surface: Surface) -> dict[str, str]:
    return {
        "RAW_BUCKET": surface.raw.bucket_name,
        "LIBRARY_BUCKET": surface.library.bucket_name,
    }


def _browsers(surface: Surface) -> dict[str, str]:
    return {"CORS_ORIGINS": json.dumps(surface.cors_origins)} if surface.cors_origins else {}


def _models(name: str) -> dict[str, str]:
    return {"MODELS_FOLDER": MODELS} if name in _WITH_MODELS else {}


def _bus(surface: Surface, name: str) -> dict[str, str]:
    return {"EVENT_BUS": surface.bus.event_bus_name} if RIGHTS[name].publishes else {}


def _captions(surface: Surface, name: str) -> dict[str, str]:
    if name not in _ORDER_CAPTIONS or surface.captions is None:
        return {}
    return {"CAPTIONS": "true", "CAPTION_TOKENS_A_DAY": str(surface.captions.tokens_a_day)}


def _captioner(surface: Surface, name: str) -> dict[str, str]:
    if name != _CAPTIONER:
        return {}
    # Without a key it asks nobody, and what was ordered while captions were on gets none.
    key = surface.captioner_key.secret_arn if surface.captioner_key else ""
    return {"GEMINI_API_KEY": key}


def _urls(stack: Stack, queues: Mapping[str, sqs.IQueue], names: Mapping[str, object]) -> str:
    return stack.to_json_string({name: queues[name].queue_url for name in names})
