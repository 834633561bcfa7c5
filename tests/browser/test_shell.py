"""What is around every view: signing in, finding one's way, and being told what is wrong."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner, newcomer
from tests.browser.shelf import filled

pytestmark = pytest.mark.browser

_MOST_JUMP = 0.02
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"

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
    assert len(own) <= 50, [each.url for each in own]
    assert sum(len(each.body()) for each in own) <= 300_000
    assert page.evaluate(_SHIFTS) <= _MOST_JUMP
    print(size["width"], "first paint", round(page.evaluate(_PAINT)), "ms")
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


def the_views(owner: Owner) -> dict[str, str]:
    """The address of every view, in a library that has something for most of them."""
    shelf = filled(owner, "berlin.jpg", "tree.jpg", "tone.wav", "digits.json", "broken.jpg")
    rooms = ("upload", "library", "clusters", "duplicates", "collections", "schemas", "operations")
    more = {
        "search": "search?q=gradient",
        "object": f"objects/{shelf.ids['berlin.jpg']}",
        "sound": f"objects/{shelf.ids['tone.wav']}",
        "failed": f"objects/{shelf.ids['broken.jpg']}",
        "keys": "operations?tab=keys",
        "nowhere": "objects/00000000-0000-0000-0000-000000000000",
    }
    return {**{room: room for room in rooms}, **more}


def at_rest(page: Page) -> None:
    """The view is there, and nothing is on its way to it."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "phone"])
def test_nothing_jumps_on_any_view(
    opened: Opened, owner: Owner, size: dict[str, int], forgiven: list[str]
) -> None:
    forgiven.append("status of 404")
    views = the_views(owner)
    context = opened(owner, size)
    jumps: dict[str, float] = {}
    for name, address in views.items():
        page = context.new_page()
        page.goto(f"/#/{address}")
        at_rest(page)
        jumps[name] = round(page.evaluate(_SHIFTS), 4)
        print(size["width"], name, "jumps", jumps[name], "paint", round(page.evaluate(_PAINT)))
        page.close()
    # The same from view to view, where what surrounds them stays.
    page = context.new_page()
    page.goto("/#/library")
    at_rest(page)
    for name, address in views.items():
        before = page.evaluate(_SHIFTS)
        page.evaluate("address => { location.hash = address; }", f"#/{address}")
        at_rest(page)
        jumps[f"to {name}"] = round(page.evaluate(_SHIFTS) - before, 4)

    assert {name: jump for name, jump in jumps.items() if jump > _MOST_JUMP} == {}


# Where the keyboard is: what has the focus, and whether it can be seen there.
_FOCUSED = """async () => {
  // What is scrolled into sight is there with the next frame.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const element = document.activeElement;
  if (!element || element === document.body) return { name: "", faults: [] };
  const label = element.matches("input, .unseen") ? element.closest("label") : null;
  const shown = label ?? element;
  const { left, top, width, height } = shown.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + Math.min(height / 2, 40)];
  const faults = [];
  if (width < 2 || height < 2) faults.push("has no size");
  const over = document.elementFromPoint(x, y);
  // What lets touches through lies above what gets them.
  const isSeenThrough = getComputedStyle(shown).pointerEvents === "none";
  if (!over) faults.push("is outside the window");
  else if (!isSeenThrough && !shown.contains(over) && !over.contains(shown))
    faults.push(`is under ${over.className}`);
  const around = [element.parentElement, element.parentElement.parentElement];
  const isRinged = [element, ...around, element.nextElementSibling]
    .filter(Boolean).map((each) => getComputedStyle(each))
    .some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
  // The browser's own controls show it on one of theirs.
  if (!isRinged && !element.controls) faults.push("shows no focus");
  const text = (element.ariaLabel ?? element.textContent).trim().slice(0, 40);
  const name = `${element.tagName.toLowerCase()}.${element.className} ${text}`;
  return { name, faults, isFirst: element.matches(".skip") };
}"""
_MOST_STOPS = 150


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "phone"])
def test_tab_walks_through_every_view_and_never_gets_lost(
    opened: Opened, owner: Owner, size: dict[str, int], forgiven: list[str]
) -> None:
    forgiven.append("status of 404")
    views = the_views(owner)
    context = opened(owner, size)
    for name, address in views.items():
        page = context.new_page()
        page.goto(f"/#/{address}")
        at_rest(page)
        stops: list[str] = []
        while True:
            page.keyboard.press("Tab")
            told = page.evaluate(_FOCUSED)
            assert told["faults"] == [], (name, told)
            # Behind the last element is the browser itself, and then the first one again.
            if not told["name"] or (stops and told["isFirst"]):
                break
            stops.append(told["name"])
            assert len(stops) < _MOST_STOPS, (name, stops[-6:])
        print(size["width"], name, len(stops), "stops")
        assert len(stops) >= 12, (name, stops)
        page.close()


