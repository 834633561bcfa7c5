"""Files are read in children that may crash, hang or be hostile: each costs its own file only."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.errors import Permanent, Retryable, Unavailable
from mammothbox.media.limits import MEBIBYTE, Limits
from mammothbox.media.options import Options
from mammothbox.media.understand import Decoders, Job
from mammothbox.media.understood import Understood

from tests.unit.media.hostile import BOMBS, POLYGLOTS, black
from tests.unit.media.pictures import CONTENT_TYPES, saved, scene
from tests.unit.media.raws import dng

PHOTO = saved(scene(640, 480), "JPEG")
ROOT = Path(__file__).parents[2]
MOST_BYTES = 1100 * MEBIBYTE
SURPRISES = {"decoder_timeout", "decoder_crashed", "decoder_failed"}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@dataclass
class Bytes:
    """A file in memory, and what happens when it is read."""

    body: bytes
    when_read: Callable[[], None] = field(default=lambda: None)

    @property
    def size(self) -> int:
        return len(self.body)

    def read(self, offset: int, length: int) -> bytes:
        self.when_read()
        return self.body[offset : offset + length]


def picture(when_read: Callable[[], None] = lambda: None) -> Job:
    return Job("image", "image/jpeg", Bytes(PHOTO, when_read))


def zygote() -> psutil.Process:
    """The one started last: of the decoders that the test itself made, if it made some."""
    found = [
        child
        for child in psutil.Process().children()
        if "mammothbox.media.zygote" in child.cmdline()
    ]
    return max(found, key=lambda child: child.create_time())


def children() -> list[psutil.Process]:
    return zygote().children()


def strike(which: signal.Signals) -> Callable[[], None]:
    """What sends the signal to the child that is being served; there is one slot."""

    def on_read() -> None:
        for child in children():
            child.send_signal(which)

    return on_read


def code(outcome: Understood | Exception) -> str:
    if isinstance(outcome, Understood):
        return "understood"
    assert isinstance(outcome, Permanent | Retryable), repr(outcome)
    return outcome.code


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never came to pass"
        os.sched_yield()


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with Decoders(slots=1, limits=Limits(wall_s=30)) as decoders:
        yield decoders


@pytest.fixture
def run(decoders: Decoders) -> Callable[..., list[Understood | Exception]]:
    def run(*jobs: Job, deadline_s: float = 60) -> list[Understood | Exception]:
        return decoders.understand_all(jobs, Options(), deadline_s)

    return run


Run = Callable[..., list[Understood | Exception]]


def test_files_are_understood_in_their_order() -> None:
    """Given files of several sizes, when read at once, then each answer stands in its place."""
    widths = [64, 640, 32, 320, 128]
    jobs = [Job("image", "image/png", Bytes(saved(scene(width, 48), "PNG"))) for width in widths]

    with Decoders(slots=3) as decoders:
        outcomes = decoders.understand_all(jobs, Options(), 60)

    found = [outcome.facts.width for outcome in outcomes if isinstance(outcome, Understood)]
    assert found == widths


def test_what_a_child_understood_arrives_whole(run: Run) -> None:
    (outcome,) = run(picture())

    assert isinstance(outcome, Understood)
    (frame,) = outcome.frames
    assert len(frame.rgb) == frame.width * frame.height * 3
    assert [made.name for made in outcome.derivatives] == [
        "preview-1024.jpg",
        "thumb-300.webp",
        "thumb-150.webp",
    ]
    assert outcome.phash is not None


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (signal.SIGSEGV, "decoder_crashed"),
        (signal.SIGABRT, "decoder_crashed"),
        (signal.SIGBUS, "decoder_crashed"),
        (signal.SIGXCPU, "decoder_timeout"),
        (signal.SIGKILL, "decoder_out_of_memory"),
    ],
)
def test_a_child_that_dies_costs_its_own_file(
    run: Run, which: signal.Signals, expected: str
) -> None:
    outcomes = run(picture(), picture(strike(which)), picture())

    assert [code(outcome) for outcome in outcomes] == ["understood", expected, "understood"]


def test_a_child_that_hangs_is_ended() -> None:
    with Decoders(slots=1, limits=Limits(wall_s=3)) as decoders:
        hanging = picture(strike(signal.SIGSTOP))
        outcomes = decoders.understand_all([hanging, picture()], Options(), 60)

        assert [code(outcome) for outcome in outcomes] == ["decoder_timeout", "understood"]
        wait_until(lambda: children() == [])


def test_a_file_that_was_not_read_in_time_is_not_to_blame(run: Run) -> None:
    outcomes = run(picture(strike(signal.SIGSTOP)), picture(), deadline_s=0.5)

    assert all(isinstance(outcome, Retryable) for outcome in outcomes)
    assert [code(outcome) for outcome in outcomes] == ["out_of_time", "out_of_time"]
    wait_until(lambda: children() == [])


def test_more_memory_than_allowed_costs_the_file() -> None:
    large = Job("image", "image/png", Bytes(black(6000, 6000)))

    with Decoders(slots=1, limits=Limits(memory_bytes=96 * MEBIBYTE)) as decoders:
        outcomes = decoders.understand_all([picture(), large, picture()], Options(), 60)

    assert [code(one) for one in outcomes] == ["understood", "decoder_out_of_memory", "understood"]


def test_a_file_that_needs_more_than_its_share_is_read_again_alone() -> None:
    """Given two slots that share the memory, a file that needs more than half of it is read."""
    large = Job("image", "image/png", Bytes(black(6000, 6000)))

    with Decoders(slots=2, limits=Limits(memory_bytes=320 * MEBIBYTE)) as decoders:
        outcomes = decoders.understand_all([picture(), large, large], Options(), 60)

    assert [code(outcome) for outcome in outcomes] == ["understood"] * 3


def test_a_file_is_read_again_when_all_children_were_lost(run: Run) -> None:
    """Given a zygote that dies once, nobody's file fails for it."""
    deaths = iter([zygote])

    def die_once() -> None:
        for dying in deaths:
            dying().kill()

    outcomes = run(picture(), picture(die_once), picture())

    assert [code(outcome) for outcome in outcomes] == ["understood"] * 3


