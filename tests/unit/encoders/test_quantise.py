"""Matrices in int8: nearly the same results, which nothing beside a row can change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mammothbox.encoders.onnx import open_session
from onnx import numpy_helper

from models.clip_source.quantise import quantise

WIDTH = 64
WORDS = 300
OPSETS = (13, 17, 18, 21)


def model(body: str, opset: int) -> onnx.ModelProto:
    """A model of these lines, with random weights: `table`, `matrix`, `square` and `bias`."""
    lines = (
        f'<ir_version: 8, opset_import: ["": {opset}]> net'
        f" (int64[count] ids, float[count, {WIDTH}] rows) => (float[count, wide] out) {{ {body} }}"
    )
    made = onnx.parser.parse_model(lines)
    random = np.random.default_rng(3)
    shapes = {
        "table": (WORDS, WIDTH),
        "matrix": (WIDTH, 2 * WIDTH),
        "square": (WIDTH, WIDTH),
        "bias": (WIDTH,),
    }
    made.graph.initializer.extend(
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in shapes.items()
    )
    return made


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    return Compare(tmp_path)


class Compare:
    """Runs a model as it is and in int8."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.small = folder / "whole.onnx", folder / "small.onnx"

    def quantise(self, body: str, opset: int = 17) -> None:
        onnx.save(model(body, opset), self.whole)
        quantise(self.whole, self.small)

    def run(self, file: Path, ids: list[int], rows: np.ndarray) -> np.ndarray:
        given = {"ids": np.array(ids, np.int64), "rows": rows.astype(np.float32)}
        session = open_session(file, threads=1)
        taken = {each.name for each in session.get_inputs()}
        out: np.ndarray = session.run(None, {key: given[key] for key in taken})[0]
        return out


def some_rows(count: int) -> np.ndarray:
    return np.random.default_rng(count).standard_normal((count, WIDTH))


def least_cosine(one: np.ndarray, other: np.ndarray) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).min())


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(
    "body",
    [
        "out = MatMul(rows, matrix)",
        "out = Gemm(rows, square, bias)",
        "out = Gemm <transB = 1> (rows, square, bias)",
        "out = Gather(table, ids)",
        "found = Gather(table, ids) sum = Add(found, rows) out = MatMul(sum, square)",
    ],
)
def test_results_stay_near_at_a_quarter_of_the_size(
    compare: Compare, body: str, opset: int
) -> None:
    compare.quantise(body, opset)

    near = [compare.run(file, [5, 299, 0], some_rows(3)) for file in (compare.whole, compare.small)]

    assert least_cosine(*near) > 0.999
    assert compare.small.stat().st_size < compare.whole.stat().st_size / 2


@pytest.mark.parametrize(
    "body",
    [
        "out = Gemm <alpha = 2.0> (rows, square, bias)",
        "out = Gemm <beta = 0.5> (rows, square, bias)",
        "out = MatMul(rows, rows)",
        "out = Gather <axis = 1> (square, ids)",
    ],
)
def test_what_is_no_plain_product_with_weights_stays_as_it_is(compare: Compare, body: str) -> None:
    compare.quantise(body)
    ids, rows = list(range(WIDTH)), some_rows(WIDTH)

    assert (compare.run(compare.whole, ids, rows) == compare.run(compare.small, ids, rows)).all()


def test_weights_used_twice_are_kept_once(compare: Compare) -> None:
    compare.quantise("first = MatMul(rows, square) out = MatMul(first, square)")

    assert compare.small.stat().st_size < 2 * WIDTH * WIDTH
    near = [compare.run(file, [], some_rows(3)) for file in (compare.whole, compare.small)]
    assert least_cosine(*near) > 0.999


def test_weights_used_in_two_ways_are_right_in_both(compare: Compare) -> None:
    compare.quantise(
        "found = Gather(square, ids) turned = Gemm <transB = 1> (rows, square)"
        " straight = MatMul(rows, square) out = Sum(found, turned, straight)"
    )

    near = [compare.run(file, [9, 0, 4], some_rows(3)) for file in (compare.whole, compare.small)]
    assert least_cosine(*near) > 0.999


def test_a_row_of_zeros_gives_zeros(compare: Compare) -> None:
    compare.quantise("out = MatMul(rows, matrix)")

    assert not compare.run(compare.small, [], np.zeros((1, WIDTH))).any()


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_row_gives_the_same_whatever_is_beside_it(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[float], seed: int
) -> None:
    compare = Compare(tmp_path_factory.mktemp("rows"))
    compare.quantise("out = Gemm(rows, square, bias)")
    rows = np.random.default_rng(seed).standard_normal((len(sizes), WIDTH))
    rows *= np.array(sizes)[:, None]

    together = compare.run(compare.small, [], rows)
    alone = np.concatenate([compare.run(compare.small, [], row[None]) for row in rows])

    assert (together == alone).all()
