"""What becoming understood and embedded costs: wall clock, processor time, memory."""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
from mammothbox import model_wiring
from mammothbox.catalog import spaces
from mammothbox.catalog.connection import Database
from mammothbox.encoders import choose
from mammothbox.encoders.encoder import Encoder
from mammothbox.encoders.space import Space
from mammothbox.media.image import understand_image
from mammothbox.media.options import Options
from PIL import Image
from pillow_heif import register_heif_opener

from infra.local.environment import MODELS
from tests.bench import clip_towers
from tests.bench.figures import row, scratch_folder
from tests.e2e.stack import REPOSITORY, LocalStack, started
from tests.house import Context

_PHOTOS = MODELS / "evaluation" / "gallery"
_BATCH = 8
_BATCHES = 5
_SINGLES = 12


# Its own process, which knows nothing that a worker would not.
_FIRST_PICTURE = """
import json, sys, psutil
from functions.embed.handler import handler

class Context:
    function_name, memory_limit_in_mb, invoked_function_arn = "embed", 3008, "arn"
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    def get_remaining_time_in_millis(self):
        return 120_000

answer = handler(json.loads(sys.argv[1]), Context())
assert answer == {"batchItemFailures": []}, answer
tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
cpu_s = sum(sum(process.cpu_times()[:4]) for process in tree)
print(f"{cpu_s:.1f} s of processor time", file=sys.stderr)
"""


@dataclass(frozen=True)
class Cost:
    """What one call took, its children's processor time included."""

    wall_s: float
    cpu_s: float


def run(_assets: int) -> None:
    """Print what pictures cost, from the event to the vector, beside their bare parts."""
    with scratch_folder() as folder, started(folder / "home") as stack:
        os.environ.update(stack.env)
        # As the worker does, and not as the developer may.
        os.environ["DATABASE_URL"] = stack.env["DATABASE_URL"].replace("postgres@", "worker@", 1)
        os.environ["MODELS_FOLDER"] = str(_models(folder / "models"))
        os.environ["FUNCTION_TIMEOUT_S"], os.environ["MAX_RECEIVES"] = "120", "5"
        register_heif_opener()
        large, small = _photos(4000, 3000, _SINGLES), _photos(2048, 1536, _BATCH * _BATCHES)
        heic = _photos(4000, 3000, 5, "HEIF")
        _keep_to_one_core()
        for space in choose.available(folder / "models")[:2]:
            print(f"  {space.model}:")
            _activate(stack, space)
            _cold(stack, large[0])
            _one_by_one(stack, "12 MP JPEG, event to embedded", large, "image/jpeg")
            _one_by_one(stack, "12 MP HEIC, event to embedded", heic, "image/heic")
            _by_the_batch(stack, small, space)
            # Apart from what is timed: whoever watches memory takes time on the same core.
            with _peak_memory():
                _embed(stack, large[:1], "image/jpeg")
                _embed(stack, heic[:1], "image/heic")
                _embed(stack, small[:_BATCH], "image/jpeg")
            # The next one's peak is its own.
            model_wiring.encoder.cache_clear()


def _models(folder: Path) -> Path:
    """The builtin model, and one of CLIP's shape."""
    folder.mkdir()
    for name in ("builtin", "vocabulary"):
        (folder / name).symlink_to(MODELS / name)
    clip_towers.install(folder / "clip")
    return folder


