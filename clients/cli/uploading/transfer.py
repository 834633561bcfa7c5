"""Bytes on their way to S3: one form, or one part, at an address that was handed out."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import BinaryIO
from uuid import uuid4

import httpx2

from clients.cli.hashing import Changed, chunks, refuse_change
from clients.cli.server import retry_after
from clients.cli.uploading.files import Found

_TOLD = re.compile(r"<(Code|Message)>([^<]*)</")
_PASSING = {408, 429, 500, 502, 503, 504}


class Passing(Exception):
    """It did not work, and may the next time, at a fresh address."""

    def __init__(self, said: str, wait_s: float = 0) -> None:
        super().__init__(said)
        self.said = said
        self.wait_s = wait_s


class Denied(Exception):
    """S3 does not take it at this address."""


@dataclass(frozen=True)
class Transfer:
    """How bytes are sent. `moved` hears how many more went, or fewer when they go again."""

    http: httpx2.Client
    moved: Callable[[int], None]
    stop: threading.Event

    def post_form(self, file: Found, sha256: str, url: str, fields: Mapping[str, str]) -> None:
        """Send the whole file. Raises `Passing`, `Denied`, `Changed` and `Interrupted`.

        Its last chunk goes only once all of it proved to be what was announced.
        """
        boundary = uuid4().hex
        around = _around(boundary, fields, file.content_type)
        with file.path.open("rb") as opened, self.counting() as counted:
            body = self._form_body(opened, file, sha256, around, counted.moved)
            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(file.size + sum(map(len, around))),
            }
            self._send("POST", url, body, headers)

    def put_part(self, file: Found, start: int, length: int, url: str) -> str:
        """Send some of the file; the ETag of what arrived. Raises as `post_form` does."""
        with file.path.open("rb") as opened, self.counting() as counted:
            opened.seek(start)
            body = self._part_body(opened, file, length, counted.moved)
            answer = self._send("PUT", url, body, {"Content-Length": str(length)})
        return str(answer.headers.get("etag", "")).strip('"')

    def _form_body(
        self,
        opened: BinaryIO,
        file: Found,
        sha256: str,
        around: tuple[bytes, bytes],
        count: Callable[[int], None],
    ) -> Iterator[bytes]:
        digest = hashlib.sha256()
        last, after = around
        for chunk in chunks(opened, file.size, stop=self.stop):
            digest.update(chunk)
            yield last
            last = chunk
            count(len(chunk))
        refuse_change(opened, file.size, file.mtime_ns)
        if digest.hexdigest() != sha256:
            raise Changed
        yield last + after

    def _part_body(
        self, opened: BinaryIO, file: Found, length: int, count: Callable[[int], None]
    ) -> Iterator[bytes]:
        for chunk in chunks(opened, length, stop=self.stop):
            yield chunk
            count(len(chunk))
        refuse_change(opened, file.size, file.mtime_ns)

    def _send(
        self, method: str, url: str, body: Iterator[bytes], headers: Mapping[str, str]
    ) -> httpx2.Response:
        try:
            answer = self.http.request(method, url, content=body, headers=dict(headers))
        except httpx2.TransportError as error:
            raise Passing("The storage does not answer.") from error
        if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        told = dict(_TOLD.findall(answer.text))
        said = f"The storage answered {answer.status_code} {told.get('Code', '')}".strip() + "."
        if answer.status_code in _PASSING:
            raise Passing(said, retry_after(answer))
        raise Denied(f"{said} {told.get('Message', '')}".strip())

    @contextmanager
    def counting(self) -> Iterator[Transfer]:
        """The same, whose bytes are taken back when the block fails: they will go again."""
        total = 0
        turn = threading.Lock()

        def count(more: int) -> None:
            nonlocal total
            with turn:
                total += more
            self.moved(more)

        try:
            yield replace(self, moved=count)
        except BaseException:
            self.moved(-total)
            raise


def _around(boundary: str, fields: Mapping[str, str], content_type: str) -> tuple[bytes, bytes]:
    """What comes before the file in a form, and after it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()
