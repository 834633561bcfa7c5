"""What each process of the local stack is told, and what a developer's shell is."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.home import LOOPBACK, Home
from infra.local.lifeline import REPOSITORY
from infra.local.postgres import DatabaseUrls
from infra.topology import API, EVENT_BUS, LIBRARY_BUCKET, RAW_BUCKET, SEARCH, Scheduled, Worker

OWNER = "local"
REGION = "us-east-1"
MODELS = REPOSITORY / "models"
ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Stack:
    """Where everything of a running stack is."""

    urls: DatabaseUrls
    api_port: int
    emulator_port: int
    queue_urls: Mapping[str, str]
    dead_letter_queue_urls: Mapping[str, str]
    search_port: int = 0

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def search_url(self) -> str:
        """Where search answers; clients ask the API's address for that too."""
        return f"http://{LOOPBACK}:{self.search_port}"


def aws_environment(emulator_port: int) -> dict[str, str]:
    """Point AWS's libraries to the emulator, and away from the developer's real account."""
    return {
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{emulator_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def clean_environment() -> dict[str, str]:
    """The developer's environment without what could lead a process to another stack."""
    ours = (
        "DATABASE_URL",
        "OPERATOR_DATABASE_URL",
        "DATABASE_AUTH",
        "DATABASE_SECRET",
        "QUEUE_URLS",
        "DEAD_LETTER_QUEUE_URLS",
        "EVENT_BUS",
        "SEARCH_URL",
        "CORS_ORIGINS",
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PG")) and name not in ours
    }
    return kept | without_proxy() | {"PYTHONUNBUFFERED": "1"}


def without_proxy() -> dict[str, str]:
    """What keeps a proxy of the developer's from being asked for addresses of this machine."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = [name for name in known.split(",") if name and name != LOOPBACK]
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join([*names, LOOPBACK]))


def _shared(stack: Stack) -> dict[str, str]:
    return {
        **aws_environment(stack.emulator_port),
        "RAW_BUCKET": RAW_BUCKET,
        "LIBRARY_BUCKET": LIBRARY_BUCKET,
        "QUEUE_URLS": json.dumps(dict(stack.queue_urls)),
        "DEAD_LETTER_QUEUE_URLS": json.dumps(dict(stack.dead_letter_queue_urls)),
        "EVENT_BUS": EVENT_BUS,
    }


def api_environment(stack: Stack) -> dict[str, str]:
    """For the API: its clients' role, and the operators'."""
    return {
        **clean_environment(),
        **_shared(stack),
        "DATABASE_URL": getattr(stack.urls, API.database_role),
        "OPERATOR_DATABASE_URL": stack.urls.operator,
        "SEARCH_URL": stack.search_url,
        **_of_captions(),
    }


def search_environment(stack: Stack) -> dict[str, str]:
    """For search: its clients' role, and the models."""
    return {
        **clean_environment(),
        **_shared(stack),
        "DATABASE_URL": getattr(stack.urls, SEARCH.database_role),
        "MODELS_FOLDER": str(MODELS),
    }


def function_environment(stack: Stack, function: Worker | Scheduled) -> dict[str, str]:
    """For a function, with what Lambda itself would tell it too."""
    return {
        **clean_environment(),
        **_shared(stack),
        "FUNCTION_TIMEOUT_S": str(function.timeout_s),
        "AWS_LAMBDA_FUNCTION_NAME": f"mammothbox-{function.name}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        **_database(stack, function.database_role),
        **_of_worker(function),
        "MODELS_FOLDER": str(MODELS),
        **_of_captions(),
    }


def _database(stack: Stack, role: str | None) -> dict[str, str]:
    return {"DATABASE_URL": getattr(stack.urls, role)} if role else {}


def _of_worker(function: Worker | Scheduled) -> dict[str, str]:
    if not isinstance(function, Worker):
        return {}
    return {"MAX_RECEIVES": str(function.queue.max_receives), **function.environment}


def _of_captions() -> dict[str, str]:
    """They are on where there is a key to the captioner."""
    return {"CAPTIONS": str(bool(os.environ.get("GEMINI_API_KEY", "").strip())).lower()}


def write_env(home: Home, stack: Stack, key: str) -> None:
    """Write what a shell sources to talk to the stack, for this user's eyes only."""
    values = {
        "MAMMOTHBOX_URL": stack.url,
        "MAMMOTHBOX_KEY": key,
        "MAMMOTHBOX_OWNER": OWNER,
        "DATABASE_URL": stack.urls.superuser,
        **_shared(stack),
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
    home.env.touch(0o600)
    home.env.chmod(0o600)
    home.env.write_text("".join(lines))


def for_a_shell(home: Home) -> str:
    """What has a shell that stands here read what `write_env` wrote."""
    return f"source {shlex.quote(os.path.relpath(home.env))}"


def read_env(home: Home) -> dict[str, str]:
    """What `write_env` wrote; empty before the first start."""
    if not home.env.exists():
        return {}
    pairs = (word.partition("=") for word in shlex.split(home.env.read_text()) if "=" in word)
    return {name: value for name, _, value in pairs}
