"""Uploads through whatever goes wrong on the way: told plainly, and nothing lost."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import DESK
from tests.browser.looking import accessible, keep, until
from tests.browser.people import Owner, newcomer, signed_in
from tests.browser.uploads import (
    LONG,
    all_done,
    choose,
    keep_from,
    made,
    of_the_store,
    row,
    stored,
)
from tests.e2e.stack import run, start, started

pytestmark = pytest.mark.browser


def test_a_stopped_server_is_waited_for(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = tmp_path_factory.mktemp("stopping")
    with started(home) as stack:
        owner = newcomer(stack, "patient", "admin")
        context = signed_in(chromium, owner, DESK)
        page = context.new_page()
        page.goto("/#/upload")
        held: list[Route] = []
        page.route(f"{stack.env['AWS_ENDPOINT_URL']}/**", keep_from(held))
        choose(page, *(made(tmp_path, f"{number}.txt") for number in range(8)))
        until(page, lambda: len(held) == 4)
        run("down", home)
        stack.process.wait(timeout=60)
        page.unroute_all()
        choose(page, made(tmp_path, "later.txt"))
        expect(page.get_by_text("The server does not answer")).to_be_visible(timeout=LONG)
        expect(row(page, "later.txt")).to_contain_text("Waiting for the server", timeout=LONG)
        keep(page, "upload-server-stopped")

        again = start(home, int(urlsplit(stack.env["MAMMOTHBOX_URL"]).port or 0))
        try:
            all_done(page, "9 of 9 files done")
            expect(page.get_by_text("The server does not answer")).to_be_hidden()
            assert len(stored(owner)) == 9
        finally:
            context.close()
            run("down", home)
            again.process.wait(timeout=60)
            owner.client.open.close()


def test_a_store_that_fails_is_tried_again_and_one_that_refuses_is_quoted(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of (500|503|400)")
    answers = [(500, ""), (503, ""), (400, "<Error><Message>Not on a Sunday.</Message></Error>")]

    def answer(route: Route) -> None:
        if not answers:
            route.continue_()
            return
        status, body = answers.pop(0)
        cross_origin = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=status, body=body, headers=cross_origin)

    page.route(of_the_store(owner), answer)
    page.goto("/#/upload")
    choose(page, made(tmp_path, "a.txt"))

    expect(row(page, "a.txt")).to_contain_text("Not on a Sunday.", timeout=LONG)
    choose(page, made(tmp_path, "b.txt", b""))
    page.get_by_role("button", name="Remove b.txt").focus()
    page.keyboard.press("Enter")
    again = page.get_by_role("button", name="Try again a.txt")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["a.txt"]


def test_a_file_that_changed_since_it_was_chosen_is_not_sent(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("ERR_UPLOAD_FILE_CHANGED|ERR_FILE_NOT_FOUND|ERR_FAILED")
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
    page.goto("/#/upload")
    diary = made(tmp_path, "diary.txt")
    choose(page, diary)
    until(page, lambda: len(held) == 1)
    page.get_by_role("button", name="Pause").click()
    made(tmp_path, "diary.txt", b"another day, another story")
    os.utime(diary, (1, 1))
    page.unroute_all()

    page.get_by_role("button", name="Resume").click()

    expect(row(page, "diary.txt")).to_contain_text("was changed, moved or removed", timeout=LONG)
    assert [item["status"] for item in stored(owner)] == ["awaiting_upload"]


def test_a_name_the_server_refuses_does_not_hold_up_the_others(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of 422")
    page.goto("/#/upload")

    choose(page, made(tmp_path, "fine.txt"), made(tmp_path, "bell\x07.txt"))

    expect(row(page, "bell")).to_contain_text("control characters", timeout=LONG)
    expect(row(page, "fine.txt")).to_contain_text("Ready", timeout=LONG)
    assert [item["filename"] for item in stored(owner)] == ["fine.txt"]


def announcements(page: Page) -> list[Request]:
    """The page's requests for addresses, from now on."""
    seen: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and urlsplit(request.url).path == "/api/v1/uploads":
            seen.append(request)

    page.on("request", note)
    return seen


def test_a_request_that_stalls_is_made_again(page: Page, owner: Owner, tmp_path: Path) -> None:
    page.clock.install()
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
    page.goto("/#/upload")
    choose(page, made(tmp_path, "a.txt"))
    until(page, lambda: len(held) == 1)
    expect(row(page, "a.txt")).to_contain_text("Sending")

    page.clock.fast_forward(61_000)
    expect(row(page, "a.txt")).to_contain_text("Waiting for the server")
    until(page, lambda: len(held) == 2)
    page.unroute_all()
    page.clock.fast_forward(61_000)

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["a.txt"]


