"""Clusters put right by hand: seen before it is done, and taken back afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner, newcomer
from tests.browser.photos import gallery, send, smaller
from tests.e2e.stack import Client

pytestmark = pytest.mark.browser
# Of three of them the second file is the same picture, so that it shares a cluster.
PAIRS = ("coffee", "panda", "rocket")
SINGLE = ("moose", "volleyball", "chameleon")


@pytest.fixture(scope="module")
def library(stack: Client) -> Iterator[Owner]:
    """Somebody with nine photographs in six clusters or so."""
    somebody = newcomer(stack, f"test-{uuid4().hex[:12]}", "admin")
    send(somebody, gallery(*PAIRS, *SINGLE))
    send(somebody, {f"{name}-small.jpg": smaller(name) for name in PAIRS})
    yield somebody
    somebody.client.open.close()


@pytest.fixture
def desk(opened: Opened, library: Owner) -> Page:
    return opened(library, DESK).new_page()


@pytest.fixture
def hand(opened: Opened, library: Owner) -> Page:
    return opened(library, HAND).new_page()


def clusters(owner: Owner) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = owner.http.get("clusters", params={"limit": 200}).json()["items"]
    return items


def home_of(owner: Owner, filename: str) -> dict[str, Any]:
    """The cluster a file is in."""
    items = owner.http.get("objects", params={"limit": 200}).json()["items"]
    place = next(item["cluster"]["id"] for item in items if item["filename"] == filename)
    return next(each for each in clusters(owner) if each["id"] == place)


def called(owner: Owner, filename: str) -> str:
    """Give the file's cluster a name that no other has."""
    name = f"{filename.partition('.')[0]} {uuid4().hex[:6]}"
    edit = {"action": "rename", "name": name}
    answer = owner.http.patch(f"clusters/{home_of(owner, filename)['id']}", json=edit)
    assert answer.status_code == 200, answer.text
    return name


def card(page: Page, name: str) -> Locator:
    cards = page.get_by_role("list", name="Clusters").get_by_role("listitem")
    return cards.filter(has=page.get_by_role("link", name=name, exact=True))


def carry(page: Page, what: Locator, onto: Locator) -> None:
    """Drag it there, and hold it until the place has noticed."""
    expect(what.locator("img")).to_be_visible()
    what.hover()
    page.mouse.down()

    def noticed() -> bool:
        onto.hover(position={"x": 20, "y": 20})
        onto.hover(position={"x": 22, "y": 22})
        return "over" in (onto.get_attribute("class") or "").split()

    until(page, noticed)


class Finger:
    """One finger on a page."""

    def __init__(self, page: Page) -> None:
        self._send = page.context.new_cdp_session(page).send

    def swipe(self, over: Locator, *, by: int) -> None:
        """Scroll as a finger does, beginning there."""
        start = _middle(over)
        self._touch("touchStart", start)
        for part in range(1, 11):
            self._touch("touchMove", {**start, "y": start["y"] + by * part / 10})
        self.let_go()

    def hold(self, what: Locator) -> None:
        expect(what.locator("img")).to_be_visible()
        self._touch("touchStart", _middle(what))

    def carry(self, onto: Locator) -> None:
        self._touch("touchMove", _middle(onto))

    def let_go(self) -> None:
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: dict[str, float]) -> None:
        self._send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})


def _middle(what: Locator) -> dict[str, float]:
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def undo(page: Page) -> None:
    toasts = page.locator(".toast")
    toasts.get_by_role("button", name="Undo").last.click()
    expect(toasts.get_by_text("Taken back.").last).to_be_visible()
    # What stands there is of this act, and not of one before.
    toasts.get_by_role("button", name="Close").last.click()


def test_a_cluster_is_renamed_where_it_stands(desk: Page, library: Owner) -> None:
    before = called(library, "moose.webp")
    after = f"Elk {uuid4().hex[:6]}"
    desk.goto("/#/clusters")
    card(desk, before).get_by_role("button", name=f"Rename {before}").press("Enter")
    desk.get_by_label(f"New name of {before}").fill(after)
    desk.get_by_label(f"New name of {before}").press("Enter")
    expect(card(desk, after)).to_be_visible()
    accessible(desk)
    keep(desk, "clusters")

    undo(desk)
    expect(card(desk, before)).to_be_visible()
    assert home_of(library, "moose.webp")["name"] == before


