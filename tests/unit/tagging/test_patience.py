"""When a service that fails is asked again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from google.genai.errors import ClientError
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from mammothbox.tagging.circuit import Circuit
from mammothbox.tagging.gemini_faults import LONGEST_WAIT_S, retry_after

from tests.unit.tagging.conftest import UNHURRIED

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_circuit_is_closed_until_too_much_fails_in_a_row(clock: Clock) -> None:
    circuit = Circuit(2, 60, clock)
    circuit.failed()
    circuit.succeeded()
    circuit.failed()
    assert circuit.wait_s() == 0

    circuit.failed()
    assert circuit.wait_s() == 60


def test_after_its_rest_one_call_is_let_through(clock: Clock) -> None:
    circuit = Circuit(1, 60, clock)
    circuit.failed()
    clock.now = 59
    assert circuit.wait_s() == 1

    clock.now = 60
    assert circuit.wait_s() == 0
    assert circuit.wait_s() == 60

    circuit.succeeded()
    assert circuit.wait_s() == 0
    assert circuit.wait_s() == 0


def test_a_call_that_never_told_does_not_close_it_for_good(clock: Clock) -> None:
    circuit = Circuit(1, 60, clock)
    circuit.failed()
    clock.now = 60
    assert circuit.wait_s() == 0

    clock.now = 120
    assert circuit.wait_s() == 0


def test_a_wish_to_be_left_alone_is_obeyed_at_once(clock: Clock) -> None:
    circuit = Circuit(5, 60, clock)
    circuit.failed(3600)
    assert circuit.wait_s() == 3600

    # A failure that was on its way does not shorten it.
    circuit.failed(1)
    assert circuit.wait_s() == 3600
    clock.now = 3600
    assert circuit.wait_s() == 0


def test_of_many_threads_one_is_let_through(clock: Clock) -> None:
    circuit = Circuit(1, 60, clock)
    circuit.failed()
    clock.now = 60
    together = threading.Barrier(8)

    def ask() -> float:
        together.wait()
        return circuit.wait_s()

    with ThreadPoolExecutor(8) as pool:
        waits = [asked.result() for asked in [pool.submit(ask) for _ in range(8)]]

    assert sorted(waits) == [0.0, *[60.0] * 7]


def refused(header: str | None, *details: Any) -> ClientError:
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": list(details)}}
    response = Response(429, headers={"Retry-After": header} if header is not None else {})
    return ClientError(429, body, response)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("7", 7),
        ("86401", LONGEST_WAIT_S),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Mon, 01 Mar 2027 12:00:00 GMT", LONGEST_WAIT_S),
        ("-7", None),
        ("later", None),
    ],
)
def test_how_long_a_header_asks_for(header: str | None, seconds: float | None) -> None:
    assert retry_after(refused(header), NOON) == seconds


@pytest.mark.parametrize("body", [None, [], "text", {"error": 7}, {"error": {"details": 7}}])
def test_a_body_of_any_shape_is_no_reason_to_fail(body: Any) -> None:
    assert retry_after(ClientError(429, body if isinstance(body, dict) else {}, None), NOON) is None


@UNHURRIED
@given(header=st.text(st.characters(codec="ascii", exclude_categories=["Cc"])), delay=st.text())
def test_nothing_a_service_says_about_waiting_breaks_us(header: str, delay: str) -> None:
    seconds = retry_after(refused(header, {"retryDelay": delay}, delay, None), NOON)

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT_S
