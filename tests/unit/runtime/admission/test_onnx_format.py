from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from serin.admission.admit import read_model
from serin.admission.graph import Model, Tensor
from serin.admission.onnx_format import read_onnx
from serin.admission.rules import DIVISION_CHECK, GRAPH_CHECKS
from serin.admission.wire import Malformed
from tests.integration.admission.hostile import STATIC
from tests.properties import tried
from tests.small_models.catalogue import ALL, FLOWER, LOOP, SHOP
from tests.small_models.folder import SmallModel

MANIFEST = FLOWER.manifest()


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_a_model_is_read_as_the_standards_own_library_reads_it(model: SmallModel) -> None:
    theirs = ModelProto.FromString(model.artifact)
    ours = read_onnx(model.artifact)
    assert ours.ir_version == theirs.ir_version
    assert ours.opsets == tuple((entry.domain or "ai.onnx", entry.version) for entry in theirs.opset_import)
    assert [node.operator for node in ours.graph.nodes] == [f"ai.onnx.{node.op_type}" for node in theirs.graph.node]
    assert [node.inputs for node in ours.graph.nodes] == [tuple(node.input) for node in theirs.graph.node]
    assert [node.outputs for node in ours.graph.nodes] == [tuple(node.output) for node in theirs.graph.node]
    assert [tensor.name for tensor in ours.graph.constants] == [tensor.name for tensor in theirs.graph.initializer]
    for kind in ("input", "output"):
        assert [(value.name, value.element_type) for value in getattr(ours.graph, f"{kind}s")] == [
            (value.name, value.type.tensor_type.elem_type) for value in getattr(theirs.graph, kind)
        ]


def test_the_body_of_a_loop_is_among_the_graphs() -> None:
    model = read_onnx(LOOP.artifact)
    assert sorted(node.operator for node in model.nodes()) == ["ai.onnx.Add", "ai.onnx.Identity", "ai.onnx.Loop"]
    assert len(list(model.graphs())) == 2


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("element_type", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13])
def test_every_constant_has_the_elements_of_its_shape(element_type: int, raw: bool) -> None:
    array = np.ones((3, 2), dtype=helper.tensor_dtype_to_np_dtype(element_type))
    if raw:
        tensor = numpy_helper.from_array(array, "w")
    else:
        tensor = helper.make_tensor("w", element_type, (3, 2), array.ravel())
    found = constant(tensor)
    assert (found.name, found.element_type, found.dims) == ("w", element_type, (3, 2))
    assert found.count == (None if raw else 6)
    assert (found.data is not None) == raw
    graph = helper.make_graph([], "g", [], [], [tensor])
    assert not list(problems(read_onnx(helper.make_model(graph).SerializeToString()), "constants"))


def constant(tensor: TensorProto) -> Tensor:
    graph = helper.make_graph([], "g", [], [], [tensor])
    (found,) = read_onnx(helper.make_model(graph).SerializeToString()).tensors()
    return found


def problems(model: Model, rule: str | None = None) -> Iterator[str]:
    for known, check in (*GRAPH_CHECKS, DIVISION_CHECK):
        if rule in (None, known.name):
            yield from check(model, MANIFEST)


# --- Whatever the bytes are -----------------------------------------------------------------------------------


def judged(data: bytes) -> None:
    """Read and judged, or refused: nothing else may happen."""
    try:
        model = read_model(data, "onnx")
    except Malformed:
        return
    named = {known.name: list(check(model, MANIFEST)) for known, check in GRAPH_CHECKS}
    if not named["nodes"]:
        list(problems(model, "division"))


@tried
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_model_or_are_refused(data: bytes) -> None:
    judged(data)


SEEDS = [
    FLOWER.artifact,
    SHOP.artifact,
    LOOP.artifact,
    *(case.artifact for case in STATIC if len(case.artifact) < 4000),
]


@settings(tried, max_examples=600)
@given(st.data())
def test_a_model_with_some_bytes_changed_is_a_model_or_is_refused(data: st.DataObject) -> None:
    changed = bytearray(data.draw(st.sampled_from([seed for seed in SEEDS if seed])))
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(changed) - 1))
        change = data.draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        if change == "set":
            changed[position] = data.draw(st.integers(0, 255))
        elif change == "insert":
            changed[position:position] = data.draw(st.binary(max_size=12))
        elif change == "repeat":
            changed[position:position] = changed[position : position + data.draw(st.integers(0, 60))]
        elif len(changed) > 1:
            del changed[position : position + data.draw(st.integers(1, 20))]
        if not changed:
            return
    judged(bytes(changed))


def test_a_file_of_nothing_but_small_parts_is_given_up() -> None:
    inner = b"\x0a\x00" * 600_000  # nodes without anything in them
    size = bytes([len(inner) & 0x7F | 0x80, len(inner) >> 7 & 0x7F | 0x80, len(inner) >> 14])
    data = b"\x3a" + size + inner
    with pytest.raises(Malformed, match="more parts than are read"):
        read_onnx(data)
