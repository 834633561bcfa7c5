"""One object: seen, heard and read; tagged and rated; its kin, its stages and its history."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.papers import send
from tests.browser.people import Owner, newcomer
from tests.browser.photos import photo, smaller
from tests.browser.shelf import filled
from tests.browser.uploads import keep_changes_from
from tests.e2e.stack import wait_for

pytestmark = pytest.mark.browser


def look_at(page: Page, system_id: str) -> None:
    page.goto(f"/#/objects/{system_id}")
    expect(page.locator(".facts").get_by_text(system_id, exact=True)).to_be_visible()
    expect(page.locator(".story li").first).to_be_visible()


def settles(page: Page, expression: str) -> None:
    """Wait until it is so. The page's own policy lets nothing evaluate in it by itself."""
    wait_for(lambda: page.evaluate(expression) or None)


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_every_kind_is_shown_as_what_it_is(
    opened: Opened, owner: Owner, size: dict[str, int]
) -> None:
    shelf = filled(owner, "berlin.jpg", "moving.mp4", "tone.wav", "digits.json", "notes.bin")
    page = opened(owner, size).new_page()

    look_at(page, shelf.ids["moving.mp4"])
    settles(page, "document.querySelector('video')?.readyState >= 1")
    assert page.evaluate("document.querySelector('video').poster")
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate("document.querySelector('video').play()")
    settles(page, "document.querySelector('video').currentTime > 0")
    accessible(page)
    # As a search that found a moment of it links there.
    page.goto(f"/#/objects/{shelf.ids['moving.mp4']}?at=500")
    page.reload()
    settles(page, "document.querySelector('video')?.currentTime >= 0.5")
    look_at(page, shelf.ids["tone.wav"])
    settles(page, "document.querySelector('audio')?.readyState >= 1")
    box = page.get_by_alt_text("Waveform").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settles(page, "Math.abs(document.querySelector('audio').currentTime - 2.5) < 0.2")
    accessible(page)
    keep(page, f"object-sound-{size['width']}")

    look_at(page, shelf.ids["digits.json"])
    content = page.get_by_role("region", name="Content")
    expect(content).to_contain_text("9007199254740993")
    expect(content).to_contain_text("1.10")
    content.get_by_text("list").click()
    expect(content).to_contain_text("3e400")
    expect(content).to_contain_text('"<b>bold"')
    expect(page.get_by_role("link", name="digits", exact=True)).to_be_visible()
    accessible(page)
    look_at(page, shelf.ids["notes.bin"])
    expect(page.get_by_text("There is no picture of this.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes().startswith(b"\x00\x01\x02")
    accessible(page)

    look_at(page, shelf.ids["berlin.jpg"])
    expect(page.get_by_text("1 May 2023, 18:30 (UTC+02:00)")).to_be_visible()
    expect(page.get_by_text("52.52000, 13.40000")).to_be_visible()
    picture = page.get_by_role("group", name=re.compile("^Picture"))
    preview = picture.locator("img").get_attribute("src") or ""
    picture.focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(picture.get_by_role("status")).to_have_text("225 %")
    # Looked at from near, it is the picture itself.
    expect(picture.locator("img")).not_to_have_attribute("src", preview)
    page.get_by_text("Everything the file carries").click()
    expect(page.get_by_text("EOS R6", exact=True).first).to_be_visible()
    # Or what happens to lie half below the bar at the bottom is found too small to be touched
    page.evaluate("scrollTo(0, 0)")
    accessible(page)
    keep(page, f"object-{size['width']}")


def test_arrows_lead_on_in_the_list_one_came_from(page: Page, owner: Owner) -> None:
    filled(owner, "berlin.jpg", "tree.jpg", "sydney.jpg")
    page.goto("/#/library?kind=image")
    page.locator('.tile a[title="berlin.jpg"]').click()
    expect(page.get_by_role("heading", name="berlin.jpg")).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_be_visible()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="sydney.jpg")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="berlin.jpg")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("heading", name="tree.jpg")).to_be_visible()
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    page.go_back()
    expect(page).to_have_url(re.compile(r"#/library\?kind=image"))


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_what_people_say_of_it_is_kept(opened: Opened, owner: Owner, size: dict[str, int]) -> None:
    shelf = filled(owner, "berlin.jpg")
    asset_id = shelf.ids["berlin.jpg"]
    page = opened(owner, size).new_page()
    look_at(page, asset_id)

    page.get_by_role("radio", name="4 stars").check()
    page.get_by_role("textbox", name="Comments").fill("By the gate.\nAt dusk.")
    expect(page.get_by_text("Saved ✓")).to_be_visible()
    page.get_by_label("Add a tag").fill("grandma's garden")
    page.keyboard.press("Enter")
    mine = page.get_by_role("listitem").filter(has_text="grandma's garden")
    expect(mine).to_contain_text("by hand")
    expect(page.get_by_role("listitem").filter(has_text="Canon EOS R6")).to_contain_text(
        "from the file"
    )
    expect(page.get_by_text("were changed by hand").first).to_be_visible()
    accessible(page)

    page.get_by_role("button", name="Remove tag grandma's garden").click()
    expect(mine).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(mine).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="4 stars")).to_be_checked()
    expect(page.get_by_role("textbox", name="Comments")).to_have_value("By the gate.\nAt dusk.")
    page.get_by_role("radio", name="No rating").check()
    wait_for(lambda: owner.client.object(asset_id)["rating"] is None)


