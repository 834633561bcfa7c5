"""What captions may cost: replays are held to the budget, and what ended holds no tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from mammothbox import model_wiring, replays
from mammothbox.catalog import assets, captions, spaces
from mammothbox.catalog.connection import Database
from mammothbox.encoders import histogram
from mammothbox.errors import Refused, Retryable
from mammothbox.messages import Outgoing, WakeUp
from mammothbox.settings import CaptionSettings, load
from mammothbox.storage.keys import derived_key
from mammothbox.tagging import caption_file
from mammothbox.tagging.budget import Refusal, frees_on
from mammothbox.tagging.caption_file import CaptionFile
from mammothbox.tagging.caption_orders import caption_orders
from starlette.testclient import TestClient

from functions.api import services
from infra.topology import LIBRARY_BUCKET
from tests.gemini_server import (
    GOOD,
    GOOD_TOKENS,
    KEY,
    MODEL,
    GeminiServer,
    blocked,
    gemini_server,
)
from tests.house import SPACE, House
from tests.integration.test_captions import caption_stage, used
from tests.samples import PNG, png

pytestmark = pytest.mark.xdist_group("models")

# Enough for one picture and not for two.
ONE_PICTURE = 6000


@pytest.fixture
def gemini(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    """Captions are on, and this answers for Gemini."""
    with gemini_server() as server:
        monkeypatch.setenv("CAPTIONS", "true")
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_MODEL", MODEL)
        monkeypatch.setenv("GEMINI_URL", server.url)
        yield server


@pytest.fixture
def client(house: House, gemini: GeminiServer) -> TestClient:
    return house.client()


def limit(monkeypatch: pytest.MonkeyPatch, tokens: int, period: str = "DAY") -> None:
    monkeypatch.setenv(f"CAPTION_TOKENS_A_{period}", str(tokens))


def replay(database: Database, asset_id: UUID, *names: str) -> Outgoing:
    """What a client of the owner `ada` does, by the rights of the API."""
    with database.transaction("ada") as connection:
        asset = assets.get(connection, "ada", asset_id)
        assert asset is not None
        return replays.replay(
            connection,
            asset,
            caption_orders(load(CaptionSettings)),
            names=names,
            actor="key:test",
            request_id="r",
        )


def replay_and_send(asset_id: UUID, *names: str) -> set[str]:
    """Replay as the API does, and tell which stages were queued."""
    outgoing = replay(services.database(), asset_id, *names)
    services.dispatch().send(outgoing, "ada")
    return {wake_up.stage for wake_up in outgoing.wake_ups}


def state(house: House, asset_id: UUID) -> str:
    [row] = house.rows("SELECT state FROM stage WHERE name = 'caption' AND asset_id = %s", asset_id)
    return str(row["state"])


def refused_beside_captioned(house: House, client: TestClient) -> tuple[UUID, UUID]:
    """A picture whose caption came, and one for which no tokens were left."""
    first = house.upload(client, PNG)
    house.run_queues()
    second = house.upload(client, png(shade=7))
    house.run_queues()
    assert (state(house, first), state(house, second)) == ("done", "skipped")
    return first, second


def hand_to_tag(house: House, message: str) -> None:
    house.sqs.send_message(QueueUrl=house.queue_urls["tag"], MessageBody=message)


def answer_of(house: House, asset_id: UUID, body: bytes) -> None:
    """Somebody put this down as the captioner's answer."""
    key = f"derived/{asset_id}/caption.json"
    house.s3.put_object(Bucket=LIBRARY_BUCKET, Key=key, Body=body)


@pytest.mark.parametrize(
    ("period", "code"), [("DAY", "daily_budget_spent"), ("MONTH", "monthly_budget_spent")]
)
def test_a_replayed_caption_beyond_the_budget_is_refused_and_says_when_to_come_back(
    house: House,
    gemini: GeminiServer,
    monkeypatch: pytest.MonkeyPatch,
    period: str,
    code: Refusal,
) -> None:
    limit(monkeypatch, 4000, period)
    _, refused = refused_beside_captioned(house, house.client())
    before = used(house)
    from_when = frees_on(code, datetime.now(UTC).date())

    with pytest.raises(Refused) as told:
        replay_and_send(refused, "tag", "caption")

    assert (told.value.status, told.value.code) == (409, code)
    assert f"from {from_when}, 00:00 UTC" in told.value.detail
    assert house.rows("SELECT 1 FROM stage WHERE state = 'queued'") == []
    assert used(house) == before
    assert len(gemini.requests) == 1


