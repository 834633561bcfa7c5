"""What can go wrong for a command, and the exit status that tells a script of it."""

from __future__ import annotations

from http import HTTPStatus

OK = 0
FAILED = 1
USAGE = 2
NOT_ALLOWED = 3
NOT_FOUND = 4
REFUSED = 5
UNREACHABLE = 6
LEFT_OUT = 7
INTERRUPTED = 130
# As of a program that the signal of a broken pipe has ended.
NOBODY_READS = 141

EXIT_STATUSES = """
Exit status: 0 done · 1 some of the work failed · 2 wrong usage · 3 not signed in, or not allowed
· 4 not found · 5 refused as things stand · 6 the server cannot be reached · 7 files that
should have been sent were left out · 130 interrupted · 141 nobody reads the output any more
""".strip().replace("\n", " ")


class Stop(Exception):
    """A command cannot go on; `message` is one sentence for people."""

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class ServerProblem(Exception):
    """The server refused, and said why. `code` is stable, `detail` is for people."""

    def __init__(self, code: str, detail: str, request_id: str | None, status: int) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.status = status


class Unreachable(Exception):
    """No answer came, for as long as one was waited for."""


Problem = Stop | ServerProblem | Unreachable
PROBLEMS = (Stop, ServerProblem, Unreachable)

_STATUSES: dict[int, int] = {
    HTTPStatus.UNAUTHORIZED: NOT_ALLOWED,
    HTTPStatus.FORBIDDEN: NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: NOT_FOUND,
    HTTPStatus.GONE: NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY: USAGE,
    HTTPStatus.BAD_REQUEST: USAGE,
    HTTPStatus.CONFLICT: REFUSED,
    HTTPStatus.PRECONDITION_FAILED: REFUSED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: REFUSED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: REFUSED,
}


def exit_status(problem: Problem) -> int:
    """What a command ends with when this ended it."""
    if isinstance(problem, Stop):
        return problem.status
    if isinstance(problem, Unreachable):
        return UNREACHABLE
    return _STATUSES.get(problem.status, FAILED)


def sentence(problem: Problem) -> str:
    """What went wrong, for people, and where to look."""
    if isinstance(problem, Stop):
        return problem.message
    if isinstance(problem, Unreachable):
        return f"{problem} Is it running? `mammothbox doctor` looks."
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return f"{problem.detail} Sign in with `mammothbox login`."
    asked = f" (request {problem.request_id})" if problem.request_id else ""
    return f"{problem.detail} [{problem.code}]{asked}"
