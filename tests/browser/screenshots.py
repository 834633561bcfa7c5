"""The README's pictures of the console, of a library that the demonstration has filled."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, DESK, HAND
from tests.browser.people import Owner, newcomer, signed_in
from tests.e2e.stack import REPOSITORY, Client, started, wait_for

# So many of what a view is made of, at least.
_SEEN = 4
# Pictures further down are not loaded before somebody scrolls there.
_ALL_IS_SHOWN = """[...document.images]
    .filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight)
    .every((image) => image.complete && image.naturalWidth)"""
FOLDER = REPOSITORY / "docs" / "screenshots"


def main() -> None:
    """Write them to `docs/screenshots`, with a stack of their own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home, started(Path(home)) as stack:
        owner = newcomer(stack, "ada", "admin")
        _demonstrate(owner)
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            for name, (address, there) in _views(owner.client).items():
                size = HAND if name == "phone" else DESK
                with closing(signed_in(browser, owner, size)) as context:
                    _take(context.new_page(), name, address, there)
            browser.close()


def _demonstrate(owner: Owner) -> None:
    environment = os.environ | owner.client.env
    subprocess.run([sys.executable, "-m", "clients.demo"], env=environment, check=True)
    # Names settle some minutes after the last picture, or soon after a decision.
    [largest] = owner.client.http.get("clusters", params={"limit": 1}).json()["items"]
    owner.client.http.patch(f"clusters/{largest['id']}", json={"action": "confirm"})
    wait_for(lambda: _are_named(owner.client), patience_s=150)


def _are_named(client: Client) -> bool:
    """Whether most clusters have a name; some have nothing in common that has one."""
    clusters = client.http.get("clusters", params={"limit": 200}).json()["items"]
    nameless = [each for each in clusters if each["name"].startswith("Untitled")]
    return 2 * len(nameless) < len(clusters)


def _views(client: Client) -> dict[str, tuple[str, str]]:
    """The address of each, and what is seen once it is there."""
    schemas = client.http.get("schemas").json()["items"]
    table = next(each["id"] for each in schemas if each["storage_choice"] == "sql")
    return {
        "library": ("library?kind=image", "main img"),
        "phone": ("library?kind=image", "main img"),
        "search": ("search?q=tower", "main img"),
        "clusters": ("clusters", "main img"),
        "duplicates": ("duplicates", "main img"),
        "schema": (f"schemas/{table}", "main tr"),
        "operations": ("operations", "main .tiles dd"),
    }


def _take(page: Page, name: str, address: str, there: str) -> None:
    page.goto(f"/#/{address}")
    page.locator(there).nth(_SEEN - 1).wait_for()
    wait_for(lambda: page.evaluate(_ALL_IS_SHOWN))
    with Image.open(io.BytesIO(page.screenshot())) as shown:
        shown.convert("RGB").save(FOLDER / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