def test_a_replayed_caption_within_the_budget_reserves_its_tokens_anew(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 4000)
    _, refused = refused_beside_captioned(house, client)
    limit(monkeypatch, 8000)

    assert replay_and_send(refused, "caption") == {"caption"}

    reserved, spent = used(house)
    assert reserved > GOOD_TOKENS
    house.run_queues()
    assert house.get(client, refused)["caption"] == GOOD["caption"]
    assert used(house) == (0, spent + GOOD_TOKENS)


def test_tomorrow_the_budget_is_free_again(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 4000)
    _, refused = refused_beside_captioned(house, client)
    house.rows("UPDATE token_use SET day = day - 1")

    assert replay_and_send(refused, "caption") == {"caption"}


def test_two_replays_at_once_cannot_share_the_last_tokens(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [house.upload(client, png(shade=shade)) for shade in range(4)]
    limit(monkeypatch, 0)
    house.run_queues()
    limit(monkeypatch, ONE_PICTURE)

    def ask(asset_id: UUID) -> str:
        with closing(Database(house.urls.app)) as database:
            try:
                replay(database, asset_id, "caption")
            except Refused as refused:
                return refused.code
        return "queued"

    with ThreadPoolExecutor() as threads:
        answers = sorted(threads.map(ask, pictures))

    assert answers == ["daily_budget_spent"] * 3 + ["queued"]
    assert 0 < used(house)[0] <= ONE_PICTURE


def test_what_is_captioned_is_taken_in_again_without_any_tokens(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues()
    limit(monkeypatch, GOOD_TOKENS)

    assert replay_and_send(asset_id, "caption") == {"caption"}
    house.run_queues()

    assert len(gemini.requests) == 1
    assert used(house) == (0, GOOD_TOKENS)


def test_a_replay_of_everything_leaves_out_the_caption_that_may_not_be(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 4000)
    _, refused = refused_beside_captioned(house, client)

    replayed = replay_and_send(refused)

    assert "caption" not in replayed
    assert {"intake", "embed", "tag"} <= replayed
    assert state(house, refused) == "skipped"


def test_a_replay_of_what_failed_is_refused_if_that_is_a_caption_that_may_not_be(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 4000)
    _, refused = refused_beside_captioned(house, client)
    house.rows("UPDATE stage SET state = 'dead' WHERE name = 'caption' AND state = 'skipped'")

    with pytest.raises(Refused, match="daily_budget_spent"):
        replay_and_send(refused)

    assert house.rows("SELECT 1 FROM stage WHERE state = 'queued'") == []


def test_where_captions_are_off_only_a_caption_that_is_named_is_refused(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues()
    monkeypatch.setenv("CAPTIONS", "false")

    with pytest.raises(Refused, match="captions_off"):
        replay_and_send(asset_id, "caption")

    assert "tag" in replay_and_send(asset_id)
    assert state(house, asset_id) == "done"


def test_a_file_nobody_could_have_written_gives_the_tokens_back(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    assert used(house)[0] > 0
    answer_of(house, asset_id, b"{}")

    hand_to_tag(house, house.receive("caption")[0]["body"])
    house.run_queues("tag")

    assert caption_stage(house.get(client, asset_id))["state"] == "failed"
    assert used(house) == (0, 0)


def unreadable(_: bytes) -> CaptionFile:
    raise Retryable("unreadable", "Not now.")


def test_a_caption_that_cannot_be_taken_in_gives_the_tokens_back_at_the_last_try(
    house: House, client: TestClient, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    reserved, _ = used(house)
    hand_to_tag(house, house.receive("caption")[0]["body"])
    # There is an answer, and it cannot be read.
    key = derived_key(asset_id, caption_file.NAME)
    house.s3.put_object(Bucket=LIBRARY_BUCKET, Key=key, Body=b"{}")
    monkeypatch.setattr(caption_file, "parse", unreadable)
    [record] = [each for each in house.receive("tag") if "caption" in each["body"]]
    held = []
    for _ in range(3):
        assert house.invoke("tag", [record]) == [record["messageId"]]
        held.append((state(house, asset_id), used(house)[0]))

    assert held == [("failed", reserved), ("failed", reserved), ("dead", 0)]


def test_a_taking_in_that_crashed_every_time_gives_the_tokens_back(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    house.rows(
        "UPDATE stage SET state = 'running', attempt = 3, started_at = now(),"
        " lease_until = now() - interval '1 s' WHERE name = 'caption'"
    )
    assert used(house)[0] > 0

    hand_to_tag(house, house.receive("caption")[0]["body"])
    house.run_queues("tag")

    assert state(house, asset_id) == "dead"
    assert used(house) == (0, 0)


def test_a_replay_after_the_end_reserves_and_pays_once(
    house: House, client: TestClient, gemini: GeminiServer
) -> None:
    gemini.replies.append(blocked("PROHIBITED_CONTENT", tokens=300))
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    reserved, _ = used(house)
    house.run_queues()
    assert used(house) == (0, 300)

    replay_and_send(asset_id, "caption")
    assert used(house) == (reserved, 300)
    with pytest.raises(Refused, match="nothing_to_replay"):
        replay_and_send(asset_id, "caption")
    house.run_queues()

    assert used(house) == (0, 300 + GOOD_TOKENS)


def test_clients_reserve_for_their_owner_only(house: House, client: TestClient) -> None:
    asset_id = house.upload(client, PNG)
    house.run_queues("intake", "embed")
    before = house.rows("SELECT * FROM token_reservation, token_use")
    today = datetime.now(UTC).date()
    assert [row["asset_id"] for row in before] == [asset_id]

    with closing(Database(house.urls.app)) as app:
        with app.transaction("bob") as connection:
            seen = connection.execute("SELECT * FROM token_reservation, token_use").fetchall()
            connection.execute("DELETE FROM token_reservation")
            connection.execute("UPDATE token_use SET spent = 0, reserved = 0")
        for day in (today, today - timedelta(days=40)):
            with pytest.raises(psycopg.Error), app.transaction("bob") as connection:
                captions.lock_use(connection, "ada", day)
            with pytest.raises(psycopg.Error), app.transaction("bob") as connection:
                captions.reserve(connection, "ada", asset_id, day, 1)

    assert seen == []
    assert house.rows("SELECT * FROM token_reservation, token_use") == before


def test_a_caption_is_ordered_even_if_its_space_was_left_meanwhile(
    house: House, client: TestClient
) -> None:
    # Given a picture that is embedded in the active space, and in one that is filling
    with closing(Database(house.urls.superuser)) as database:
        with database.transaction() as connection:
            connection.execute("SET LOCAL search_path = catalog, public")
            spaces.register(connection, histogram.SPACE, {})
            connection.execute(
                "UPDATE embedding_space SET state = 'filling' WHERE name = 'histogram'"
            )
        asset_id = house.upload(client, PNG)
        house.run_queues("intake")
        waiting = {json.loads(each["body"])["space"]: each for each in house.receive("embed")}

        # When the filling one comes first, and takes the other's place before that is done
        assert house.invoke("embed", [waiting[histogram.SPACE.name]]) == []
        with database.transaction() as connection:
            connection.execute("SET LOCAL search_path = catalog, public")
            spaces.activate(connection, histogram.SPACE.name)
        assert house.invoke("embed", [waiting[SPACE.name]]) == []

    # Then its caption is ordered all the same, once
    assert state(house, asset_id) == "queued"
    house.run_queues("caption", "tag")
    assert house.get(client, asset_id)["caption"] == GOOD["caption"]


def test_filling_a_space_orders_no_captions_for_what_was_there_before(
    house: House, gemini: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTIONS", "false")
    client = house.client()
    asset_id = house.upload(client, PNG)
    house.run_queues()
    monkeypatch.setenv("CAPTIONS", "true")
    model_wiring.caption_orders.cache_clear()
    house.rows(
        "INSERT INTO embedding_space (name, model, weights_sha256, dimension, state)"
        " VALUES (%s, %s, '', %s, 'filling')",
        histogram.SPACE.name,
        histogram.SPACE.model,
        histogram.SPACE.dimension,
    )
    body = WakeUp(
        stage="embed", owner="ada", asset_id=asset_id, request_id="r", space=histogram.SPACE.name
    )
    house.rows(
        "INSERT INTO stage (owner, asset_id, name, space, state, request_id, optional)"
        " VALUES ('ada', %s, 'embed', %s, 'queued', 'r', true)",
        asset_id,
        histogram.SPACE.name,
    )
    house.sqs.send_message(QueueUrl=house.queue_urls["embed"], MessageBody=body.model_dump_json())
    house.run_queues()

    asset: dict[str, Any] = house.get(client, asset_id)
    done = {(stage["name"], stage["space"]): stage["state"] for stage in asset["stages"]}
    assert done["embed", histogram.SPACE.name] == "done"
    assert ("caption", "") not in done


def test_the_api_holds_a_replay_to_the_budget(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, 4000)
    _, refused = refused_beside_captioned(house, client)

    answer = client.post(f"/api/v1/objects/{refused}/replay", json={"stages": ["caption"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "daily_budget_spent")
    assert "replay its caption stage from" in answer.json()["detail"]
    assert state(house, refused) == "skipped"
    everything = client.post(f"/api/v1/objects/{refused}/replay")
    assert everything.status_code == 202
