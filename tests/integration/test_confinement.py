"""A file that has taken over its decoder still reaches nothing: no network, file or process."""

from __future__ import annotations

import ctypes
import io
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media.audio import understand_audio
from mammothbox.media.image import understand_image
from mammothbox.media.options import Options
from mammothbox.media.understand import Decoders, Job
from mammothbox.media.understood import Understood
from mammothbox.media.video import understand_video
from PIL import Image
from PIL.ExifTags import IFD, Base

from tests.integration.test_decoders import PHOTO, ROOT, Bytes, code, picture, zygote
from tests.unit.media.camera_files import CAMERAS
from tests.unit.media.pictures import CONTENT_TYPES, saved, scene
from tests.unit.media.raws import dng
from tests.unit.media.test_images import DEPTHS
from tests.unit.media_av.making import FILMS, SOUNDS, film, sound, tone
from tests.unit.media_av.making import scene as film_scene

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="there is no filter for this system",
)
GET_DUMPABLE = 3
# These say nothing of themselves.
PLAIN = {"GIF", "BMP"}

# A decoder of raw files that does what the file says, as one would that a file has taken over.
OWNED = """
import ctypes, errno, json, os, signal, socket, struct, threading

libc = ctypes.CDLL(None, use_errno=True)
zygote_dumpable = libc.prctl(3, 0, 0, 0, 0)


class LibRawError(Exception): ...
class LibRawUnsufficientMemoryError(LibRawError): ...
class LibRawFileUnsupportedError(LibRawError): ...
class NotSupportedError(Exception): ...


def call(function, *arguments):
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def thread():
    one = threading.Thread(target=list)
    one.start()
    one.join()


def is_open(fd):
    try:
        return os.lseek(fd, 0, os.SEEK_CUR) == 0
    except OSError as error:
        return error.errno != errno.EBADF


def outcome(code):
    try:
        value = eval(code)
    except OSError as error:
        return errno.errorcode[error.errno]
    return value if isinstance(value, (int, str, list)) else "done"


def imread(file):
    told = {name: outcome(code) for name, code in json.loads(file.read()).items()}
    raise LibRawError(json.dumps(told))
"""

ATTACKS = {
    "a connection": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "a pair of sockets": "socket.socketpair()",
    "a packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "a descriptor sent away": "socket.send_fds(socket.socket(fileno=0), [b'x'], [1])",
    "another program": "os.execv('/bin/true', ['true'])",
    "a program of its own": "os.posix_spawn('/bin/true', ['true'], dict())",
    "a fork": "os.fork()",
    "a clone that is no thread": "call(libc.syscall, {clone}, 17, 0, 0, 0, 0)",
    "a file": "open('/etc/passwd')",
    "a folder": "os.listdir('/')",
    "a look at a file": "os.stat('/etc/passwd')",
    "a link": "os.readlink('/proc/self/exe')",
    "its own memory": "open('/proc/self/mem', 'rb')",
    "a new file": "open({folder!r} + '/new', 'w')",
    "a file cut": "os.truncate({victim!r}, 0)",
    "a file gone": "os.unlink({victim!r})",
    "a file moved": "os.rename({victim!r}, {folder!r} + '/new')",
    "a file opened to all": "os.chmod({victim!r}, 0o777)",
    "a new folder": "os.mkdir({folder!r} + '/new')",
    "a file in memory": "os.memfd_create('new')",
    "the parent's environment": "open('/proc/{parent}/environ', 'rb')",
    "the parent's memory": "open('/proc/{parent}/mem', 'rb')",
    "the parent's files": "os.listdir('/proc/{parent}/fd')",
    "the zygote's memory": "open('/proc/{zygote}/mem', 'rb')",
    "a signal to the parent": "os.kill({parent}, signal.SIGCONT)",
    "a signal to the zygote": "os.kill({zygote}, signal.SIGCONT)",
    "a signal to everybody": "os.kill(-1, 0)",
    "a signal to its group": "os.kill(0, 0)",
    "a signal by way of its socket": "call(libc.fcntl, 0, 8, {parent})",
    "the parent traced": "call(libc.ptrace, 16, {parent}, 0, 0)",
    "the parent read": "call(libc.process_vm_readv, {parent}, 0, 0, 0, 0, 0)",
    "the parent written to": "call(libc.process_vm_writev, {parent}, 0, 0, 0, 0, 0)",
    "the parent's limits": "call(libc.prlimit, {parent}, 7, 0, 0)",
    "the parent's turn": "os.setpriority(os.PRIO_PROCESS, {parent}, 19)",
    "the parent by a handle": "os.pidfd_open({parent})",
    "another namespace": "call(libc.unshare, 0x10000000)",
    "another user": "os.setuid(os.getuid() + 1)",
    "shared memory": "call(libc.shmget, 0, 4096, 0o1600)",
    "itself opened to others": "call(libc.prctl, 4, 1, 0, 0, 0)",
}
CLONE = {"x86_64": 56, "aarch64": 220}
SECCOMP = {"x86_64": 317, "aarch64": 277}


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("victim") / "file"
    file.write_text("whole")
    return file


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoders]:
    """Decoders whose raw files take them over; there are secrets where they come from."""
    library = tmp_path_factory.mktemp("owned")
    (library / "rawpy.py").write_text(OWNED)
    with Decoders() as decoders:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            patch.syspath_prepend(str(library))
            decoders.warm()
        yield decoders


