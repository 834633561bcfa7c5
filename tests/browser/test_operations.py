"""How the work goes on: usage, charts, failures, decisions, keys; and what operators look after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import DESK, HAND, Opened
from tests.browser.looking import accessible, keep, until
from tests.browser.papers import orders, send
from tests.browser.people import Owner, newcomer
from tests.e2e.stack import Client
from tests.samples import png

pytestmark = pytest.mark.browser


@pytest.fixture
def operator(stack: Client) -> Iterator[Owner]:
    """Who looks after the whole system."""
    somebody = newcomer(stack, f"ops-{uuid4().hex[:12]}", "operator")
    yield somebody
    somebody.client.open.close()


def worker(name: str, **told: Any) -> dict[str, Any]:
    """What is told of one that has nothing to do, but for what is said of it here."""
    none = {"waiting": 0, "in_flight": 0}
    figures = {"dead_stages": 0, "ended_lately": 0, "failed_lately": 0, "condition": "idle"}
    ages = {"oldest_waiting_at": None, "oldest_dead_at": None}
    return {"name": name, "queue": none, "dead_letters": none, **figures, **ages, **told}


def test_usage_and_charts(page: Page, owner: Owner) -> None:
    send(owner, "orders", orders(range(30)))
    page.goto("/#/operations")
    expect(page.get_by_role("term").filter(has_text="Documents").locator("..")).to_contain_text(
        "30"
    )
    accessible(page)
    keep(page, "operations-usage")

    page.get_by_role("link", name="Throughput").click()
    expect(page.get_by_text("2 stages ended, none failed.")).to_be_visible()
    chart = page.get_by_role("img", name="schema: ended")
    expect(chart).to_have_attribute(
        "aria-label", "schema: ended each minute: done at most 1, failed at most 0."
    )
    # The same as a table, which stays open while it goes on.
    page.get_by_text("schema: ended each minute as a table").click()
    expect(
        page.get_by_role("table", name="schema: ended").get_by_role("cell", name="1")
    ).to_be_visible()
    accessible(page)
    keep(page, "operations-throughput")
    send(owner, "orders", orders(range(30, 60)))
    expect(page.get_by_text("4 stages ended, none failed.")).to_be_visible()
    expect(page.get_by_role("table", name="schema: ended")).to_be_visible()


def test_failures_are_looked_at_and_tried_again(page: Page, owner: Owner) -> None:
    system_id = owner.client.upload("torn.png", png()[:60])
    assert owner.client.settled(system_id)["status"] == "failed"
    page.goto("/#/operations?tab=failures")

    failures = page.get_by_role("table", name="Failures")
    expect(failures).to_contain_text("broken_picture")
    accessible(page)
    page.get_by_role("button", name="Show what failed").click()
    objects = page.get_by_role("table", name="Objects with broken_picture")
    expect(objects.get_by_role("link", name="torn.png")).to_have_attribute(
        "href", f"#/objects/{system_id}"
    )
    accessible(page)
    keep(page, "operations-failures")

    page.get_by_role("button", name="Try broken_picture").click()
    page.get_by_role("dialog").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 stage is tried again.")).to_be_visible()
    events = owner.http.get(f"objects/{system_id}/lineage").json()["items"]
    assert any("replay" in event["event"] for event in events)


def test_a_key_is_made_shown_once_and_revoked(page: Page, owner: Owner) -> None:
    page.goto("/#/operations?tab=keys")
    page.get_by_role("button", name="New key…").press("Enter")
    page.get_by_label("What it is for").fill("the scanner")
    accessible(page)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    secret = dialog.locator(".secret").text_content() or ""
    headers = {"Authorization": f"Bearer {secret}"}
    assert owner.http.get("keys/current", headers=headers).json()["role"] == "uploader"
    accessible(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_role("button", name="Copy the key").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text(secret)).to_have_count(0)

    row = page.get_by_role("row", name="the scanner")
    expect(row).to_contain_text("in force")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
    assert owner.http.get("keys/current", headers=headers).status_code == 401
    accessible(page)
    keep(page, "operations-keys")


def test_a_look_that_was_under_way_puts_no_revoked_key_in_force(page: Page, owner: Owner) -> None:
    owner.http.post("keys", json={"name": "the scanner", "role": "viewer"}).raise_for_status()
    page.goto("/#/operations?tab=keys")
    row = page.get_by_role("row", name="the scanner")
    expect(row).to_contain_text("in force")
    looks: list[tuple[Route, APIResponse]] = []
    keys = re.compile(r"/keys\?")

    def wait(route: Route) -> None:
        looks.append((route, route.fetch()))

    def let_the_next_pass(route: Route) -> None:
        if route.request.method == "GET":
            page.unroute(keys, let_the_next_pass)
        route.continue_()

    # Given a look that is under way while the key is revoked and looked at again
    page.route(keys, wait)
    until(page, lambda: bool(looks))
    page.route(keys, let_the_next_pass)
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("revoked")
    # Then its answer changes nothing when it comes at last
    route, before = looks[0]
    with page.expect_request(keys):
        route.fulfill(response=before)
    expect(row).to_contain_text("revoked")


def test_a_decision_is_undone(page: Page, owner: Owner) -> None:
    ids = [owner.client.upload(f"{shade}.png", png(shade=shade)) for shade in (20, 220)]
    for system_id in ids:
        owner.client.settled(system_id)
    made = owner.http.post("links", json={"kind": "cannot", "system_ids": ids})
    assert made.status_code == 201, made.text
    page.goto("/#/operations?tab=decisions")

    decision = page.get_by_role("row", name="Linked two objects: they cannot share a cluster")
    expect(decision.get_by_role("link", name=ids[0][-6:])).to_be_visible()
    accessible(page)
    decision.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name="Undid: link")).to_be_visible()
    expect(decision).to_contain_text("undone")
    page.get_by_label("State").select_option("Standing")
    expect(decision).to_have_count(0)
    page.get_by_label("What").select_option("merges")
    expect(page.get_by_text("There is no such decision.")).to_be_visible()
    assert owner.http.get("links").json()["items"] == []


def test_a_viewer_sees_what_a_viewer_may(stack: Client, owner: Owner, opened: Opened) -> None:
    viewer = newcomer(stack, owner.name, "viewer")
    page = opened(viewer, HAND).new_page()
    page.goto("/#/operations?tab=keys")

    expect(page.get_by_role("heading", name="No decisions yet")).to_be_visible()
    tabs = page.get_by_role("navigation", name="Operations")
    expect(tabs.get_by_role("link")).to_have_text(["Decisions"])
    accessible(page)
    viewer.client.open.close()


def test_dead_letters_are_read_and_redriven(operator: Owner, opened: Opened) -> None:
    letters = json.loads(operator.client.env["DEAD_LETTER_QUEUE_URLS"])["tag"]
    lost = {"stage": "tag", "owner": operator.name, "asset_id": str(uuid4()), "request_id": "x"}
    poison = f"poison {uuid4().hex}"
    for body in (json.dumps(lost), poison):
        operator.client.sqs.send_message(QueueUrl=letters, MessageBody=body)
    page = opened(operator, DESK).new_page()
    page.goto("/#/operations")

    # The first line says that there is something to do, and where.
    cause = page.get_by_role("listitem").filter(has_text="tag gave up")
    expect(cause).to_be_visible()
    row = page.get_by_role("table", name="Workers").get_by_role("row", name="tag")
    expect(row.get_by_role("button", name="Try everything that tag gave up again")).to_be_visible()
    expect(page.get_by_role("img", name="All queues since")).to_be_visible()
    cause.get_by_role("button", name="Look at why").press("Enter")
    expect(page.get_by_role("heading", name="Dead letters of tag")).to_be_focused()
    letter = page.get_by_role("listitem").filter(has_text=lost["asset_id"])
    letter.get_by_text("What it says").click()
    expect(letter.get_by_text(lost["request_id"])).to_be_visible()
    accessible(page)
    keep(page, "operations-now")

    # What is none of ours would only come back.
    strange = page.get_by_role("listitem").filter(has_text=poison)
    strange.get_by_role("button", name="away").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it away").click()
    expect(strange).to_have_count(0)
    expect(letter).to_be_visible()

    row.get_by_role("button", name="Try everything that tag gave up again").click()
    expect(page.get_by_role("dialog")).to_contain_text("for all owners")
    page.get_by_role("dialog").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("are tried again.")).to_be_visible()
    expect(page.get_by_text("There are no dead letters here.")).to_be_visible()
    expect(cause).to_have_count(0)


def test_everything_is_tried_again_though_a_call_takes_but_so_many(
    operator: Owner, opened: Opened
) -> None:
    page = opened(operator, DESK).new_page()
    dead = worker("tag", dead_letters={"waiting": 700, "in_flight": 0}, dead_stages=600)
    # The third call moves what died meanwhile, too; a fourth would go on with that.
    calls = [(500, 500), (200, 90), (0, 30), (0, 20)]
    page.route("**/admin/queues", lambda route: route.fulfill(json={"items": [dead]}))

    def redrive(route: Route) -> None:
        messages, stages = calls.pop(0)
        route.fulfill(json={"messages": messages, "stages": stages})

    page.route("**/admin/dlq/tag/redrive", redrive)
    page.goto("/#/operations")
    page.get_by_role("button", name="Try everything that tag gave up again").click()
    page.get_by_role("dialog").get_by_role("button", name="Try again").click()

    expect(page.get_by_text("700 messages and 620 stages are tried again.")).to_be_visible()
    assert len(calls) == 1


def test_whoever_is_on_call_reads_what_is_wrong(
    operator: Owner, opened: Opened, forgiven: list[str]
) -> None:
    forgiven.append("503")
    page = opened(operator, HAND).new_page()
    long_ago = "2026-01-01T00:00:00Z"
    workers = [
        worker("intake"),
        worker("embed", condition="stuck", oldest_waiting_at=long_ago),
        worker("tag", condition="behind", oldest_waiting_at=long_ago),
    ]
    answers: list[dict[str, Any]] = [{"json": {"items": workers}}]
    page.route("**/admin/queues", lambda route: route.fulfill(**answers[0]))
    page.goto("/#/operations")

    said = page.get_by_role("status").filter(has_text="Something is wrong.")
    expect(said).to_contain_text("embed stands still")
    expect(said).to_contain_text("tag falls behind")
    workers_table = page.get_by_role("table", name="Workers")
    expect(workers_table.get_by_role("row", name="embed")).to_contain_text("stands still")
    accessible(page)
    keep(page, "operations-wrong-phone")

    # Nothing stale is taken for what is going on now.
    answers[0] = {"status": 503, "json": {"detail": "the queues do not answer"}}
    expect(page.get_by_text("the queues do not answer")).to_be_visible()
    answers[0] = {"json": {"items": workers[:1]}}
    expect(page.get_by_text("All is well: nothing waits")).to_be_visible()


def test_operators_look_at_everyone_on_a_phone(
    operator: Owner, owner: Owner, opened: Opened
) -> None:
    send(owner, "orders", orders(range(10)))
    page = opened(operator, HAND).new_page()
    page.goto("/#/operations?tab=clusters")
    expect(page.get_by_role("heading", name="Chores")).to_be_visible()
    accessible(page)

    page.get_by_role("link", name="Usage").click()
    page.get_by_label("Owner").fill(owner.name)
    page.get_by_role("button", name="Look").tap()
    documents = page.get_by_role("term").filter(has_text="Documents").locator("..")
    expect(documents).to_contain_text("10")
    accessible(page)
    page.get_by_role("link", name="Throughput").click()
    expect(page.get_by_text("2 stages ended, none failed.")).to_be_visible()
    accessible(page)
    keep(page, "operations-phone")
    page.get_by_role("link", name="All owners").click()
    expect(page.get_by_role("link", name="One owner")).to_be_visible()


def test_a_space_is_filled_and_called_off(operator: Owner, owner: Owner, opened: Opened) -> None:
    owner.client.settled(owner.client.upload("new.png", png()))
    page = opened(operator, DESK).new_page()
    page.goto("/#/operations?tab=spaces")
    space = page.get_by_role("listitem").filter(has_text="histogram")
    expect(space).to_contain_text("never asked for")
    accessible(page)
    keep(page, "operations-spaces")

    space.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("dialog")).to_contain_text("have no vector in this space")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    space.get_by_role("button", name="Fill").click()
    expect(space).to_contain_text("filling")
    space.get_by_role("button", name="Call off").click()
    expect(page.get_by_text("It is called off.")).to_be_visible()
    expect(space.get_by_role("button", name="Call off")).to_have_count(0)
