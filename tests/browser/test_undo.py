"""What was done is taken back: by its toast, by keyboard when that has left, or in the history."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner
from tests.browser.shelf import Shelf, filled
from tests.browser.uploads import keep_changes_from, keep_from

pytestmark = pytest.mark.browser
UNDO = "ControlOrMeta+z"


def toasts(page: Page) -> Locator:
    return page.locator(".toast")


def choose(page: Page, *names: str) -> None:
    for name in names:
        tile = page.locator(f'.tile:has(a[title="{name}"])')
        tile.hover()
        tile.get_by_role("checkbox").click()


def tagged(owner: Owner, shelf: Shelf, name: str) -> dict[str, str]:
    """The labels of a file, and who said them."""
    tags = owner.client.object(shelf.ids[name])["tags"]
    return {tag["label"]: tag["source"] for tag in tags if tag["label"] in ("sea", "holiday")}


def test_many_are_tagged_and_taken_back_where_it_was_new(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 503")
    shelf = filled(owner, "berlin.jpg", "tree.jpg")
    edit = {"tags": {"add": ["holiday"]}}
    assert owner.http.patch(f"objects/{shelf.ids['tree.jpg']}", json=edit).status_code == 200
    page.goto("/#/library")
    choose(page, "berlin.jpg", "tree.jpg")
    page.get_by_role("button", name="Add tags…").click()
    page.get_by_role("dialog").get_by_label("Tags, parted by commas").fill("holiday, sea")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 objects tagged holiday, sea.")).to_be_visible()
    assert tagged(owner, shelf, "berlin.jpg") == {"sea": "hand", "holiday": "hand"}

    # One of the two cannot be: that is told, and the other half is not done twice.
    failing = f"**/objects/{shelf.ids['berlin.jpg']}"
    refusal = {"code": "x", "detail": "The disk is full."}
    page.route(failing, lambda route: route.fulfill(status=503, json=refusal))
    toasts(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 of 2 are taken back, 1 not: The disk is full.")).to_be_visible()
    assert tagged(owner, shelf, "tree.jpg") == {"holiday": "hand"}
    page.unroute(failing)
    toasts(page).get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert tagged(owner, shelf, "berlin.jpg") == {}
    assert tagged(owner, shelf, "tree.jpg") == {"holiday": "hand"}


def test_a_toast_leaves_but_not_from_under_the_hand(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "berlin.jpg")
    path = f"objects/{shelf.ids['berlin.jpg']}"

    def trashed() -> bool:
        return bool(owner.http.get(path).json()["trashed_at"])

    page.clock.install()
    page.goto("/#/library")
    choose(page, "berlin.jpg")
    page.get_by_role("button", name="Move to trash").click()
    expect(toasts(page)).to_contain_text("1 object moved to the trash.")
    accessible(page)
    keep(page, "toast")
    toasts(page).hover()
    page.clock.run_for(60_000)
    expect(toasts(page)).to_have_count(1)
    page.mouse.move(600, 200)
    page.clock.run_for(60_000)
    expect(toasts(page)).to_have_count(0)

    # In a field the keys are the field's.
    page.get_by_label("Search the library").focus()
    page.keyboard.press(UNDO)
    assert trashed()
    page.get_by_role("heading", name="Library").focus()
    page.keyboard.press(UNDO)
    expect(toasts(page)).to_contain_text("Taken back. 1 object moved to the trash.")
    until(page, lambda: not trashed())
    expect(page.locator('.tile a[title="berlin.jpg"]')).to_be_visible()


def test_what_was_taken_back_elsewhere_or_is_impossible_by_now_is_told(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 409")
    filled(owner, "berlin.jpg")
    until(page, lambda: bool(owner.http.get("clusters").json()["items"]))
    page.goto("/#/clusters")
    for name in ("one", "two", "three", "four"):
        page.get_by_role("button", name="Rename").click()
        page.locator("input.rename").fill(name)
        page.keyboard.press("Enter")
        expect(toasts(page).last).to_contain_text(f"“{name}” now.")
    expect(toasts(page)).to_have_count(3)

    toasts(page).first.get_by_role("button", name="Undo").click()
    expect(toasts(page).first).to_contain_text("Something decided later stands on it.")
    page.get_by_role("button", name="Decisions").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo: Named").first.click()
    expect(page.get_by_role("dialog").get_by_text("Took back a renaming")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(toasts(page).last).to_contain_text("It was taken back.")
    expect(toasts(page).last.get_by_role("button", name="Undo")).to_have_count(0)
    for name in ("two", "one"):
        page.keyboard.press(UNDO)
        expect(page.locator(".cluster .name")).to_have_text(name)


def test_what_was_clicked_twice_is_taken_back_at_once(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg", "tree.jpg")
    mine = shelf.ids["plain.jpg"]
    edit = {"tags": {"add": ["sea"]}}
    assert owner.http.patch(f"objects/{mine}", json=edit).status_code == 200
    home = owner.client.object(mine)["cluster"]["id"]
    held: list[Route] = []
    page.route(f"**/objects/{mine}", keep_changes_from(held))
    page.route("**/move", keep_from(held))
    page.goto(f"/#/objects/{mine}")
    heading = page.get_by_role("heading", name="plain.jpg")

    for button, told in (("Remove tag sea", "Took the tag"), ("Split off", "It has a cluster")):
        page.get_by_role("button", name=button).dblclick()
        # Nothing that the clicks sent comes after what the page is asked for now.
        page.evaluate("fetch('/api/v1/health/live').then((answer) => answer.text())")
        until(page, lambda: len(held) > 0)
        for route in held:
            route.continue_()
        held.clear()
        expect(toasts(page).filter(has_text=told)).to_have_count(1)

    heading.click()
    for number in (1, 2):
        page.keyboard.press(UNDO)
        if number == 2:
            until(page, lambda: len(held) > 0)
            held.pop().continue_()
        expect(toasts(page).filter(has_text="Taken back.")).not_to_have_count(0)
    until(page, lambda: owner.client.object(mine)["cluster"]["id"] == home)
    until(page, lambda: tagged(owner, shelf, "plain.jpg") == {"sea": "hand"})
