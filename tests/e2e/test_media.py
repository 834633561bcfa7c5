"""A photo, a film, a song and a broken file on a running stack."""

from __future__ import annotations

import io
from typing import Any

import av
import httpx2
import numpy as np
from PIL import Image

from tests.e2e.stack import LocalStack
from tests.samples import png


def film(seconds: int = 4) -> bytes:
    """An MP4 with a picture that changes and a tone."""
    body = io.BytesIO()
    with av.open(body, "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        for number in range(seconds * 10):
            pixels = np.full((120, 160, 3), (number * 5) % 250, np.uint8)
            pixels[number : number + 30, 20:90] = (250, 40, 90)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        tone = np.sin(np.arange(8000 * seconds) / 4).astype(np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(video.encode())
        container.mux(sound.encode())
    return body.getvalue()


def song() -> bytes:
    body = io.BytesIO()
    with av.open(body, "w", format="flac") as container:
        container.metadata["title"], container.metadata["artist"] = "Tusk", "The Mammoths"
        sound = container.add_stream("flac", rate=8000)
        tone = (np.sin(np.arange(8000) / 9) * 20000).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return body.getvalue()


def dropped(stack: LocalStack, name: str, body: bytes) -> dict[str, Any]:
    stack.s3.put_object(Bucket=stack.raw_bucket, Key=f"drop/local/media/{name}", Body=body)
    return stack.dropped(name)


def test_a_photo_gets_thumbnails_a_vector_and_tags(stack: LocalStack) -> None:
    photo = dropped(stack, "photo.png", png(400, 300, shade=77))

    assert (photo["status"], photo["width"], photo["height"]) == ("ready", 400, 300)
    assert photo["space"]
    assert "landscape format" in {tag["label"] for tag in photo["tags"]}
    for made in photo["derivatives"]:
        shown = httpx2.get(made["url"])
        assert shown.status_code == 200
        assert shown.headers["Content-Type"] == made["content_type"]
        assert Image.open(io.BytesIO(shown.content)).size == (made["width"], made["height"])
    thumbnail = stack.http.get(f"objects/{photo['system_id']}/thumbnail?size=150")
    assert Image.open(io.BytesIO(httpx2.get(thumbnail.headers["Location"]).content)).width == 150


def test_a_film_gets_a_poster_and_key_frames(stack: LocalStack) -> None:
    seen = dropped(stack, "film.mp4", film())

    assert (seen["status"], seen["kind"]) == ("ready", "video")
    assert (seen["video_codec"], seen["audio_codec"]) == ("mpeg4", "aac")
    assert 3900 <= seen["duration_ms"] <= 4200
    assert "poster.jpg" in {made["name"] for made in seen["derivatives"]}
    vectors = stack.rows(
        "SELECT frame, at_ms FROM catalog.embedding WHERE asset_id = %s ORDER BY frame",
        seen["system_id"],
    )
    assert [row["frame"] for row in vectors] == list(range(len(vectors)))
    assert len(vectors) >= 2
    assert vectors[0]["at_ms"] is None
    assert all(row["at_ms"] is not None for row in vectors[1:])


def test_a_song_gets_its_tags_and_a_waveform(stack: LocalStack) -> None:
    heard = dropped(stack, "song.flac", song())

    assert (heard["status"], heard["kind"]) == ("ready", "audio")
    assert (heard["title"], heard["artist"]) == ("Tusk", "The Mammoths")
    assert "waveform.png" in {made["name"] for made in heard["derivatives"]}
    assert heard["space"] is None


def test_a_broken_file_fails_with_the_reason_and_can_be_downloaded(stack: LocalStack) -> None:
    body = png(300, 200, shade=3)[:-400]

    broken = dropped(stack, "broken.png", body)

    assert (broken["status"], broken["error"]["code"]) == ("failed", "broken_picture")
    assert httpx2.get(broken["uri"]).content == body
