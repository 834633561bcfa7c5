"""Loading code, as a cold start does, without looking for garbage in it again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is imported below this stays, so nobody looks for garbage in it, then or ever.

    Python would look through all of it each time it has grown by a quarter, and in an answer every
    now and then. Where the search for garbage is off, it stays off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
