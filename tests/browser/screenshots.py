"""The README's pictures of the console, of a library that the demonstration has filled."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, DESK, HAND
from tests.browser.people import Owner, newcomer, signed_in
from tests.e2e.stack import REPOSITORY, Client, started

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
            desk = signed_in(browser, owner, DESK).new_page()
            for name, address in _views(owner.client).items():
                _take(desk, name, address)
            _take(signed_in(browser, owner, HAND).new_page(), "phone", "library")
            browser.close()


def _demonstrate(owner: Owner) -> None:
    environment = os.environ | owner.client.env
    subprocess.run([sys.executable, "-m", "clients.demo"], env=environment, check=True)


def _views(client: Client) -> dict[str, str]:
    schema = client.http.get("schemas").json()["items"][0]["id"]
    return {
        "library": "library",
        "search": "search?q=bird&explain=true",
        "clusters": "clusters",
        "duplicates": "duplicates",
        "schema": f"schemas/{schema}",
        "operations": "operations",
    }


def _take(page: Page, name: str, address: str) -> None:
    page.goto(f"/#/{address}")
    page.locator("h1").first.wait_for()
    page.wait_for_load_state("networkidle")
    with Image.open(io.BytesIO(page.screenshot())) as shown:
        shown.convert("RGB").save(FOLDER / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