def test_a_file_that_takes_all_children_with_it_fails_alone() -> None:
    with Decoders(slots=2) as decoders:
        murderous = picture(lambda: zygote().kill())
        jobs = [picture(), murderous, picture(), picture()]
        outcomes = decoders.understand_all(jobs, Options(), 60)

    assert [code(outcome) for outcome in outcomes] == [
        "understood",
        "decoder_crashed",
        "understood",
        "understood",
    ]


def test_what_the_store_raises_is_the_outcome(run: Run) -> None:
    def fail() -> None:
        raise Unavailable("S3 does not answer.")

    gone = Permanent("object_gone", "The object is no longer in the bucket.")

    def vanish() -> None:
        raise gone

    first, second, third = run(picture(fail), picture(vanish), picture())

    assert isinstance(first, Unavailable)
    assert second is gone
    assert code(third) == "understood"


def test_no_more_is_read_than_the_budget_allows() -> None:
    with Decoders(limits=Limits(read_bytes=1000)) as decoders:
        (outcome,) = decoders.understand_all([picture()], Options(), 60)

    assert code(outcome) == "too_much_to_read"


def test_a_file_too_large_for_one_piece_is_read_in_several(run: Run) -> None:
    """Given a picture with 20 MB behind it, its pieces come one by one and make the same."""
    pieces: list[int] = []

    @dataclass
    class Counted(Bytes):
        def read(self, offset: int, length: int) -> bytes:
            pieces.append(length)
            return super().read(offset, length)

    long = Job("image", "image/jpeg", Counted(PHOTO + bytes(20 * MEBIBYTE)))

    short, outcome = run(picture(), long)

    assert isinstance(short, Understood)
    assert isinstance(outcome, Understood)
    assert outcome.frames == short.frames
    assert max(pieces) <= 2 * MEBIBYTE
    assert sum(pieces) < 8 * MEBIBYTE


@pytest.mark.parametrize("kind", ["other", "json", ""])
def test_what_is_no_media_is_refused(run: Run, kind: str) -> None:
    (outcome,) = run(Job(kind, "text/plain", Bytes(b"")))

    assert code(outcome) == "not_media"


@LINUX
def test_a_child_is_held_to_its_limits() -> None:
    found: list[int] = []

    def look() -> None:
        (child,) = children()
        limited = (psutil.RLIMIT_CORE, psutil.RLIMIT_FSIZE, psutil.RLIMIT_NOFILE)
        found.extend(child.rlimit(which)[1] for which in limited)

    with Decoders() as decoders:
        (outcome,) = decoders.understand_all([picture(look)], Options(), 60)

    assert code(outcome) == "understood"
    assert found == [0, 0, 32]


