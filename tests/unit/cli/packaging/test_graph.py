from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from cli.packaging.graph import Ending, canonical, name_inputs
from cli.packaging.onnx_session import OnnxSession
from serin.protocol import Datatype
from tests.unit.cli.packaging.sources import graph_of

X = {"x": np.array([[1.0], [2.0]], dtype="float32")}


def doubled() -> onnx.ModelProto:
    """``y`` is ``x`` and ``x`` again; ``z`` is something that nobody wants."""
    two = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
    unused = helper.make_tensor("three", TensorProto.FLOAT, [1], [3.0])
    nodes = [helper.make_node("Mul", ["x", "two"], ["y"]), helper.make_node("Mul", ["x", "three"], ["z"])]
    return graph_of(nodes, ["x"], ["y", "z"], [two, unused])


def test_only_what_the_outputs_need_is_kept() -> None:
    made = onnx.load_from_string(canonical(doubled(), ["y"], "doubled"))
    assert [node.op_type for node in made.graph.node] == ["Mul"]
    assert [weight.name for weight in made.graph.initializer] == ["two"]
    assert [output.name for output in made.graph.output] == ["y"]
    assert made.graph.name == "doubled"


def test_what_exporters_note_for_people_changes_no_byte() -> None:
    noted = doubled()
    noted.producer_name, noted.producer_version, noted.doc_string = "exporter", "1.2", "made on a Monday"
    noted.graph.doc_string = noted.graph.node[0].doc_string = noted.graph.input[0].doc_string = "note"
    noted.metadata_props.add(key="at", value="noon")
    noted.graph.node[0].metadata_props.add(key="line", value="7")
    noted.graph.initializer[0].doc_string = "weights"
    noted.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    assert canonical(noted, ["y"], "g") == canonical(doubled(), ["y"], "g")


def test_the_first_axis_is_the_batch() -> None:
    made = onnx.load_from_string(canonical(doubled(), ["y"], "g"))
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert made.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_what_a_branch_reads_is_kept() -> None:
    yes = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["a"])], "yes", [], [value("a")])
    no = helper.make_graph([helper.make_node("Identity", ["x"], ["b"])], "no", [], [value("b")])
    constants = [
        helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0]),
        helper.make_tensor("always", TensorProto.BOOL, [], [True]),
    ]
    branch = helper.make_node("If", ["always"], ["y"], then_branch=yes, else_branch=no)
    session = OnnxSession(canonical(graph_of([branch], ["x"], ["y"], constants), ["y"], "g"))
    assert session.run(X)["y"].tolist() == [[2], [4]]


def value(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1])


def test_the_locale_of_a_normalizer_is_one_that_images_have() -> None:
    node = helper.make_node("StringNormalizer", ["t"], ["u"], locale="de_DE", case_change_action="LOWER")
    texts = [helper.make_tensor_value_info(name, TensorProto.STRING, ["n"]) for name in "tu"]
    model = helper.make_model(helper.make_graph([node], "g", texts[:1], texts[1:]))
    (kept,) = onnx.load_from_string(canonical(model, ["u"], "g")).graph.node
    locales = [attribute.s for attribute in kept.attribute if attribute.name == "locale"]
    assert locales == [b"C.UTF-8"]


def test_an_ending_is_put_after_the_model_and_takes_its_outputs_name() -> None:
    model = doubled()
    ending = Ending(model, "y")
    one = ending.constant("one", [1.0], Datatype.FP32, [1])
    assert ending.constant("one", [1.0], Datatype.FP32, [1]) == one
    more = ending.node("Add", ["converted_y", one], "more")
    ending.cast(ending.reshaped(more, "flat", [-1]), "y", Datatype.FP64)
    ending.promise("y", Datatype.FP64, (-1,))
    session = OnnxSession(canonical(model, ["y"], "g"))
    assert session.outputs[0].shape == (-1,)
    answer = session.run(X)["y"]
    assert (answer.dtype, answer.tolist()) == (np.float64, [3, 5])


def test_inputs_get_names_that_stand_for_something_else_in_the_model() -> None:
    nodes = [
        helper.make_node("Add", ["a", "a"], ["b c"]),
        helper.make_node("Add", ["b c", "b_c"], ["inner.b c"]),
        helper.make_node("Identity", ["inner.b c"], ["y"]),
    ]
    model = graph_of(nodes, ["a", "b_c"], ["y"])
    name_inputs(model, ["b c", "a"])
    session = OnnxSession(canonical(model, ["y"], "g"))
    assert [tensor.name for tensor in session.inputs] == ["b c", "a"]
    assert session.run({"b c": X["x"], "a": 10 * X["x"]})["y"].tolist() == [[12], [24]]
