from __future__ import annotations

import pytest
from onnx import NodeProto, TensorProto, helper

from serin.admission.frames import empty_frames
from serin.admission.onnx_format import read_onnx
from tests.integration.admission.hostile import model_of, node, numbers, scalar

WINDOW = helper.make_tensor("window", TensorProto.FLOAT, [4], [1.0] * 4)
EMPTY = helper.make_tensor("window", TensorProto.FLOAT, [0], [])


def transform(*inputs: str) -> NodeProto:
    return helper.make_node("STFT", ["x", "step", *inputs], ["y"])


@pytest.mark.parametrize(
    ("inputs", "constants", "is_safe"),
    [
        (["", "length"], [scalar("length", 4)], True),
        (["", "length"], [scalar("length", 0)], False),
        (["", "length"], [scalar("length", -4)], False),
        (["", "length"], [numbers("length")], False),
        (["", "length"], [], False),
        (["window"], [WINDOW], True),
        (["window"], [EMPTY], False),
        (["window"], [], False),
        (["window", "length"], [WINDOW], True),
        (["window", "length"], [scalar("length", 4)], True),
        ([], [], False),
    ],
)
def test_frames_have_a_length_that_is_known(inputs: list[str], constants: list[TensorProto], is_safe: bool) -> None:
    problems = list(empty_frames(read_onnx(model_of([transform(*inputs)], scalar("step", 2), *constants))))
    assert (problems == []) == is_safe


def test_a_constant_node_is_as_good_as_a_constant() -> None:
    held = node("Constant", "", "length", value=scalar("v", 4))
    assert not list(empty_frames(read_onnx(model_of([held, transform("", "length")]))))
    computed = node("Neg", "length", "shorter")
    assert list(empty_frames(read_onnx(model_of([held, computed, transform("", "shorter")]))))
