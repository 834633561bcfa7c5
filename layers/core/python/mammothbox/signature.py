"""Addresses signed as AWS's own library signs them: version 4, in the query.

To load the library takes a fifth of a cold start, and it takes a fifth of a millisecond for each
address, of which a page of results has dozens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from mammothbox.errors import Unavailable

if TYPE_CHECKING:
    import boto3

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Whose signature it is."""

    access_key: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True)
class Place:
    """What is signed for: how its addresses begin, and the host that they are held against."""

    origin: str
    host: str
    region: str
    service: str


def signer() -> Signer:
    """Whom the environment names, as it does on Lambda; else whom AWS's library finds.

    Raises `Unavailable` when there is nobody.
    """
    access_key, secret = os.getenv("AWS_ACCESS_KEY_ID"), os.getenv("AWS_SECRET_ACCESS_KEY")
    if access_key and secret:
        return Signer(access_key, secret, os.getenv("AWS_SESSION_TOKEN") or None)
    found = _session().get_credentials()
    # They change while we run.
    held = found and found.get_frozen_credentials()
    if not (held and held.access_key and held.secret_key):
        raise Unavailable("there are no credentials for AWS")
    return Signer(held.access_key, held.secret_key, held.token)


def region() -> str:
    """Where we are. Raises `Unavailable` when nobody says it."""
    found = os.getenv("AWS_DEFAULT_REGION") or _session().region_name
    if found is None:
        raise Unavailable("no region of AWS is set")
    return found


def signed(  # noqa: PLR0917 - all that the address hangs on
    where: Place,
    who: Signer,
    path: str,
    parameters: Mapping[str, str],
    expires_s: int,
    moment: str,
    body: str = "UNSIGNED-PAYLOAD",
) -> str:
    """An address to get what is at the path, which is quoted already, with these parameters.

    It is good for `expires_s` from the moment on. `body` is the hash of what is sent along.
    """
    scope = f"{moment[:8]}/{where.region}/{where.service}/aws4_request"
    asked = {
        **parameters,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{who.access_key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": "host",
    }
    if who.token:
        asked["X-Amz-Security-Token"] = who.token
    quoted = {name: f"{_quoted(name)}={_quoted(value)}" for name, value in asked.items()}
    in_order = "&".join(quoted[name] for name in sorted(quoted))
    request = f"GET\n{path}\n{in_order}\nhost:{where.host}\n\nhost\n{body}"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = _mac(_signing_key(who.secret, scope), to_sign).hex()
    return f"{where.origin}{path}?{'&'.join(quoted.values())}&X-Amz-Signature={signature}"


@lru_cache(maxsize=16)
def written(moment: int) -> str:
    """A moment as signatures have it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")


@cache
def _session() -> boto3.Session:
    import boto3  # noqa: PLC0415 - where the environment says all, it is not loaded

    return boto3.Session()


@lru_cache(maxsize=4)
def _signing_key(secret: str, scope: str) -> bytes:
    """Good for a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    return key


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    """Nearly all of an address is in the others of its page, too."""
    return quote(text, safe="-_.~")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