def test_one_is_dragged_onto_another_and_taken_back(desk: Page, library: Owner) -> None:
    moose, coffee = called(library, "moose.webp"), called(library, "coffee.webp")
    size = home_of(library, "coffee.webp")["size"]
    desk.goto("/#/clusters")
    expect(card(desk, moose)).to_be_visible()
    carry(desk, card(desk, moose), card(desk, coffee))
    expect(desk.get_by_text(f"Merge “{moose}” into “{coffee}”: {size + 1} objects")).to_be_visible()
    keep(desk, "clusters-drag")
    desk.mouse.up()

    expect(card(desk, moose)).to_have_count(0)
    expect(card(desk, coffee)).to_contain_text(f"{size + 1} objects")
    undo(desk)
    expect(card(desk, moose)).to_be_visible()
    expect(card(desk, coffee)).to_contain_text(re.compile(rf"{size} objects?"))


def test_one_is_carried_by_a_finger_and_put_back(hand: Page, library: Owner) -> None:
    moose, coffee = called(library, "moose.webp"), called(library, "coffee.webp")
    size = home_of(library, "coffee.webp")["size"]
    hand.goto("/#/clusters")
    # Those just named are on top of the page.
    hand.get_by_label("Order").select_option("changed")
    lifted = hand.locator(".cluster.dragging")
    finger = Finger(hand)

    finger.swipe(card(hand, coffee), by=-200)
    until(hand, lambda: bool(hand.evaluate("scrollY > 0")))
    expect(lifted).to_have_count(0)
    hand.evaluate("scrollTo(0, 0)")

    finger.hold(card(hand, moose))
    expect(lifted).to_have_count(1)
    finger.carry(card(hand, coffee))
    expect(hand.get_by_text(f"Merge “{moose}” into “{coffee}”: {size + 1} objects")).to_be_visible()
    keep(hand, "clusters-touch")
    hand.keyboard.press("Escape")
    expect(lifted).to_have_count(0)
    finger.let_go()
    expect(card(hand, moose)).to_be_visible()

    finger.hold(card(hand, moose))
    expect(lifted).to_have_count(1)
    finger.let_go()
    expect(hand.get_by_role("checkbox", name=f"Choose {moose}")).to_be_checked()
    hand.get_by_role("button", name="Let go").tap()

    finger.hold(card(hand, moose))
    expect(lifted).to_have_count(1)
    finger.carry(card(hand, coffee))
    finger.let_go()
    expect(card(hand, moose)).to_have_count(0)
    expect(card(hand, coffee)).to_contain_text(f"{size + 1} objects")
    undo(hand)
    expect(card(hand, moose)).to_be_visible()


def test_two_are_merged_by_keyboard_in_a_hand(hand: Page, library: Owner) -> None:
    moose, ball = called(library, "moose.webp"), called(library, "volleyball.webp")
    hand.goto("/#/clusters")
    hand.get_by_role("checkbox", name=f"Choose {moose}").press("Space")
    hand.get_by_role("checkbox", name=f"Choose {ball}").press("Space")
    accessible(hand)
    keep(hand, "clusters-phone")
    hand.get_by_role("button", name="Merge…").press("Enter")
    hand.get_by_role("radio", name=re.compile(ball)).check()
    accessible(hand)
    hand.get_by_role("dialog").get_by_role("button", name="Merge").press("Enter")

    expect(card(hand, moose)).to_have_count(0)
    expect(card(hand, ball)).to_contain_text("2 objects")
    hand.get_by_role("button", name="Decisions").click()
    hand.get_by_role("dialog").get_by_role("button", name=re.compile("^Undo: Merged")).first.click()
    expect(hand.get_by_role("dialog").get_by_text("Took back a merge").first).to_be_visible()
    accessible(hand)
    hand.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(card(hand, moose)).to_be_visible()


