"""Synthesising a context with packages that stand in for the real ones."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import App

from infra.aws import app as cloud
from infra.aws.deployables import Deployables
from infra.aws.settings import CDK_JSON, Settings, Told, read
from infra.topology import API, JANITOR, MIGRATE, SEARCH, WORKERS

TOLD = Told(base_digest=f"sha256:{'0' * 64}", database_url="postgresql://{role}@db.example/mammoth")
EVERY_FUNCTION = [API.name, SEARCH.name, JANITOR.name, MIGRATE.name, *(w.name for w in WORKERS)]


def synthesise(name: str, folder: Path, *, judged: bool = False) -> None:
    """Write the context's templates to `folder`; `judged` by cdk-nag, it raises what that finds."""
    settings = read(name)
    app = App(context=json.loads(CDK_JSON.read_text("utf-8"))["context"], outdir=str(folder))
    cloud.build(app, name, settings, TOLD, stand_ins(settings, folder.parent))
    if judged:
        cloud.judge(app)
    app.synth()


def stand_ins(settings: Settings, folder: Path) -> Deployables:
    zipped, image = folder / "zip", folder / "image"
    (image / "functions").mkdir(parents=True, exist_ok=True)
    (image / "functions" / "Dockerfile").write_text("FROM scratch\n")
    zipped.mkdir(exist_ok=True)
    (zipped / "code.py").write_text("")
    if settings.package == "zip":
        return Deployables(zips=dict.fromkeys(EVERY_FUNCTION, zipped))
    return Deployables(layer=zipped, zips={API.name: zipped}, image=image)
