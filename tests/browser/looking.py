"""What is looked at on every page: whether everyone can use it, and a picture for people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.e2e.stack import wait_for

PICTURES = Path(__file__).resolve().parents[2] / "build" / "browser"
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def accessible(page: Page) -> None:
    """axe finds nothing to say, in light and in dark, and the page does not scroll sideways."""
    page.locator("h1").first.wait_for()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page, options=_RULES).response["violations"]
        told = [
            (each["id"], each["help"], [node["html"][:160] for node in each["nodes"][:3]])
            for each in found
        ]
        assert told == [], (scheme, told)
    page.emulate_media(color_scheme="light")
    too_wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert too_wide <= 0, f"the page is {too_wide} px wider than the window"


def until(page: Page, look: Callable[[], bool]) -> None:
    """Wait for what is seen from outside the page; what the page does meanwhile is noticed."""

    def looked() -> bool:
        page.evaluate("0")
        return look()

    wait_for(looked)


# How long scripts took of each frame while the page scrolled, and how many elements there were.
_SCROLLED = """async ({ by, frames, counted }) => {
  const scripts = [];
  let most = 0;
  const before = window.requestAnimationFrame;
  window.requestAnimationFrame = (callback) => before((now) => {
    const began = performance.now();
    callback(now);
    scripts.push(performance.now() - began);
  });
  for (let frame = 0; frame < frames; frame += 1) {
    await new Promise((done) => before(() => { scrollBy(0, by); done(); }));
    most = Math.max(most, document.querySelectorAll(counted).length);
  }
  window.requestAnimationFrame = before;
  scripts.sort((a, b) => a - b);
  const at = (share) => Number(scripts[Math.floor(scripts.length * share)].toFixed(2));
  return { frames: scripts.length, median: at(0.5), p95: at(0.95), worst: at(0.999), most };
}"""


def scrolled(page: Page, counted: str, by: int, frames: int = 120) -> dict[str, float]:
    """Scroll so far in each frame; milliseconds of script, and the `most` elements of a kind."""
    asked = {"by": by, "frames": frames, "counted": counted}
    told: dict[str, float] = page.evaluate(_SCROLLED, asked)
    return told


def keep(page: Page, name: str) -> Path:
    """Keep what the page looks like, as `build/browser/<name>.png`."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    return path