def test_the_list_is_narrowed_and_ordered(desk: Page, library: Owner) -> None:
    name = called(library, "chameleon.webp")
    desk.goto("/#/clusters")
    desk.get_by_label("Filter by name").fill(name[:-1])
    expect(desk.locator(".cluster")).to_have_count(1)
    desk.get_by_role("checkbox", name=f"Choose {name}").check()
    if home_of(library, "chameleon.webp")["status"] == "provisional":
        desk.get_by_role("button", name="Confirm", exact=True).click()
        expect(card(desk, name)).to_contain_text("confirmed")
        undo(desk)
        expect(card(desk, name)).to_contain_text("provisional")
    desk.get_by_label("State").select_option("confirmed")
    desk.get_by_label("Filter by name").fill("nobody is called that")
    desk.get_by_role("button", name="Show all").click()
    desk.get_by_label("Order").select_option("name")
    shown = desk.locator(".cluster .name").all_inner_texts()
    assert [each.lower() for each in shown] == sorted(each.lower() for each in shown)


def test_a_threshold_shows_who_would_leave_before_it_does(
    desk: Page, library: Owner, forgiven: list[str]
) -> None:
    # The cluster is gone while both are away.
    forgiven.append("status of 404")
    name = called(library, "panda.webp")
    place = home_of(library, "panda.webp")
    assert place["size"] > 1, "the two pictures of a panda are in one cluster"
    desk.goto(f"/#/clusters/{place['id']}")
    slider = desk.get_by_role("slider", name="How alike members have to be")
    expect(desk.locator(".member")).to_have_count(place["size"])
    slider.fill("1")
    expect(desk.get_by_text("All of them would leave")).to_be_visible()
    expect(desk.locator(".member.leaving").first).to_be_visible()
    keep(desk, "cluster-threshold")
    accessible(desk)
    desk.get_by_role("button", name="Back", exact=True).click()
    expect(desk.locator(".member.leaving")).to_have_count(0)
    slider.fill("1")
    desk.get_by_role("button", name="Set", exact=True).click()
    expect(desk.get_by_text(f"Members of “{name}” have to be 1.000 alike now.")).to_be_visible()
    until(desk, lambda: home_of(library, "panda.webp")["id"] != place["id"])
    undo(desk)
    until(desk, lambda: home_of(library, "panda.webp")["id"] == place["id"])
    expect(desk.locator(".member")).to_have_count(place["size"])


def test_it_is_split_into_parts_that_were_seen(desk: Page, library: Owner) -> None:
    called(library, "rocket.webp")
    place = home_of(library, "rocket.webp")
    assert place["size"] > 1, "the two pictures of a rocket are in one cluster"
    desk.goto(f"/#/clusters/{place['id']}")
    desk.get_by_text("Split into parts").click()
    expect(desk.get_by_text("Part 2")).to_be_visible()
    accessible(desk)
    desk.get_by_role("button", name="Split", exact=True).click()
    expect(desk.get_by_text("was split into 2")).to_be_visible()
    expect(desk.locator(".member")).to_have_count(place["size"] - 1)
    undo(desk)
    expect(desk.locator(".member")).to_have_count(place["size"])


def test_members_are_picked_out_linked_and_moved(hand: Page, library: Owner) -> None:
    moose = called(library, "moose.webp")
    called(library, "coffee.webp")
    place = home_of(library, "coffee.webp")
    assert place["size"] == 2, "the two pictures of a cup are in one cluster"
    hand.goto(f"/#/clusters/{place['id']}")
    hand.get_by_role("checkbox", name="Choose coffee-small.jpg").check()
    hand.get_by_role("button", name="Split off").click()
    expect(hand.locator(".member")).to_have_count(1)
    undo(hand)
    expect(hand.locator(".member")).to_have_count(2)

    for name in ("coffee.webp", "coffee-small.jpg"):
        hand.get_by_role("checkbox", name=f"Choose {name}").check()
    hand.get_by_role("button", name="Belong together", exact=True).click()
    expect(hand.get_by_role("heading", name="Said about pairs")).to_be_visible()
    expect(hand.locator(".member").get_by_text("linked")).to_have_count(2)
    accessible(hand)
    keep(hand, "cluster-phone")
    hand.get_by_role("button", name=re.compile("Let machines decide again")).click()
    expect(hand.get_by_role("heading", name="Said about pairs")).to_have_count(0)

    hand.get_by_role("checkbox", name="Choose coffee-small.jpg").check()
    hand.get_by_role("button", name="Move to…").click()
    hand.get_by_label("Find a cluster").fill(moose[:-1])
    hand.get_by_role("radio", name=re.compile(moose)).check()
    accessible(hand)
    hand.get_by_role("dialog").get_by_role("button", name="Move").click()
    until(hand, lambda: home_of(library, "coffee-small.jpg")["name"] == moose)
    undo(hand)
    until(hand, lambda: home_of(library, "coffee-small.jpg")["id"] == place["id"])