def taking_over(tries: dict[str, str]) -> Job:
    """A raw file that does these things once it owns its decoder."""
    return Job("image", "image/x-adobe-dng", Bytes(json.dumps(tries).encode()))


@pytest.fixture(scope="module")
def told(owned: Decoders, victim: Path) -> dict[str, object]:
    """What came of all that an owned decoder tried."""
    places = {
        "folder": str(victim.parent),
        "victim": str(victim),
        "parent": os.getpid(),
        "zygote": zygote().pid,
        "clone": CLONE[platform.machine()],
    }
    tries = {name: attack.format(**places) for name, attack in ATTACKS.items()}
    looks = {
        "threads": "thread()",
        "open": "[fd for fd in range(4096) if is_open(fd)]",
        "environment": "repr(os.environ)",
        "zygote_dumpable": "zygote_dumpable",
    }
    (outcome,) = owned.understand_all([taking_over({**tries, **looks})], Options(), 60)
    assert isinstance(outcome, Permanent), repr(outcome)
    detail = outcome.detail
    found: dict[str, object] = json.loads(detail[detail.index("{") : detail.rindex("}") + 1])
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_owned_decoder_is_refused(told: dict[str, object], attack: str) -> None:
    assert told[attack] == "EPERM"


def test_an_owned_decoder_has_nothing_but_its_socket(told: dict[str, object]) -> None:
    """Given secrets in its parent, an owned decoder sees no more than one socket."""
    assert told["open"] == [0, 1, 2]
    assert "secret" not in str(told["environment"])


def test_the_files_of_others_are_whole(told: dict[str, object], victim: Path) -> None:
    assert told
    assert [one.name for one in victim.parent.iterdir()] == ["file"]
    assert victim.read_text() == "whole"


def pictures() -> dict[str, Job]:
    """Every format, every depth, and words in every encoding."""
    exif = Image.Exif()
    exif[Base.XPTitle] = "Größe".encode("utf-16-le")
    exif[IFD.Exif] = {Base.UserComment: b"UNICODE\0" + "Größe".encode("utf-16")}
    formats = {
        name: (
            saved(scene(320, 240), name, **({} if name in PLAIN else {"exif": exif.tobytes()})),
            form,
        )
        for name, form in CONTENT_TYPES.items()
    }
    raws = {
        "raw": (dng(64, 64, (9, 9, 9)), "image/x-adobe-dng"),
        "raw with a preview": (
            dng(64, 64, (9, 9, 9), preview=PHOTO, preview_size=(640, 480)),
            "image/x-adobe-dng",
        ),
    }
    icon = {"icon": (saved(scene(48, 48), "ICO"), "image/x-icon")}
    cameras = {name: (make(1), form) for name, (make, form, _) in CAMERAS.items()}
    depths = {name: (body, form) for name, (body, form, _) in DEPTHS.items()}
    return {
        name: Job("image", form, Bytes(body))
        for name, (body, form) in {**formats, **icon, **depths, **raws, **cameras}.items()
    }


