"""A real Chromium in front of a real stack, and somebody new for every test.

`stack` is a `make up` of its own; with MAMMOTHBOX_HOME it is the stack that already runs in that
home, which saves a minute while a view is being made. `owner` has a fresh library and an admin
key, `page` and `phone` are that owner's signed-in browser, on a desk and in a hand. A test fails
when its pages wrote an error to the console: a script that failed, a file that is missing or
something the Content-Security-Policy kept out. Who expects one appends a pattern to `forgiven`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from infra.local.environment import read_env
from infra.local.home import Home, is_occupied
from tests.browser.people import Owner, newcomer, signed_in
from tests.e2e.stack import Client, started

DESK = {"width": 1280, "height": 800}
HAND = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Opened = Callable[[Owner, dict[str, int]], BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One stack and one browser for all: they run in one xdist worker."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A running system, and whoever asks it with the key of its first owner."""
    home = os.environ.get("MAMMOTHBOX_HOME")
    with ExitStack() as open_until_the_end:
        if home and is_occupied(Home(Path(home))):
            running = Client(read_env(Home(Path(home))))
            open_until_the_end.callback(running.open.close)
        else:
            folder = tmp_path_factory.mktemp("home")
            running = open_until_the_end.enter_context(started(folder))
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; CHROMIUM names another program than `chromium`, or says where it is."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    assert path, "Chromium is not installed: `apt-get install chromium`, or set CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def owner(stack: Client) -> Iterator[Owner]:
    """Somebody whose library is empty, with an admin key."""
    somebody = newcomer(stack, f"test-{uuid4().hex[:12]}", "admin")
    yield somebody
    somebody.client.open.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Patterns of console errors that the test provokes, such as `status of 404`."""
    return []


@pytest.fixture
def opened(chromium: Browser, forgiven: list[str]) -> Iterator[Opened]:
    """A signed-in browser of somebody, of a size; what it grumbles about fails the test."""
    grumbles: list[str] = []
    contexts: list[BrowserContext] = []

    def open_for(somebody: Owner, size: dict[str, int]) -> BrowserContext:
        context = signed_in(chromium, somebody, size)
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: grumbles.append(str(error.error)))
        context.on(
            "console",
            lambda said: (
                grumbles.append(f"{said.text} ({said.location['url']})")
                if said.type == "error"
                else None
            ),
        )
        contexts.append(context)
        return context

    yield open_for
    for context in contexts:
        context.close()
    assert [said for said in grumbles if not any(re.search(p, said) for p in forgiven)] == []


@pytest.fixture
def page(opened: Opened, owner: Owner) -> Page:
    """The owner at a desk; the console is not yet loaded: `page.goto("/#/library")`."""
    return opened(owner, DESK).new_page()


@pytest.fixture
def phone(opened: Opened, owner: Owner) -> Page:
    """The same owner with a phone in the hand."""
    return opened(owner, HAND).new_page()
