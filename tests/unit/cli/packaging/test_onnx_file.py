from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper

from cli.packaging.features import columns_of
from cli.packaging.rows import DataFile, Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources import onnx_file
from cli.packaging.sources.onnx_file import OnnxFile, from_file
from cli.packaging.subject import held_out, subject_of
from serin.errors import ModelFolderError
from serin.manifest import Classification, Regression
from tests.integration.admission.hostile import STATIC, Hostile
from tests.unit.cli.packaging.sources import graph_of

ADD = graph_of([helper.make_node("Add", ["a", "b"], ["y"])], ["a", "b"], ["y"])
WIDE = graph_of([helper.make_node("Softmax", ["x"], ["p"])], ["x"], ["p"], width=2)
PAIR = graph_of([helper.make_node("Add", ["a", "b"], ["y"])], ["a", "b"], ["y"], width=2)
TABLE = pd.DataFrame({"c": [7.0, 8.0], "b": [3.0, 4.0], "a": [1.0, 2.0]})


def source_of(model: onnx.ModelProto) -> OnnxFile:
    return OnnxFile(model.SerializeToString())


def data_of(rows: Rows) -> DataFile:
    return DataFile(name="data", sha256="0" * 64, rows=rows)


def single(**values: Any) -> dict[str, Any]:
    return {name: np.asarray(value, dtype="float32") for name, value in values.items()}


@pytest.mark.parametrize("hostile", STATIC[::6], ids=lambda hostile: hostile.name)
def test_what_may_not_be_served_is_not_even_opened(
    hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(onnx_file, "open_first", opened)
    (tmp_path / "m.onnx").write_bytes(hostile.artifact)
    with pytest.raises(SourceRefused) as refusal:
        from_file(tmp_path / "m.onnx")
    assert refusal.value.message.startswith(f"{tmp_path}/m.onnx: {hostile.rule}: ")


def test_a_model_is_opened_here_only_after_another_process_has_opened_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(file: Path) -> None:
        raise ModelFolderError(str(file), None, "opening it ended the process with SIGSEGV")

    monkeypatch.setattr(onnx_file, "open_first", died)
    (tmp_path / "m.onnx").write_bytes(ADD.SerializeToString())
    with pytest.raises(SourceRefused, match=r"m\.onnx: opening it ended the process with SIGSEGV$"):
        from_file(tmp_path / "m.onnx")


def test_a_model_without_an_axis_for_rows_is_refused(tmp_path: Path) -> None:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(ADD)
    fixed.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 4
    (tmp_path / "m.onnx").write_bytes(fixed.SerializeToString())
    with pytest.raises(SourceRefused, match=r"input 'b' is \[4, 1\], with no open axis for the rows"):
        from_file(tmp_path / "m.onnx")


def test_columns_go_into_the_inputs_of_their_names_and_others_are_left_out() -> None:
    subject = subject_of(source_of(ADD), data_of(Rows(table=TABLE)), ())
    assert [column.name for column in subject.columns] == ["a", "b"]
    assert held_out(subject, Rows(table=TABLE)).answers.outputs["y"].tolist() == [[4], [6]]


def test_a_table_goes_into_one_wide_input_in_its_order() -> None:
    rows = Rows(table=TABLE[["b", "a"]], target=np.array(["no", "yes"]))
    subject = subject_of(source_of(WIDE), data_of(rows), ("y",))
    heldout = held_out(subject, rows)
    assert heldout.rows.tensors["x"].tolist() == [[3, 1], [4, 2]]
    assert heldout.prediction == Classification(scores="p", labels=("no", "yes"))


def test_arrays_go_in_by_name_and_others_are_left_out() -> None:
    tensors = single(a=[[1, 2]], b=[[3, 4]], other=[0])
    rows = Rows(tensors=tensors, target=np.array([1.5]))
    heldout = held_out(subject_of(source_of(PAIR), data_of(rows), ("t",)), rows)
    assert heldout.rows.tensors.keys() == {"a", "b"}
    assert heldout.answers.outputs["y"].tolist() == [[4, 6]]
    with pytest.raises(SourceRefused, match="an input 'b', and the data no array of this name"):
        held_out(subject_of(source_of(PAIR), data_of(rows), ()), Rows(tensors=single(a=[[1, 2]])))


def test_a_wide_input_takes_an_array_too() -> None:
    rows = Rows(tensors=single(x=[[0, 1], [2, 3]]), target=np.array([0, 1]))
    prediction = held_out(subject_of(source_of(WIDE), data_of(rows), ("t",)), rows).prediction
    assert prediction == Classification(scores="p", labels=("0", "1"))


def test_one_number_a_row_is_a_regression_where_the_target_is_one() -> None:
    rows = Rows(tensors=single(a=[[1], [2]], b=[[3], [4]]), target=np.array([0.5, 1.5]))
    assert held_out(subject_of(source_of(ADD), data_of(rows), ("t",)), rows).prediction == Regression(value="y")


@pytest.mark.parametrize(
    ("model", "rows", "said"),
    [
        (PAIR, Rows(tensors=single(a=[[1, 2]])), "an input 'b', and the data no array of this name"),
        (PAIR, Rows(tensors={**single(a=[[1, 2]]), "b": np.ones((1, 2))}), "array 'b' is FP64, the input FP32"),
        (PAIR, Rows(tensors={**single(a=[[1, 2]]), "b": np.array([1j])}), "array 'b' is of no known type"),
        (PAIR, Rows(tensors=single(a=[[1, 2]], b=[[1, 2, 3]])), "array 'b' is [1, 3], the input [-1, 2]"),
        (PAIR, Rows(tensors=single(a=[[1, 2]], b=[1])), "array 'b' is [1], the input [-1, 2]"),
        (PAIR, Rows(table=TABLE), "input 'a' of shape [-1, 2] takes no column of a table; give an .npz file"),
        (ADD, Rows(table=TABLE[["a"]]), "trained on column 'b', which is not there"),
        (ADD, Rows(table=TABLE.assign(b="x")), "column 'b' is string, and the input 'b' FP32"),
        (WIDE, Rows(table=TABLE), "has 3 columns and the model takes 2 features"),
    ],
)
def test_data_that_does_not_fit_is_refused_in_one_line(model: onnx.ModelProto, rows: Rows, said: str) -> None:
    with pytest.raises(SourceRefused) as refusal:
        subject_of(source_of(model), data_of(rows), ())
    assert said in refusal.value.message


@pytest.mark.parametrize(
    ("datatype", "values", "fits"),
    [
        (TensorProto.INT64, [1, 2], True),
        (TensorProto.INT32, [1, 2], True),
        (TensorProto.INT64, [1.5, 2], False),
        (TensorProto.DOUBLE, [1.5, 2], True),
        (TensorProto.STRING, ["a", "b"], True),
        (TensorProto.STRING, [1, 2], False),
        (TensorProto.BOOL, [True, False], True),
    ],
)
def test_a_columns_type_must_fit_its_inputs(datatype: int, values: Any, fits: bool) -> None:
    ends = [helper.make_tensor_value_info(name, datatype, ["n", 1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    rows = Rows(table=pd.DataFrame({"x": values}))
    assert rows.table is not None
    if not fits:
        with pytest.raises(SourceRefused, match="column 'x' is "):
            source_of(model).layout(columns_of(rows.table, None, None, "d"), rows)
        return
    subject = subject_of(source_of(model), data_of(rows), ())
    assert held_out(subject, rows).answers.outputs["y"].ravel().tolist() == values
