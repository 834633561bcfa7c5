"""Answers that come late: by then somebody looks at something else, or wants something else."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.looking import until
from tests.browser.people import Owner
from tests.browser.photos import gallery, send, smaller
from tests.browser.shelf import crowd, filled, photo
from tests.browser.uploads import keep_changes_from, keep_from

pytestmark = pytest.mark.browser
TWICE = ("astronaut", "baseball", "brandenburg-gate")


def test_objects_are_not_chosen_after_one_thought_better_of_it(page: Page, owner: Owner) -> None:
    crowd(owner, 300, months=1)
    held: list[Route] = []
    page.route(
        "**/derived/**",
        lambda route: route.fulfill(body=photo(90), content_type="image/jpeg"),
    )
    page.route(re.compile(r"timeline/objects.*skip=[12]00"), keep_from(held))
    every = page.get_by_role("button", name="Choose all")
    bar = page.get_by_role("region", name="Selection")
    page.goto("/#/library")

    every.click()
    until(page, lambda: len(held) == 2)
    # By its name: a tile has one once its object is there, and cannot be chosen before.
    page.get_by_role("checkbox", name=re.compile("^Choose .")).first.click()
    bar.get_by_role("button", name="Choose none").click()
    for route in held:
        route.continue_()
    shelf = page.get_by_role("region", name="Objects by date")
    expect(shelf).not_to_have_attribute("aria-busy", "true")
    expect(bar).to_be_hidden()

    page.reload()
    held.clear()
    every.click()
    until(page, lambda: len(held) == 2)
    page.get_by_role("button", name="Videos").click()
    expect(page.get_by_role("heading", name="Nothing matches these filters")).to_be_visible()
    expect(bar).to_be_hidden()


def test_a_question_ends_with_what_it_is_about(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg", "tree.jpg")
    for name in shelf.ids:
        assert owner.http.delete(f"objects/{shelf.ids[name]}").status_code == 204
    page.goto(f"/#/objects/{shelf.ids['tree.jpg']}")
    expect(page.get_by_role("heading", name="tree.jpg")).to_be_visible()
    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    expect(page.get_by_role("heading", name="plain.jpg")).to_be_visible()
    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("erase")

    page.go_back()

    expect(page.get_by_role("heading", name="tree.jpg")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert owner.http.get(f"objects/{shelf.ids['plain.jpg']}").status_code == 200

    page.goto("/#/library")
    page.goto("/#/library?state=trash")
    page.get_by_role("link", name=re.compile("plain.jpg")).hover()
    page.get_by_role("checkbox", name="Choose plain.jpg").click()
    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("erase")
    page.go_back()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_takes_long_to_ask_is_asked_once_and_nowhere_else(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg", "tree.jpg")
    held: list[Route] = []
    page.route(re.compile(r"/(collections|clusters)\?"), keep_from(held))
    page.goto("/#/library")
    page.get_by_role("button", name="+ Filter").dblclick()
    until(page, lambda: len(held) == 4)
    while held:
        held.pop().continue_()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)

    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    page.get_by_role("button", name=re.compile("Move…|Put into a cluster…")).click()
    until(page, lambda: len(held) == 1)
    page.goto(f"/#/objects/{shelf.ids['tree.jpg']}")
    expect(page.get_by_role("heading", name="tree.jpg")).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    held.pop().continue_()
    page.get_by_role("button", name=re.compile("Move…|Put into a cluster…")).click()
    until(page, lambda: len(held) == 1)
    held.pop().continue_()
    expect(dialog).to_have_count(1)


def test_whoever_has_left_a_search_is_not_brought_back_to_it(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 503")
    held: list[Route] = []
    page.route(re.compile("/api/v1/searches$"), keep_from(held))
    for fails, told in ((True, "The disk is full."), (False, "Saved as “tree”.")):
        page.goto("/#/search?q=tree")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        until(page, lambda: len(held) == 1)
        page.goto("/#/upload")
        expect(page.get_by_role("heading", name="Upload", level=1)).to_be_visible()
        if fails:
            held.pop().fulfill(status=503, json={"code": "unavailable", "detail": told})
        else:
            held.pop().continue_()
        expect(page.get_by_text(told)).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page).to_have_url(re.compile("#/upload$"))


def test_what_could_not_be_sent_comes_back_after_what_is_asked_meanwhile(
    page: Page, forgiven: list[str]
) -> None:
    forgiven.append("status of 503")
    held: list[Route] = []
    page.route(re.compile("/api/v1/searches$"), keep_from(held))
    dialog = page.get_by_role("dialog")
    save = page.get_by_role("button", name="Save", exact=True)
    page.goto("/#/search?q=tree")
    save.click()
    dialog.get_by_label("Name").fill("what took long to name")
    dialog.get_by_role("button", name="Save").click()
    until(page, lambda: len(held) == 1)

    save.click()
    expect(dialog.get_by_label("Name")).to_have_value("tree")
    with page.expect_event("requestfinished"):
        held.pop().fulfill(status=503, json={"code": "unavailable", "detail": "The disk is full."})
    dialog.get_by_role("button", name="Cancel").click()

    expect(dialog.get_by_role("alert")).to_have_text("The disk is full.")
    expect(dialog.get_by_label("Name")).to_have_value("what took long to name")


def test_the_last_of_many_stars_is_kept(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg")
    held: list[Route] = []
    page.route(f"**/objects/{shelf.ids['plain.jpg']}", keep_changes_from(held))
    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    page.get_by_role("radio", name="No rating").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    until(page, lambda: len(held) > 0)
    assert [route.request.post_data_json for route in held] == [{"rating": 1}]
    held.pop().continue_()
    until(page, lambda: len(held) > 0)
    assert [route.request.post_data_json for route in held] == [{"rating": 4}]
    held.pop().continue_()

    until(page, lambda: owner.client.object(shelf.ids["plain.jpg"])["rating"] == 4)
    expect(page.get_by_role("radio", name="4 stars")).to_be_checked()


def test_tags_that_are_added_fast_are_all_kept_and_shown(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 503")
    shelf = filled(owner, "plain.jpg")
    held: list[Route] = []
    page.route(f"**/objects/{shelf.ids['plain.jpg']}", keep_changes_from(held))
    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    field = page.get_by_label("Add a tag")
    for number, label in enumerate(("one", "two"), start=1):
        field.press_sequentially(label)
        field.press("Enter")
        until(page, lambda: len(held) == number)  # noqa: B023 - it is over before the next
    field.press_sequentially("thr")

    first = held[0].fetch()
    held[1].fulfill(response=held[1].fetch())
    expect(page.locator(".tag.hand")).to_have_count(2)
    held[0].fulfill(response=first)
    expect(field).to_have_value("thr")
    field.press_sequentially("ee")
    field.press("Enter")
    until(page, lambda: len(held) == 3)
    # One that fails hides none that was added before it and is answered meanwhile.
    field.press_sequentially("four")
    field.press("Enter")
    until(page, lambda: len(held) == 4)
    held[2].fulfill(response=held[2].fetch())
    expect(page.locator(".tag.hand")).to_have_count(3)
    held[3].fulfill(status=503, json={"code": "unavailable", "detail": "The disk is full."})
    expect(page.get_by_text("The disk is full.")).to_be_visible()
    expect(field).to_have_value("four")
    expect(page.locator(".tag.hand")).to_have_count(3)


def test_a_tag_that_is_tried_again_is_shown(page: Page, owner: Owner, forgiven: list[str]) -> None:
    forgiven.append("status of 503")
    shelf = filled(owner, "plain.jpg")
    held: list[Route] = []
    page.route(f"**/objects/{shelf.ids['plain.jpg']}", keep_changes_from(held))
    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    field = page.get_by_label("Add a tag")
    field.press_sequentially("one")
    field.press("Enter")
    until(page, lambda: len(held) == 1)
    field.press_sequentially("two")
    held.pop().fulfill(status=503, json={"code": "unavailable", "detail": "The disk is full."})

    # Whoever goes there leaves the field, and so means what is typed in it, too.
    page.get_by_role("button", name="Try again").click()
    until(page, lambda: len(held) == 2)
    for route in held:
        route.fulfill(response=route.fetch())
    expect(page.locator(".tag.hand")).to_have_count(2)


def test_a_tag_is_not_hidden_by_what_was_asked_before_it(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg")
    looks: list[Route] = []
    page.goto(f"/#/objects/{shelf.ids['plain.jpg']}")
    expect(page.get_by_role("heading", name="History")).to_be_visible()

    def keep_looks(route: Route) -> None:
        if route.request.method == "GET":
            looks.append(route)
        else:
            route.continue_()

    page.route(f"**/objects/{shelf.ids['plain.jpg']}", keep_looks)
    page.evaluate("dispatchEvent(new CustomEvent('mammothbox:undone'))")
    until(page, lambda: len(looks) == 1)
    before = looks[0].fetch()
    page.get_by_label("Add a tag").fill("one")
    page.get_by_label("Add a tag").press("Enter")
    expect(page.locator(".tag.hand")).to_have_count(1)
    looks[0].fulfill(response=before)
    until(page, lambda: len(looks) == 2)
    with page.expect_response(re.compile("/lineage")):
        looks[1].continue_()
    expect(page.locator(".tag.hand")).to_have_count(1)


def test_a_search_for_words_is_not_said_to_be_by_an_example(page: Page, owner: Owner) -> None:
    shelf = filled(owner, "plain.jpg")
    held: list[Route] = []
    page.route(f"**/objects/{shelf.ids['plain.jpg']}", keep_from(held))
    page.goto(f"/#/search?like={shelf.ids['plain.jpg']}")
    until(page, lambda: len(held) == 1)
    page.goto("/#/search?q=tree")
    expect(page.locator(".summary")).to_be_visible()
    with page.expect_event("requestfinished"):
        held.pop().continue_()
    expect(page.get_by_role("button", name="Search without this example")).to_be_hidden()


def test_whoever_scrolls_on_while_the_library_is_read_stays_there(page: Page, owner: Owner) -> None:
    crowd(owner, 2000, months=6)
    picture = photo(90)
    page.route(
        "**/derived/**", lambda route: route.fulfill(body=picture, content_type="image/jpeg")
    )
    held: list[Route] = []
    page.goto("/#/library")
    expect(page.locator(".tile img").first).to_be_visible()
    page.route(re.compile(r"/timeline\?"), keep_from(held))
    page.evaluate("dispatchEvent(new CustomEvent('mammothbox:undone'))")
    until(page, lambda: len(held) == 1)
    page.evaluate("document.querySelector('.grid').dataset.before = ''")
    page.evaluate("scrollTo(0, 3000)")
    held.pop().continue_()
    expect(page.locator(".grid:not([data-before]) .tile").first).to_be_attached()
    until(page, lambda: abs(page.evaluate("scrollY") - 3000) < 300)


def test_a_picture_that_cannot_be_had_is_asked_for_once_more(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 403")
    send(owner, gallery("coffee"))
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=403)

    page.route("**/derived/**", refuse)
    page.goto("/#/search?q=coffee")

    expect(page.locator(".result .picture").first).to_have_text("no picture")
    assert len(asked) <= 2


def test_the_next_pair_is_decided_by_who_looked_at_it(page: Page, owner: Owner) -> None:
    send(owner, gallery(*TWICE))
    send(owner, {f"{name}-small.jpg": smaller(name) for name in TWICE})
    held: list[Route] = []
    page.route(re.compile("/duplicates/[0-9a-f-]{36}$"), keep_from(held))
    page.goto("/#/duplicates")
    expect(page.get_by_text("Pair 1 of 3 · 0 decided")).to_be_visible()

    page.keyboard.press("k")
    until(page, lambda: len(held) == 1)
    page.keyboard.press("ArrowRight")
    held.pop().continue_()
    expect(page.get_by_text("Pair 2 of 3 · 1 decided")).to_be_visible()

    # Held down, a key repeats itself.
    page.keyboard.down("d")
    until(page, lambda: len(held) == 1)
    held.pop().continue_()
    expect(page.get_by_text("Pair 3 of 3 · 2 decided")).to_be_visible()
    page.keyboard.down("d")
    page.keyboard.up("d")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Pair 2 of 3 · 2 decided")).to_be_visible()
    assert held == []

    page.goto(f"/#/duplicates/{uuid4()}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such pair")
