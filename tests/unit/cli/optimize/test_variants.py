from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from cli.optimize.variants import Kind, NotMade, make
from serin.admission import refuse_artifact
from serin.engine import EngineOptions, Session
from serin.model_folder import load_manifest
from tests.sample_models import MODELS
from tests.small_models.iris import FEATURES, flowers, perceptron

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:onnx.*")

DIGITS = (MODELS / "digits" / "model.onnx").read_bytes()


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    file = tmp_path / "calibration.npz"
    rows = flowers()[list(FEATURES)].to_numpy(np.float32)
    np.savez(file, **{"input.features": rows})
    return file


def kinds_of_nodes(artifact: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_model_from_string(artifact).graph.node}


@pytest.mark.parametrize("kind", ["graph", "int8", "int8-static", "fp16"])
def test_a_variant_has_the_signature_of_the_model_and_is_admitted(kind: Kind, calibration: Path) -> None:
    model = perceptron()
    made = make(kind, model.artifact, "x86_64", calibration, batched=True)
    session = Session.load(made, EngineOptions())
    assert (session.inputs, session.outputs) == (model.inputs, model.outputs)
    refuse_artifact(Path("model.onnx"), made, model.manifest())


@pytest.mark.parametrize("kind", ["graph", "int8", "int8-static", "fp16"])
def test_the_same_model_gives_the_same_bytes(kind: Kind, calibration: Path) -> None:
    first, second = (make(kind, perceptron().artifact, "x86_64", calibration, batched=True) for _ in range(2))
    assert first == second


def test_the_model_as_it_is_is_itself() -> None:
    assert make("present", b"any", "x86_64", None, batched=True) == b"any"


def test_dynamic_quantisation_finds_ranges_in_each_run() -> None:
    assert kinds_of_nodes(make("int8", DIGITS, "x86_64", None, batched=True)) >= {
        "DynamicQuantizeLinear",
        "ConvInteger",
        "MatMulInteger",
    }


def test_static_quantisation_holds_the_ranges_and_leaves_the_answer_in_floats(calibration: Path) -> None:
    made = make("int8-static", perceptron().artifact, "x86_64", calibration, batched=True)
    assert "DynamicQuantizeLinear" not in kinds_of_nodes(made)
    assert "QuantizeLinear" in kinds_of_nodes(made)
    graph = onnx.load_model_from_string(made).graph
    written_by = {name: node.op_type for node in graph.node for name in node.output}
    assert written_by["probabilities"] != "DequantizeLinear"


def test_half_precision_is_inside_alone() -> None:
    graph = onnx.load_model_from_string(make("fp16", DIGITS, "x86_64", None, batched=True)).graph
    assert {weight.data_type for weight in graph.initializer} >= {onnx.TensorProto.FLOAT16}
    ends = [*graph.input, *graph.output]
    assert {value.type.tensor_type.elem_type for value in ends} == {onnx.TensorProto.FLOAT}


def weights(artifact: bytes) -> Iterator[np.ndarray]:
    for weight in onnx.load_model_from_string(artifact).graph.initializer:
        if weight.data_type == onnx.TensorProto.INT8 and weight.dims:
            yield onnx.numpy_helper.to_array(weight).astype(int)


def test_weights_keep_a_bit_free_where_sums_could_overflow() -> None:
    on_intel = make("int8", perceptron().artifact, "x86_64", None, batched=True)
    on_arm = make("int8", perceptron().artifact, "arm64", None, batched=True)
    assert max(abs(one).max() for one in weights(on_intel)) <= 64
    assert max(abs(one).max() for one in weights(on_arm)) > 64


@pytest.mark.parametrize("kind", ["int8", "int8-static", "fp16"])
@pytest.mark.parametrize("name", ["diabetes", "breast-cancer", "doctor-visits"])
def test_trees_and_linear_models_have_no_variant_with_fewer_digits(kind: Kind, name: str) -> None:
    artifact = (MODELS / name / load_manifest(MODELS / name / "model.yaml").artifact.file).read_bytes()
    with pytest.raises(NotMade, match="no product of matrices"):
        make(kind, artifact, "x86_64", None, batched=True)


def test_a_product_of_two_inputs_has_nothing_to_quantise() -> None:
    value = onnx.helper.make_tensor_value_info
    square = [None, 2, 2]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["a", "b"], ["c"])],
        "graph",
        [value("a", onnx.TensorProto.FLOAT, square), value("b", onnx.TensorProto.FLOAT, square)],
        [value("c", onnx.TensorProto.FLOAT, square)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    with pytest.raises(NotMade, match="constant weights"):
        make("int8", model.SerializeToString(), "x86_64", None, batched=True)


def test_operator_sets_that_nothing_uses_are_not_named() -> None:
    made = onnx.load_model_from_string(make("graph", DIGITS, "x86_64", None, batched=True))
    assert sorted(opset.domain for opset in made.opset_import) == ["", "com.microsoft"]
