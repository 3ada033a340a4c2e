from __future__ import annotations

import pytest
from onnx import NodeProto, TensorProto, helper

from serin.admission.lengths import empty_frames, empty_sequences
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


# --- Sequences ------------------------------------------------------------------------------------------------


def recurrent(kind: str, *before: NodeProto) -> bytes:
    """A recurrent node that reads ``s``, which ``before`` makes of ``x``."""
    return model_of([*before, node(kind, "s w r", "y", hidden_size=1)])


def cut(axis: int) -> list[NodeProto]:
    """``s`` is ``x`` without its first step along ``axis``."""
    held = [node("Constant", "", name, value_ints=[value]) for name, value in (("a", 1), ("b", 9))]
    return [*held, node("Constant", "", "axes", value=numbers("v", axis)), node("Slice", "x a b axes", "s")]


PICKED = [node("Compress", "x which", "p", axis=0), node("Relu", "p", "s")]
WHOLE = [node("Transpose", "x", "t", perm=[1, 0, 2]), node("Relu", "t", "s")]


@pytest.mark.parametrize(
    ("kind", "before", "is_safe"),
    [
        ("GRU", WHOLE, True),
        ("LSTM", WHOLE, True),
        ("GRU", PICKED, False),
        ("LSTM", PICKED, False),
        ("RNN", PICKED, True),
        ("GRU", cut(0), False),
        ("GRU", cut(1), False),
        ("GRU", cut(2), True),
        ("GRU", cut(-1), True),
        ("LSTM", cut(0), True),
    ],
)
def test_sequences_are_not_shortened_to_nothing(kind: str, before: list[NodeProto], is_safe: bool) -> None:
    assert (list(empty_sequences(read_onnx(recurrent(kind, *before)))) == []) == is_safe


def test_a_graph_that_leads_in_a_circle_comes_to_an_end() -> None:
    circle = [node("Relu", "t", "s"), node("Relu", "s", "t")]
    assert list(empty_sequences(read_onnx(recurrent("GRU", *circle)))) == []