def test_what_is_written_arrives_however_one_leaves(page: Page, owner: Owner) -> None:
    asset_id = owner.client.announce(filename="later.jpg", size_bytes=5)["system_id"]
    text = page.get_by_role("textbox", name="Comments")

    def arrives(words: str) -> None:
        wait_for(lambda: owner.client.object(asset_id)["comments"] == words)

    look_at(page, asset_id)
    text.fill("Left at once.")
    page.get_by_label("Add a tag").fill("half typed")
    page.get_by_role("link", name="Back to the library").click()
    arrives("Left at once.")
    wait_for(lambda: [tag["label"] for tag in owner.client.object(asset_id)["tags"]])

    look_at(page, asset_id)
    expect(page.get_by_role("link", name="half typed")).to_be_visible()
    text.fill("Loaded again at once.")
    page.reload()
    expect(text).to_have_value("Loaded again at once.")
    arrives("Loaded again at once.")
    text.fill("Signed out at once.")
    page.get_by_role("button", name="Sign out").click()
    arrives("Signed out at once.")


def test_what_cannot_be_saved_is_kept_and_said(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of (500|409)")
    asset_id = owner.client.announce(filename="later.jpg", size_bytes=5)["system_id"]
    text = page.get_by_role("textbox", name="Comments")

    def fail_to_save(route: Route) -> None:
        if route.request.method == "PATCH":
            route.fulfill(status=500, json={"code": "broken", "detail": "The disk is full."})
        else:
            route.fallback()

    page.route(f"**/objects/{asset_id}", fail_to_save)
    look_at(page, asset_id)
    text.fill("Kept.")
    expect(page.get_by_text("Not saved: The disk is full.")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Back to the library").click()
    page.get_by_role("radio", name="3 stars").wait_for(state="detached")
    look_at(page, asset_id)
    expect(text).to_have_value("Kept.")
    # No `check`: it may be back before that has looked.
    page.get_by_role("radio", name="3 stars").click()
    expect(page.get_by_role("radio", name="No rating")).to_be_checked()
    # As after a crash: what another tab finds in this browser, it saves.
    other = page.context.new_page()
    look_at(other, asset_id)
    expect(other.get_by_role("textbox", name="Comments")).to_have_value("Kept.")
    wait_for(lambda: owner.client.object(asset_id)["comments"] == "Kept.")
    other.close()
    page.unroute_all()
    # By itself it would be, in a while.
    text.press("Control+Enter")
    expect(page.get_by_text("Saved ✓")).to_be_visible()

    owner.http.patch(f"objects/{asset_id}", json={"comments": "Theirs."}).raise_for_status()
    text.fill("Mine.")
    expect(page.get_by_role("alert")).to_contain_text("Theirs.")
    accessible(page)
    page.get_by_role("button", name="Keep both").click()
    wait_for(lambda: owner.client.object(asset_id)["comments"] == "Theirs.\n\nMine.")


def test_comments_say_how_far_they_are_and_wait_when_they_are_asked_to(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 429")
    asset_id = owner.client.announce(filename="later.jpg", size_bytes=5)["system_id"]
    held: list[Route] = []
    page.route(f"**/objects/{asset_id}", keep_changes_from(held))
    page.clock.install()
    look_at(page, asset_id)
    page.get_by_role("textbox", name="Comments").fill("Patient.")
    page.clock.fast_forward(2000)
    until(page, lambda: len(held) == 1)
    expect(page.get_by_text("Saving…")).to_be_visible()
    held[0].fulfill(status=429, json={"code": "too_many_requests", "detail": "Too many."})
    expect(page.get_by_text("Not saved: Too many.")).to_contain_text("sent again by itself")
    page.clock.fast_forward(5000)
    until(page, lambda: len(held) == 2)
    held[1].continue_()
    expect(page.get_by_text("Saved ✓")).to_be_visible()
    # And so does the history.
    expect(page.get_by_text("were changed by hand").first).to_be_visible()


def test_what_was_refused_of_a_file_is_told_with_it(page: Page, owner: Owner) -> None:
    asset_id = send(owner, "orders", ['{"n": 1}', '{"n": ', '{"n": 3}', '{"n": NaN}'])
    page.goto("/#/library")
    page.get_by_role("link", name=re.compile("2 documents refused")).click()
    expect(page.get_by_text("2 of its documents were not kept")).to_be_visible()
    expect(page.get_by_text("Lines 2 and 4 are no JSON and left out here.")).to_be_visible()
    expect(page.get_by_role("region", name="Content")).to_contain_text("2 items")
    accessible(page)
    keep(page, "object-refused")
    page.get_by_role("link", name="What was refused in orders").click()
    expect(page.get_by_role("link", name=re.compile(asset_id[-8:])).first).to_be_visible()


@pytest.mark.parametrize(
    ("address", "words", "back"),
    [
        ("object/xyz", "There is no such page", "Back to library"),
        ("objects/xyz", "There is no such object", "Back to library"),
        (f"objects/{UUID(int=7)}", "There is no object", "Back to library"),
        ("clusters/xyz", "This cluster is not there any more", "All clusters"),
        ("schemas/xyz", "There is no such schema", "Back to schemas"),
        ("collections/xyz", "There is no collection", "Back to collections"),
    ],
)
def test_an_address_of_nothing_says_so_and_leads_back(
    page: Page, forgiven: list[str], address: str, words: str, back: str
) -> None:
    forgiven.append("status of (404|422)")
    page.goto(f"/#/{address}")
    expect(page.get_by_role("main")).to_contain_text(words)
    accessible(page)
    page.get_by_role("link", name=back).click()
    expect(page.get_by_role("main").get_by_text(words)).to_have_count(0)


def test_duplicates_and_what_looks_alike(page: Page, owner: Owner) -> None:
    original = owner.client.upload("tower.webp", photo("eiffel-tower"))
    owner.client.settled(original)
    same = owner.client.upload("smaller.jpg", smaller("eiffel-tower"))
    owner.client.settled(same)
    again = owner.client.upload("again.webp", photo("eiffel-tower"))
    owner.client.settled(again)
    wait_for(lambda: owner.http.get("duplicates", params={"class": "same"}).json()["items"])

    look_at(page, same)
    pairs = page.locator(".pairs li")
    expect(pairs.filter(has_text="same picture")).to_contain_text("open")
    expect(page.get_by_role("heading", name="Looks like it")).to_be_visible()
    accessible(page)
    keep(page, "object-duplicates")
    page.get_by_role("button", name="Not a duplicate").click()
    expect(pairs.filter(has_text="same picture")).to_contain_text("dismissed")
    page.get_by_role("button", name="Undo").click()
    expect(pairs.filter(has_text="same picture")).to_contain_text("open")

    look_at(page, again)
    expect(page.get_by_text("Exactly the same bytes as another object")).to_be_visible()
    expect(page.locator(".zoomable img")).to_have_js_property("complete", True)
    page.get_by_role("link", name="another object").click()
    expect(page.get_by_role("heading", name="tower.webp")).to_be_visible()


def test_it_is_split_off_its_cluster_and_comes_back(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "berlin.jpg")
    asset_id = shelf.ids["berlin.jpg"]

    def cluster() -> str | None:
        found = owner.client.object(asset_id)["cluster"]
        return str(found["id"]) if found else None

    before = wait_for(cluster)
    look_at(page, asset_id)
    expect(page.get_by_role("img", name=re.compile(r"^Similarity [\d.]+, needed"))).to_be_visible()
    page.get_by_role("button", name="Split off").click()
    wait_for(lambda: cluster() not in (None, before))
    expect(page.get_by_text("A person put it there.")).to_be_visible()
    expect(page.get_by_text("Somebody moved it to another cluster.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    wait_for(lambda: cluster() == before)


def test_a_failure_says_why_and_is_tried_again(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "broken.jpg")
    look_at(page, shelf.ids["broken.jpg"])
    expect(page.get_by_role("alert")).to_contain_text("damaged or cut off")
    expect(page.locator(".stages")).to_contain_text("broken_picture")
    expect(page.get_by_text("Trying again will hardly help")).to_be_visible()
    accessible(page)
    keep(page, "object-failed")

    page.get_by_role("alert").get_by_role("button", name="Try again").click()

    expect(page.get_by_text("Queued again: embed.")).to_be_visible()
    expect(page.get_by_text("Somebody asked for looking at it again.")).to_be_visible()
    expect(page.locator(".stages")).to_contain_text("attempt 2", timeout=60_000)


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_into_the_trash_back_and_gone(opened: Opened, owner: Owner, size: dict[str, int]) -> None:
    shelf = filled(owner, "plain.jpg")
    page = opened(owner, size).new_page()
    page.goto("/#/library")
    page.locator('.tile a[title="plain.jpg"]').click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("This is in the trash.")).to_be_visible()
    # The button that had the focus is gone: who goes by keys goes on from the head of the page.
    expect(page.get_by_role("heading", name="plain.jpg")).to_be_focused()
    accessible(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("This is in the trash.")).to_be_hidden()
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.get_by_role("button", name="Move to trash").click()

    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("erase")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    assert owner.http.get(f"objects/{shelf.ids['plain.jpg']}").status_code == 404


def test_what_has_not_arrived_and_what_a_viewer_may_not(opened: Opened, owner: Owner) -> None:
    waiting = owner.client.announce(filename="later.jpg", size_bytes=5)["system_id"]
    shelf = filled(owner, "berlin.jpg")
    viewer = newcomer(owner.client, owner.name, "viewer")
    page = opened(viewer, DESK).new_page()

    look_at(page, waiting)
    expect(page.get_by_text("Its bytes have not arrived yet.")).to_be_visible()
    accessible(page)
    look_at(page, shelf.ids["berlin.jpg"])
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_role("textbox", name="Comments")).to_be_disabled()
    for act in ("Move to trash", "Add", "Split off", "Run all again"):
        expect(page.get_by_role("button", name=act, exact=True)).to_have_count(0)
    viewer.client.open.close()