def test_a_member_is_dragged_onto_a_cluster(desk: Page, library: Owner) -> None:
    moose = called(library, "moose.webp")
    place = home_of(library, "coffee.webp")
    desk.goto(f"/#/clusters/{place['id']}")
    desk.get_by_label("Filter clusters").fill(moose)
    goal = desk.locator(".goal").filter(has_text=moose)
    carry(desk, desk.locator(".member").filter(has_text="coffee-small.jpg"), goal)
    expect(goal).to_contain_text("1 object more: 2")
    desk.mouse.up()

    until(desk, lambda: home_of(library, "coffee-small.jpg")["name"] == moose)
    undo(desk)
    until(desk, lambda: home_of(library, "coffee-small.jpg")["id"] == place["id"])


def test_a_suggestion_is_accepted_or_declined(desk: Page, library: Owner, stack: Client) -> None:
    moose, ball = called(library, "moose.webp"), called(library, "volleyball.webp")
    ids = [home_of(library, f"{name}.webp")["id"] for name in ("moose", "volleyball")]

    def suggested() -> bool:
        """Ours are there: after each decision machines think anew and put theirs in the place."""
        stack.rows("DELETE FROM suggestion WHERE owner = %s RETURNING id", library.name)
        stack.rows(
            "INSERT INTO suggestion (owner, id, kind, cluster_ids, similarity, threshold, detail)"
            " VALUES (%s, gen_random_uuid(), 'merge', %s::uuid[], 0.74, 0.8, '{}') RETURNING id",
            library.name,
            ids,
        )
        asked = library.http.get("clusters/suggestions").json()["items"]
        return any(sorted(each["cluster_ids"]) == sorted(ids) for each in asked)

    until(desk, suggested)
    desk.goto("/#/clusters")
    expect(desk.get_by_role("heading", name="1 suggestion")).to_be_visible()
    accessible(desk)
    desk.get_by_role("button", name=re.compile("^Keep apart")).click()
    expect(desk.get_by_text("stay apart.")).to_be_visible()
    expect(desk.get_by_role("heading", name="1 suggestion")).to_have_count(0)
    assert not suggested()

    undo(desk)
    merge = desk.get_by_role("button", name=re.compile(r"^Merge .* and "))

    def offered() -> bool:
        until(desk, suggested)
        desk.reload()
        card(desk, moose).wait_for()
        return merge.count() == 1

    until(desk, offered)
    merge.click()
    until(desk, lambda: home_of(library, "moose.webp")["size"] == 2)
    undo(desk)
    expect(card(desk, moose)).to_be_visible()
    expect(card(desk, ball)).to_be_visible()


def test_what_is_gone_or_refused_is_told(desk: Page, forgiven: list[str]) -> None:
    forgiven.append("status of 404")
    desk.goto(f"/#/clusters/{uuid4()}")
    expect(desk.get_by_role("heading", name="This cluster is not there any more")).to_be_visible()
    desk.get_by_role("link", name="All clusters").click()
    expect(desk.locator(".cluster").first).to_be_visible()


def test_nobody_has_any_yet(page: Page) -> None:
    page.goto("/#/clusters")
    expect(page.get_by_role("heading", name="No clusters yet")).to_be_visible()
    accessible(page)
