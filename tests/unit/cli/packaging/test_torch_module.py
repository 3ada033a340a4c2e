from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits
from torch import nn
from torch.export import Dim

from cli.packaging.features import columns_of
from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources import opening
from cli.packaging.sources.torch_export import quiet
from cli.packaging.sources.torch_function import TorchFunction
from cli.packaging.sources.torch_module import from_file, from_object
from serin.manifest import Classification, Regression, Tensors
from serin.protocol import Datatype
from tests.small_models.torch_modules import Bessel, Branching, Digits, Encoder, Looping, Spectrum, Squeezed, TwoHeads
from tests.unit.cli.packaging.converted import Converted, converted, cut_short, plain

RANDOM = np.random.default_rng(0)
X = Rows(tensors={"x": RANDOM.normal(size=(20, 4))})


def source_of(model: object) -> TorchFunction:
    source = from_object(model)
    assert source is not None
    return source


def digits() -> Rows:
    data = load_digits()
    return Rows(tensors={"image": data.images[:200, None] / 16}, target=data.target[:200])


def tokens(rows: int, length: int) -> Rows:
    mask = np.arange(length) < RANDOM.integers(1, length + 1, size=(rows, 1))
    target = np.array(["bad", "good", "so-so"], dtype=object)[np.arange(rows) % 3]
    return Rows(tensors={"ids": RANDOM.integers(0, 50, size=(rows, length)), "mask": mask}, target=target)


def program(module: nn.Module, *args: torch.Tensor, **options: Any) -> torch.export.ExportedProgram:
    with quiet():
        return torch.export.export(module.eval(), args, **options)


def saved(model: object, file: Path) -> Path:
    with quiet():
        torch.export.save(model, file) if file.suffix == ".pt2" else torch.save(model, file)  # type: ignore[arg-type]
    return file


@pytest.fixture(scope="module")
def image_model() -> Converted:
    torch.manual_seed(0)
    return converted(source_of(Digits()), digits())


@pytest.fixture(scope="module")
def encoder_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    axes = {0: Dim("rows", max=5), 1: Dim("length", max=64)}
    some = tokens(3, 6).tensors
    given = program(
        Encoder(),
        torch.from_numpy(some["ids"]),
        torch.from_numpy(some["mask"]),
        dynamic_shapes={"ids": axes, "mask": axes},
    )
    return saved(given, tmp_path_factory.mktemp("encoder") / "encoder.pt2")


@pytest.fixture(scope="module")
def encoder(encoder_file: Path) -> Converted:
    return converted(from_file(encoder_file), tokens(30, 6))


# --- Models that are served -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 7, 200])
def test_a_convolutional_network_answers_the_same_in_any_batch(image_model: Converted, rows: int) -> None:
    assert image_model.apart(digits().take(range(rows))) < 1e-5


def test_a_module_takes_arrays_by_its_parameters_names_in_its_own_precision(image_model: Converted) -> None:
    (tensor,) = image_model.layout.inputs
    assert (tensor.name, tensor.datatype, tensor.shape) == ("image", Datatype.FP32, (-1, 1, 8, 8))
    assert image_model.source.tensor_names == ("image",)
    assert image_model.prediction == Classification(scores="output", labels=tuple("0123456789"), activation="softmax")


@pytest.mark.parametrize("length", [1, 2, 6, 40])
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_transformer_answers_the_same_at_any_length(encoder: Converted, rows: int, length: int) -> None:
    assert encoder.apart(tokens(rows, length)) < 1e-5


def test_an_exported_program_says_which_axes_are_open(encoder: Converted) -> None:
    assert [(t.name, t.datatype, t.shape) for t in encoder.layout.inputs] == [
        ("ids", Datatype.INT64, (-1, -1)),
        ("mask", Datatype.BOOL, (-1, -1)),
    ]
    assert encoder.prediction == Classification(scores="output", labels=("bad", "good", "so-so"), activation="softmax")


def test_open_axes_are_called_by_where_they_come_in(encoder: Converted) -> None:
    graph = encoder.model.graph
    axes = [[axis.dim_param for axis in each.type.tensor_type.shape.dim] for each in [*graph.input, *graph.output]]
    assert axes == [["batch", "ids_1"], ["batch", "ids_1"], ["batch", ""]]


