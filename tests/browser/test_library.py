"""The library: a hundred thousand pictures, filters, dates, the map, and what is chosen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, scrolled
from tests.browser.people import Owner
from tests.browser.shelf import Shelf, crowd, filled, photo
from tests.e2e.stack import wait_for

pytestmark = pytest.mark.browser

_MANY = 100_000
_MOST_TILES = 400


def ready(page: Page) -> None:
    expect(page.locator(".tile a[href]").first).to_be_visible()


def total(page: Page, number: int) -> None:
    expect(page.locator(".head .total")).to_have_text(f"{number:,}")


def choose(page: Page, name: str) -> None:
    page.locator(".tile").filter(has=page.locator(f'a[title="{name}"]')).get_by_role(
        "checkbox"
    ).click()


def addresses(page: Page) -> list[str]:
    """What the page asks for, from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def answer_picture(route: Route) -> None:
    route.fulfill(body=photo(90), content_type="image/jpeg")


def test_a_hundred_thousand_pictures_scroll_in_a_bounded_page(opened: Opened, owner: Owner) -> None:
    crowd(owner, _MANY, months=200)
    for size in (DESK, HAND):
        page = opened(owner, size).new_page()
        page.route("**/derived/**", answer_picture)
        asked = addresses(page)
        page.goto("/#/library")
        ready(page)
        total(page, _MANY)

        for by in (40, 400, 4000):
            told = scrolled(page, ".tile", by)
            print(size["width"], by, told)
            assert told["most"] < _MOST_TILES

        asked.clear()
        slider = page.get_by_role("slider", name="Date")
        slider.focus()
        page.keyboard.press("End")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"March 2010"))
        expect(
            page.locator('.tile a[title="crowd-199.jpg"], .tile a[title$="99.jpg"]').first
        ).to_be_visible()
        loaded = [url for url in asked if "/timeline/objects" in url]
        assert 1 <= len(loaded) <= 6, loaded
        if size is DESK:
            keep(page, "library-crowd")
        page.close()


