"""A large file, part by part: those that have arrived already are not sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from clients.cli.problems import ServerProblem
from clients.cli.server import Server, pauses
from clients.cli.uploading.files import Found
from clients.cli.uploading.patience import Patience
from clients.cli.uploading.transfer import Denied, Passing, Transfer

_MOST_DENIALS = 3


@dataclass(frozen=True)
class LargeFile:
    """A file that was announced and goes in parts, `parallel` of them at once."""

    server: Server
    transfer: Transfer
    patience: Patience
    file: Found
    system_id: str
    parallel: int

    def send(self) -> bool:
        """Send what is missing and put it together; `False` when that was done before.

        Raises what `Transfer` raises; `Passing` also when the upload is over: it must be
        announced anew.
        """
        with self.transfer.counting() as transfer:
            try:
                etags = [
                    etag for page in self._pages(1) for etag in self._send_page(page, transfer)
                ]
                parts = [{"number": number, "etag": etag} for number, etag in enumerate(etags, 1)]
                path = f"uploads/{self.system_id}/complete"
                self.server.post(path, {"parts": parts}, repeatable=True)
            except ServerProblem as problem:
                if problem.code == "already_received":
                    return False
                if problem.code == "upload_over":
                    raise Passing(problem.detail) from problem
                raise
        return True

    def _pages(self, first: int | None) -> Iterator[dict[str, Any]]:
        while first is not None:
            page = self._page(first)
            yield page
            first = page["next_from"]

    def _page(self, first: int) -> dict[str, Any]:
        return dict(self.server.get(f"uploads/{self.system_id}/parts", {"from": first}))

    def _send_page(self, page: dict[str, Any], transfer: Transfer) -> Sequence[str]:
        """The ETags of a page's parts, in order, once all of them have arrived."""
        arrived = {part["number"]: part for part in page["arrived"]}
        for part in arrived.values():
            transfer.moved(part["size"])
        missing = [part for part in page["parts"] if part["number"] not in arrived]
        etags = {number: str(part["etag"]) for number, part in arrived.items()}
        pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="part")
        try:
            sending = {
                part["number"]: pool.submit(self._send_part, transfer, part, page["part_size"])
                for part in missing
            }
            wait(sending.values(), return_when=FIRST_EXCEPTION)
            etags |= {number: one.result() for number, one in sending.items() if one.done()}
        finally:
            pool.shutdown(cancel_futures=True)
        return [etags[part["number"]] for part in page["parts"]]

    def _send_part(self, transfer: Transfer, part: dict[str, Any], part_size: int) -> str:
        number, url = int(part["number"]), str(part["url"])
        start = (number - 1) * part_size
        length = min(part_size, self.file.size - start)
        denials = 0
        for pause_s in pauses():
            try:
                etag = transfer.put_part(self.file, start, length, url)
            except Denied as denied:
                # The address may be too old.
                denials += 1
                if denials >= _MOST_DENIALS:
                    raise
                self.patience.wait(str(denied), pause_s)
                url = str(self._page(number)["parts"][0]["url"])
            except Passing as passing:
                self.patience.wait(passing.said, max(pause_s, passing.wait_s))
            else:
                self.patience.well()
                return etag
        raise AssertionError("pauses never end")
