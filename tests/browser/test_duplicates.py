"""Duplicates: two pictures compared and decided, mostly without a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner, newcomer
from tests.browser.photos import gallery, photo, send, smaller
from tests.e2e.stack import Client

pytestmark = pytest.mark.browser
TWICE = ("astronaut", "baseball", "brandenburg-gate")
COPIED = ("bucket", "bulb")


@pytest.fixture(scope="module")
def library(stack: Client) -> Iterator[Owner]:
    """Somebody with three pictures in other bytes too, and two in the same bytes again."""
    somebody = newcomer(stack, f"test-{uuid4().hex[:12]}", "admin")
    send(somebody, gallery(*TWICE, *COPIED))
    send(somebody, {f"{name}-small.jpg": smaller(name) for name in TWICE})
    send(somebody, {f"{name}-again.webp": photo(name) for name in COPIED})
    yield somebody
    somebody.client.open.close()


@pytest.fixture
def desk(opened: Opened, library: Owner) -> Page:
    return opened(library, DESK).new_page()


@pytest.fixture
def hand(opened: Opened, library: Owner) -> Page:
    return opened(library, HAND).new_page()


def pairs(owner: Owner, **wanted: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = owner.http.get("duplicates", params=wanted).json()["items"]
    return items


def kept(owner: Owner) -> list[str]:
    """The names of what is kept of confirmed pairs."""
    return [
        half["filename"]
        for pair in pairs(owner, state="confirmed", **{"class": "same"})
        for half in pair["objects"]
        if half["system_id"] == pair["keeper"]
    ]


def test_pairs_are_decided_by_keys_alone(desk: Page, library: Owner) -> None:
    names = [
        [half["filename"] for half in pair["objects"]] for pair in pairs(library, state="open")
    ]
    assert len(names) == len(TWICE)
    desk.goto("/#/duplicates")
    expect(desk.get_by_text("Pair 1 of 3 · 0 decided")).to_be_visible()
    expect(desk.get_by_role("cell", name=names[0][1])).to_be_visible()
    expect(desk.get_by_text("It has the most pixels").first).to_be_visible()
    accessible(desk)
    keep(desk, "duplicates")

    desk.keyboard.press("k")
    expect(desk.get_by_text("Pair 2 of 3 · 1 decided")).to_be_visible()
    assert kept(library) == [names[0][0]]
    desk.keyboard.press("d")
    expect(desk.get_by_text("Pair 3 of 3 · 2 decided")).to_be_visible()
    assert len(pairs(library, state="dismissed")) == 1
    desk.keyboard.press("j")
    expect(desk.get_by_text("Pair 3 of 3 · 3 decided")).to_be_visible()
    assert sorted(kept(library)) == sorted([names[0][0], names[2][1]])

    for left in (2, 1, 0):
        desk.keyboard.press("u")
        expect(desk.get_by_text(re.compile(rf"· {left} decided"))).to_be_visible()
    assert len(pairs(library, state="open")) == len(TWICE)


def test_two_are_compared_in_three_ways(desk: Page) -> None:
    desk.goto("/#/duplicates")
    left = desk.locator('.frame[data-side="left"]')
    right = desk.locator('.frame[data-side="right"]')
    expect(left.locator("img")).to_be_visible()
    expect(right.locator("img")).to_be_visible()
    until(desk, lambda: bool(right.locator("img").evaluate("image => image.naturalWidth > 0")))
    desk.keyboard.press("b")
    expect(left).to_be_visible()
    expect(right).to_be_hidden()
    desk.keyboard.press("b")
    expect(left).to_be_hidden()
    expect(right).to_be_visible()
    accessible(desk)
    keep(desk, "duplicates-blink")
    desk.keyboard.press("Escape")
    expect(left).to_be_visible()
    desk.get_by_role("button", name="Slider").click()
    slider = desk.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_have_value("51")
    expect(desk.get_by_text("Pair 1 of 3")).to_be_visible()
    accessible(desk)
    desk.get_by_role("button", name="Side by side").click()
    desk.keyboard.press("ArrowRight")
    expect(desk.get_by_text("Pair 2 of 3")).to_be_visible()


def test_keys_can_be_switched_off(desk: Page, library: Owner) -> None:
    desk.goto("/#/duplicates")
    desk.get_by_role("checkbox", name="Keys").uncheck()
    desk.keyboard.press("d")
    desk.get_by_role("button", name="Next pair").click()
    expect(desk.get_by_text("Pair 2 of 3 · 0 decided")).to_be_visible()
    assert pairs(library, state="dismissed") == []


def test_one_is_decided_in_a_hand_and_found_again(hand: Page, library: Owner) -> None:
    hand.goto("/#/duplicates")
    expect(hand.get_by_text("Pair 1 of 3")).to_be_visible()
    accessible(hand)
    keep(hand, "duplicates-phone")
    hand.get_by_role("button", name="Not a duplicate").tap()
    expect(hand.get_by_text("1 decided")).to_be_visible()
    hand.get_by_role("link", name="Dismissed").tap()
    expect(hand.get_by_text("two different pictures")).to_be_visible()
    accessible(hand)
    hand.get_by_role("button", name="Undo").tap()
    expect(hand.get_by_role("button", name="Keep left")).to_be_visible()
    assert len(pairs(library, state="open")) == len(TWICE)


def test_sure_ones_are_confirmed_at_once_and_taken_back(desk: Page, library: Owner) -> None:
    desk.goto("/#/duplicates")
    desk.get_by_role("button", name=re.compile(r"^Confirm \d sure ones…")).click()
    accessible(desk)
    desk.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(desk.get_by_text(re.compile(r"\d pairs are confirmed\."))).to_be_visible()
    confirmed = len(kept(library))
    assert confirmed > 1
    desk.get_by_role("button", name="Undo").last.click()
    until(desk, lambda: kept(library) == [])
    expect(desk.get_by_text("Pair 1 of 3")).to_be_visible()


def test_exact_copies_go_to_the_trash_and_come_back(desk: Page, library: Owner) -> None:
    def in_the_trash() -> int:
        asked = {"trashed": "true", "limit": "200"}
        return len(library.http.get("objects", params=asked).json()["items"])

    desk.goto("/#/duplicates?show=exact")
    expect(desk.get_by_text("Pair 1 of 2")).to_be_visible()
    expect(desk.get_by_text("SHA-256")).to_be_visible()
    accessible(desk)
    desk.keyboard.press("k")
    expect(desk.get_by_text("Pair 2 of 2 · 1 decided")).to_be_visible()
    assert in_the_trash() == 1
    desk.keyboard.press("u")
    expect(desk.get_by_text("Pair 1 of 2 · 0 decided")).to_be_visible()
    assert in_the_trash() == 0

    desk.get_by_role("button", name="Trash 2 copies…").click()
    desk.get_by_role("dialog").get_by_role("button", name="Move to the trash").click()
    expect(desk.get_by_role("heading", name="No exact copies")).to_be_visible()
    assert in_the_trash() == len(COPIED)
    desk.get_by_role("button", name="Undo").click()
    expect(desk.get_by_text("Pair 1 of 2")).to_be_visible()
    assert in_the_trash() == 0


def test_who_may_only_look_is_offered_nothing(
    opened: Opened, stack: Client, library: Owner
) -> None:
    viewer = newcomer(stack, library.name, "viewer")
    page = opened(viewer, DESK).new_page()
    page.goto("/#/duplicates")
    expect(page.get_by_text("Pair 1 of 3")).to_be_visible()
    expect(page.get_by_role("button", name="Keep left")).to_have_count(0)
    page.keyboard.press("k")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Pair 2 of 3 · 0 decided")).to_be_visible()
    viewer.client.open.close()


def test_a_pair_has_an_address(desk: Page, library: Owner) -> None:
    copy = pairs(library, **{"class": "exact"})[1]
    desk.goto(f"/#/duplicates/{copy['id']}")
    expect(desk.get_by_text("Pair 2 of 2")).to_be_visible()
    expect(desk.get_by_role("link", name="Exact")).to_have_attribute("aria-current", "true")


def test_nothing_to_decide(page: Page) -> None:
    page.goto("/#/duplicates")
    expect(page.get_by_role("heading", name="Nothing to decide")).to_be_visible()
    accessible(page)