def _keep_to_one_core() -> None:
    """This process and its decoders; the stack keeps the others."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _activate(stack: LocalStack, space: Space) -> None:
    spaces.offer(stack.env["DATABASE_URL"], [(space, {})], space.name)
    with closing(Database(stack.env["DATABASE_URL"])) as database, database.transaction() as owner:
        owner.execute("SET LOCAL search_path = catalog, public")
        spaces.activate(owner, space.name)


def _one_by_one(stack: LocalStack, name: str, bodies: Sequence[bytes], kind: str) -> None:
    costs = [_embed(stack, [body], kind) for body in bodies]
    row(name, [cost.wall_s * 1000 for cost in costs[2:]])
    row("  … processor time", [cost.cpu_s * 1000 for cost in costs[2:]])


def _by_the_batch(stack: LocalStack, bodies: Sequence[bytes], space: Space) -> None:
    batches = [bodies[start : start + _BATCH] for start in range(0, len(bodies), _BATCH)]
    costs = [_embed(stack, batch, "image/jpeg").cpu_s / _BATCH for batch in batches[1:]]
    encoder = model_wiring.encoder(space.name)
    bare = [_cost(partial(_bare_parts, encoder, batch)).cpu_s / _BATCH for batch in batches[1:]]
    whole, parts = statistics.median(costs), statistics.median(bare)
    print(f"  3 MP JPEGs, {_BATCH} at once: {1 / whole:.1f} pictures a second and core")
    print(
        f"  processor time a picture: {whole * 1000:.0f} ms, its bare parts {parts * 1000:.0f} ms,"
        f" the stage adds {(whole - parts) * 1000:.0f} ms (ratio {whole / parts:.2f})"
    )


def _bare_parts(encoder: Encoder, bodies: Sequence[bytes]) -> None:
    """Decode, derivatives, hash and vectors: no child processes, S3 or SQL."""
    frames = [
        understand_image(io.BytesIO(body), "image/jpeg", Options()).frames[0] for body in bodies
    ]
    pixels = [
        np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3) for frame in frames
    ]
    encoder.embed_images(pixels)


def _embed(stack: LocalStack, bodies: Sequence[bytes], content_type: str) -> Cost:
    """Hand the batch to the handler, as Lambda would."""
    from functions.embed.handler import handler

    event = {"Records": [_record(stack, body, content_type) for body in bodies]}
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        answers: list[object] = []
        cost = _cost(lambda: answers.append(handler(event, Context(seconds=120))))  # type: ignore[arg-type]
    if answers != [{"batchItemFailures": []}]:
        raise RuntimeError(f"embed failed: {answers}")
    return cost


def _record(stack: LocalStack, body: bytes, content_type: str) -> dict[str, object]:
    """Put an object where no event is raised, and what intake would leave of it."""
    asset_id = uuid4()
    answer = stack.s3.put_object(Bucket=stack.env["RAW_BUCKET"], Key=f"bench/{asset_id}", Body=body)
    [space] = stack.rows("SELECT name FROM catalog.embedding_space WHERE state = 'active'")
    for statement, *values in (
        (
            "INSERT INTO catalog.job (owner, id, request_id, source, objects)"
            " VALUES ('bench', %s, 'r', 'drop', 1) RETURNING id",
            asset_id,
        ),
        (
            "INSERT INTO catalog.asset_raw (owner, id, bucket, key, version_id)"
            " VALUES ('bench', %s, %s, %s, %s) RETURNING id",
            asset_id,
            stack.env["RAW_BUCKET"],
            f"bench/{asset_id}",
            answer["VersionId"],
        ),
        (
            "INSERT INTO catalog.asset (owner, id, job_id, ordinal, raw_id, status, kind,"
            " content_type, size_bytes) VALUES ('bench', %s, %s, 0, %s, 'processing', 'image',"
            " %s, %s) RETURNING id",
            asset_id,
            asset_id,
            asset_id,
            content_type,
            len(body),
        ),
        (
            "INSERT INTO catalog.stage (owner, asset_id, name, space, state, request_id, woken_at)"
            " VALUES ('bench', %s, 'embed', %s, 'queued', 'r', now()) RETURNING name",
            asset_id,
            space["name"],
        ),
    ):
        stack.rows(statement, *values)
    wake_up = {
        "stage": "embed",
        "owner": "bench",
        "asset_id": str(asset_id),
        "request_id": "r",
        "space": space["name"],
    }
    return {
        "messageId": str(asset_id),
        "receiptHandle": "r",
        "body": json.dumps(wake_up),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "us-east-1",
    }


def _cost(act: Callable[[], object]) -> Cost:
    began, before = time.perf_counter(), _cpu_s()
    act()
    return Cost(time.perf_counter() - began, _cpu_s() - before)


def _cpu_s() -> float:
    """Processor time of this process, its children, and theirs that have ended."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    mine = [process for process in processes if "infra.local" not in " ".join(process.cmdline())]
    return sum(sum(process.cpu_times()[:4]) for process in mine)


def _cold(stack: LocalStack, body: bytes) -> None:
    """A new worker: imports, model, and its first picture."""
    record = json.dumps({"Records": [_record(stack, body, "image/jpeg")]})
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_PICTURE, record],
        cwd=REPOSITORY,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"embed failed: {done.stderr}")
    print(f"  cold worker, first 12 MP JPEG: {took:.1f} s, {done.stderr.splitlines()[-1]}")


@contextmanager
def _peak_memory() -> Iterator[None]:
    """Print the most memory that this process and its decoders held together."""
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            peak[0] = max(peak[0], _memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        print(f"  peak memory: {peak[0] / 1e6:.0f} MB, decoders included")


def _memory() -> int:
    held = 0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            if "infra.local" not in " ".join(process.cmdline()):
                held += process.memory_full_info().pss
        except psutil.Error:
            continue
    return held


def _photos(width: int, height: int, count: int, form: str = "JPEG") -> list[bytes]:
    """Photos of that size, each another one."""
    sources = sorted(_PHOTOS.glob("*.webp"))
    return [_photo(sources[n % len(sources)], (width, height), n, form) for n in range(count)]


def _photo(source: Path, size: tuple[int, int], number: int, form: str) -> bytes:
    picture = Image.open(source).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    # The grain of a camera, without which a JPEG is far too easy.
    grain = np.random.default_rng(number).normal(0, 6, (size[1], size[0], 1))
    grainy = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    body = io.BytesIO()
    Image.fromarray(grainy).save(body, form, quality=88)
    return body.getvalue()
