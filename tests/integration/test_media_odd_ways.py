"""Odd ways through the media pipeline: replays, purges and races that once left something wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from mammothbox.errors import Unavailable
from mammothbox.storage.library import Library, Made
from PIL import Image
from starlette.testclient import TestClient

from tests.gemini_server import GOOD_TOKENS, KEY, MODEL, GeminiServer, gemini_server
from tests.house import Context, House
from tests.integration.test_captions import used
from tests.integration.test_media import names_of, photo
from tests.samples import PNG

pytestmark = pytest.mark.xdist_group("models")

BROKEN = PNG[:200]


@pytest.fixture
def client(house: House) -> TestClient:
    return house.client()


@pytest.fixture
def gemini(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    with gemini_server() as server:
        monkeypatch.setenv("CAPTIONS", "true")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_MODEL", MODEL)
        monkeypatch.setenv("GEMINI_URL", server.url)
        yield server


def replay(client: TestClient, asset_id: UUID, *stages: str) -> None:
    answer = client.post(f"/api/v1/objects/{asset_id}/replay", json={"stages": stages})
    assert answer.status_code == 202, answer.text


def run_out(house: House) -> None:
    for _ in range(2):
        house.run_queues()
        house.sweep()
    house.run_queues()


def test_a_broken_picture_taken_in_again_is_failed_again(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, BROKEN)
    house.run_queues()

    replay(client, asset_id, "intake")
    run_out(house)

    asset = house.get(client, asset_id)
    assert (asset["status"], asset["error"]["code"]) == ("failed", "broken_picture")


def test_a_stage_replayed_beside_a_dead_one_leaves_the_asset_failed(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    house.rows(
        "UPDATE stage SET state = 'dead', error_code = 'x', retryable = false,"
        " finished_at = now() WHERE name = 'tag'"
    )
    house.rows("UPDATE asset SET status = 'failed', error_code = 'x', settled_at = now()")
    house.sqs.purge_queue(QueueUrl=house.queue_urls["tag"])

    replay(client, asset_id, "embed")
    house.run_queues()

    assert house.get(client, asset_id)["status"] == "failed"


def test_a_duplicate_with_an_old_failure_that_becomes_the_original_is_failed(
    house: House, client: TestClient
) -> None:
    first = house.upload(client, BROKEN)
    house.run_queues()
    second = house.upload(client, BROKEN)
    house.run_queues()

    client.delete(f"/api/v1/objects/{first}")
    house.run_queues()
    client.post(f"/api/v1/objects/{first}/restore")
    house.run_queues()
    client.delete(f"/api/v1/objects/{second}")
    run_out(house)

    assert house.get(client, first)["status"] == "failed"


def test_a_file_that_was_never_opened_has_spent_no_attempt(
    house: House, client: TestClient
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake")
    [record] = house.receive("embed")
    # Others of its batch have used up the time.
    house.context = Context(seconds=14)

    for _ in range(3):
        assert house.invoke("embed", [record]) == []

    house.context = Context()
    house.run_queues()
    assert house.get(client, asset_id)["status"] == "ready"


def test_a_caption_replayed_is_paid_once(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues()

    for _ in range(3):
        replay(client, asset_id, "caption")
        house.run_queues()

    assert len(gemini.requests) == 1
    assert used(house) == (0, GOOD_TOKENS)


def test_a_purge_gives_reserved_tokens_back(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    assert used(house)[0] > 0

    client.delete(f"/api/v1/objects/{asset_id}?purge=true")
    house.run_queues()

    assert used(house)[0] == 0


def test_a_space_in_which_everything_failed_is_not_full(house: House, client: TestClient) -> None:
    operator = house.client("operator", owner="ops")
    house.upload(client, PNG)
    house.run_queues()
    house.rows(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension)"
        " VALUES ('gone', 'm', '0', 3)"
    )
    operator.post("/api/v1/admin/spaces/gone/fill")
    house.rows(
        "UPDATE stage SET state = 'dead', error_code = 'space_unavailable', retryable = false,"
        " finished_at = now() WHERE space = 'gone'"
    )

    answer = operator.post("/api/v1/admin/spaces/gone/activate")

    assert (answer.status_code, answer.json()["code"]) == (409, "space_not_full")


def test_filling_a_space_does_not_hold_up_a_lost_wake_up(house: House, client: TestClient) -> None:
    house.upload(client, PNG)
    house.run_queues()
    house.rows(
        "INSERT INTO asset (owner, id, job_id, ordinal, raw_id, status) SELECT owner,"
        " gen_random_uuid(), job_id, n, raw_id, 'ready' FROM asset, generate_series(1, 1200) n"
    )
    house.rows(
        "INSERT INTO stage (owner, asset_id, name, space, state, request_id, optional, queued_at)"
        " SELECT owner, id, 'embed', 'fill', 'queued', 'r', true, now() - interval '1 hour'"
        " FROM asset WHERE status = 'ready'"
    )
    lost = house.upload(client, photo(5))
    house.run_queues("intake")
    house.sqs.purge_queue(QueueUrl=house.queue_urls["embed"])
    house.rows(
        "UPDATE stage SET woken_at = NULL, queued_at = now() - interval '10 min'"
        " WHERE asset_id = %s AND name = 'embed'",
        lost,
    )

    house.sweep()

    [stage] = house.rows("SELECT woken_at FROM stage WHERE asset_id = %s AND name = 'embed'", lost)
    assert stage["woken_at"] is not None


def test_a_place_cannot_be_found_by_asking_around_it(house: House, client: TestClient) -> None:
    house.upload(client, photo())
    house.run_queues()
    operator = house.client("operator", owner="ops")

    answer = operator.get("/api/v1/objects?owner=ada&bbox=13.39,52.49,13.41,52.51")

    assert (answer.status_code, answer.json()["code"]) == (403, "place_withheld")


def test_a_purge_while_the_store_fails_half_way_leaves_nothing(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, photo())
    house.run_queues("intake")
    records = house.receive("embed")
    store = Library.store

    def half(library: Library, made: Sequence[tuple[UUID, Made]]) -> None:
        client.delete(f"/api/v1/objects/{asset_id}?purge=true")
        store(library, made[:1])
        raise Unavailable("S3 went away")

    with monkeypatch.context() as patched:
        patched.setattr(Library, "store", half)
        house.invoke("embed", records)
    house.invoke("embed", records)

    assert names_of(house, asset_id) == set()


def test_every_tag_a_machine_gives_can_be_taken_away(house: House, client: TestClient) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "M" * 50, "N" * 50
    body = io.BytesIO()
    Image.open(io.BytesIO(PNG)).convert("RGB").save(body, "JPEG", exif=exif)
    asset_id = house.upload(client, body.getvalue())
    house.run_queues()
    tags: list[dict[str, Any]] = house.get(client, asset_id)["tags"]
    longest = max((tag["label"] for tag in tags), key=len)

    answer = client.patch(f"/api/v1/objects/{asset_id}", json={"tags": {"remove": [longest]}})

    assert answer.status_code == 200, answer.text
    assert longest not in {tag["label"] for tag in answer.json()["tags"]}
