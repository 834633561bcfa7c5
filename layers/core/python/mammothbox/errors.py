"""The two kinds of failure, and the faults a client is told about.

A stage fails `Permanent`ly when its input is bad: trying again cannot help. It fails
`Retryable` when the world around it was; anything unforeseen counts as that.
"""

from __future__ import annotations


class Permanent(Exception):
    """Bad input: recorded on the asset, never tried again by itself."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Retryable(Exception):
    """A passing fault: the message goes back to its queue.

    `retry_after` is in seconds, when it is known before when another try is of no use.
    """

    def __init__(self, code: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class NotItsTurn(Retryable):
    """The work was not given the time it may take; nothing was tried, and no attempt is spent."""


class Refused(Exception):
    """A request that cannot be served as it is; `status` is the HTTP status it maps to."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail


class NotFound(Refused):
    """The thing does not exist, or is another owner's, which is the same to its asker."""

    def __init__(self, what: str, identifier: object) -> None:
        super().__init__(404, "not_found", f"There is no {what} {identifier}.")


class Unavailable(Exception):
    """The catalogue, the store or a queue does not answer. Nothing was left half done."""
