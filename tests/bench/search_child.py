"""A new execution environment of search: it answers the event on standard input and ends."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass


@dataclass
class _Context:
    function_name: str = "search"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:search"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def main() -> None:
    from functions.search.handler import handler

    answer = handler(json.load(sys.stdin), _Context())  # type: ignore[arg-type]
    if answer["statusCode"] != 200:
        sys.exit(answer["body"])


if __name__ == "__main__":
    main()
