"""Who sits in front of the browser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx2
from mammothbox.catalog import api_keys
from mammothbox.catalog.api_keys import Role
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.stack import Client


@dataclass(frozen=True)
class Owner:
    """An owner with a key, and the API as that owner's scripts see it."""

    name: str
    role: Role
    key: str
    client: Client

    @property
    def http(self) -> httpx2.Client:
        """Asks below `/api/v1/` with the owner's key: `owner.http.get("objects")`."""
        return self.client.http


def newcomer(stack: Client, name: str, role: Role) -> Owner:
    """Make a key for somebody. Another role of the same owner is another newcomer."""
    url = stack.env["DATABASE_URL"]
    key = api_keys.create(url, owner=name, role=role, name="in a browser")
    return Owner(name, role, key, Client({**stack.env, "MAMMOTHBOX_KEY": key}))


def signed_in(chromium: Browser, owner: Owner, size: dict[str, int]) -> BrowserContext:
    """A browser in which the owner has signed in before."""
    url = owner.client.env["MAMMOTHBOX_URL"]
    holder = json.dumps({"owner": owner.name, "role": owner.role})
    kept = [
        {"name": "mammothbox.key", "value": owner.key},
        {"name": "mammothbox.owner", "value": holder},
    ]
    state: Any = {"cookies": [], "origins": [{"origin": url, "localStorage": kept}]}
    is_phone = size["width"] < 600
    return chromium.new_context(
        base_url=url,
        viewport={"width": size["width"], "height": size["height"]},
        has_touch=is_phone,
        is_mobile=is_phone,
        device_scale_factor=2 if is_phone else 1,
        locale="en-GB",
        timezone_id="UTC",
        storage_state=state,
    )
