"""Opening videos and sounds so that nothing but the given file is ever read.

ffmpeg can follow what a file says: playlists, scripts, references to other files and to
addresses. Here it cannot: the container's form comes from the bytes and not from ffmpeg's
guess, no other form is allowed, and whatever it asks to open besides is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import BinaryIO, Final

import av
from av.container import InputContainer
from av.error import FFmpegError

from mammothbox.errors import Permanent

# ffmpeg's names of the forms that a content type may stand for, the likeliest first.
FORMS = MappingProxyType(
    {
        "video/mp4": ("mov",),
        "video/quicktime": ("mov",),
        "video/x-m4v": ("mov",),
        "video/3gpp": ("mov",),
        "video/3gpp2": ("mov",),
        "video/x-matroska": ("matroska",),
        "video/webm": ("matroska",),
        "video/x-msvideo": ("avi",),
        "video/x-flv": ("flv",),
        "video/x-ms-wmv": ("asf",),
        "video/mpeg": ("mpeg", "mpegvideo"),
        "video/mp2t": ("mpegts",),
        "video/ogg": ("ogg",),
        # Behind an ID3 tag stands MP3, and now and then something else.
        "audio/mpeg": ("mp3", "aac", "flac"),
        "audio/aac": ("aac",),
        "audio/mp4": ("mov",),
        "audio/x-flac": ("flac",),
        "audio/x-wav": ("wav",),
        "audio/x-aiff": ("aiff",),
        "audio/ogg": ("ogg",),
        "audio/x-ms-wma": ("asf",),
        "audio/amr": ("amr",),
    }
)

# What people's files are made with. ffmpeg knows hundreds more, few of them well tested.
_VIDEO_DECODERS = (
    "h264 hevc vvc av1 libdav1d vp8 vp9 vp6 vp6f vp6a mpeg4 msmpeg4 msmpeg4v1 msmpeg4v2"
    " mpeg1video mpeg2video mjpeg h263 flv wmv1 wmv2 wmv3 vc1 theora prores dnxhd cfhd dvvideo"
    " rawvideo ffv1 huffyuv ffvhuff utvideo cinepak indeo3 indeo5 msvideo1 msrle svq1 svq3"
    " qtrle rpza png jpeg2000 zmbv flashsv flashsv2"
)
_SOUND_DECODERS = (
    "aac aac_latm mp3 mp3float mp2 mp2float mp1 mp1float ac3 eac3 dca truehd mlp flac alac"
    " vorbis opus libopus wmav1 wmav2 wmapro wmalossless wmavoice amrnb amrwb speex nellymoser"
    " adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf adpcm_yamaha gsm gsm_ms qdm2 mace3 mace6"
    " pcm_u8 pcm_s8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le"
    " pcm_f32be pcm_f64le pcm_f64be pcm_alaw pcm_mulaw pcm_bluray pcm_dvd"
)
VIDEO_DECODERS: Final = frozenset(_VIDEO_DECODERS.split())
SOUND_DECODERS: Final = frozenset(_SOUND_DECODERS.split())

# Every read is a question to another process: few large ones rather than many small.
_READ_BYTES = 256 * 1024
_MOST_STREAMS = 200
_OPTIONS = {
    # No protocol has this name. Both lists are handed down to whatever a form opens within.
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(VIDEO_DECODERS | SOUND_DECODERS)),
    "probesize": str(8 * 1024 * 1024),
    "analyzeduration": "5000000",
    "max_streams": str(_MOST_STREAMS),
    # Seek in MP3 by the byte rather than by reading everything before it.
    "fflags": "+fastseek",
}
_MOV_OPTIONS = {"enable_drefs": "0", "use_absolute_path": "0"}


class _Source:
    """The file as ffmpeg reads it. What `read` raises is kept, for ffmpeg takes it for the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: Exception | None = None

    def read(self, size: int) -> bytes:
        if self.failure is not None:
            return b""
        try:
            # PyAV copies whatever comes back: never more than was asked for.
            return self._file.read(size)[:size]
        except Exception as failure:
            self.failure = failure
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def opened(file: BinaryIO, content_type: str) -> Iterator[InputContainer]:
    """The container, open while the block runs.

    What ffmpeg objects to is `Permanent`: `broken_video` or `broken_audio`, `refers_elsewhere`
    when it asks for another file, `unsupported_format` for a content type without a reader.
    When reading the file fails, the block sees the end of the file, and the failure is raised
    afterwards. Only where too much would have to be read, what the block made of the rest is
    good enough.
    """
    source = _Source(file)
    try:
        with _first_that_opens(source, content_type) as container:
            yield container
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise source.failure or broken(content_type, error) from error
    except Permanent as error:
        raise source.failure or error from error
    if source.failure is not None and not _is_of_budget(source.failure):
        raise source.failure


def _is_of_budget(failure: Exception) -> bool:
    return isinstance(failure, Permanent) and failure.code == "too_much_to_read"


def broken(content_type: str, error: object = None) -> Permanent:
    """The failure of a file whose container or content cannot be read."""
    family = content_type.partition("/")[0]
    what = "video" if family == "video" else "sound"
    said = f" ({error.strerror})" if isinstance(error, FFmpegError) and error.strerror else ""
    return Permanent(
        "broken_video" if family == "video" else "broken_audio",
        f"The {what} cannot be read as {content_type}{said}: it is damaged, or was cut off on its"
        " way. Try to play it and upload it again.",
    )


def unsupported_codec(codec: str, better: str) -> Permanent:
    """The failure of a file that nothing here can decode."""
    return Permanent(
        "unsupported_codec",
        f"The file is coded in {codec}, which cannot be decoded here. Convert it to {better} and"
        " upload that.",
    )


def _first_that_opens(source: _Source, content_type: str) -> InputContainer:
    forms = FORMS.get(content_type, ())
    if not forms:
        raise Permanent("unsupported_format", f"Nothing here can read {content_type}.")
    for form in forms[:-1]:
        try:
            return _open(source, form)
        except FFmpegError:
            source.seek(0)
    return _open(source, forms[-1])


def _open(source: _Source, form: str) -> InputContainer:
    return av.open(
        source,
        mode="r",
        format=form,
        container_options={
            **_OPTIONS,
            **(_MOV_OPTIONS if form == "mov" else {}),
            "format_whitelist": av.ContainerFormat(form, "r").name,
        },
        metadata_errors="replace",
        buffer_size=_READ_BYTES,
        io_open=_refuse,
    )


def _refuse(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
    raise Permanent(
        "refers_elsewhere",
        "The file keeps its pictures or its sound in another file, which is never opened. Export"
        " it as one file that holds everything, and upload that.",
    )