def test_one_comes_back_to_where_one_was(page: Page, owner: Owner, forgiven: list[str]) -> None:
    forgiven.append("status of 404.*/lineage")  # Nothing happened to these.
    crowd(owner, 3000, months=3)
    page.route("**/derived/**", answer_picture)
    page.goto("/#/library")
    ready(page)
    page.evaluate("scrollTo(0, 20000)")
    seen = page.locator(".tile a[href]").nth(20)
    expect(seen).to_be_in_viewport()  # Until the next frame the tiles of the top are drawn.
    expect(seen).to_have_attribute("title", re.compile("crowd"))
    name = str(seen.get_attribute("title"))
    following = str(page.locator(".tile a[href]").nth(21).get_attribute("title"))
    seen.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", name=following)).to_be_visible()

    page.go_back()

    # Where one went on to from there.
    expect(page.locator(f'.tile a[title="{following}"]')).to_be_focused()
    expect(page.locator(f'.tile a[title="{following}"]')).to_be_in_viewport()


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_filters_live_in_the_address(opened: Opened, owner: Owner, size: dict[str, int]) -> None:
    filled(owner, "berlin.jpg", "tree.jpg", "sydney.jpg", "tone.wav", "digits.json")
    page = opened(owner, size).new_page()
    page.goto("/#/library")
    ready(page)
    total(page, 5)
    expect(page.get_by_role("heading", name="May 2023")).to_be_visible()
    accessible(page)
    keep(page, f"library-{size['width']}")

    page.get_by_role("button", name="Photos").click()
    total(page, 3)
    page.get_by_role("button", name="+ Filter").click()
    dialog = page.get_by_role("dialog")
    accessible(page)
    dialog.get_by_label("From").fill("2023-01-01")
    dialog.get_by_label("To, with that day").fill("2023-05-01")
    dialog.get_by_label("Camera").fill("canon")
    dialog.get_by_role("button", name="Show").click()
    total(page, 1)
    expect(page).to_have_url(re.compile(r"kind=image&camera=canon&from=2023-01-01&to=2023-05-02"))

    page.reload()
    expect(page.locator('.tile a[title="berlin.jpg"]')).to_be_visible()
    page.get_by_role("button", name=re.compile("^To 1 May 2023")).click()
    total(page, 2)
    page.go_back()
    total(page, 1)
    page.goto("/#/library?tags=nothing%20has%20this")
    expect(page.get_by_role("heading", name="Nothing matches these filters")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Show everything").click()
    total(page, 5)

    # What somebody wrote into the address is kept by whoever looks at the form.
    page.goto("/#/library?from=2023")
    total(page, 4)
    page.get_by_role("button", name="+ Filter").click()
    dialog.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("from=2023-01-01"))
    total(page, 4)


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_a_click_on_the_map_narrows(opened: Opened, owner: Owner, size: dict[str, int]) -> None:
    filled(owner, "berlin.jpg", "sydney.jpg", "plain.jpg")
    page = opened(owner, size).new_page()
    page.goto("/#/library")
    ready(page)

    page.get_by_role("button", name="Map").click()
    expect(page.get_by_role("button", name="1 object near 52.5° north, 13.4° east")).to_be_visible()
    accessible(page)
    keep(page, f"map-{size['width']}")
    page.get_by_role("button", name="1 object near 33.9° south, 151.2° east").click()

    total(page, 1)
    expect(page.locator('.tile a[title="sydney.jpg"]')).to_be_visible()
    page.get_by_role("button", name=re.compile("Part of the map")).click()
    total(page, 3)
    world = page.get_by_role("group", name=re.compile("Where it was taken"))
    world.focus()
    for key in ("-", "ArrowUp"):
        for _ in range(8):
            page.keyboard.press(key)
    expect(page.get_by_role("button", name="1 object near 52.5° north, 13.4° east")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_what_is_chosen_is_tagged_thrown_away_and_brought_back(
    opened: Opened, owner: Owner, size: dict[str, int]
) -> None:
    shelf = filled(owner, "berlin.jpg", "tree.jpg", "plain.jpg", "notes.bin")
    page = opened(owner, size).new_page()
    page.goto("/#/library")
    ready(page)

    choose(page, "berlin.jpg")
    choose(page, "tree.jpg")
    expect(page.get_by_text("2 objects chosen")).to_be_visible()
    accessible(page)
    keep(page, f"chosen-{size['width']}")
    page.get_by_role("button", name="Add tags…").click()
    page.get_by_role("dialog").get_by_label("Tags, parted by commas").fill("holiday, by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 objects tagged holiday, by hand.")).to_be_visible()
    for name in ("berlin.jpg", "tree.jpg"):
        tags = owner.client.object(shelf.ids[name])["tags"]
        assert {"holiday", "by hand"} <= {tag["label"] for tag in tags}

    choose(page, "plain.jpg")
    choose(page, "notes.bin")
    page.get_by_role("button", name="Move to trash").click()
    total(page, 2)
    page.locator(".toast").last.get_by_role("button", name="Undo").click()
    total(page, 4)
    choose(page, "notes.bin")
    page.get_by_role("button", name="Move to trash").click()
    total(page, 3)

    page.goto("/#/library?state=trash")
    expect(page.locator('.tile a[title="notes.bin"]')).to_be_visible()
    choose(page, "notes.bin")
    accessible(page)
    page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("no")
    dialog.get_by_role("button", name="Erase").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("textbox").fill("erase")
    dialog.get_by_role("button", name="Erase").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert owner.http.get(f"objects/{shelf.ids['notes.bin']}").status_code == 404