def test_a_table_goes_into_a_module_as_one_input() -> None:
    data = load_diabetes(as_frame=True)
    rows = Rows(table=data.data, target=data.target.to_numpy())
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))
    made = converted(source_of(model), rows, columns_of(data.data, None, None, "data.csv"))
    (tensor,) = made.layout.inputs
    assert (tensor.name, tensor.datatype, tensor.shape) == ("features", Datatype.FP32, (-1, 10))
    assert made.layout.columns == {"features": tuple(data.data.columns)}
    assert made.prediction == Regression(value="output")
    assert made.apart(rows) < 1e-5
    assert made.apart(rows.take([5])) < 1e-5


def test_a_table_goes_into_an_exported_program_too_and_has_its_width() -> None:
    given = program(nn.Linear(4, 2), torch.zeros(3, 4), dynamic_shapes=({0: Dim("rows")},))
    table = pd.DataFrame(X.tensors["x"], columns=list("abcd"))
    rows = Rows(table=table, target=np.arange(20) % 2 == 0)
    source = source_of(given)
    assert source.feature_count == 4
    made = converted(source, rows, columns_of(table, None, 4, "data.csv"))
    assert made.prediction == Classification(scores="output", labels=("False", "True"), activation="softmax")
    assert made.apart(rows) < 1e-5


def test_several_outputs_keep_their_names_and_optional_inputs_may_be_left_out() -> None:
    made = converted(source_of(TwoHeads()), X)
    assert [tensor.name for tensor in made.session.outputs] == ["hidden", "largest"]
    assert [tensor.name for tensor in made.layout.inputs] == ["x"]
    assert made.prediction == Tensors()
    assert made.apart(X) < 1e-5


def test_optional_inputs_are_taken_where_the_data_has_them() -> None:
    rows = Rows(tensors={"scale": np.full((20, 6), 3), **X.tensors})
    made = converted(source_of(TwoHeads()), rows)
    assert [(t.name, t.datatype) for t in made.layout.inputs] == [("x", Datatype.FP32), ("scale", Datatype.INT64)]
    assert made.apart(rows) < 1e-5


def test_a_module_in_double_precision_stays_in_it() -> None:
    made = converted(source_of(nn.Linear(4, 2).double()), Rows(tensors={"input": X.tensors["x"]}))
    assert made.layout.inputs[0].datatype is Datatype.FP64
    assert made.apart(Rows(tensors={"input": X.tensors["x"]})) < 1e-12


def test_dropout_is_off(image_model: Converted) -> None:
    first, second = (image_model.source.answer(digits()).outputs["output"] for _ in range(2))
    assert np.array_equal(first, second)


def test_the_same_module_gives_the_same_bytes(image_model: Converted, encoder: Converted, encoder_file: Path) -> None:
    torch.manual_seed(0)
    assert plain(converted(source_of(Digits()), digits()).model) == plain(image_model.model)
    assert plain(converted(from_file(encoder_file), tokens(4, 9)).model) == plain(encoder.model)


def test_whole_modules_open_from_files_and_pickles(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)).train()
    rows = Rows(tensors={"input": X.tensors["x"]}, target=np.arange(20) % 3)
    due = source_of(model).answer(rows).outputs["output"]
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(model))
    for file in (saved(model, tmp_path / "net.pt"), saved(model, tmp_path / "net.pth"), tmp_path / "net.pkl"):
        source = opening.open_source(file, trust=lambda why: True)
        assert np.array_equal(source.answer(rows).outputs["output"], due)
    assert source_of(model).prediction(rows) == Classification(scores="output", labels=("0", "1", "2"))


def test_converting_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    converted(source_of(nn.Linear(4, 2)), Rows(tensors={"input": X.tensors["x"]}))
    with pytest.raises(SourceRefused):
        converted(source_of(Branching()), X)
    assert capfd.readouterr() == ("", "")


