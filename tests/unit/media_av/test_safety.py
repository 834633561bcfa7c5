"""Whatever a video or sound says, no other file is opened and nobody is called."""

from __future__ import annotations

import io
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import pytest
from mammothbox.errors import Permanent
from mammothbox.intake.kind import HEAD_BYTES, recognise
from mammothbox.media import containers
from mammothbox.media.audio import understand_audio
from mammothbox.media.containers import FORMS
from mammothbox.media.options import Options
from mammothbox.media.understood import Understood
from mammothbox.media.video import understand_video

from tests.unit.media_av.boxes import pointing_to
from tests.unit.media_av.making import FILMS, SOUNDS, film, scene, sound, tone

CODES = {"broken_video", "broken_audio", "unsupported_codec", "too_many_pixels"}


class Listener:
    """A server that nobody should call, and that answers nothing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, caller = self._socket.accept()
                self.calls.append(str(caller))
                connection.close()

    def close(self) -> None:
        # Closing alone does not wake the thread that waits in `accept`.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def understood(file: bytes, content_type: str) -> Understood:
    if content_type.startswith("video/"):
        return understand_video(io.BytesIO(file), content_type, Options())
    return understand_audio(io.BytesIO(file), content_type, Options())


def outcome(file: bytes, content_type: str) -> str:
    """`understood`, or the code of what is wrong with the file."""
    try:
        understood(file, content_type)
    except Permanent as error:
        return error.code
    except MemoryError:
        # The process that reads files for the workers tells this as a code of its own.
        return "decoder_out_of_memory"
    return "understood"


SCRIPTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "HLS master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/a.m3u8\n",
    "concat": "ffconcat version 1.0\nfile '{url}/a.mp4'\nfile '{path}'\n",
    "DASH": '<?xml version="1.0"?><MPD type="static" profiles="urn:mpeg:dash:profile"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}/a'
    "</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "ASX": '<ASX version="3"><Entry><Ref href="{url}/a.wmv"/></Entry></ASX>',
    "pattern": "{path}",
}


@pytest.mark.parametrize("content_type", FORMS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_under_a_medias_name_is_refused(
    script: str, content_type: str, listener: Listener, tmp_path: Path
) -> None:
    """Given a text that tells ffmpeg where to go, it's a broken file and nobody is called."""
    told = script.replace("{url}", f"http://{listener.address}").replace(
        "{path}", str(tmp_path / "secret.mp4")
    )

    assert outcome(told.encode(), content_type) in CODES
    assert listener.calls == []


def test_the_listener_would_have_heard_it(listener: Listener) -> None:
    """Given ffmpeg as it comes, the same playlist makes it call."""
    playlist = SCRIPTS["HLS"].replace("{url}", f"http://{listener.address}").encode()

    with suppress(av.FFmpegError):
        av.open(io.BytesIO(playlist), format="hls")

    assert listener.calls


def test_a_film_that_points_to_another_file_shows_nothing_of_it(tmp_path: Path) -> None:
    """Given a film whose index names another file as its data, that file is not read."""
    other = tmp_path / "secret.mov"
    other.write_bytes(film([scene(1)] * 5, form="mov"))
    hostile = pointing_to(other.read_bytes(), str(other))

    follow = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(io.BytesIO(hostile), mode="r", options=follow) as careless:
        assert len(list(careless.decode(video=0))) == 5

    assert outcome(hostile, "video/quicktime") == "broken_video"


