from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serin.admission.admit import read_model
from serin.admission.graph import Graph, Model
from serin.admission.onnx_format import read_onnx
from serin.admission.ort_format import read_ort
from serin.admission.rules import DIVISION_CHECK, GRAPH_CHECKS
from serin.admission.wire import Malformed
from serin.protocol import Datatype
from tests.integration.admission.hostile import chain, classifier, model_of, node
from tests.integration.admission.own_format import converted
from tests.properties import tried
from tests.small_models.catalogue import ALL, FLOWER, LOOP, SHOP
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import tensor

MANIFEST = FLOWER.manifest()


def outline(graph: Graph) -> object:
    return (
        {(node.operator, node.inputs, node.outputs) for node in graph.nodes},
        {(tensor.name, tensor.element_type, tensor.dims) for tensor in graph.constants},
        graph.inputs,
        graph.outputs,
    )


def problems(model: Model) -> set[str]:
    return {rule.name for rule, check in (*GRAPH_CHECKS, DIVISION_CHECK) for _ in check(model, MANIFEST)}


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_both_formats_of_a_model_are_read_alike(model: SmallModel, tmp_path: Path) -> None:
    ours, other = read_onnx(model.artifact), read_ort(converted(model.artifact, tmp_path))
    assert outline(ours.graph) == outline(other.graph)
    assert other.ir_version == ours.ir_version
    assert set(other.opsets) >= set(ours.opsets)
    assert sorted(node.operator for node in ours.nodes()) == sorted(node.operator for node in other.nodes())
    assert problems(other) == set()


@pytest.mark.parametrize("name", ["breast-cancer", "diabetes", "digits", "doctor-visits"])
def test_an_optimised_sample_model_passes(name: str, repository: Path, tmp_path: Path) -> None:
    artifact = (repository / "models" / name / "model.onnx").read_bytes()
    assert problems(read_model(converted(artifact, tmp_path, optimised=True), "ort")) == set()


def test_the_same_rules_hold(tmp_path: Path) -> None:
    # What ONNX Runtime opens; deeper, it dies.
    assert problems(read_ort(converted(model_of([chain(2000)]), tmp_path))) == {"trees"}
    label, scores = tensor("label", Datatype.INT64, -1), tensor("y", Datatype.FP32, -1, 2)
    unset = model_of([classifier(base_values=[0.5])], outputs=(label, scores))
    assert problems(read_ort(converted(unset, tmp_path))) == {"probabilities"}
    computed = [
        node("Cast", "x", "a", to=7),
        node("Neg", "a", "b"),
        node("Div", "a b", "c"),
        node("Cast", "c", "y", to=1),
    ]
    assert problems(read_ort(converted(model_of(computed), tmp_path))) == {"division"}


def test_nodes_are_put_into_the_order_in_which_they_run(tmp_path: Path) -> None:
    for model in (SHOP, LOOP):
        graph = read_ort(converted(model.artifact, tmp_path)).graph
        made = {value.name for value in graph.inputs} | {tensor.name for tensor in graph.constants}
        for step in graph.nodes:
            assert set(step.inputs) <= made
            made |= set(step.outputs)


# --- Whatever the bytes are -----------------------------------------------------------------------------------


def judged(data: bytes) -> None:
    try:
        problems(read_model(data, "ort"))
    except Malformed:
        return


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0\0ORTM", struct.pack("<I", 8) + b"ORTM" + bytes(16), struct.pack("<I", 2**31) + b"ORTM" + bytes(64)],
)
def test_offsets_that_lead_nowhere_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_model(data, "ort")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return [converted(model.artifact, tmp_path_factory.mktemp("ort")) for model in (FLOWER, SHOP, LOOP)]


@settings(tried, max_examples=600)
@given(data=st.data())
def test_a_file_with_some_bytes_changed_is_a_model_or_is_refused(data: st.DataObject, seeds: list[bytes]) -> None:
    changed = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(8, len(changed) - 9))
        if data.draw(st.booleans()):
            changed[position] = data.draw(st.integers(0, 255))
        else:
            struct.pack_into("<i", changed, position, data.draw(st.integers(-2000, 2000)))
    judged(bytes(changed))


@tried
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_model_or_are_refused(data: bytes) -> None:
    judged(data[:4] + b"ORTM" + data[4:])