# --- Models that are refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (Squeezed(), "output 'output' is [] for 1 rows; its first axis has to be the rows, for a single row too"),
        (Looping(), "it works for one number of rows only; take the number from the input, x.shape[0]"),
        (Branching(), r"(torch_modules.py, line 71): what it does next depends on the values in a tensor"),
        (Bessel(), "the operator prims.bessel_j0 has no counterpart; compute it another way"),
        (Spectrum(), "output 'output' is torch.complex64, which no answer can carry; return float32"),
        (nn.Linear(5, 2), "the module's forward() takes input, and the data's arrays are x; name them alike"),
        (nn.LSTM(4, 2), "the module's forward() takes input, hx, and the data's arrays are x; name them alike"),
        (nn.Linear(4, 2).to(torch.bfloat16), "the model computes in torch.bfloat16; save it in single precision"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_module_that_cannot_be_served_is_refused_in_one_line(model: nn.Module, line: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        converted(source_of(model), X)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("returned", "line"),
    [("text", "returns str as 'output'"), ((), "returns nothing"), ({"a": [1]}, "returns list as 'a'")],
)
def test_only_tensors_are_answers(returned: object, line: str) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> object:
            return returned

    with pytest.raises(SourceRefused) as refused:
        source_of(Odd()).layout((), X)
    assert line in str(refused.value)


def test_data_that_does_not_fit_is_refused(encoder_file: Path) -> None:
    source = from_file(encoder_file)
    good = tokens(3, 6).tensors
    for other, line in (
        ({"mask": good["mask"][:, :, None]}, "array 'mask' is [3, 6, 1], and the model takes [-1, -1]"),
        ({"mask": good["mask"] * 1.5}, "array 'mask' is float64, and the model takes bool"),
        ({"mask": good["mask"].astype(str)}, "the model takes numbers and booleans alone"),
        ({"more": good["mask"]}, "takes ids, mask, and the data's arrays are ids, mask, more"),
    ):
        with pytest.raises(SourceRefused) as refused:
            source.layout((), Rows(tensors={**good, **other}))
        assert line in str(refused.value)


def test_a_table_is_refused_where_it_does_not_fit(encoder_file: Path) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    columns = columns_of(table, None, None, "data.csv")
    with pytest.raises(SourceRefused, match="takes 2 tensors, ids, mask, and a table is one"):
        from_file(encoder_file).layout(columns, Rows(table=table))
    with pytest.raises(SourceRefused, match="column 'b' holds text"):
        source_of(nn.Linear(2, 1)).layout(columns, Rows(table=table))
    numbers = columns_of(table[["a"]], None, None, "data.csv")
    with pytest.raises(SourceRefused, match="takes FP16; a table goes into FP32 or FP64"):
        source_of(nn.Linear(1, 1).half()).layout(numbers, Rows(table=table[["a"]]))
    with pytest.raises(SourceRefused, match="does not answer these rows: mat1 and mat2 shapes cannot be multiplied"):
        source_of(nn.Linear(2, 1)).layout(numbers, Rows(table=table[["a"]]))


def test_a_program_for_one_number_of_rows_is_refused() -> None:
    with pytest.raises(SourceRefused, match=r"takes \[3, 4\] as 'input', so one number of rows only; .*Dim\('batch'\)"):
        from_object(program(nn.Linear(4, 2), torch.zeros(3, 4)))


def test_weights_alone_are_refused(tmp_path: Path) -> None:
    weights = nn.Linear(4, 2).state_dict()
    for held in (weights, {"epoch": 3, "model": weights}):
        with pytest.raises(
            SourceRefused, match=r"weights \(a state_dict or checkpoint\) without their module; save it"
        ):
            from_file(saved(held, tmp_path / "weights.pt"))
    with pytest.raises(SourceRefused, match="holds no module"):
        from_file(saved([1, 2], tmp_path / "list.pt"))


def test_torchscript_is_refused(tmp_path: Path) -> None:
    with quiet():
        torch.jit.save(torch.jit.script(nn.Linear(4, 2)), tmp_path / "script.pt")
    with pytest.raises(SourceRefused, match="holds TorchScript"):
        from_file(tmp_path / "script.pt")


def test_damaged_files_are_refused_in_one_line(tmp_path: Path, encoder_file: Path) -> None:
    module = saved(nn.Linear(4, 2), tmp_path / "whole.pt")
    text = tmp_path / "text.pt"
    text.write_text("hello " * 50)
    text.with_suffix(".pt2").write_text("hello " * 50)
    for file in (
        cut_short(module, tmp_path / "half.pt"),
        cut_short(encoder_file, tmp_path / "half.pt2"),
        text,
        text.with_suffix(".pt2"),
    ):
        with pytest.raises(SourceRefused) as refused:
            from_file(file)
        assert str(refused.value).startswith(f"{file}: cannot be opened as a saved ")
        assert str(refused.value).endswith("it is cut short, damaged or something else")


def test_a_module_whose_class_is_not_there_is_refused_with_a_way_out(tmp_path: Path) -> None:
    file = saved(Squeezed(), tmp_path / "net.pt")
    file.write_bytes(file.read_bytes().replace(b"Squeezed", b"Squashed"))
    with pytest.raises(SourceRefused, match=r"its class is not found .*Squashed.*PYTHONPATH, or torch.export.save"):
        from_file(file)


@pytest.mark.parametrize("name", ["net.pt2", "net.pt", "net.pth"])
def test_no_file_is_opened_without_trust(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(SourceRefused, match="is not opened; --trust opens it"):
        opening.open_source(tmp_path / name, trust=lambda why: False)
