from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.packaging.rows import Rows, read_data
from cli.packaging.source import SourceRefused

TABLE = pd.DataFrame({"age": [30, 41], "city": ["Århus", "Cádiz"], "paid": [True, False]})


def test_a_csv_and_a_parquet_file_give_the_same_rows(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "data.csv", index=False)
    TABLE.to_parquet(tmp_path / "data.parquet")
    for name in ("data.csv", "data.parquet"):
        data = read_data(tmp_path / name, ["paid"])
        assert data.name == name
        assert len(data.sha256) == 64
        assert data.rows.table is not None
        assert data.rows.table.to_dict("list") == {"age": [30, 41], "city": ["Århus", "Cádiz"]}
        assert data.rows.target is not None
        assert data.rows.target.tolist() == [True, False]


def test_numbers_of_a_csv_are_read_to_their_last_bit(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=1000)
    pd.DataFrame({"x": numbers}).to_csv(tmp_path / "data.csv", index=False)
    table = read_data(tmp_path / "data.csv").rows.table
    assert table is not None
    assert np.array_equal(table["x"].to_numpy(), numbers)


def test_several_targets_are_columns(tmp_path: Path) -> None:
    TABLE.assign(weight=[60.5, 71]).to_parquet(tmp_path / "data.parquet")
    target = read_data(tmp_path / "data.parquet", ["age", "weight"]).rows.target
    assert target is not None
    assert target.tolist() == [[30, 60.5], [41, 71]]


def test_arrays_are_read_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", image=np.zeros((3, 2, 2)), label=np.array([1, 0, 1]))
    rows = read_data(tmp_path / "data.npz", ["label"]).rows
    assert {name: values.shape for name, values in rows.tensors.items()} == {"image": (3, 2, 2)}
    assert rows.target is not None
    assert len(rows) == 3


def test_rows_are_taken_with_their_targets() -> None:
    rows = Rows(table=TABLE, tensors={"x": np.arange(2)}, target=np.array(["a", "b"])).take([1, 0, 1])
    assert rows.table is not None
    assert rows.table["age"].tolist() == [41, 30, 41]
    assert rows.tensors["x"].tolist() == [1, 0, 1]
    assert rows.target is not None
    assert rows.target.tolist() == ["b", "a", "b"]


def written(text: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(text)


def arrays(**values: object) -> Callable[[Path], object]:
    return lambda file: np.savez(file, **values)  # type: ignore[arg-type]


def one_array(file: Path) -> None:
    with file.open("wb") as opened:
        np.save(opened, np.zeros(3))


@pytest.mark.parametrize(
    ("name", "write", "target", "said"),
    [
        ("data.xlsx", written(b"x"), (), "expected a file ending in .csv, .parquet or .npz"),
        ("data.csv", None, (), "cannot be read (No such file or directory)"),
        ("data.csv", written(b""), (), "cannot be read as csv"),
        ("data.csv", written(b"a,b\n"), (), "holds no row"),
        ("data.csv", written(b'a,b\n1,2\n1,2,3\n"'), (), "cannot be read as csv"),
        ("data.csv", written(b"a\n\xff\xfe\n"), (), "cannot be read as csv"),
        ("data.parquet", written(b"a,b\n1,2\n"), (), "cannot be read as parquet"),
        ("data.parquet", written(b""), (), "cannot be read as parquet"),
        ("data.csv", written(b"age,city\n1,x\n"), ("aeg",), "has no column 'aeg'; did you mean 'age'?"),
        ("data.csv", written(b"age,city\n1,x\n"), ("zzz",), "has no column 'zzz'; it has age, city"),
        ("data.csv", written(b"age,city\n1,\n2,x\n"), ("city",), "target 'city' has no value in 1 rows"),
        ("data.npz", written(b"no archive"), (), "is no .npz file of plain arrays"),
        ("data.npz", one_array, (), "is no .npz file of plain arrays"),
        ("data.npz", arrays(x=np.array([{}], dtype=object)), (), "is no .npz file of plain arrays"),
        ("data.npz", arrays(), (), "holds no row"),
        ("data.npz", arrays(x=np.float32(1)), (), "holds no row"),
        ("data.npz", arrays(x=np.zeros((0, 2))), (), "holds no row"),
        ("data.npz", arrays(x=np.zeros(2), y=np.zeros(3)), (), "differ in their number of rows: x has 2, y has 3"),
        ("data.npz", arrays(y=np.zeros(3)), ("y",), "holds the target and nothing to predict it from"),
        ("data.npz", arrays(label=np.zeros(3)), ("lable",), "has no array 'lable'; did you mean 'label'?"),
    ],
)
def test_data_that_cannot_be_read_is_refused_in_one_line(
    name: str, write: Callable[[Path], object] | None, target: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    if write is not None:
        write(tmp_path / name)
    with pytest.raises(SourceRefused) as refusal:
        read_data(tmp_path / name, target)
    assert refusal.value.message.startswith(f"{tmp_path / name}: ")
    assert said in refusal.value.message
