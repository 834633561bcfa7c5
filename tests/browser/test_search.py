"""Search as people do it: in words, by a picture, by what they found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep
from tests.browser.people import Owner, newcomer
from tests.browser.photos import GALLERY, gallery, send
from tests.browser.shelf import filled
from tests.browser.uploads import drop
from tests.e2e.stack import Client, wait_for

pytestmark = pytest.mark.browser
SHOWN = ("eiffel-tower", "leaning-tower-of-pisa", "polar-bear", "moose", "volleyball", "coffee")


@pytest.fixture(scope="module")
def library(stack: Client) -> Iterator[Owner]:
    """Somebody with six photographs and the documents of a shop, which are found by now."""
    somebody = newcomer(stack, f"test-{uuid4().hex[:12]}", "admin")
    send(somebody, gallery(*SHOWN))
    orders = [
        {"order": number, "customer": f"c{number}", "ship": "zeppelin"} for number in range(45)
    ]
    said = somebody.http.post("ingest", params={"collection": "orders"}, json=orders)
    assert said.status_code == 202, said.text

    def found() -> bool:
        asked = {"query": "zeppelin", "type": "document", "limit": "100"}
        return len(somebody.http.get("search", params=asked).json()["results"]) == len(orders)

    wait_for(found)
    yield somebody
    somebody.client.open.close()


@pytest.fixture
def desk(opened: Opened, library: Owner) -> Page:
    return opened(library, DESK).new_page()


@pytest.fixture
def hand(opened: Opened, library: Owner) -> Page:
    return opened(library, HAND).new_page()


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search the library")


def ask(page: Page, query: str) -> None:
    box(page).fill(query)
    box(page).press("Enter")


def results(page: Page) -> Locator:
    return page.get_by_role("list", name="Results", exact=True).get_by_role("listitem")


def test_words_find_what_pictures_show_and_say_why(desk: Page) -> None:
    desk.goto("/#/search")
    ask(desk, "a tower")

    first = desk.locator(".result").first
    expect(first.get_by_role("link", name=re.compile("tower"))).to_be_visible()
    first.get_by_role("button", name=re.compile("^Why")).click()
    expect(first.get_by_text("What it shows")).to_be_visible()
    desk.get_by_text("How it was found").click()
    expect(desk.get_by_role("table")).to_contain_text("compared one by one")
    keep(desk, "search")
    accessible(desk)
    assert "q=a+tower" in desk.url


def test_suggestions_are_chosen_by_keyboard(desk: Page) -> None:
    desk.goto("/#/search")
    box(desk).press_sequentially("ki")
    expect(desk.get_by_role("option", name=re.compile("^kind:"))).to_be_visible()
    box(desk).press("ArrowDown")
    expect(box(desk)).to_have_attribute("aria-activedescendant", "suggestion-0")
    box(desk).press("Enter")
    expect(box(desk)).to_have_value("kind:")
    box(desk).press_sequentially("im")
    accessible(desk)
    box(desk).press("ArrowDown")
    box(desk).press("Enter")
    expect(box(desk)).to_have_value("kind:image ")
    expect(desk.get_by_role("listbox")).to_be_hidden()
    box(desk).press("Enter")
    expect(results(desk)).to_have_count(len(SHOWN))
    # Nothing was compared, so there is nothing to say about how well they fit.
    assert desk.locator(".result .fit").all_inner_texts() == ["Similar"] * len(SHOWN)


def test_what_is_not_understood_is_told_beside_the_box(desk: Page, forgiven: list[str]) -> None:
    forgiven.append("status of 422")
    desk.goto("/#/search")
    ask(desk, "dog colour:red")

    expect(desk.get_by_role("alert").filter(has_text="There is no filter colour:")).to_be_visible()
    marked = desk.evaluate(
        "getSelection().toString() || document.activeElement.value.slice("
        "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
    )
    assert marked == "colour:red"
    accessible(desk)


def test_nothing_found_says_what_to_try(desk: Page) -> None:
    desk.goto("/#/search?q=zeppelin+kind:video")

    expect(desk.get_by_role("heading", name="Nothing found")).to_be_visible()
    accessible(desk)
    desk.get_by_role("button", name="without kind:video").click()
    expect(desk.locator(".result.document").first).to_be_visible()


def test_documents_are_shown_and_more_come_page_by_page(desk: Page) -> None:
    desk.goto("/#/search?q=zeppelin")
    # The first words that are asked for load the model.
    expect(desk.locator(".result").first).to_be_visible(timeout=30_000)
    desk.locator(".results").first.evaluate("list => { list.id = 'of-everything'; }")
    desk.get_by_role("button", name="Documents").click()
    expect(desk.locator("#of-everything")).to_have_count(0)

    expect(desk.locator(".result mark").first).to_have_text("zeppelin")
    desk.mouse.wheel(0, 20_000)
    expect(desk.locator(".result")).to_have_count(45)
    expect(desk.get_by_text("45 results.")).to_be_visible()
    last = desk.locator(".result").last
    last.scroll_into_view_if_needed()
    last.get_by_role("link").click()
    expect(last).to_have_count(0)
    desk.go_back()
    expect(last).to_be_in_viewport()


def test_a_forgotten_list_is_begun_anew(desk: Page, library: Owner, forgiven: list[str]) -> None:
    forgiven.append("status of 410")
    desk.route(
        re.compile(r"/search\?.*cursor="),
        lambda route: route.fulfill(
            status=410, json={"code": "cursor_expired", "detail": "Forgotten."}
        ),
        times=1,
    )
    desk.goto("/#/search?q=zeppelin&type=document")
    expect(desk.locator(".result").first).to_be_visible()
    desk.mouse.wheel(0, 20_000)

    expect(desk.get_by_text("it was searched anew")).to_be_visible()
    expect(desk.get_by_text("The best 40")).to_be_visible()
    desk.mouse.wheel(0, 20_000)
    expect(desk.locator(".result")).to_have_count(45)


def test_a_typing_error_is_mended_and_told(desk: Page) -> None:
    desk.goto("/#/search?q=towr")

    expect(desk.get_by_text("Shown for tower")).to_be_visible()
    desk.get_by_role("button", name="Look for exactly").click()
    expect(box(desk)).to_have_value('"towr"')
    expect(desk.get_by_text("Shown for")).to_have_count(0)


def test_a_picture_finds_what_looks_like_it(desk: Page) -> None:
    desk.goto("/#/search")
    with desk.expect_file_chooser() as chooser:
        desk.get_by_role("button", name="Search by a picture").click()
    with desk.expect_request(re.compile("by-image")) as sent:
        chooser.value.set_files(GALLERY / "moose.webp")

    assert sent.value.header_value("content-type") == "image/jpeg"
    expect(desk.locator(".result").first.get_by_role("link", name="moose.webp")).to_be_visible()
    expect(desk.get_by_role("img", name="Your picture")).to_be_visible()
    accessible(desk)
    desk.reload()
    expect(desk.locator(".result").first.get_by_role("link", name="moose.webp")).to_be_visible()

    desk.locator(".result").first.get_by_role("button", name="Similar to moose.webp").click()
    expect(desk.get_by_text("Like moose.webp")).to_be_visible()
    expect(
        desk.locator(".result").first.get_by_role("link", name="polar-bear.webp")
    ).to_be_visible()
    desk.go_back()
    expect(desk.get_by_role("img", name="Your picture")).to_be_visible()


def test_a_dropped_picture_is_an_example(desk: Page) -> None:
    desk.goto("/#/search")
    expect(box(desk)).to_be_focused()
    drop(desk, b"no picture", "text/plain")
    expect(desk.get_by_text("Only a picture can be searched by.")).to_be_visible()

    drop(desk, (GALLERY / "coffee.webp").read_bytes(), "image/webp")
    expect(desk.locator(".result").first.get_by_role("link", name="coffee.webp")).to_be_visible()


def test_searches_are_saved_opened_renamed_and_forgotten(hand: Page) -> None:
    name = f"Beasts {uuid4().hex[:6]}"
    hand.goto("/#/search?q=polar+bear")
    hand.get_by_role("button", name="Save", exact=True).click()
    hand.get_by_role("textbox", name="Name").fill(name)
    accessible(hand)
    hand.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(hand.get_by_text(f"Saved as “{name}”.")).to_be_visible()
    expect(hand.get_by_text(f"Saved: {name}")).to_be_visible()
    hand.goto("/#/search")
    keep(hand, "search-saved-phone")
    accessible(hand)
    hand.get_by_role("link", name=re.compile(name)).click()
    expect(box(hand)).to_have_value("polar bear")
    expect(
        hand.locator(".result").first.get_by_role("link", name="polar-bear.webp")
    ).to_be_visible()
    expect(hand.get_by_role("button", name="Save", exact=True)).to_be_hidden()

    hand.goto("/#/search")
    hand.get_by_role("button", name=f"Rename {name}").click()
    hand.get_by_role("textbox", name=f"New name of {name}").fill(f"{name} II")
    hand.keyboard.press("Enter")
    hand.get_by_role("link", name=re.compile(f"{name} II")).click()
    ask(hand, "polar bear kind:image")
    hand.get_by_role("button", name=f"Save to “{name} II”").click()
    expect(hand.get_by_text(f"“{name} II” asks this now.")).to_be_visible()
    expect(hand.get_by_text(f"Saved: {name} II")).to_be_visible()
    expect(box(hand)).to_have_value("polar bear kind:image")
    hand.get_by_role("button", name="Undo").click()
    expect(box(hand)).to_have_value("polar bear")

    hand.goto("/#/search")
    hand.get_by_role("button", name=f"Forget {name} II").click()
    expect(hand.get_by_role("link", name=re.compile(name))).to_have_count(0)
    hand.get_by_role("button", name="Undo").click()
    expect(hand.get_by_role("link", name=re.compile(f"{name} II"))).to_be_visible()


def compose(page: Page, key: str, *, as_in_safari: bool) -> None:
    """Press a key that belongs to a character, as of Japanese, which takes several."""
    page.evaluate(
        """([key, isComposing]) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
          { key, isComposing, keyCode: 229, bubbles: true, cancelable: true }))""",
        [key, not as_in_safari],
    )


@pytest.mark.parametrize("as_in_safari", [False, True])
def test_keys_that_write_a_character_do_nothing_else(page: Page, as_in_safari: bool) -> None:
    page.goto("/#/search")
    box(page).press_sequentially("ki")
    expect(page.get_by_role("option", name=re.compile("^kind:"))).to_be_visible()
    for key in ("ArrowDown", "Enter"):
        compose(page, key, as_in_safari=as_in_safari)
    expect(box(page)).to_have_value("ki")

    ask(page, "kite")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("Kites")
    compose(page, "Enter", as_in_safari=as_in_safari)
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: Kites!")).to_be_visible()

    page.goto("/#/search")
    page.get_by_role("button", name="Rename Kites!").click()
    compose(page, "Enter", as_in_safari=as_in_safari)
    expect(page.get_by_role("textbox", name="New name of Kites!")).to_be_focused()


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_filters_are_chips_and_words_at_once(
    opened: Opened, library: Owner, size: dict[str, int]
) -> None:
    page = opened(library, size).new_page()
    page.goto("/#/search?q=tower+after:2020-01-01+-tag:dog&kind=image")
    expect(box(page)).to_have_value("tower after:2020-01-01 -tag:dog kind:image")
    photos = page.get_by_role("button", name="Photos")
    expect(photos).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="From 1 Jan 2020").click()
    expect(box(page)).to_have_value("tower -tag:dog kind:image")
    page.get_by_role("button", name="-tag:dog").focus()
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("tower kind:image")
    photos.click()
    page.get_by_role("button", name="Videos").click()
    expect(box(page)).to_have_value("tower kind:video")
    page.get_by_role("button", name="Videos").click()

    page.get_by_role("button", name="+ Filter").click()
    tags = page.get_by_role("combobox", name="Tags, parted by commas")
    tags.press_sequentially("towe")
    expect(page.locator("datalist option").first).to_have_attribute("value", "tower")
    tags.fill("tower")
    page.get_by_label("To, with that day").fill("2030-12-31")
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Show").click()
    text = "tower tag:tower before:2031-01-01"
    expect(box(page)).to_have_value(text)
    expect(page.locator(".result").first).to_be_visible()
    accessible(page)
    page.reload()
    expect(box(page)).to_have_value(text)
    expect(page.get_by_role("button", name="# tower")).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    expect(box(page)).to_have_value("tower")


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_results_on_a_map(opened: Opened, owner: Owner, size: dict[str, int]) -> None:
    filled(owner, "berlin.jpg", "sydney.jpg", "tree.jpg")
    page = opened(owner, size).new_page()
    page.goto("/#/search?q=berlin")
    page.get_by_role("button", name="Map").click()
    spot = page.get_by_role("button", name=re.compile("^1 object near 52.5° north"))
    expect(spot).to_be_visible()
    expect(page.get_by_text("1 result with a place in this part of the map.")).to_be_visible()
    accessible(page)
    keep(page, f"search-map-{size['width']}")
    spot.click()
    expect(box(page)).to_have_value(re.compile(r"^berlin in:13\.\S+$"))
    expect(page.locator(".result")).to_have_count(1)
    page.get_by_role("button", name="Part of the map").click()
    expect(box(page)).to_have_value("berlin")
    page.get_by_role("button", name="Map").click()
    expect(page.get_by_role("group", name=re.compile("^Where the results"))).to_have_count(0)


def test_a_name_with_quotes_is_suggested_as_it_has_to_be_written(desk: Page) -> None:
    desk.route(
        re.compile(r"/clusters\?"),
        lambda route: route.fulfill(
            json={"items": [{"id": "1", "name": 'My "best", 2024'}], "next_cursor": None}
        ),
    )
    desk.goto("/#/search")
    box(desk).press_sequentially('cluster:"my')
    desk.get_by_role("option").click()
    expect(box(desk)).to_have_value('cluster:"My \\"best\\", 2024" ')


def test_the_help_is_a_way_to_ask(hand: Page) -> None:
    hand.goto("/#/search")
    hand.get_by_role("button", name="Help").click()
    accessible(hand)
    hand.get_by_role("dialog").get_by_role("button", name="kind:video").click()
    expect(hand.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_in_a_hand(hand: Page) -> None:
    hand.goto("/#/search?q=a+tower")
    expect(hand.locator(".result").first).to_be_visible()
    hand.get_by_role("button", name="Why these?").click()
    accessible(hand)
    keep(hand, "search-phone")
