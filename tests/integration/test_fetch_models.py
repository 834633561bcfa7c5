"""`make models` against a hub on this machine, through the hub's own client."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from huggingface_hub import constants
from mammothbox.encoders.choose import available, calibration_file, open_encoder, preferred
from mammothbox.encoders.clip import FILES
from mammothbox.encoders.encoder import Encoder
from mammothbox.encoders.manifest import MANIFEST
from onnx import numpy_helper
from onnxruntime import InferenceSession

from models import fetch as fetching
from models.clip_source import download as downloading
from models.clip_source.inputs import pictures, texts
from models.clip_source.recipe import FetchError, Recipe, Source
from models.clip_source.shorten import shorten
from models.fetch import fetch
from tests.hub_server import COMMIT, PATHS, RECIPE, TINY, Hub, as_toml, serving, tiny_files

ROOT = Path(__file__).parents[2]
CHUNK = 10_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(tiny_files()) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        # Small enough for a tiny model to arrive in parts; a second between tries is too long.
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
        monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
        yield hub


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models as a clone has it: the builtin one."""
    shutil.copytree(ROOT / "models/builtin", tmp_path / "builtin")
    return tmp_path


def uncalibrated(encoder: Encoder) -> str:
    return f"# {encoder.space.name}\n"


def make(models: Path, recipe: Recipe = RECIPE) -> str:
    return fetch(recipe, models, 1, uncalibrated).space().name


@pytest.mark.prove
def test_the_whole_way_as_a_user_goes_it(hub: Hub, models: Path) -> None:
    recipe = models / "tiny.toml"
    recipe.write_text(as_toml(RECIPE))

    done = _run(models, recipe, hub.url)

    assert done.returncode == 0, done.stderr
    space = preferred(models)
    assert space.name.startswith("clip-tiny-") and space.name in done.stdout
    assert f'space = "{space.name}"' in calibration_file(models, space).read_text()
    vectors = open_encoder(models, space.name, 1).embed_images(pictures())
    references = np.load(TINY / "references.npz")["images"]
    assert (vectors * references).sum(axis=1).min() >= 0.99


def test_without_a_network_one_line_says_what_to_do_and_nothing_changes(models: Path) -> None:
    recipe = models / "tiny.toml"
    recipe.write_text(as_toml(RECIPE))
    before = preferred(models)

    # Nobody listens there.
    done = _run(models, recipe, "http://127.0.0.1:9")

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "the hub does not answer" in line and "`make models`" in line
    assert preferred(models) == before


def test_a_second_run_downloads_nothing_and_makes_the_same_space(hub: Hub, models: Path) -> None:
    first = make(models)
    hub.sent.clear()

    assert make(models) == first
    assert hub.sent == []


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub: Hub, models: Path) -> None:
    big = PATHS["text.onnx"]
    hub.cut = {big: 1}

    make(models)

    first, second = hub.starts_of(big)
    assert first == 0
    # What had arrived, in whole chunks of the client's.
    assert second == len(hub.files[big]) // 2 // CHUNK * CHUNK


def test_a_run_that_broke_keeps_whole_files(hub: Hub, models: Path) -> None:
    big = PATHS["text.onnx"]
    hub.cut = {big: 100}
    with pytest.raises(FetchError, match=r"textual/model\.onnx .* `make models` again"):
        make(models)
    assert preferred(models).name.startswith("builtin-")
    hub.cut = {}
    hub.sent.clear()

    make(models)

    assert hub.starts_of(big) == [0]
    assert hub.starts_of(PATHS["image.onnx"]) == []


def test_content_that_is_not_what_the_hub_published_is_refused(hub: Hub, models: Path) -> None:
    hub.tags = {PATHS["image.onnx"]: "0" * 64}

    with pytest.raises(FetchError, match=r"visual/model\.onnx is not the one the hub says"):
        make(models)

    assert available(models)[0].name.startswith("builtin-")


def test_content_that_changed_since_the_first_download_is_refused(hub: Hub, models: Path) -> None:
    first = make(models)
    path = PATHS["tokenizer.json"]
    (models / ".download/test--tiny-clip" / path).write_text("{}")
    hub.files[path] = hub.files[path] + b" "

    with pytest.raises(FetchError, match=r"tokenizer\.json has the sha256 .* and should have"):
        make(models)

    assert preferred(models).name == first


def test_a_hash_in_the_recipe_is_checked(hub: Hub, models: Path) -> None:
    right = hashlib.sha256((TINY / "text.onnx").read_bytes()).hexdigest()
    make(models, _with_hash("text.onnx", right))

    with pytest.raises(FetchError, match="should have 0000"):
        make(models, _with_hash("text.onnx", "0" * 64))


def test_a_broken_download_on_disk_is_fetched_again(hub: Hub, models: Path) -> None:
    first = make(models)
    kept = models / ".download/test--tiny-clip" / PATHS["image.onnx"]
    kept.write_bytes(kept.read_bytes()[:1000])

    assert make(models) == first


def test_what_the_hub_does_not_have_is_named(hub: Hub, models: Path) -> None:
    del hub.files["config.json"]

    with pytest.raises(FetchError, match=r"has no config\.json of test/tiny-clip"):
        make(models)


