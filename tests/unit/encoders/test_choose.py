"""Which encoder is taken: the best that is whole, and always one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mammothbox.encoders.choose import available, calibration_file, open_encoder, preferred
from mammothbox.encoders.manifest import MANIFEST, Manifest
from mammothbox.errors import Retryable

MODELS = Path(__file__).parents[3] / "models"
TINY = MODELS.parent / "tests/models/tiny_clip"


def install(folder: Path, name: str, source: Path) -> Path:
    """A model whose files are those of `source`, under the name of `name`."""
    target = folder / name
    target.mkdir()
    files = {each.name: each.read_bytes() for each in source.iterdir() if each.is_file()}
    for each, content in files.items():
        (target / each).write_bytes(content)
    files.pop(MANIFEST, None)
    manifest = Manifest(
        prefix=f"{name}-tiny",
        model="tiny",
        dimension=32,
        weights_sha256="cd" * 32,
        files=dict.fromkeys(files, ""),
        sizes={each: len(content) for each, content in files.items()},
    )
    (target / MANIFEST).write_text(manifest.model_dump_json())
    return target


@pytest.fixture
def models(tmp_path: Path) -> Path:
    install(tmp_path, "clip", TINY)
    install(tmp_path, "builtin", TINY)
    return tmp_path


def names(folder: Path) -> list[str]:
    return [space.name for space in available(folder)]


def test_clip_is_preferred_then_the_builtin_then_the_histogram(models: Path) -> None:
    assert names(models) == ["clip-tiny-cdcdcdcd", "builtin-tiny-cdcdcdcd", "histogram"]
    assert preferred(models).name == "clip-tiny-cdcdcdcd"


def test_a_clone_has_the_builtin_one(tmp_path: Path) -> None:
    (tmp_path / "builtin").symlink_to(MODELS / "builtin")

    assert [name.partition("-")[0] for name in names(tmp_path)] == ["builtin", "histogram"]


def test_that_there_is_no_clip_is_not_worth_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "builtin").symlink_to(MODELS / "builtin")

    available(tmp_path)

    assert caplog.records == []


def test_without_any_model_there_is_the_histogram(tmp_path: Path) -> None:
    assert names(tmp_path) == ["histogram"]
    encoder = open_encoder(tmp_path, "histogram", 1)
    assert len(encoder.embed_images([np.zeros((9, 9, 3), np.uint8)])) == 1


def half(folder: Path) -> None:
    file = folder / "image.onnx"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def broken_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps({"model": "tiny"}))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (half, "image.onnx has"),
        (without_tokenizer, "tokenizer.json"),
        (without_manifest, MANIFEST),
        (broken_manifest, "dimension"),
    ],
)
def test_a_broken_model_is_passed_over_and_the_log_says_why(
    models: Path, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], None], said: str
) -> None:
    harm(models / "clip")

    assert preferred(models).name == "builtin-tiny-cdcdcdcd"

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(models / "clip") in record.getMessage() and said in record.getMessage()


def test_the_encoder_of_each_space_is_opened(models: Path) -> None:
    (models / "other").mkdir()
    (models / "other/builtin").symlink_to(MODELS / "builtin")
    builtin = preferred(models / "other")

    assert open_encoder(models, "clip-tiny-cdcdcdcd", 1).space == preferred(models)
    assert open_encoder(models / "other", builtin.name, 1).space == builtin


def test_a_space_whose_model_is_gone_is_to_be_tried_again_later(models: Path) -> None:
    without_tokenizer(models / "clip")

    with pytest.raises(Retryable) as refused:
        open_encoder(models, "clip-tiny-cdcdcdcd", 1)

    assert refused.value.code == "space_unavailable"


def test_a_calibration_lies_beside_its_model(models: Path) -> None:
    files = [calibration_file(models, space) for space in available(models)]

    assert [file.relative_to(models).parts for file in files] == [
        ("clip", "calibration.toml"),
        ("builtin", "calibration.toml"),
        ("histogram", "calibration.toml"),
    ]


def test_listing_spaces_loads_nothing_that_runs_models() -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from mammothbox.encoders.choose import available;"
        "available(Path('models'));"
        "print(*sorted({*sys.modules} & {'onnxruntime', 'tokenizers', 'ftfy'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=MODELS.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
