"""What is around every view: signing in, finding one's way, and being told what is wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep
from tests.browser.people import Owner, newcomer

pytestmark = pytest.mark.browser

_SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) sum += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum), 300));
})"""


def test_signing_in_leads_to_where_one_wanted(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 401")
    page.goto("/#/upload")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome to MammothBox")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()
    accessible(page)
    keep(page, "login")
    page.goto("/#/operations?tab=keys")

    page.get_by_label("API key").fill("mbx_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("API key").fill(owner.key)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(r"#/operations\?tab=keys$"))
    expect(page.get_by_text(owner.name)).to_be_visible()


def test_a_key_that_ends_is_asked_for_again_and_nothing_is_lost(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 401")
    page.goto("/#/upload")
    expect(page.get_by_role("heading", name="Upload", exact=True)).to_be_visible()
    owner.client.rows("UPDATE api_key SET revoked_at = now() WHERE owner = %s", owner.name)

    page.goto("/#/library")
    page.reload()

    expect(page.get_by_text("This key is not valid any more")).to_be_visible()
    other = newcomer(owner.client, owner.name, "admin")
    page.get_by_label("API key").fill(other.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("#/library"))
    other.client.open.close()


def test_the_keyboard_leads_everywhere(page: Page) -> None:
    page.goto("/#/upload")
    expect(page.get_by_role("heading", name="Upload", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search the library")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    accessible(page)
    keep(page, "shortcuts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("o")

    expect(page).to_have_url(re.compile("#/operations"))
    expect(page).to_have_title("Operations · MammothBox")
    expect(page.get_by_role("heading", level=1, name="Operations")).to_be_focused()
    expect(page.get_by_role("link", name="Operations")).to_have_attribute("aria-current", "page")


def test_the_theme_stays_and_is_there_before_the_first_paint(page: Page) -> None:
    page.goto("/#/upload")
    page.get_by_role("button", name="Switch between light and dark").click()

    assert page.evaluate("localStorage.getItem('mammothbox.theme')") == "dark"
    page.route(
        "**/js/main.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "phone"])
def test_the_first_load_is_small_and_nothing_jumps(
    opened: Opened, owner: Owner, size: dict[str, int]
) -> None:
    page = opened(owner, size).new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - takes attributes

    page.goto("/#/library")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")

    own = [each for each in answers if "/api/" not in each.url]
    assert len(own) <= 45, [each.url for each in own]
    assert sum(len(each.body()) for each in own) <= 300_000
    assert page.evaluate(_SHIFTS) < 0.05
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint < 5_000
    keep(page, f"first-{size['width']}")


def test_a_server_that_does_not_answer_is_shown_and_waited_for(
    page: Page, forgiven: list[str]
) -> None:
    forgiven.append("ERR_CONNECTION_REFUSED")
    page.goto("/#/upload")
    expect(page.get_by_role("heading", name="Upload", exact=True)).to_be_visible()
    page.route("**/api/**", lambda route: route.abort("connectionrefused"))

    page.get_by_role("link", name="Library", exact=True).click()
    banner = page.get_by_text("The server does not answer. Trying again…")
    expect(banner).to_be_visible()
    accessible(page)
    keep(page, "server-down")
    page.unroute_all()

    expect(banner).to_be_hidden(timeout=30_000)
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)


def test_rooms_fit_a_phone(phone: Page) -> None:
    phone.goto("/#/operations")
    current = phone.get_by_role("navigation", name="Main").get_by_role("link", name="Operations")
    expect(current).to_be_in_viewport()
    phone.goto("/#/schemas")
    expect(phone.get_by_role("link", name="Schemas")).to_be_in_viewport()
    expect(phone.get_by_role("button", name="Sign out")).to_be_in_viewport()
    accessible(phone)
