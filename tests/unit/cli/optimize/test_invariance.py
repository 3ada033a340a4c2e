from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper

from cli.optimize.invariance import batch_invariance
from cli.packaging.onnx_session import OnnxSession
from serin.protocol import Datatype
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import graph, serialized, tensor
from tests.small_models.iris import FEATURES, flowers, perceptron

X, Y = tensor("x", Datatype.FP32, -1, 2), tensor("y", Datatype.FP32, -1, 2)


def small(*nodes: tuple[str, list[str], list[str]]) -> SmallModel:
    made = [helper.make_node(kind, read, written) for kind, read, written in nodes]
    artifact = serialized(graph(made, [X], [Y], [numpy_helper.from_array(np.array(1e6, np.float32), "million")]))
    return SmallModel(name="small", artifact=artifact, inputs=(X,), outputs=(Y,))


QUANTISED = small(
    ("DynamicQuantizeLinear", ["x"], ["steps", "scale", "zero"]),
    ("DequantizeLinear", ["steps", "scale", "zero"], ["y"]),
)
"""Rounds to 256 steps between the lowest and the highest number of the whole batch."""


def found(model: SmallModel, rows: np.ndarray) -> str:
    return batch_invariance(OnnxSession(model.artifact), {"x": rows.astype(np.float32)}, model.manifest())


def test_what_does_not_look_at_other_rows_gives_the_same_bits() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 2))
    assert found(small(("Neg", ["x"], ["y"])), rows) == "exact"


def test_one_outlier_changes_the_answers_of_all_other_rows() -> None:
    rows = np.full((50, 2), 0.3)
    assert found(QUANTISED, rows) == "exact"
    rows[17] = 1e6
    assert found(QUANTISED, rows) == "varies"


def test_an_outlier_among_many_rows_is_asked_too() -> None:
    rows = np.full((3001, 2), 0.3)
    rows[1234] = -1e6
    assert found(QUANTISED, rows) == "varies"


def test_missing_numbers_are_the_same_as_themselves() -> None:
    rows = np.full((5, 2), np.nan)
    assert found(small(("Neg", ["x"], ["y"])), rows) == "exact"


def test_last_bits_are_close_and_the_wider_tolerance_of_a_variant_is_no_excuse() -> None:
    close = small(
        ("ReduceMean", ["x", ""], ["mean"]), ("Div", ["mean", "million"], ["little"]), ("Add", ["x", "little"], ["y"])
    )
    rows = np.linspace(0, 1, 100).reshape(50, 2)
    assert found(close, rows) == "close"


@pytest.mark.parametrize("count", [1, 2])
def test_few_rows_are_compared_as_well(count: int) -> None:
    assert found(QUANTISED, np.zeros((count, 2))) == "exact"


def test_a_real_classifier_is_no_worse_than_its_last_bits() -> None:
    model = perceptron()
    rows = flowers()[list(FEATURES)].to_numpy(np.float32)
    result = batch_invariance(OnnxSession(model.artifact), {"features": rows}, model.manifest())
    assert result in {"exact", "close"}