def test_a_refusal_of_the_hub_is_told(hub: Hub, models: Path) -> None:
    hub.status = 403

    with pytest.raises(FetchError, match=r"The hub refused .* 403"):
        make(models)


def test_a_download_that_is_no_model_is_told(hub: Hub, models: Path) -> None:
    hub.files[PATHS["image.onnx"]] = b"<html>" * 2000

    with pytest.raises(FetchError, match="holds no CLIP model that works here"):
        make(models)

    assert not (models / "clip").exists()


def test_another_dimension_than_announced_is_refused(hub: Hub, models: Path) -> None:
    with pytest.raises(FetchError, match=r"32 dimensions .* says 512"):
        make(models, RECIPE.model_copy(update={"dimension": 512}))


def test_too_little_space_is_told_before_anything_is_downloaded(hub: Hub, models: Path) -> None:
    with pytest.raises(FetchError, match="MB left"):
        make(models, RECIPE.model_copy(update={"needed_mb": 10**9}))

    assert hub.asked == []


def test_a_disk_that_fills_up_leaves_what_was_there(
    hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make(models)

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "quantise", full)
    (models / "tiny.toml").write_text(as_toml(RECIPE))
    arguments = ["fetch", "--models", str(models), "--manifest", str(models / "tiny.toml")]
    monkeypatch.setattr(sys, "argv", arguments)

    with pytest.raises(SystemExit, match=r"The disk is full. .*make models"):
        fetching.main()

    assert preferred(models).name == first
    assert not (models / ".download/new").exists()


def test_a_tower_that_int8_moves_too_far_stays_float32(
    hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "_LEAST_COSINE", 0.999)

    make(models)

    assert "text.onnx: stays float32" in capsys.readouterr().out
    shorten(TINY / "text.onnx", models / "expected.onnx")
    assert (models / "clip/text.onnx").read_bytes() == (models / "expected.onnx").read_bytes()
    assert (models / "clip/image.onnx").read_bytes() != (TINY / "image.onnx").read_bytes()


def test_a_text_takes_as_long_as_it_is(hub: Hub, models: Path) -> None:
    name = make(models)

    [text] = InferenceSession(models / "clip/text.onnx").get_inputs()
    assert text.shape == ["batch", "tokens"]
    vectors = open_encoder(models, name, 1).embed_texts(texts())
    references = np.load(TINY / "references.npz")["texts"]
    assert (vectors * references).sum(axis=1).min() >= 0.99


def _another(source: Path, target: Path) -> None:
    model = onnx.load(source)
    for tensor in model.graph.initializer:
        if tensor.name == "_model.text_projection.int8":
            turned = numpy_helper.to_array(tensor)[::-1].copy()
            tensor.CopyFrom(numpy_helper.from_array(turned, tensor.name))
    onnx.save(model, target)


def _none(source: Path, target: Path) -> None:
    target.write_bytes(b"no model")


@pytest.mark.parametrize("shortened", [_another, _none])
def test_a_text_tower_that_cannot_be_shortened_stays_as_long(
    hub: Hub,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shortened: Callable[[Path, Path], None],
) -> None:
    usual = make(models)
    monkeypatch.setattr(fetching, "shorten", shortened)

    name = make(models)

    # Vectors that are the same need not be made anew.
    assert name == usual
    [text] = InferenceSession(models / "clip/text.onnx").get_inputs()
    assert text.shape == ["batch", 77]

    assert "texts take as long as its authors made it" in capsys.readouterr().out
    vectors = open_encoder(models, name, 1).embed_texts(texts())
    references = np.load(TINY / "references.npz")["texts"]
    assert (vectors * references).sum(axis=1).min() >= 0.99
    assert {file.name for file in (models / "clip").iterdir()} == {
        *FILES, MANIFEST, "calibration.toml",
    }  # fmt: skip


def test_the_manifest_tells_what_was_installed(hub: Hub, models: Path) -> None:
    make(models)

    manifest = json.loads((models / "clip" / MANIFEST).read_text())
    for name, sha256 in manifest["files"].items():
        content = (models / "clip" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert len(content) == manifest["sizes"][name]


def test_a_lock_that_cannot_be_read_is_told(hub: Hub, models: Path) -> None:
    make(models)
    (models / ".download/test--tiny-clip" / downloading.LOCK).write_text("{")

    with pytest.raises(FetchError, match="Delete it"):
        make(models)


def test_a_recipe_that_makes_no_sense_is_told(hub: Hub, models: Path) -> None:
    broken = models / "broken.toml"
    broken.write_text(as_toml(RECIPE).replace(COMMIT, "main"))

    done = _run(models, broken, hub.url)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "revision" in line and "Correct it" in line


def _with_hash(name: str, sha256: str) -> Recipe:
    files = {**RECIPE.files, name: Source(path=PATHS[name], sha256=sha256)}
    return RECIPE.model_copy(update={"files": files})


def _run(models: Path, recipe: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "models.fetch", "--threads", "1"),
            *("--models", str(models), "--manifest", str(recipe)),
        ],
        cwd=ROOT,
        env={**os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
