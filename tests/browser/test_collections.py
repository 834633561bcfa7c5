"""Documents as a table: filters, sorting, pages, columns, one of them, and how they change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, Opened
from tests.browser.looking import accessible, keep
from tests.browser.papers import orders, schema, send
from tests.browser.people import Owner, newcomer
from tests.e2e.stack import Client

pytestmark = pytest.mark.browser


def test_documents_are_found_sorted_and_kept_digit_for_digit(
    page: Page, owner: Owner, tmp_path: Path
) -> None:
    send(owner, "shop/orders", orders(range(120), address={"city": "Bonn"}))
    page.goto("/#/collections")
    page.get_by_role("link", name="shop/orders").click()

    documents = page.get_by_role("table", name="Documents of shop/orders")
    expect(documents.get_by_role("row")).to_have_count(51)
    expect(documents.get_by_role("columnheader", name="address.city")).to_be_visible()
    expect(documents).to_contain_text("9007199254740993")
    expect(documents).to_contain_text("0.10")
    accessible(page)
    keep(page, "collection")

    # Pages, both ways.
    page.get_by_role("button", name="Next").click()
    expect(documents).to_contain_text("50.10")
    page.get_by_role("button", name="Next").click()
    expect(documents.get_by_role("row")).to_have_count(21)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Previous").press("Enter")
    expect(documents).to_contain_text("50.10")
    expect(page.get_by_role("button", name="Previous")).to_be_focused()

    # Sorting starts at the first page, and so does a filter.
    heading = documents.get_by_role("columnheader", name="total")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(documents.get_by_role("row").nth(1)).to_contain_text("119.10")
    page.get_by_label("Field", exact=True).fill("order")
    page.get_by_label("Compares").select_option("gte")
    page.get_by_label("Value").fill("9007199254741110")
    page.get_by_role("button", name="Add filter").click()
    expect(documents.get_by_role("row")).to_have_count(4)

    # What is shown can be taken home.
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save this page").click()
    saving.value.save_as(tmp_path / "page.jsonl")
    lines = (tmp_path / "page.jsonl").read_text().splitlines()
    assert [json.loads(line)["order"] for line in lines] == [
        9007199254741112,
        9007199254741111,
        9007199254741110,
    ]
    assert '"total":119.10' in lines[0]

    # The address has it all: it can be sent to somebody.
    page.reload()
    expect(documents.get_by_role("row")).to_have_count(4)
    page.get_by_role("button", name="Remove the filter").click()
    expect(documents.get_by_role("row")).to_have_count(51)
    page.go_back()
    expect(documents.get_by_role("row")).to_have_count(4)


def test_columns_are_chosen_and_remembered(page: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(5), address={"city": "Bonn", "street": {"name": "Weg"}}))
    page.goto("/#/collections/orders")
    page.get_by_role("button", name="Columns…").click()
    dialog = page.get_by_role("dialog")
    for box in dialog.get_by_role("checkbox").all():
        box.uncheck()
    dialog.get_by_label("address.street.name").check()
    accessible(page)
    dialog.get_by_role("button", name="Show").click()

    documents = page.get_by_role("table", name="Documents of orders")
    expect(documents.get_by_role("columnheader")).to_have_text(["Document", "address.street.name"])
    page.reload()
    expect(documents.get_by_role("columnheader")).to_have_text(["Document", "address.street.name"])
    expect(documents.get_by_role("row").nth(1)).to_contain_text("Weg")


def test_a_query_that_means_nothing_says_what_to_do(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("422")
    send(owner, "orders", orders(range(3)))
    page.goto("/#/collections/orders")
    page.get_by_label("Field", exact=True).fill("totl")
    page.get_by_label("Value").fill("1")
    page.get_by_role("button", name="Add filter").click()
    expect(page.get_by_role("alert")).to_contain_text("did you mean 'total'?")

    page.get_by_role("button", name="Remove the filter").click()
    page.get_by_label("Field", exact=True).fill("customer")
    page.get_by_label("Value").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No document is like that.")).to_be_visible()


def test_a_contract_drift_and_refusals(page: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(60)))
    proposed = schema(owner, "orders", "provisional")
    owner.http.post(f"schemas/{proposed['id']}/approve")
    schema(owner, "orders", "active")
    page.goto("/#/collections/orders")
    expect(page.get_by_text("table", exact=True)).to_be_visible()

    # Others arrive while one looks.
    send(owner, "orders", orders(range(60, 100), coupon="spring"))
    expect(page.get_by_text("40 documents arrived.")).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    page.get_by_role("link", name="Drift").click()
    fields = page.get_by_role("table", name="Fields before and since")
    expect(fields.get_by_role("row", name="/coupon")).to_contain_text("new")
    expect(page.get_by_role("table", name="Fields by version")).to_contain_text("v1")
    accessible(page)
    keep(page, "collection-drift")

    page.get_by_role("link", name="Contract").click()
    page.get_by_label("freeze").check()
    page.get_by_role("button", name="Save the contract").click()
    expect(page.get_by_text("contract: freeze")).to_be_visible()
    accessible(page)
    send(owner, "orders", orders([200], colour="red"))
    page.get_by_role("link", name="Refused").click()
    barred = page.get_by_role("table", name="Documents that do not fit")
    expect(barred).to_contain_text("/colour does not fit its schema")
    expect(barred.get_by_role("link")).to_be_visible()
    accessible(page)

    # Under another contract it is taken, once its file is read again.
    page.get_by_role("link", name="Refused").click()
    page.get_by_role("link", name="the contract").click()
    page.get_by_label("evolve").check()
    page.get_by_role("button", name="Save the contract").click()
    expect(page.get_by_text("contract: evolve")).to_be_visible()
    page.get_by_role("link", name="Refused (1)").click()
    page.get_by_role("button", name="Read their files again").click()
    expect(page.get_by_text("Every document that came was kept.")).to_be_visible()
    expect(page.get_by_role("link", name="Refused", exact=True)).to_be_visible()
    page.get_by_role("link", name="Fields").click()
    expect(
        page.get_by_role("table", name="Fields").get_by_role("row", name="order")
    ).to_contain_text("integer 101")
    accessible(page)


def test_a_refused_line_is_corrected_where_it_is_told(
    page: Page, owner: Owner, forgiven: list[str]
) -> None:
    forgiven.append("status of 503")
    good = orders(range(3))
    send(owner, "orders", [good[0], '{"order": 1.10, "customer": NaN}', *good[1:]])
    page.goto("/#/collections/orders")
    page.get_by_role("link", name="Refused (1)").click()
    broken = page.get_by_role("table", name="Documents that cannot be kept")
    expect(broken).to_contain_text("JSON has no NaN; null says that there is no number.")
    accessible(page)

    broken.get_by_role("button", name="Look at the document").press("Enter")
    text = page.get_by_label("The document as it should be")
    expect(text).to_have_value('{"order": 1.10, "customer": NaN}')
    accessible(page)
    keep(page, "collection-correct")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send").click()
    expect(text).to_be_visible()
    corrected = '{"order": 1.10,\n "customer": null}'
    text.fill(corrected)
    full = {"code": "unavailable", "detail": "The disk is full."}
    page.route("**/ingest?*", lambda route: route.fulfill(status=503, json=full), times=1)
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("The disk is full.")
    expect(text).to_have_value(corrected)
    dialog.get_by_role("button", name="Send").click()

    expect(page.get_by_text("Sent: it is one of the documents in a moment.")).to_be_visible()
    expect(page.get_by_text("4 documents", exact=True)).to_be_visible()
    found = owner.http.get("collections/orders/documents", params={"sort": "order"}).text
    assert '{"order": 1.10, "customer": null}' in found


def test_on_a_phone_and_by_keyboard(phone: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(60)))
    phone.goto("/#/collections")
    accessible(phone)
    phone.get_by_role("link", name="orders").press("Enter")
    opener = phone.get_by_role("button", name="Open document").first
    expect(opener).to_be_visible()
    accessible(phone)
    keep(phone, "collection-phone")

    opener.press("Enter")
    dialog = phone.get_by_role("dialog")
    expect(dialog).to_contain_text("9007199254740993")
    accessible(phone)
    keep(phone, "document-phone")
    phone.keyboard.press("Escape")
    expect(opener).to_be_focused()


def digits_kept(text: str) -> object:
    """The value of a JSON text, its numbers as they are spelled."""
    return json.loads(text, parse_float=str, parse_int=str)


def test_json_is_read_and_written_without_losing_anything(page: Page) -> None:
    texts = [
        '{"__proto__":{"x":1},"b":[1.10,-0,1e400,9007199254740993,0.0],"a":null,"10":true,"2":[]}',
        '["\\u0001 \\" \\\\ \\n é 🐘 </script>",{},[[]],false,""]',
        ' [ 1 , { "a" : \t-1.5E+3 } ]\n',
        "12345678901234567890.00",
    ]
    page.goto("/#/collections")
    written = page.evaluate(
        "async (texts) => { const { parse, written } = await import('/js/parts/exact.js');"
        " const again = (text, indent) => written(parse(text), indent);"
        " return texts.map((text) => [again(text), again(again(text, 2))]); }",
        texts,
    )
    for text, (once, twice) in zip(texts, written, strict=True):
        assert once == twice
        assert digits_kept(once) == digits_kept(text)
    refused = page.evaluate(
        "async () => { const { parse } = await import('/js/parts/exact.js');"
        " return ['{\"a\" 1}', '[1,]', '1 2', '\"', '{', 'nul', ''].map((text) => {"
        " try { return parse(text) ?? 'read'; } catch (error) { return error.name; } }); }"
    )
    assert refused == ["SyntaxError"] * 7


def test_a_viewer_looks_and_changes_nothing(stack: Client, owner: Owner, opened: Opened) -> None:
    send(owner, "orders", orders(range(20)))
    found = schema(owner, "orders", "provisional")
    viewer = newcomer(stack, owner.name, "viewer")
    page = opened(viewer, DESK).new_page()
    page.goto(f"/#/schemas/{found['id']}")
    expect(page.get_by_text("20 documents should become a table")).to_be_visible()
    for act in ("Approve…", "Change…", "Reject…"):
        expect(page.get_by_role("button", name=act)).to_have_count(0)

    page.get_by_role("link", name="The collection").click()
    page.get_by_role("link", name="Contract").click()
    expect(page.get_by_label("freeze")).to_be_disabled()
    expect(page.get_by_role("button", name="Save the contract")).to_have_count(0)
    viewer.client.open.close()