def test_nobody_is_left_when_the_decoders_are_closed() -> None:
    decoders = Decoders()
    decoders.understand_all([picture()], Options(), 60)
    process = zygote()

    decoders.close()

    assert not process.is_running()


def test_decoders_that_hang_can_be_closed() -> None:
    """Given a zygote that answers no more, it is ended all the same."""
    decoders = Decoders()
    decoders.understand_all([picture()], Options(), 60)
    process = zygote()
    process.suspend()

    decoders.close()

    assert not process.is_running()


DIES = """
import sys
sys.path.insert(0, {root!r})
from tests.integration.test_decoders import Decoders, Options, children, picture, zygote

def look():
    print(zygote().pid, *[child.pid for child in children()], flush=True)
    sys.stdin.read()

Decoders().understand_all([picture(look)], Options(), 600)
"""


def test_nobody_is_left_when_the_parent_is_killed() -> None:
    """Given a parent killed while a child reads, then the child and the zygote end, too."""
    with subprocess.Popen(
        [sys.executable, "-c", DIES.format(root=str(ROOT))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()

    assert len(pids) == 2
    wait_until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_decoders_serve_several_threads(decoders: Decoders) -> None:
    with ThreadPoolExecutor(4) as pool:
        rounds = pool.map(
            lambda _: decoders.understand_all([picture()] * 3, Options(), 60), range(4)
        )

        assert [code(one) for outcomes in rounds for one in outcomes] == ["understood"] * 12


@dataclass(frozen=True)
class Bombed:
    """How all bombs ended that were read at once, and the picture that came after each."""

    ends: dict[str, tuple[str, str]]
    peak_bytes: int


def read_bombs() -> None:
    """In a process of its own: children begin with the memory of whoever starts them."""
    jobs: list[Job] = []
    for make, content_type in BOMBS.values():
        jobs += [Job("image", content_type, Bytes(make())), picture()]
    with Decoders(slots=2) as decoders:
        codes = [code(outcome) for outcome in decoders.understand_all(jobs, Options(), 120)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    ends = dict(zip(BOMBS, zip(codes[::2], codes[1::2], strict=True), strict=True))
    print(json.dumps({"ends": ends, "peak_bytes": peak}))


@pytest.fixture(scope="module")
def bombed() -> Bombed:
    told = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import read_bombs; read_bombs()"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    # What the decoders measure of themselves goes to standard output too.
    return Bombed(**json.loads(told.splitlines()[-1]))


@pytest.mark.xdist_group("bombs")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_understood_or_refused_and_hurts_nobody(bombed: Bombed, name: str) -> None:
    outcome, neighbour = bombed.ends[name]

    assert neighbour == "understood"
    assert outcome not in {*SURPRISES, "unavailable"}


def test_no_bomb_takes_more_memory_than_it_may(bombed: Bombed) -> None:
    codes = {outcome for outcome, _ in bombed.ends.values()}

    assert codes >= {"understood", "too_many_pixels"}
    assert bombed.peak_bytes < MOST_BYTES


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_picture_that_is_something_else_too_is_a_picture(run: Run, name: str) -> None:
    make, content_type = POLYGLOTS[name]

    (outcome,) = run(Job("image", content_type, Bytes(make())))

    assert isinstance(outcome, Understood)
    assert (outcome.facts.width, outcome.facts.height) == (64, 48)
    made = b"".join(one.body for one in outcome.derivatives)
    assert b"script" not in made
    assert b"ELF" not in made


SEEDS = {
    **{kind: saved(scene(48, 32), name) for name, kind in CONTENT_TYPES.items()},
    "image/x-adobe-dng": dng(64, 64, (9, 9, 9), preview=PHOTO, preview_size=(640, 480)),
}


@given(
    content_type=st.sampled_from(sorted(SEEDS)),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8)), max_size=6
    ),
    kept=st.floats(0.2, 1),
)
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_understood_or_refused(
    decoders: Decoders, content_type: str, changes: list[tuple[float, bytes]], kept: float
) -> None:
    """Given a picture with bytes changed and its end missing, it never fails by surprise."""
    body = bytearray(SEEDS[content_type])
    for where, what in changes:
        at = int(where * len(body))
        body[at : at + len(what)] = what
    damaged = bytes(body[: int(len(body) * kept)])

    outcome, neighbour = decoders.understand_all(
        [Job("image", content_type, Bytes(damaged)), picture()], Options(), 60
    )

    assert code(neighbour) == "understood"
    assert isinstance(outcome, Understood | Permanent)
    assert code(outcome) not in SURPRISES
