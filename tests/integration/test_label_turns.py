"""Label vectors are made once per space, whoever asks, whoever crashes, whatever time is left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import UUID

import numpy as np
import psycopg
import pytest
from mammothbox import wiring
from mammothbox.catalog import label_vectors, spaces
from mammothbox.catalog.connection import Database
from mammothbox.encoders.encoder import Pixels, Vectors
from mammothbox.encoders.space import Space
from mammothbox.errors import NotItsTurn, Retryable, Unavailable
from mammothbox.messages import Outgoing
from mammothbox.stages import Limits
from mammothbox.tagging.labels import Labels, LabelSource, labels_of
from mammothbox.tagging.tag_asset import Tagging, receive
from mammothbox.tagging.vocabulary import Vocabulary, load

from infra.local.postgres import DatabaseUrls
from tests.house import MODELS, SPACE, House
from tests.samples import png

# One process loads the model for those that need it.
pytestmark = pytest.mark.xdist_group("models")

LETTERS = Space("letters-0", SPACE.dimension, "letters", "0" * 64)
PATIENCE_S = 30

# Other tests have databases of their own on the same server.
_WAITING = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HANG_UP = """
    SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

Hook = Callable[[], None]


class Letters:
    """An encoder to which a text is its letters. `before` runs ahead of each run of it."""

    def __init__(self, before: Hook = lambda: None) -> None:
        self.before = before
        self.texts: list[str] = []

    @property
    def space(self) -> Space:
        return LETTERS

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        raise NotImplementedError

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        self.before()
        self.texts += texts
        counts = [np.bincount([ord(c) % LETTERS.dimension for c in text]) for text in texts]
        rows = np.zeros((len(texts), LETTERS.dimension), np.float32)
        for row, count in zip(rows, counts, strict=True):
            row[: len(count)] = count
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(MODELS / "vocabulary", "en")


@pytest.fixture
def ask(database_urls: DatabaseUrls, vocabulary: Vocabulary) -> Callable[..., Labels]:
    """A worker of its own asks for the labels."""
    spaces.offer(database_urls.superuser, [(LETTERS, {})], LETTERS.name)

    def asked(encoder: Letters, time_left: Callable[[], float] = lambda: 120.0) -> Labels:
        with closing(Database(database_urls.worker)) as database:
            source = LabelSource(database, lambda _space: encoder, vocabulary, time_left)
            return labels_of(source, LETTERS.name)

    return asked


@pytest.fixture
def all_texts(vocabulary: Vocabulary) -> Counter[str]:
    return Counter(text for label in vocabulary.sought for text in label.texts)


@contextmanager
def somebody_elses_turn(urls: DatabaseUrls, space_name: str = LETTERS.name) -> Iterator[None]:
    with closing(Database(urls.worker)) as database, database.transaction() as connection:
        space = spaces.find(connection, space_name)
        assert space is not None
        label_vectors.wait_for_turn(connection, space.id, PATIENCE_S)
        yield


def until_somebody_waits(urls: DatabaseUrls) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        while not connection.execute(_WAITING).fetchall():
            assert time.monotonic() < deadline, "nobody waits"


def test_two_workers_at_once_embed_each_text_once(
    database_urls: DatabaseUrls, ask: Callable[..., Labels], all_texts: Counter[str]
) -> None:
    first = Letters(before=lambda: until_somebody_waits(database_urls))
    second = Letters(before=lambda: until_somebody_waits(database_urls))

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, encoder) for encoder in (first, second)]
        one, other = [each.result() for each in asked]

    assert Counter(first.texts + second.texts) == all_texts
    assert not first.texts or not second.texts
    assert (one.vectors == other.vectors).all()


def test_what_is_on_record_is_not_made_again(ask: Callable[..., Labels]) -> None:
    made = ask(Letters())
    later = Letters()

    found = ask(later)

    assert later.texts == []
    assert found.vectors == pytest.approx(made.vectors, abs=1e-6)
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(1)


def test_after_a_crash_another_worker_goes_on_where_it_ended(
    ask: Callable[..., Labels], all_texts: Counter[str]
) -> None:
    runs = iter(range(5))

    def crash_at_last() -> None:
        if next(runs) == 4:
            raise MemoryError

    crashing, after = Letters(before=crash_at_last), Letters()
    with pytest.raises(MemoryError):
        ask(crashing)

    ask(after)

    assert crashing.texts and after.texts
    assert Counter(crashing.texts + after.texts) == all_texts


