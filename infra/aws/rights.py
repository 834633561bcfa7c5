"""What each function may do with objects and queues: explicit actions on explicit prefixes.

The raw bucket raises events, so nothing but an upload may be put there: a function that put its
results there would wake itself. Only the API signs uploads, and puts the JSON that came with a
request.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.topology import WORKERS

# Everything below which clients and partners put objects.
ARRIVALS = ("incoming/*", "drop/*")

_READ = ("s3:GetObject", "s3:GetObjectVersion")
_ERASE = ("s3:DeleteObject", "s3:DeleteObjectVersion")
# Without it S3 says "forbidden" of what is not there.
_LIST = ("s3:ListBucket",)
_EVERY_QUEUE = tuple(worker.name for worker in WORKERS)


@dataclass(frozen=True)
class Objects:
    """Actions on the objects below some prefixes."""

    actions: tuple[str, ...]
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Bucket:
    """What is allowed in one bucket: on itself, and on objects in it."""

    itself: tuple[str, ...] = _LIST
    objects: tuple[Objects, ...] = ()


@dataclass(frozen=True)
class Rights:
    """What a function may do besides connecting to the catalogue.

    `wakes` are the workers whose queues it sends to, its own among them where it gives stages back.
    What it has to wake and may not, the janitor wakes a minute later.
    """

    raw: Bucket | None = None
    library: Bucket | None = None
    wakes: tuple[str, ...] = ()
    publishes: bool = True
    # Depths of every queue, and the dead letters themselves.
    looks_after_queues: bool = False
    looks_after_dead_letters: bool = False


_RAW_READER = Bucket(objects=(Objects(_READ, ARRIVALS),))
_LISTS_UPLOADS = ("s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
_ABORT = ("s3:AbortMultipartUpload",)
_SHELVES = ("derived/*", "media/*")

RIGHTS = {
    "api": Rights(
        raw=Bucket(
            itself=(*_LIST, "s3:ListBucketVersions"),
            objects=(
                # Uploads that it signs, and multipart uploads that it opens and completes.
                Objects(("s3:PutObject", "s3:ListMultipartUploadParts", *_ABORT), ("incoming/*",)),
                Objects((*_READ, *_ERASE), ARRIVALS),
            ),
        ),
        library=Bucket(
            itself=(*_LIST, "s3:ListBucketMultipartUploads"),
            objects=(Objects(("s3:GetObject", "s3:DeleteObject", *_ABORT), _SHELVES),),
        ),
        wakes=_EVERY_QUEUE,
        looks_after_queues=True,
        looks_after_dead_letters=True,
    ),
    "search": Rights(
        raw=Bucket(itself=(), objects=(Objects(_READ, ARRIVALS),)),
        library=Bucket(itself=(), objects=(Objects(("s3:GetObject",), ("derived/*",)),)),
        publishes=False,
    ),
    "intake": Rights(
        raw=Bucket(
            itself=(*_LIST, "s3:ListBucketVersions"),
            # A late version of what was purged is erased.
            objects=(Objects((*_READ, *_ERASE), ARRIVALS),),
        ),
        wakes=("intake", "embed", "schema"),
    ),
    "embed": Rights(
        raw=_RAW_READER,
        library=Bucket(objects=(Objects(("s3:PutObject", "s3:DeleteObject"), ("derived/*",)),)),
        wakes=("embed", "tag", "caption", "cluster"),
    ),
    # No way to the catalogue: it reads a preview and writes its answer.
    "caption": Rights(
        library=Bucket(
            objects=(
                Objects(
                    ("s3:GetObject",), ("derived/*/preview-1024.jpg", "derived/*/caption.json")
                ),
                Objects(("s3:PutObject",), ("derived/*/caption.json",)),
            )
        ),
        wakes=("tag",),
        publishes=False,
    ),
    "tag": Rights(
        library=Bucket(
            objects=(
                Objects(("s3:GetObject",), ("derived/*/caption.json",)),
                Objects(("s3:DeleteObject",), ("derived/*",)),
            )
        ),
        wakes=("tag", "cluster"),
    ),
    "cluster": Rights(
        raw=_RAW_READER,
        library=Bucket(
            itself=(*_LIST, "s3:ListBucketMultipartUploads"),
            objects=(
                Objects(
                    (
                        "s3:GetObject",
                        "s3:PutObject",
                        "s3:DeleteObject",
                        "s3:ListMultipartUploadParts",
                        *_ABORT,
                    ),
                    ("media/*",),
                ),
            ),
        ),
        wakes=("cluster",),
    ),
    "schema": Rights(
        raw=_RAW_READER,
        library=Bucket(
            objects=(Objects(("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), ("derived/*",)),)
        ),
        wakes=("schema",),
    ),
    "janitor": Rights(
        raw=Bucket(
            itself=(*_LIST, *_LISTS_UPLOADS),
            objects=(Objects((*_ERASE, *_ABORT), ARRIVALS),),
        ),
        library=Bucket(
            itself=(*_LIST, "s3:ListBucketMultipartUploads"),
            objects=(Objects(("s3:DeleteObject", *_ABORT), _SHELVES),),
        ),
        wakes=_EVERY_QUEUE,
        looks_after_queues=True,
    ),
    "migrate": Rights(publishes=False),
}
