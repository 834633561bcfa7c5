"""Uploading in a browser: files in a hand, rows on the page, and what the library has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.people import Owner

LONG = 60_000


def made(folder: Path, name: str, content: bytes | None = None) -> Path:
    """A file with bytes nobody sent before."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0made " + os.urandom(400) if content is None else content)
    return path


def choose(page: Page, *paths: Path) -> None:
    page.get_by_label("Choose files", exact=True).set_input_files([str(path) for path in paths])


def drop(page: Page, content: bytes, content_type: str, name: str = "dropped") -> None:
    """Let go of a file over the view."""
    page.evaluate(
        """([bytes, type, name]) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([new Uint8Array(bytes)], name, { type }));
          for (const event of ["dragenter", "dragover", "drop"]) {
            document.querySelector(".view").dispatchEvent(
              new DragEvent(event, { dataTransfer: dropped, bubbles: true, cancelable: true }));
          }
        }""",
        [list(content), content_type, name],
    )


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=name)


def of_the_store(owner: Owner) -> str:
    """What requests to S3 look like."""
    return f"{owner.client.env['AWS_ENDPOINT_URL']}/**"


def all_done(page: Page, told: str) -> None:
    """The page says so, aloud too."""
    expect(page.get_by_text(f"All done: {told}")).to_be_attached(timeout=LONG)


def stored(owner: Owner) -> list[dict[str, Any]]:
    """Every object of the owner that is no duplicate of another."""
    items: list[dict[str, Any]] = owner.http.get("objects", params={"limit": 200}).json()["items"]
    return [item for item in items if item["status"] != "duplicate"]


def arrived(owner: Owner) -> int:
    """How many files of the owner the store has, whatever the pipeline makes of them."""
    asked = {"Bucket": owner.client.raw_bucket, "Prefix": f"incoming/{owner.name}/"}
    return int(owner.client.s3.list_objects_v2(**asked)["KeyCount"])


@contextmanager
def sent_to_the_store(page: Page, owner: Owner) -> Iterator[list[Request]]:
    """The requests that carry bytes to S3 meanwhile."""
    store = owner.client.env["AWS_ENDPOINT_URL"]
    seen: list[Request] = []

    def note(request: Request) -> None:
        if request.url.startswith(store) and request.method in ("POST", "PUT"):
            seen.append(request)

    page.on("request", note)
    yield seen
    page.remove_listener("request", note)


def keep_from(held: list[Route]) -> Callable[[Route], None]:
    """A handler under which requests get no further than this list."""

    def hold(route: Route) -> None:
        held.append(route)

    return hold


def keep_changes_from(held: list[Route]) -> Callable[[Route], None]:
    """A handler under which a thing can be looked at, and changes of it get no further."""

    def hold(route: Route) -> None:
        if route.request.method == "PATCH":
            held.append(route)
        else:
            route.continue_()

    return hold


def part_number(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["partNumber"][0])