def test_a_worker_whose_connection_breaks_leaves_its_turn_to_the_one_that_waits(
    database_urls: DatabaseUrls, ask: Callable[..., Labels], all_texts: Counter[str]
) -> None:
    its_turn, waiting = threading.Event(), threading.Event()

    def stop_for_long() -> None:
        its_turn.set()
        assert waiting.wait(PATIENCE_S)

    lost, after = Letters(before=stop_for_long), Letters()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, lost)
        assert its_turn.wait(PATIENCE_S)
        second = pool.submit(ask, after)
        until_somebody_waits(database_urls)
        hang_up_on_the_one_whose_turn_it_is(database_urls)
        second.result()
        waiting.set()
        with pytest.raises(Unavailable):
            first.result()

    assert Counter(after.texts) == all_texts


def hang_up_on_the_one_whose_turn_it_is(urls: DatabaseUrls) -> None:
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(_HANG_UP)


def test_when_its_time_ends_what_it_made_is_kept_and_no_failure_is_told(
    ask: Callable[..., Labels], all_texts: Counter[str]
) -> None:
    seconds = iter([100.0, 70.0, 40.0, 10.0])
    slow, next_one = Letters(), Letters()

    with pytest.raises(NotItsTurn):
        ask(slow, time_left=lambda: next(seconds))
    ask(next_one)

    assert slow.texts and next_one.texts
    assert Counter(slow.texts + next_one.texts) == all_texts


def test_who_cannot_wait_long_enough_gives_up_without_failing(
    database_urls: DatabaseUrls, ask: Callable[..., Labels]
) -> None:
    encoder = Letters()

    with somebody_elses_turn(database_urls), pytest.raises(NotItsTurn):
        ask(encoder, time_left=lambda: 20.05)

    assert encoder.texts == []
    assert len(ask(encoder).vectors)


def test_without_time_nobody_waits(database_urls: DatabaseUrls, ask: Callable[..., Labels]) -> None:
    with somebody_elses_turn(database_urls), pytest.raises(NotItsTurn):
        ask(Letters(), time_left=lambda: 5.0)


def test_another_space_has_turns_of_its_own(
    database_urls: DatabaseUrls, ask: Callable[..., Labels], vocabulary: Vocabulary
) -> None:
    other = Space("letters-1", SPACE.dimension, "letters", "1" * 64)
    spaces.offer(database_urls.superuser, [(LETTERS, {}), (other, {})], LETTERS.name)

    with (
        somebody_elses_turn(database_urls),
        closing(Database(database_urls.worker)) as database,
    ):
        source = LabelSource(database, lambda _space: Letters(), vocabulary, lambda: 120.0)
        labels = labels_of(source, other.name)

    assert labels.space.name == other.name


def test_a_space_that_is_not_on_record_is_told(
    database_urls: DatabaseUrls, vocabulary: Vocabulary
) -> None:
    with closing(Database(database_urls.worker)) as database:
        source = LabelSource(database, lambda _space: Letters(), vocabulary, lambda: 120.0)
        with pytest.raises(Retryable, match="unknown_space"):
            labels_of(source, "nowhere-0")


def test_a_tagging_that_has_to_wait_too_long_comes_back_with_no_attempt_spent(
    house: House, vocabulary: Vocabulary
) -> None:
    """Given a picture to tag while another worker embeds the labels for longer than there is."""
    asset_id = house.upload(house.client(), png(64, 64), filename="a.png")
    house.run_queues("intake", "embed")
    [message] = house.receive("tag")
    seconds = 20.05

    def tag() -> Outgoing:
        with closing(Database(house.urls.worker)) as database:
            tagging = Tagging(
                database=database,
                library=wiring.library(),
                encoder=lambda _space: Letters(),
                vocabulary=vocabulary,
                limits=Limits(lifetime_s=120, lease_s=150, attempts=1),
                labels={},
                time_left=lambda: seconds,
            )
            return receive(tagging, message["body"])

    # When its message comes, and comes again
    with somebody_elses_turn(house.urls, SPACE.name):
        left = [tag().wake_ups, tag().wake_ups]

    # Then it is sent anew each time, and once there is time the only attempt is still there.
    assert [[wake_up.asset_id for wake_up in each] for each in left] == [[asset_id]] * 2
    assert stage_of(house, asset_id) == ("queued", None)
    seconds = 120.0
    tag()
    assert stage_of(house, asset_id) == ("done", None)


def stage_of(house: House, asset_id: UUID) -> tuple[str, str | None]:
    [row] = house.rows(
        "SELECT state, error_code FROM stage WHERE name = 'tag' AND asset_id = %s", asset_id
    )
    return row["state"], row["error_code"]