def test_what_fails_of_many_is_told_and_stays_chosen(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 500")
    shelf = filled(owner, "berlin.jpg", "tree.jpg")
    page.route(
        f"**/objects/{shelf.ids['tree.jpg']}",
        lambda route: route.fulfill(
            status=500, json={"code": "broken", "detail": "The disk is full."}
        ),
    )
    page.goto("/#/library")
    ready(page)
    choose(page, "berlin.jpg")
    choose(page, "tree.jpg")
    page.get_by_role("button", name="Move to trash").click()

    expect(page.get_by_text("1 object moved to the trash.")).to_be_visible()
    expect(page.get_by_text("1 object not moved to the trash: The disk is full.")).to_be_visible()
    expect(page.get_by_text("1 object chosen")).to_be_visible()


def test_how_everything_stands_is_seen_and_follows(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "berlin.jpg", "broken.jpg")

    def stands(name: str, status: str) -> None:
        owner.client.rows("UPDATE asset SET status = %s WHERE id = %s", status, shelf.ids[name])

    stands("berlin.jpg", "processing")
    page.goto("/#/library")
    expect(page.get_by_role("link", name=re.compile("^broken.jpg, image, failed"))).to_be_visible()
    expect(
        page.get_by_role("link", name=re.compile("^berlin.jpg, .*being looked at"))
    ).to_be_visible()
    accessible(page)
    keep(page, "library-states")
    stands("berlin.jpg", "ready")
    expect(
        page.get_by_role("link", name=re.compile("^berlin.jpg, image, 1 May 2023"))
    ).to_be_visible()

    page.get_by_role("link", name="1 failed").click()
    expect(page.get_by_role("link", name="By reason")).to_be_visible()
    expect(page.locator(".tile a[href]")).to_have_count(1)
    page.locator(".tile a[href]").click()
    expect(page.get_by_role("alert")).to_contain_text("damaged or cut off")
    expect(page.get_by_role("alert").get_by_role("button", name="Try again")).to_be_visible()


def test_what_comes_meanwhile_is_shown_but_to_whoever_is_there_by_keyboard(
    page: Page, owner: Owner
) -> None:
    shelf = filled(owner, "plain.jpg")
    tiles = page.locator(".tile a[href]")

    def comes(name: str, shade: int) -> None:
        shelf.add(name, photo(shade))
        with page.expect_response(re.compile("objects.status=failed")):
            page.clock.fast_forward(20_000)

    page.clock.install()
    page.goto("/#/library")
    tiles.click()
    expect(page.get_by_role("heading", name="plain.jpg")).to_be_visible()
    page.go_back()
    expect(tiles).to_be_focused()
    comes("more.jpg", 99)
    expect(tiles).to_have_count(2)

    page.keyboard.press("Tab")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    comes("most.jpg", 120)
    comes("last.jpg", 140)
    expect(tiles.nth(1)).to_be_focused()
    expect(tiles).to_have_count(2)


def test_after_a_bulk_act_everything_is_right_where_one_was(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 404.*/lineage")
    crowd(owner, 900, months=3)
    page.route("**/derived/**", answer_picture)
    page.goto("/#/library")
    ready(page)
    page.evaluate("scrollTo(0, 5000)")
    names = "[...document.querySelectorAll('.tile a[title]')].map((a) => a.title)"
    # What is not seen whole would be scrolled to first.
    seen = """[...document.querySelectorAll('.tile')].filter((tile) => {
        const box = tile.getBoundingClientRect();
        return box.top > 100 && box.bottom < innerHeight - 80;
    }).map((tile) => tile.querySelector('a').title)"""
    # The page is there before its tiles are: those of the top are drawn until the next frame.
    settled = f"""scrollY === 5000 && {names}.length > 24 && {seen}.length > 2
        && document.querySelectorAll('.tile a:not([title])').length === 0"""
    wait_for(lambda: page.evaluate(settled))
    before, here = page.evaluate(names), page.evaluate(seen)
    gone, stays = here[:2], here[2]
    for name in gone:
        choose(page, name)
    page.get_by_role("button", name="Move to trash").click()
    total(page, 898)
    left = [name for name in before if name not in gone]
    wait_for(lambda: page.evaluate(settled) and page.evaluate(names)[: len(left)] == left)

    expect(page.locator(f'.tile a[title="{stays}"]')).to_be_in_viewport()
    expect(page.locator(".month h2").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    total(page, 900)
    wait_for(lambda: page.evaluate(settled) and page.evaluate(names) == before)


def test_choosing_and_moving_by_keyboard_alone(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 404.*/lineage")
    crowd(owner, 300, months=2)
    page.route("**/derived/**", answer_picture)
    page.goto("/#/library")
    ready(page)
    expect(page.locator(".tile img").first).to_be_visible()
    page.locator('.tile a[tabindex="0"]').focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text(re.compile(r"^\d+ objects chosen"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Selection")).to_be_hidden()
    page.keyboard.press("End")
    last = page.locator(".tile a:focus")
    expect(last).to_be_in_viewport()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Choose all").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("150 objects chosen")).to_be_visible()
    page.get_by_role("button", name="Choose none").click()
    # By mouse to where no tile is that had the focus: Tab leads to one that is seen.
    for place in (100_000, 0):
        page.evaluate(f"scrollTo(0, {place})")
        expect(page.locator('.tile a[tabindex="0"]')).to_be_in_viewport()
    page.locator('.tile a[tabindex="0"]').focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/objects/"))


def test_objects_move_to_another_cluster_and_back(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "berlin.jpg", "plain.jpg")
    before = {name: clustered(owner, shelf, name) for name in shelf.ids}
    page.goto("/#/library")
    ready(page)
    choose(page, "berlin.jpg")
    choose(page, "plain.jpg")
    page.get_by_role("button", name="Move…").click()
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.get_by_text("2 objects moved to a new cluster.")).to_be_visible()
    assert clustered(owner, shelf, "berlin.jpg") == clustered(owner, shelf, "plain.jpg")

    page.get_by_role("button", name="Undo").click()

    wait_for(lambda: before == {name: clustered(owner, shelf, name) for name in shelf.ids})


def clustered(owner: Owner, shelf: Shelf, name: str) -> str:
    def look() -> str | None:
        cluster = owner.client.object(shelf.ids[name])["cluster"]
        return str(cluster["id"]) if cluster else None

    return wait_for(look)
