"""Talking to the person at the terminal."""

from __future__ import annotations


def say(text: str) -> None:
    """One line, at once."""
    print(f"mammothbox: {text}", flush=True)