def test_an_address_that_has_expired_is_asked_for_again(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of 403")
    refusals = [1, 1]

    def answer(route: Route) -> None:
        if not refusals:
            route.continue_()
            return
        refusals.pop()
        body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        route.fulfill(status=403, body=body, headers={"Access-Control-Allow-Origin": "*"})

    page.route(of_the_store(owner), answer)
    page.goto("/#/upload")
    asked = announcements(page)
    choose(page, *(made(tmp_path, f"{number}.txt") for number in range(3)))

    all_done(page, "3 of 3 files done")
    assert 2 <= len(asked) <= 3
    assert len({request.headers["idempotency-key"] for request in asked}) == 1
    assert len(stored(owner)) == 3


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_is_wrong_costs_nothing(
    page: Page, owner: Owner, tmp_path: Path, hours: int
) -> None:
    page.clock.install(time=time.time() + hours * 3600)
    page.goto("/#/upload")
    asked = announcements(page)

    choose(page, *(made(tmp_path, f"{number}.txt") for number in range(12)))

    all_done(page, "12 of 12 files done")
    assert len(asked) == 1


def test_without_a_network_one_is_told_so_and_it_goes_on(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
    page.goto("/#/upload")
    choose(page, *(made(tmp_path, f"{number}.txt") for number in range(6)))
    until(page, lambda: len(held) == 4)

    page.context.set_offline(True)
    for route in held:
        route.abort("internetdisconnected")
    page.unroute_all()
    expect(row(page, "0.txt")).to_contain_text("Waiting for the network")
    expect(page.get_by_text("There is no network")).to_be_visible()
    accessible(page)
    keep(page, "upload-no-network")
    choose(page, made(tmp_path, "later.txt"))
    page.context.set_offline(False)

    all_done(page, "7 of 7 files done")
    expect(page.get_by_text("There is no network")).to_be_hidden()
    assert len(stored(owner)) == 7


def test_a_key_that_ends_in_the_middle_costs_a_sign_in_and_nothing_else(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("status of 401|ERR_FAILED")
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
    page.goto("/#/upload")
    choose(page, *(made(tmp_path, f"{number}.txt") for number in range(8)))
    until(page, lambda: len(held) == 4)
    owner.client.rows("UPDATE api_key SET revoked_at = now() WHERE owner = %s", owner.name)
    page.get_by_role("link", name="Library", exact=True).click()

    expect(page.get_by_text("This key is not valid any more")).to_be_visible(timeout=LONG)
    page.unroute_all()
    other = newcomer(owner.client, owner.name, "admin")
    page.get_by_label("API key").fill(other.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("#/library"))
    page.get_by_role("link", name="Upload", exact=True).click()

    all_done(page, "8 of 8 files done")
    assert len(stored(other)) == 8
    other.client.open.close()


def test_an_answer_that_breaks_off_is_asked_for_again(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    answers = ['{"job_id": ', "<html>Welcome aboard! Accept our conditions</html>"]

    def answer(route: Route) -> None:
        if answers:
            route.fulfill(status=201, body=answers.pop(), content_type="application/json")
        else:
            route.continue_()

    page.route("**/api/v1/uploads", answer)
    page.goto("/#/upload")
    choose(page, made(tmp_path, "a.txt"))

    all_done(page, "1 of 1 file done")
    assert [item["filename"] for item in stored(owner)] == ["a.txt"]


_KEPT = """async () => {
  const opened = indexedDB.open("mammothbox");
  await new Promise((done) => { opened.onsuccess = done; });
  const store = opened.result.transaction("files").objectStore("files");
  const asked = store.getAll();
  await new Promise((done) => { asked.onsuccess = done; });
  return asked.result.map((each) => each.name);
}"""


def test_who_signs_out_in_the_middle_is_asked_and_leaves_nothing_behind(
    page: Page, owner: Owner, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("ERR_FAILED")
    held: list[Route] = []
    page.route(of_the_store(owner), keep_from(held))
    page.goto("/#/upload")
    choose(page, *(made(tmp_path, f"secret-{number}.txt") for number in range(6)))
    until(page, lambda: len(held) == 4)

    page.get_by_role("button", name="Sign out").click()
    asked = page.get_by_role("dialog", name="Sign out?")
    expect(asked).to_contain_text("6 files are not uploaded yet")
    accessible(page)
    asked.get_by_role("button", name="Cancel").click()
    expect(row(page, "secret-0.txt")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    asked.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome to MammothBox")).to_be_visible()

    assert page.evaluate(_KEPT) == []
    page.unroute_all()
    other = newcomer(owner.client, f"{owner.name}-other", "admin")
    page.get_by_label("API key").fill(other.key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Upload", exact=True).click()
    choose(page, made(tmp_path, "mine.txt"))
    all_done(page, "1 of 1 file done")
    expect(page.get_by_text("secret")).to_have_count(0)
    assert [item["filename"] for item in stored(other)] == ["mine.txt"]
    other.client.open.close()