def films_and_sounds() -> dict[str, Job]:
    moving = [film_scene(number // 5, 96, 64) for number in range(25)]
    made = {
        **{
            f"film, {name}": film(moving, form=form, codec=codec, sound=voice, per_second=25)
            for name, (form, codec, voice) in FILMS.items()
        },
        **{
            f"sound, {name}": sound(tone(1), form=form, codec=codec, tags={"title": "Größe"})
            for name, (form, codec) in SOUNDS.items()
        },
    }
    found = {name: recognise(body[:HEAD_BYTES]) for name, body in made.items()}
    return {
        name: Job(found[name].kind, found[name].content_type, Bytes(body))
        for name, body in made.items()
    }


def freely(job: Job) -> Understood:
    """What is understood of it where everything may be opened."""
    way = {"image": understand_image, "video": understand_video, "audio": understand_audio}
    return way[job.kind](
        io.BytesIO(job.content.read(0, job.content.size)), job.content_type, Options()
    )


@pytest.mark.parametrize("make", [pictures, films_and_sounds])
def test_every_kind_of_file_is_understood_as_if_it_were_free(
    make: Callable[[], dict[str, Job]],
) -> None:
    jobs = make()

    with Decoders(slots=2) as decoders:
        outcomes = decoders.understand_all(list(jobs.values()), Options(), 120)

    found = dict(zip(jobs, outcomes, strict=True))
    assert [name for name, job in jobs.items() if found[name] != freely(job)] == []


def test_decoders_may_use_threads(told: dict[str, object]) -> None:
    assert told["threads"] == "done"


def test_those_that_have_secrets_are_closed_to_others(told: dict[str, object]) -> None:
    """Given a system without the filter, other processes of the same user are still closed."""
    assert told["zygote_dumpable"] == 0
    assert ctypes.CDLL(None).prctl(GET_DUMPABLE, 0, 0, 0, 0) == 0


HONEST: dict[str, Any] = {"facts": {}, "derivatives": [], "frames": [], "phash": None, "hints": []}
LIES: dict[str, dict[str, Any]] = {
    "a width without end": {"understood": {**HONEST, "facts": {"width": 2**40}}},
    "a place that is no number": {
        "understood": {**HONEST, "facts": {"place": {"latitude": "NaN", "longitude": 0}}}
    },
    "a million frames": {"understood": {**HONEST, "frames": [{"width": 1, "height": 1}] * 10**5}},
    "a failure nobody can read": {"failed": {"code": "x" * 10_000, "detail": "y" * 10**6}},
    "a failure of no shape": {"failed": []},
    "that it is not confined": {"unconfined": "x" * 10**6},
    "that it read beyond the end": {"read": {"offset": 2**62, "length": 1}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_costs_its_own_file(owned: Decoders, lie: str) -> None:
    """Given an owned decoder that answers what cannot be, its file fails and no other."""
    header = json.dumps({"header": LIES[lie], "sizes": []})
    say = f"os.write(0, struct.pack('>I', {len(header)}) + {header.encode()!r})"

    liar, neighbour = owned.understand_all([taking_over({"lie": say}), picture()], Options(), 60)

    assert code(liar) == "decoder_crashed"
    assert code(neighbour) == "understood"


REFUSED = """
import ctypes, struct, sys
sys.path.insert(0, {root!r})
libc = ctypes.CDLL(None)
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, {seccomp}), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)]
packed = b"".join(struct.pack("=HBBI", *rule) for rule in rules)
program = struct.pack("@HP", len(rules), ctypes.cast(packed, ctypes.c_void_p).value)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.syscall({seccomp}, 1, 0, program) == 0

from tests.integration.test_decoders import Decoders, Options, code, picture

with Decoders() as decoders:
    print(*[code(one) for one in decoders.understand_all([picture()] * 3, Options(), 60)])
"""


def test_where_the_kernel_refuses_files_are_read_and_it_is_said_once() -> None:
    script = REFUSED.format(root=str(ROOT), seccomp=SECCOMP[platform.machine()])

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    lines = done.stdout.splitlines()
    warnings = [json.loads(line) for line in lines if "not confined" in line]
    assert "understood understood understood" in lines
    assert len(warnings) == 1
    assert warnings[0]["level"] == "WARNING"
    assert warnings[0]["why_not"] == "seccomp: Operation not permitted"
