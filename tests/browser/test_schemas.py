"""A proposal from the JSON that was sent to the table it becomes, and back again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Page, Request, Route, expect

from tests.browser.looking import accessible, keep
from tests.browser.papers import orders, schema, send
from tests.browser.people import Owner

pytestmark = pytest.mark.browser


def test_the_whole_life_of_a_proposal(page: Page, owner: Owner) -> None:
    send(owner, "shop/orders", [*orders(range(200)), *orders(range(200, 202), customer=5)])
    schema(owner, "shop/orders", "provisional")

    page.goto("/#/schemas")
    page.get_by_role("row", name="shop/orders").get_by_role("link").click()

    # What it says, and why.
    expect(page.get_by_text("202 documents should become a table of 3 columns")).to_be_visible()
    score = page.get_by_role("row", name="All of it together")
    expect(score).to_contain_text("at least 0.85")
    expect(score).to_contain_text("✓ yes")
    expect(page.get_by_text("202 documents of 202 got a row. Every value fits")).to_be_visible()
    accessible(page)
    keep(page, "schema-proposed")

    # Another name for a column and another type, proved anew: now two values do not fit.
    page.get_by_role("button", name="Change…").click()
    column = page.get_by_role("listitem").filter(has_text="/customer")
    column.get_by_label("Name").fill("buyer")
    column.get_by_label("Type").select_option("text")
    accessible(page)
    page.get_by_role("button", name="Prove it so").click()
    expect(page.get_by_role("row", name="buyer")).to_contain_text("set by a person")
    expect(page.get_by_role("region", name="Statements")).to_contain_text('"buyer" text')
    expect(page.get_by_text("2 values would not fit their columns")).to_be_visible()
    misfits = page.get_by_role("table", name="Values of /customer that do not fit")
    expect(misfits.get_by_role("link")).to_have_count(2)
    accessible(page)

    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("It is in force now.")).to_be_visible()
    expect(page.get_by_text("In force: the documents are rows of a table.")).to_be_visible()

    # Documents of another kind come: the next version is proposed, and says what is new.
    send(owner, "shop/orders", orders(range(300, 400), coupon="spring"))
    following = schema(owner, "shop/orders", "provisional", version=2)
    page.goto(f"/#/schemas/{following['id']}")
    differing = page.get_by_role("table", name="Columns that differ")
    expect(differing.get_by_role("row", name="/coupon")).to_contain_text("new")
    expect(page.get_by_role("link", name="version 1")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Reject…").click()
    page.get_by_role("textbox", name="Why").fill("Coupons belong to the shop.")
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_text("Rejected: the same is not proposed again")).to_be_visible()
    expect(page.get_by_text("Coupons belong to the shop.")).to_be_visible()
    # Whoever decided is told by the name of the key, as of every decision.
    expect(page.get_by_text("Decided with the key “in a browser”, ")).to_be_visible()
    page.get_by_role("link", name="All its versions").click()
    page.get_by_role("row", name="Coupons belong to the shop.").get_by_role("link").click()

    # And back.
    page.get_by_role("link", name="version 1").click()
    page.get_by_role("button", name="Roll back…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No document is lost")
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.get_by_text("Rolled back: the documents are kept as JSONB again.")).to_be_visible()
    assert owner.http.get("collections/shop/orders").json()["storage"] == "jsonb"


def test_a_document_that_does_not_fit_can_be_looked_at(page: Page, owner: Owner) -> None:
    send(owner, "orders", [*orders(range(100)), *orders([7], customer=5)])
    found = schema(owner, "orders", "provisional")
    columns = {"/customer": {"type": "text"}}
    owner.http.patch(f"schemas/{found['id']}", json={"columns": columns})
    page.goto(f"/#/schemas/{found['id']}")

    misfits = page.get_by_role("table", name="Values of /customer that do not fit")
    misfits.get_by_role("link").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("9007199254741000")
    expect(dialog).to_contain_text("7.10")
    expect(dialog.get_by_role("link", name="The file it came in")).to_be_visible()


def test_of_values_that_are_told_no_more_only_the_number_is_shown(page: Page, owner: Owner) -> None:
    send(owner, "orders", [*orders(range(100)), *orders([7], customer=5)])
    found = schema(owner, "orders", "provisional")
    owner.http.patch(f"schemas/{found['id']}", json={"columns": {"/customer": {"type": "text"}}})
    schema(owner, "orders", "provisional")
    proved = owner.http.get(f"schemas/{found['id']}").json()
    # As it is after a document was erased.
    proved["dry_run"]["misfits"][0]["examples"] = []
    page.route(re.compile(f"/schemas/{found['id']}$"), lambda route: route.fulfill(json=proved))
    page.goto(f"/#/schemas/{found['id']}")

    expect(page.get_by_role("heading", name="/customer — 1 value not")).to_be_visible()
    expect(page.get_by_role("table", name="Values of /customer that do not fit")).to_have_count(0)
    expect(page.get_by_text("The first 0 of")).to_have_count(0)


def test_what_was_seen_is_what_is_approved(page: Page, owner: Owner, forgiven: list[str]) -> None:
    forgiven.append("409")
    send(owner, "orders", orders(range(100)))
    found = schema(owner, "orders", "provisional")
    page.goto(f"/#/schemas/{found['id']}")
    page.get_by_role("button", name="Approve…").click()

    # Meanwhile somebody else changes it.
    columns = {"/total": {"name": "amount"}}
    owner.http.patch(f"schemas/{found['id']}", json={"columns": columns})
    schema(owner, "orders", "provisional")
    page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()

    expect(page.get_by_text("look at its statements again")).to_be_visible()
    expect(page.get_by_role("region", name="Statements")).to_contain_text('"amount"')
    assert owner.http.get(f"schemas/{found['id']}").json()["status"] == "provisional"


def test_by_keyboard_alone(page: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(100)))
    found = schema(owner, "orders", "provisional")
    page.goto(f"/#/schemas/{found['id']}")
    approve = page.get_by_role("button", name="Approve…")
    expect(approve).to_be_visible()

    approve.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(approve).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("In a table")).to_be_focused()
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("button", name="Change…")).to_be_focused()


def test_on_a_phone(phone: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(100)))
    send(owner, "notes", ['{"a": 1}', '{"a": "x"}', '{"a": {"b": 2}}'])
    found = schema(owner, "orders", "provisional")
    schema(owner, "notes", "provisional")

    phone.goto("/#/schemas")
    expect(phone.get_by_role("row", name=re.compile("orders"))).to_contain_text("provisional")
    accessible(phone)
    keep(phone, "schemas-phone")
    phone.get_by_role("link", name="notes").click()
    expect(
        phone.get_by_text("should stay JSONB. “No field is torn between types” does not hold")
    ).to_be_visible()
    accessible(phone)

    phone.goto(f"/#/schemas/{found['id']}")
    phone.get_by_role("button", name="Change…").tap()
    phone.get_by_label("As JSONB").tap()
    accessible(phone)
    keep(phone, "schema-change-phone")
    phone.get_by_role("button", name="Prove it so").tap()
    expect(phone.get_by_text("100 documents should stay JSONB, as a person chose.")).to_be_visible()


def test_nothing_proposed_yet(page: Page) -> None:
    page.goto("/#/schemas")
    expect(page.get_by_role("heading", name="No proposals yet")).to_be_visible()
    accessible(page)


def test_a_look_that_was_under_way_takes_no_answer_back(page: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(100)))
    found = schema(owner, "orders", "provisional")
    page.goto(f"/#/schemas/{found['id']}")
    expect(page.get_by_text("It waits for your word.")).to_be_visible()
    looks: list[tuple[Route, APIResponse]] = []

    def keep_waiting(route: Route) -> None:
        looks.append((route, route.fetch()))

    def is_look(request: Request) -> bool:
        return request.url.endswith(f"/schemas/{found['id']}")

    page.route(re.compile(f"/schemas/{found['id']}$"), keep_waiting)
    with page.expect_request(is_look):
        pass
    page.get_by_role("button", name="Reject…").click()
    page.get_by_role("dialog").get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_text("Rejected: the same is not proposed again")).to_be_visible()

    route, before = looks[0]
    with page.expect_request(is_look):
        route.fulfill(response=before)
    expect(page.get_by_text("Rejected: the same is not proposed again")).to_be_visible()