def test_every_view_has_a_title_and_takes_the_focus_to_its_heading(page: Page) -> None:
    page.goto("/#/upload")
    expect(page.get_by_role("heading", level=1, name="Upload")).to_be_visible()
    rooms = page.get_by_role("navigation", name="Main").get_by_role("link")
    for room in rooms.all_text_contents()[1:]:
        page.get_by_role("link", name=room, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page).to_have_title(f"{room} · MammothBox")
        where = page.locator("h1" if room != "Search" else "main input[type=search]")
        expect(where.first).to_be_focused()


def test_who_goes_on_before_a_view_is_there_is_not_kept_waiting_for_it(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/js/views/schemas.js", hold)
    page.goto("/#/upload")
    upload = page.get_by_role("heading", level=1, name="Upload")
    expect(upload).to_be_visible()

    page.clock.install()
    page.evaluate("location.hash = '#/schemas'")
    until(page, lambda: len(held) == 1)
    page.evaluate("location.hash = '#/upload'")
    expect(upload).to_be_visible()
    page.clock.run_for(1000)

    expect(upload).to_be_visible()
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(upload).to_be_visible()


def test_who_signs_out_in_one_tab_has_left_all_of_them(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "berlin.jpg")
    page.goto(f"/#/objects/{shelf.ids['berlin.jpg']}")
    expect(page.get_by_role("heading", level=1, name="berlin.jpg")).to_be_visible()
    page.get_by_role("searchbox", name="Search the library").fill("what nobody else should read")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    other_tab = page.context.new_page()
    other_tab.goto("/#/upload")

    other_tab.get_by_role("button", name="Sign out").click()

    for tab in (page, other_tab):
        expect(tab.get_by_role("heading", name="Welcome to MammothBox")).to_be_visible()
        expect(tab.get_by_text("berlin.jpg")).to_have_count(0)
        expect(tab.get_by_role("dialog")).to_have_count(0)
        expect(tab.get_by_text(owner.name)).to_have_count(0)

    # Somebody else sits down: both tabs are theirs, and neither leads to what the first one saw.
    other = newcomer(owner.client, f"{owner.name}-other", "admin")
    other_tab.get_by_label("API key").fill(other.key)
    other_tab.get_by_role("button", name="Sign in").click()
    for tab in (page, other_tab):
        expect(tab).to_have_url(re.compile("#/library"))
        expect(tab.get_by_text(other.name)).to_be_visible()
        expect(tab.get_by_role("searchbox", name="Search the library")).to_have_value("")
    other.client.open.close()


def test_another_key_in_one_tab_is_another_key_in_all(page: Page, owner: Owner) -> None:
    filled(owner, "berlin.jpg")
    page.goto("/#/library")
    expect(page.get_by_role("link", name="berlin.jpg").first).to_be_visible()
    other = newcomer(owner.client, f"{owner.name}-other", "viewer")
    other_tab = page.context.new_page()
    other_tab.goto("/#/login")

    other_tab.evaluate(
        """([key, holder]) => {
          localStorage.setItem("mammothbox.key", key);
          localStorage.setItem("mammothbox.owner", holder);
        }""",
        [other.key, json.dumps({"owner": other.name, "role": other.role})],
    )

    expect(page.get_by_text(other.name)).to_be_visible()
    expect(page.get_by_role("link", name="berlin.jpg")).to_have_count(0)
    expect(page.get_by_role("link", name="Upload", exact=True)).to_have_count(0)
    other.client.open.close()
