"""Libraries of photographs for tests: sent by the API, and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.people import Owner
from tests.e2e.stack import wait_for

GALLERY = Path(__file__).resolve().parents[2] / "models" / "evaluation" / "gallery"
_PATIENCE_S = 180.0


def photo(name: str) -> bytes:
    """One of the gallery as it is."""
    return (GALLERY / f"{name}.webp").read_bytes()


def smaller(name: str, quality: int = 85) -> bytes:
    """The same picture in other bytes, with fewer pixels."""
    body = BytesIO()
    with Image.open(GALLERY / f"{name}.webp") as picture:
        width, height = (side * 7 // 8 for side in picture.size)
        picture.convert("RGB").resize((width, height)).save(body, "JPEG", quality=quality)
    return body.getvalue()


def gallery(*names: str) -> dict[str, bytes]:
    """Files of the gallery by their names."""
    return {f"{name}.webp": photo(name) for name in names}


def send(owner: Owner, files: Mapping[str, bytes]) -> dict[str, str]:
    """Send files and wait until all are done; the ids of the objects by the files' names."""
    parts = [("files", (name, content)) for name, content in files.items()]
    answer = owner.http.post("ingest", files=parts)
    assert answer.status_code == 202, answer.text
    job = answer.json()

    def look() -> bool:
        return all_settled(owner, job["job_id"])

    wait_for(look, _PATIENCE_S)
    return dict(zip(files, job["system_ids"], strict=True))


def all_settled(owner: Owner, job_id: str) -> bool:
    """Whether nothing of the job is waited for; fails when something failed."""
    told: dict[str, Any] = owner.http.get(f"ingest/{job_id}/status").json()
    assert told["status"] not in ("failed", "partial"), told
    return bool(told["status"] == "done")