def test_what_a_container_asks_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an ffmpeg that follows such a film after all, the file is still not opened."""
    other = tmp_path / "secret.mov"
    other.write_bytes(film([scene(1)] * 5, form="mov"))
    monkeypatch.setattr(containers, "_MOV_OPTIONS", {"enable_drefs": "1", "use_absolute_path": "1"})

    hostile = pointing_to(other.read_bytes(), str(other))

    assert outcome(hostile, "video/quicktime") == "refers_elsewhere"


@pytest.mark.parametrize("content_type", ["video/x-unheard-of", "audio/midi", "image/jpeg", ""])
def test_what_nobody_reads_is_unsupported(content_type: str) -> None:
    assert outcome(b"MThd", content_type) == "unsupported_format"


def test_bytes_of_one_form_under_the_name_of_another_are_broken() -> None:
    assert outcome(film([scene(1)], form="matroska"), "video/mp4") == "broken_video"
    assert outcome(sound(tone(0.1)), "audio/x-flac") == "broken_audio"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """One small file of every form."""
    pictures = [scene(number // 5, 96, 64) for number in range(25)]
    films = {
        name: film(pictures, form=form, codec=codec, sound=voice, per_second=25)
        for name, (form, codec, voice) in FILMS.items()
    }
    sounds = {
        name: sound(tone(1), form=form, codec=codec) for name, (form, codec) in SOUNDS.items()
    }
    return {**films, **sounds}


@pytest.mark.parametrize("name", [*FILMS, *SOUNDS])
def test_cut_at_every_tenth(files: dict[str, bytes], name: str) -> None:
    """Given a file that was cut off, what is there is read, or it's broken; never anything else."""
    whole = files[name]
    content_type = recognise(whole[:HEAD_BYTES]).content_type

    found = [outcome(whole[: len(whole) * tenth // 10], content_type) for tenth in range(11)]

    assert set(found) <= CODES | {"understood"}
    assert found[0] in CODES
    assert found[10] == "understood"


@pytest.mark.parametrize("name", [*FILMS, *SOUNDS])
def test_flipped_bytes(files: dict[str, bytes], name: str) -> None:
    """Given damage anywhere, the file is read or broken; never anything else."""
    whole = files[name]
    content_type = recognise(whole[:HEAD_BYTES]).content_type
    dice = random.Random(name)

    for _ in range(12):
        damaged = bytearray(whole)
        for _ in range(dice.choice([1, 10, 100])):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        assert outcome(bytes(damaged), content_type) in {
            *CODES,
            "understood",
            "decoder_out_of_memory",
        }


@pytest.mark.parametrize("content_type", FORMS)
def test_noise_and_nothing(content_type: str) -> None:
    noise = random.Random(content_type).randbytes(20_000)

    assert outcome(noise, content_type) in CODES
    assert outcome(b"", content_type) in CODES
    assert outcome(bytes(20_000), content_type) in CODES


class Failing(io.BytesIO):
    """A file whose reading fails for good once so many bytes are read."""

    def __init__(self, body: bytes, failure: Exception, most: int) -> None:
        super().__init__(body)
        self._failure, self._left = failure, most

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self._left -= len(found)
        if self._left < 0:
            raise self._failure
        return found


@pytest.mark.parametrize("name", ["mp4", "mkv", "avi of mjpeg", "mp3", "wav"])
def test_a_file_that_cannot_be_fetched_is_not_called_broken(
    files: dict[str, bytes], name: str
) -> None:
    """Given a file whose reading fails anywhere, that failure is told and no other."""
    content_type = recognise(files[name][:HEAD_BYTES]).content_type
    understand = understand_video if content_type.startswith("video/") else understand_audio
    for most in range(0, len(files[name]), len(files[name]) // 7):
        file = Failing(files[name], ConnectionResetError("gone"), most)

        with pytest.raises(ConnectionResetError, match="gone"):
            understand(file, content_type, Options())


def test_a_film_too_large_to_read_is_shown_as_far_as_it_was_read() -> None:
    """Given a limit on reading, frames from before it are better than none."""
    pictures = [scene(number, 320, 240) for number in range(60)]
    body = film(pictures, form="avi", codec="rawvideo")
    refused = Permanent("too_much_to_read", "…")

    some = understand_video(Failing(body, refused, len(body) // 2), "video/x-msvideo", Options())
    with pytest.raises(Permanent, match="too_much_to_read"):
        understand_video(Failing(body, refused, 100), "video/x-msvideo", Options())

    assert some.facts.duration_ms == 60_000
    assert some.frames


def test_too_many_channels() -> None:
    header = bytearray(sound(tone(0.01)))
    header[22:24] = (65_535).to_bytes(2, "little")
    header[32:34] = (2 * 65_535 % 65_536).to_bytes(2, "little")

    assert outcome(bytes(header), "audio/x-wav") in CODES
