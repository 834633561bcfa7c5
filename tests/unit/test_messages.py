"""Wake-ups and announcements: read strictly, and nothing that is something else."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.errors import Permanent
from mammothbox.intake.arrivals import read_message
from mammothbox.messages import Announcement, Outgoing, WakeUp, parse_wake_up
from pydantic import ValidationError

from tests.house import event

ASSET = UUID("018f0000-0000-7000-8000-000000000001")
WAKE_UP = WakeUp(stage="intake", owner="ada", asset_id=ASSET, request_id="r")
ANNOUNCEMENT = Announcement(id=ASSET, owner="ada", type="asset.ready", request_id="r", detail={})


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(WAKE_UP.model_dump_json()), **fields})


def without(name: str) -> str:
    fields = json.loads(WAKE_UP.model_dump_json())
    del fields[name]
    return json.dumps(fields)


@given(
    st.builds(
        WakeUp,
        stage=st.from_regex(r"[a-z][a-z_]*", fullmatch=True),
        owner=st.text(),
        asset_id=st.uuids(),
        request_id=st.text(),
        space=st.text(),
        part=st.integers(),
    )
)
def test_a_wake_up_comes_back_as_it_was_sent(sent: WakeUp) -> None:
    assert parse_wake_up(sent.model_dump_json()) == sent


def test_space_and_part_may_be_left_out() -> None:
    body = {"stage": "intake", "owner": "ada", "asset_id": str(ASSET), "request_id": "r"}

    assert parse_wake_up(json.dumps(body)) == WAKE_UP


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "no json",
        changed(stage="Intake"),
        changed(stage="../x"),
        changed(asset_id="7"),
        changed(part="first"),
        changed(surprise=1),
        without("stage"),
        without("owner"),
        without("asset_id"),
        without("request_id"),
    ],
)
def test_anything_else_is_no_wake_up(body: str) -> None:
    assert parse_wake_up(body) is None


@pytest.mark.parametrize("name", ["s3_object_created.json", "s3_test_event.json"])
def test_what_s3_says_is_no_wake_up(name: str) -> None:
    assert parse_wake_up(event(name)) is None


def test_the_example_of_a_wake_up_is_one() -> None:
    assert isinstance(read_message(event("wake_up.json")), WakeUp)


@given(st.text())
def test_any_text_is_a_message_or_is_refused(body: str) -> None:
    try:
        read_message(body)
    except Permanent as error:
        assert error.code == "unknown_message"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORD = st.fixed_dictionaries(
    {
        "eventName": st.just("ObjectCreated:Put") | JSON,
        "s3": st.fixed_dictionaries(
            {
                "bucket": st.fixed_dictionaries({"name": st.text() | JSON}),
                "object": st.fixed_dictionaries(
                    {"key": st.text() | JSON},
                    optional={"versionId": st.text() | JSON, "size": st.integers() | JSON},
                ),
            }
        )
        | JSON,
    },
    optional={"responseElements": JSON},
)


@given(st.fixed_dictionaries({"Records": st.lists(RECORD | JSON, max_size=3) | JSON}))
def test_records_of_any_shape_are_read_or_refused(message: dict[str, Any]) -> None:
    try:
        read_message(json.dumps(message))
    except Permanent as error:
        assert error.code == "unknown_message"


def test_messages_do_not_change() -> None:
    with pytest.raises(ValidationError):
        WAKE_UP.owner = "eve"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        ANNOUNCEMENT.owner = "eve"  # type: ignore[misc]


def test_only_known_things_are_announced() -> None:
    with pytest.raises(ValidationError):
        Announcement.model_validate({**ANNOUNCEMENT.model_dump(), "type": "asset.exploded"})


def test_what_is_left_to_send_adds_up_in_order() -> None:
    other = WAKE_UP.model_copy(update={"stage": "embed"})

    together = Outgoing((WAKE_UP,)) + Outgoing((other,), (ANNOUNCEMENT,)) + Outgoing()

    assert together == Outgoing((WAKE_UP, other), (ANNOUNCEMENT,))
