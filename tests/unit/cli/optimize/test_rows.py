from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cli.optimize.rows import data_rows, golden_rows, is_batched
from cli.outcome import CommandError
from cli.packaging.sample import MOST_COMPARED
from cli.packaging.source import SourceRefused
from serin.errors import ModelFolderError
from serin.golden import GoldenCase, read_golden
from serin.model_folder import load_manifest
from serin.protocol import Datatype
from tests.sample_models import MODELS
from tests.small_models.catalogue import FLOWER, PAIR, SCALAR, SHOP
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import tensor
from tests.small_models.iris import FEATURES, flowers, perceptron

DIGITS = load_manifest(MODELS / "digits" / "model.yaml")


def write(folder: Path, text: str) -> Path:
    file = folder / "rows.csv"
    file.write_text(text)
    return file


# --- Golden cases ---------------------------------------------------------------------------------------------


def test_golden_instances_are_what_the_model_gets() -> None:
    cases = [GoldenCase(instance=instance, prediction=due) for instance, due in SHOP.golden]
    rows = golden_rows(SHOP.manifest(), cases, Path("golden.jsonl"))
    assert len(rows) == 2
    assert {name: values.tolist()[0] for name, values in rows.tensors.items()}["city"] in ("Rome", ["Rome"])
    assert np.isnan(np.ravel(rows.tensors["age"])[1])


def test_without_rows_there_is_nothing_to_compare() -> None:
    with pytest.raises(CommandError, match="has no golden cases to compare answers on; give --data"):
        golden_rows(DIGITS, [], Path("golden.jsonl"))


def test_an_instance_of_another_model_is_told_by_its_line() -> None:
    with pytest.raises(ModelFolderError, match=r"golden.jsonl: line 1: "):
        golden_rows(DIGITS, [GoldenCase(instance={"pixels": []}, prediction={})], Path("golden.jsonl"))


def test_the_golden_rows_of_a_sample_go_into_one_batch() -> None:
    rows = golden_rows(DIGITS, read_golden(MODELS / "digits" / "golden.jsonl"), Path("golden.jsonl"))
    assert rows.tensors["image"].shape == (24, 8, 8)


# --- Data files -----------------------------------------------------------------------------------------------


def test_a_table_is_packed_by_features_and_its_target_kept(data: Path) -> None:
    rows = data_rows(perceptron().manifest(), data, "species")
    np.testing.assert_array_equal(rows.tensors["features"], flowers()[list(FEATURES)].to_numpy(np.float32))
    assert rows.target is not None
    assert rows.target[0] == "setosa"
    assert rows.origin == "flowers.csv"


def test_missing_values_are_filled_and_rows_without_a_demanded_one_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, "petal length,sepal length,y\n1,,a\n,2,b\n3,4,c\n")
    rows = data_rows(FLOWER.manifest(), file, "y")
    assert rows.tensors["X"].tolist() == [[1, 4], [3, 4]]
    assert list(rows.target if rows.target is not None else []) == ["a", "c"]


def test_of_many_rows_some_are_taken_all_over_the_file(tmp_path: Path) -> None:
    numbers = np.arange(25_000) / 2500
    lines = "\n".join(f"{number},1" for number in numbers)
    rows = data_rows(FLOWER.manifest(), write(tmp_path, f"petal length,sepal length\n{lines}\n"), None)
    taken = rows.tensors["X"][:, 0]
    assert len(rows) == MOST_COMPARED
    assert taken[0] == 0
    assert taken[-1] == pytest.approx(numbers[-1])
    assert (np.diff(taken) > 0).all()


def test_a_rare_label_is_among_the_rows_that_are_taken(tmp_path: Path) -> None:
    lines = "\n".join(f"1,2,{'rose' if place == 12_345 else 'tulip'}" for place in range(25_000))
    rows = data_rows(FLOWER.manifest(), write(tmp_path, f"petal length,sepal length,kind\n{lines}\n"), "kind")
    assert rows.target is not None
    assert "rose" in rows.target


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("petal length\n1\n", "has no column 'sepal length', which is a feature of flower"),
        ("petal length,sepal length\n,1\n", "no row has all features that flower demands"),
        ("petal length,sepal length\nlong,1\n", "holds what the model's inputs cannot take"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=said):
        data_rows(FLOWER.manifest(), write(tmp_path, text), None)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"pixels": np.zeros((2, 8, 8))}, "has no array 'image', which is an input of the model"),
        ({"image": np.zeros((2, 64))}, r"array 'image' is \[2, 64\], not \[-1, 8, 8\]"),
        ({"image": np.zeros((2, 8, 9))}, r"array 'image' is \[2, 8, 9\], not \[-1, 8, 8\]"),
        ({"image": np.full((2, 8, 8), "ink")}, "array 'image' holds .*, not FP32"),
    ],
)
def test_arrays_that_do_not_fit_are_one_line(arrays: dict[str, np.ndarray], said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", **arrays)  # type: ignore[arg-type]  # numpy's own keyword would be a bool
    with pytest.raises(SourceRefused, match=said):
        data_rows(DIGITS, tmp_path / "rows.npz", None)


def test_a_table_is_nothing_for_a_model_of_tensors(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"digits takes an \.npz of arrays by input"):
        data_rows(DIGITS, write(tmp_path, "a\n1\n"), None)


# --- Batches --------------------------------------------------------------------------------------------------


def test_rows_need_an_axis() -> None:
    assert is_batched(PAIR.manifest())
    one = tensor("x", Datatype.FP32, 1, 3)
    assert not is_batched(
        SmallModel(name="one", artifact=b"", inputs=(one,), outputs=(tensor("y", Datatype.FP32, 1),)).manifest()
    )
    with pytest.raises(CommandError, match=r"scalar: only models whose inputs and outputs all begin with a batch axis"):
        is_batched(SCALAR.manifest())
