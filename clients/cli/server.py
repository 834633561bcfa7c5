"""The public API over HTTP: with patience for a server that is busy, restarts or stalls."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import httpx2

from clients.cli import config
from clients.cli.output import warn
from clients.cli.problems import NOT_ALLOWED, USAGE, ServerProblem, Stop, Unreachable

API = "/api/v1"
UNEXPECTED = "unexpected_answer"
# How long a command goes on asking a server that does not answer.
PATIENCE_S = 10.0
# What a server says that is none of ours; others may be those of a gateway before ours.
_NOT_OURS = {400, 401, 403, 404, 405, 501}
# A little longer than any answer may take.
SILENCE_S = 35.0
_CONNECT_S = 5.0
_STORE_TIMEOUT = httpx2.Timeout(60, connect=10)
_PASSING = {429, 500, 502, 503, 504}
_PAGE = 200
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
# Where in a request the API found a fault, such as `body.tags.add.0`, and the field's own name.
_PLACE = re.compile(r"^(?:body|path|header)\.(?:[\w-]+\.)*?([A-Za-z_][\w-]*)(?:\.\d+)*(?=: )")
_TYPED_AS = {"add": "tag", "remove": "tag"}

Query = Mapping[str, Any]


@dataclass(frozen=True)
class Server:
    """One server and one key. Every method raises `ServerProblem` or `Unreachable`.

    Requests that may be repeated without harm are, until `patience_s` is over; `waiting` hears
    of each pause once it begins. Once `stop` is set nothing waits any more. `storage` fetches
    from the store, which gets no key.
    """

    url: str
    http: httpx2.Client
    storage: httpx2.Client
    patience_s: float = PATIENCE_S
    waiting: Callable[[str], None] = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)

    def get(self, path: str, query: Query | None = None) -> Any:
        """What is at the path; `query` values that are lists are repeated, `None` is left out."""
        return self.ask("GET", path, query=query)

    def post(
        self,
        path: str,
        body: Any = None,
        query: Query | None = None,
        *,
        repeatable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send `body` as JSON. It is sent again only when that is said to be harmless."""
        return self.ask(
            "POST", path, body=body, query=query, repeatable=repeatable, headers=headers
        )

    def patch(self, path: str, body: Any, query: Query | None = None) -> Any:
        """Change what is at the path; every such change may be repeated."""
        return self.ask("PATCH", path, body=body, query=query)

    def delete(self, path: str, query: Query | None = None) -> Any:
        """Remove what is at the path; repeating it changes nothing."""
        return self.ask("DELETE", path, query=query)

    def pages(
        self, path: str, query: Query | None = None, *, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page, as they are asked for; at most `limit`."""
        cursor, left = None, limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self.get(path, {"limit": size, **(query or {}), "cursor": cursor})
            items = page["items"] if "items" in page else page["results"]
            yield from items if left is None else items[:left]
            left = None if left is None else left - len(items)
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """One request and the JSON of its answer, with numbers as they were written.

        Fractions come as `Decimal`; an answer without a body is `None`.
        """
        answer = self.answer(
            method,
            path,
            query=query,
            body=body,
            content=content,
            headers=headers,
            repeatable=repeatable,
        )
        if answer.is_redirect:
            raise Stop(another_program(self.url))
        if not answer.content:
            return None
        try:
            return json.loads(answer.content, parse_float=Decimal)
        except ValueError as error:
            raise Stop(another_program(self.url)) from error

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> httpx2.Response:
        """One request and its answer, which is a success or a redirection."""
        request = self.http.build_request(
            method,
            path if path.startswith("/api/") else f"{API}/{path.lstrip('/')}",
            params=_written(query or {}),
            content=_json(body) if content is None and body is not None else content,
            headers={**({"Content-Type": "application/json"} if body is not None else {})}
            | dict(headers or {}),
        )
        again = method != "POST" if repeatable is None else repeatable
        return self._patiently(lambda: self._send(request, again), again)

    def _send(self, request: httpx2.Request, again: bool) -> httpx2.Response:
        try:
            answer = self.http.send(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            # Nothing was sent: that may always be tried again.
            raise _Passing(f"{self.url} cannot be reached.", 0) from error
        except httpx2.TransportError as error:
            raise _Passing(f"{self.url} did not answer.", 0, lost=True) from error
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        problem = read_problem(answer)
        if answer.status_code in _PASSING and (
            again or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        ):
            raise _Passing(problem.detail, retry_after(answer), problem=problem)
        if problem.code == UNEXPECTED and problem.status in _NOT_OURS:
            raise Stop(another_program(self.url, f" ({problem.status} {answer.reason_phrase})"))
        raise problem

    def _patiently(self, attempt: Callable[[], httpx2.Response], again: bool) -> httpx2.Response:
        deadline = time.monotonic() + self.patience_s
        for pause_s in pauses():
            try:
                return attempt()
            except _Passing as passing:
                wait_s = max(pause_s, passing.wait_s)
                hopeless = passing.lost and not again
                late = time.monotonic() + wait_s > deadline
                if hopeless or late or self.stop.is_set():
                    raise (passing.problem or Unreachable(passing.said)) from passing
                self.waiting(passing.said)
                self.stop.wait(wait_s)
        raise AssertionError("pauses never end")


class _Passing(Exception):
    """What may be over soon. `lost`: the request may have been carried out all the same."""

    def __init__(
        self, said: str, wait_s: float, *, lost: bool = False, problem: ServerProblem | None = None
    ) -> None:
        super().__init__(said)
        self.said = said
        self.wait_s = wait_s
        self.lost = lost
        self.problem = problem


@contextmanager
def connect(
    account: config.Account | None = None,
    *,
    patience_s: float = PATIENCE_S,
    silence_s: float = SILENCE_S,
    waiting: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """A server to speak to: the one that is configured unless another is given.

    A request is given up after `silence_s` without a byte. Who waits is told why, once, unless
    `waiting` does that.
    """
    chosen = account or config.account()
    if not (chosen.key.isascii() and chosen.key.isprintable()):
        raise Stop("The key has signs that no key has: copy it anew.", NOT_ALLOWED)
    try:
        headers = {"Authorization": f"Bearer {chosen.key}", "User-Agent": "mammothbox-cli"}
        timeout = httpx2.Timeout(silence_s, connect=min(_CONNECT_S, silence_s), pool=None)
        # What is trusted takes long to read: once is enough.
        trusted = httpx2.create_ssl_context()
        client = httpx2.Client(
            base_url=chosen.url, headers=headers, timeout=timeout, verify=trusted
        )
    except (httpx2.InvalidURL, ValueError) as error:
        raise Stop(f"{chosen.url!r} is no address of a server.", USAGE) from error
    with client, httpx2.Client(timeout=_STORE_TIMEOUT, verify=trusted) as storage:
        yield Server(chosen.url, client, storage, patience_s, waiting or _say_once())


def _say_once() -> Callable[[str], None]:
    said: list[str] = []

    def waiting(why: str) -> None:
        if not said:
            said.append(why)
            warn(f"{why} Waiting for it…")

    return waiting


def pauses() -> Iterator[float]:
    """Ever longer pauses between attempts, never the same for two clients."""
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s * random.uniform(0.7, 1.3)  # noqa: S311 - nobody gains by guessing it
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def retry_after(answer: httpx2.Response) -> float:
    """How long the server asks to be left alone, in seconds; dates are not understood."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else 0.0


def another_program(url: str, said: str = "") -> str:
    """What to tell when it is not MammothBox that answers."""
    return f"{url} answers, but not as MammothBox does{said}: look at the address."


def read_problem(answer: httpx2.Response) -> ServerProblem:
    """What the answer says is wrong; proxies and load balancers say less."""
    request_id = answer.headers.get("x-request-id")
    try:
        told = answer.json()
        detail, code = _in_our_words(str(told["detail"])), str(told["code"])
    except (ValueError, KeyError, TypeError):
        detail = f"The server answered {answer.status_code} {answer.reason_phrase}."
        return ServerProblem(UNEXPECTED, detail, request_id, answer.status_code)
    return ServerProblem(code, detail, request_id or told.get("request_id"), answer.status_code)


def _in_our_words(detail: str) -> str:
    """Without the place in the request that the API names first: nobody typed that."""
    return _PLACE.sub(lambda place: _TYPED_AS.get(place[1], place[1]), detail, count=1)


def _written(query: Query) -> dict[str, Any]:
    """Truth values as the API reads them, and nothing for what was not given."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
