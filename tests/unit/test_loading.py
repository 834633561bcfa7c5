"""What is loaded is not searched for garbage."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from mammothbox.loading import loading


def test_garbage_is_looked_for_again_afterwards() -> None:
    frozen = gc.get_freeze_count()
    made = []

    with pytest.raises(ImportError), loading():
        assert not gc.isenabled()
        made += [[number] for number in range(10_000)]
        raise ImportError

    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(made)


@pytest.mark.parametrize("function", ["api", "search"])
def test_what_people_wait_for_starts_without_looking_for_garbage(function: str) -> None:
    looks = (
        "import gc\n"
        "looks = []\n"
        "gc.callbacks.append(lambda phase, info: looks.append(info['generation']))\n"
        f"import functions.{function}.handler\n"
        "print(looks.count(2), gc.get_freeze_count() > 50_000, gc.isenabled())"
    )
    told = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["0", "True", "True"]


def test_search_starts_without_the_library_of_aws() -> None:
    load = (
        "import sys, functions.search.handler, mammothbox.searching.by_text\n"
        "print({'boto3', 'botocore.session', 'botocore.client'} & {*sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "set()"
