"""The pipeline as data: which functions exist, what wakes them and how long they may take.

This is the one wiring. `infra/aws` turns it into CDK constructs and `infra/local` into
processes, so a change here changes both. Only functions that exist stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PREFIX = "mammothbox"
RAW_BUCKET = f"{PREFIX}-raw"
LIBRARY_BUCKET = f"{PREFIX}-library"
EVENT_BUS = f"{PREFIX}-events"

# Keys under these prefixes of the raw bucket raise events.
EVENT_PREFIXES = ("incoming/", "drop/")


@dataclass(frozen=True)
class Queue:
    """How a worker's queue hands over messages, in AWS's own terms."""

    batch_size: int
    batch_window_s: int
    max_concurrency: int
    max_receives: int


@dataclass(frozen=True)
class Worker:
    """A function woken by its own queue. The queue and its dead-letter queue bear its name.

    One without a database role stands outside the VPC, with the internet before it and no way
    to the catalogue. Only those `with_models` carry them, in the image.
    """

    name: str
    handler: str
    database_role: str | None
    timeout_s: int
    memory_mb: int
    queue: Queue
    environment: dict[str, str] = field(default_factory=dict)
    with_models: bool = False

    @property
    def queue_name(self) -> str:
        return f"{PREFIX}-{self.name}"

    @property
    def dead_letter_queue_name(self) -> str:
        return f"{self.queue_name}-dlq"

    @property
    def visibility_timeout_s(self) -> int:
        """AWS's advice for Lambda: six times the function's timeout."""
        return 6 * self.timeout_s


@dataclass(frozen=True)
class Scheduled:
    """A function woken by the clock."""

    name: str
    handler: str
    database_role: str
    timeout_s: int
    memory_mb: int
    every_s: int


@dataclass(frozen=True)
class Api:
    """A function woken by API Gateway; locally the same app runs under uvicorn.

    It answers `paths` and what is below them; without any it answers all that no other does.
    """

    name: str
    handler: str
    app: str
    database_role: str
    timeout_s: int
    memory_mb: int
    paths: tuple[str, ...] = ()
    with_models: bool = False

    def answers(self, path: str) -> bool:
        """Whether one of its paths leads there."""
        return any(path == own or path.startswith(f"{own}/") for own in self.paths)


@dataclass(frozen=True)
class OnDeploy:
    """A function that every deployment runs before any other function gets new code."""

    name: str
    handler: str
    timeout_s: int
    memory_mb: int


API = Api(
    name="api",
    handler="functions.api.handler.handler",
    app="functions.api.app:app",
    database_role="app",
    timeout_s=29,
    memory_mb=1024,
)

# Beside the API, which is quick to start because it has no models in it.
SEARCH = Api(
    name="search",
    handler="functions.search.handler.handler",
    app="functions.search.app:app",
    database_role="app",
    timeout_s=29,
    # The model, and a decoder of up to 1.5 GB beside it for a picture that is shown.
    memory_mb=3008,
    paths=("/api/v1/search", "/api/v1/searches", "/api/v1/timeline", "/api/v1/map"),
    with_models=True,
)

MIGRATE = OnDeploy(
    name="migrate",
    handler="functions.migrate.handler.handler",
    # A minute less than what invokes it in a deployment may take, which has to tell how it ended.
    timeout_s=840,
    memory_mb=512,
)

JANITOR = Scheduled(
    name="janitor",
    handler="functions.janitor.handler.handler",
    database_role="worker",
    timeout_s=120,
    memory_mb=512,
    every_s=60,
)

WORKERS = (
    Worker(
        name="intake",
        handler="functions.intake.handler.handler",
        database_role="worker",
        # The largest object that is hashed has 20 GB: 70 MB/s from S3 read it in this time.
        timeout_s=300,
        memory_mb=1769,
        queue=Queue(batch_size=10, batch_window_s=0, max_concurrency=20, max_receives=5),
    ),
    Worker(
        name="embed",
        handler="functions.embed.handler.handler",
        database_role="worker",
        timeout_s=120,
        # The model, and a decoder of up to 1.5 GB beside it.
        memory_mb=3008,
        # A batch is one run of the model.
        queue=Queue(batch_size=8, batch_window_s=0, max_concurrency=20, max_receives=5),
        with_models=True,
    ),
    Worker(
        name="caption",
        handler="functions.caption.handler.handler",
        database_role=None,
        timeout_s=90,
        memory_mb=512,
        # Each message may take as long as the captioner's patience.
        queue=Queue(batch_size=1, batch_window_s=0, max_concurrency=5, max_receives=5),
    ),
    Worker(
        name="tag",
        handler="functions.tag.handler.handler",
        database_role="worker",
        # A new vocabulary is embedded once, text by text.
        timeout_s=120,
        memory_mb=1769,
        queue=Queue(batch_size=10, batch_window_s=0, max_concurrency=10, max_receives=5),
        with_models=True,
    ),
    Worker(
        name="cluster",
        handler="functions.cluster.handler.handler",
        database_role="worker",
        # A piece of a chore takes what time there is; an assignment takes milliseconds.
        timeout_s=120,
        memory_mb=1769,
        # A chore takes all the time of its invocation, so nothing may wait behind it; and one
        # owner's assignments take turns, so that many workers would only wait.
        queue=Queue(batch_size=1, batch_window_s=0, max_concurrency=5, max_receives=5),
    ),
    Worker(
        name="schema",
        handler="functions.schema.handler.handler",
        database_role="worker",
        # A piece of a large file takes seconds; a piece of a chore what time there is.
        timeout_s=300,
        memory_mb=1769,
        queue=Queue(batch_size=1, batch_window_s=0, max_concurrency=10, max_receives=5),
    ),
)
