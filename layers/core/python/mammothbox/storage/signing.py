"""Addresses to get objects with, where AWS's own library would look for them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

from mammothbox import signature
from mammothbox.signature import Place, Signer

# What stands in an address as it is. To look for anything else takes a hundredth of the time that
# quoting does, and our own keys have nothing else.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9/_.~-]*")
# Clients leave them out of the name of the host.
_PORTS = {"http": ":80", "https": ":443"}
# An address stays the same for so much of the time that it is good for.
_STEPS = 10
# A few megabytes of addresses.
_REMEMBERED = 4096


def signed_get(bucket: str, key: str, parameters: Mapping[str, str], expires_s: int) -> str:
    """An address to get the object, with these parameters of S3's in it.

    Who asks again soon gets the same one, so that what shows it need not fetch it again. It is
    good for `expires_s`, less a tenth at most. Raises `Unavailable` where nobody says who signs.
    """
    endpoint = os.getenv("AWS_ENDPOINT_URL_S3") or os.getenv("AWS_ENDPOINT_URL")
    place, folder = _bucket(bucket, signature.region(), endpoint)
    return _signed(
        place,
        signature.signer(),
        folder + (key if _PLAIN_KEY.fullmatch(key) else quote(key, safe="/~")),
        tuple(sorted(parameters.items())),
        expires_s,
        _moment(expires_s),
    )


def _moment(expires_s: int) -> str:
    """A moment ago: the last of those that are a tenth of the time apart."""
    now = int(datetime.now(UTC).timestamp())
    return signature.written(now - now % max(1, expires_s // _STEPS))


@lru_cache(maxsize=_REMEMBERED)
def _signed(  # noqa: PLR0917 - all that the address hangs on
    where: Place,
    who: Signer,
    path: str,
    parameters: tuple[tuple[str, str], ...],
    expires_s: int,
    moment: str,
) -> str:
    return signature.signed(where, who, path, dict(parameters), expires_s, moment)


@lru_cache(maxsize=16)
def _bucket(bucket: str, region: str, endpoint: str | None) -> tuple[Place, str]:
    """Where a bucket is, and the beginning of the path there: by its own name, but by a path
    where an emulator stands in for AWS, or a certificate would not cover the name."""
    if endpoint is None:
        host = "s3.amazonaws.com" if region == "us-east-1" else f"s3.{region}.amazonaws.com"
        if region.startswith("cn-"):
            host += ".cn"
        if "." in bucket:
            return Place(f"https://{host}", host, region, "s3"), f"/{bucket}/"
        host = f"{bucket}.{host}"
        return Place(f"https://{host}", host, region, "s3"), "/"
    told = urlsplit(endpoint)
    host = told.netloc.rpartition("@")[2].lower().removesuffix(_PORTS[told.scheme])
    origin = f"{told.scheme}://{told.netloc}"
    return Place(origin, host, region, "s3"), f"{told.path.rstrip('/')}/{bucket}/"
