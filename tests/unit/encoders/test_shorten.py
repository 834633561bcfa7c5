"""Towers of a fixed length made to take texts of any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from mammothbox.encoders import clip
from mammothbox.encoders.clip import TEXT_TOWER, TextTower, open_towers
from mammothbox.encoders.onnx import open_session
from onnx import numpy_helper
from onnxruntime import InferenceSession

from models.clip_source.inputs import texts
from models.clip_source.shorten import shorten

TINY = Path(__file__).parents[2] / "models/tiny_clip"
LENGTH, WIDTH = 7, 4
# How a graph may have the length: as a number alone, in a list, in a list that a node makes, and
# as the size of a table, in one axis and in two.
WAYS = {
    "number": "rows = Range (nought, seven, one) long = Cast <to = 1> (rows)"
    " each = Unsqueeze (long, second)"
    " seen = Mul (looked_up, each)",
    "list": "seen = Reshape (looked_up, shape)",
    "node": "all = Constant <value = int64[1] {7}> () wide = Constant <value = int64[1] {4}> ()"
    " any = Constant <value = int64[1] {-1}> () parts = Concat <axis = 0> (any, all, wide)"
    " seen = Reshape (looked_up, parts)",
    "positions": "seen = Add (looked_up, positions)",
    "mask": "seen = MatMul (mask, looked_up)",
}
OPSETS = (13, 17, 21)


def tower(way: str, opset: int, file: Path) -> Path:
    """Looks tokens up and goes on in one of these ways."""
    made = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["": {opset}]> net'
        f" (int64[batch, {LENGTH}] text) => (float[batch, {LENGTH}, {WIDTH}] out)"
        f" {{ looked_up = Gather (table, text) {WAYS[way]} out = Identity (seen) }}"
    )
    random = np.random.default_rng(4)
    constants = {
        "table": random.standard_normal((20, WIDTH)).astype(np.float32),
        "positions": random.standard_normal((LENGTH, WIDTH)).astype(np.float32),
        "mask": np.tril(random.standard_normal((1, LENGTH, LENGTH))).astype(np.float32),
        "shape": np.array([-1, LENGTH, WIDTH]),
        "nought": np.array(0),
        "one": np.array(1),
        "second": np.array([1]),
        "seven": np.array(LENGTH),
    }
    made.graph.initializer.extend(
        numpy_helper.from_array(values, name)
        for name, values in constants.items()
        if name == "table" or name in WAYS[way]
    )
    onnx.save(made, file)
    return file


def run(file: Path, tokens: np.ndarray) -> np.ndarray:
    [out] = open_session(file, threads=1).run(None, {"text": tokens})
    return np.asarray(out)


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("way", WAYS)
def test_the_beginning_of_a_text_comes_out_as_before(tmp_path: Path, way: str, opset: int) -> None:
    whole = tower(way, opset, tmp_path / "whole.onnx")
    tokens = np.random.default_rng(5).integers(0, 20, (3, LENGTH))

    shorten(whole, tmp_path / "short.onnx")

    expected = run(whole, tokens)
    for length in range(1, LENGTH + 1):
        assert run(tmp_path / "short.onnx", tokens[:, :length]) == pytest.approx(
            expected[:, :length], abs=1e-6
        )


def test_open_clips_vectors_come_of_the_tokens_that_there_are(tmp_path: Path) -> None:
    _images, whole = open_towers(TINY, threads=1)
    shorten(TINY / TEXT_TOWER, tmp_path / TEXT_TOWER)
    short = TextTower(tmp_path / TEXT_TOWER, whole.tokenizer, whole.context_length, 1)

    with np.load(TINY / "references.npz") as file:
        theirs = file["texts"]

    assert (short.embed(texts()) * theirs).sum(axis=1).min() >= 0.99999


def test_a_text_takes_no_more_tokens_than_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _images, whole = open_towers(TINY, threads=1)
    shorten(TINY / TEXT_TOWER, tmp_path / TEXT_TOWER)
    short = TextTower(tmp_path / TEXT_TOWER, whole.tokenizer, whole.context_length, 1)
    [letters] = short.tokens(["a b c"])
    given: list[tuple[int, ...]] = []

    def looked_at(_session: InferenceSession, rows: np.ndarray) -> np.ndarray:
        given.append(rows.shape)
        return np.ones((len(rows), 1))

    monkeypatch.setattr(clip, "_unit", looked_at)

    short.embed(["a b c", "d", "a b c"])
    whole.embed(["a b c"])

    # A beginning, three letters and an end; and what stands behind that is nothing.
    assert given == [(2, 5), (1, 3), (1, len(letters))]


def test_a_tower_that_takes_any_length_is_left_alone(tmp_path: Path) -> None:
    shorten(TINY / TEXT_TOWER, tmp_path / "short.onnx")

    with pytest.raises(ValueError, match="does not say how many"):
        shorten(tmp_path / "short.onnx", tmp_path / "shorter.onnx")

    assert not (tmp_path / "shorter.onnx").exists()
