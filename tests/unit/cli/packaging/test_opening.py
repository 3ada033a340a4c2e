from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LinearRegression
from skops import io

from cli.packaging.source import SourceRefused
from cli.packaging.sources import SUFFIXES, open_source

MINOR = ".".join(sklearn.__version__.split(".")[:2])
MODEL = LinearRegression().fit(np.arange(6).reshape(3, 2), [1, 2, 3])


def saved_by(version: str) -> bytes:
    """How a pickle says which scikit-learn made it."""
    return b"_sklearn_version\x94\x8c" + bytes([len(version)]) + version.encode()


class Calls:
    """What a pickle may do: anything. This one leaves a file behind."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("model.joblib", lambda file: joblib.dump(MODEL, file)),
        ("model.pkl", lambda file: file.write_bytes(pickle.dumps(MODEL))),
        ("model.PICKLE", lambda file: file.write_bytes(pickle.dumps(MODEL))),
        ("model.skops", lambda file: io.dump(MODEL, file)),
    ],
)
def test_an_estimator_is_opened_from_every_format_that_holds_objects(
    name: str, save: Callable[[Path], object], tmp_path: Path
) -> None:
    save(tmp_path / name)
    source = open_source(tmp_path / name, trust=lambda _: name != "model.skops")
    assert source.framework.startswith("scikit-learn ")
    assert source.feature_count == 2


def test_nothing_in_a_pickle_runs_before_someone_trusts_it(tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps(Calls(mark)))
    asked: list[str] = []

    def refuse(why: str) -> bool:
        asked.append(why)
        return False

    with pytest.raises(
        SourceRefused, match=r"model\.pkl: is not opened; --trust opens it, and runs what code it holds"
    ):
        open_source(file, trust=refuse)
    assert "can run any code when it is opened" in asked[0]
    assert not mark.exists()


def test_a_skops_file_of_unknown_types_is_not_opened(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    io.dump({"model": MODEL, "calls": Calls(mark)}, tmp_path / "model.skops")
    with pytest.raises(SourceRefused, match=r"holds types that skops does not know to be safe: .*Calls"):
        open_source(tmp_path / "model.skops", trust=lambda _: True)
    assert not mark.exists()


@pytest.mark.parametrize(("saved", "opens"), [(f"{MINOR}.99", True), (f"{MINOR}9.1", False), ("0.9.1", False)])
def test_an_estimator_of_another_minor_version_is_refused_with_both_versions(
    saved: str, opens: bool, tmp_path: Path
) -> None:
    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps(MODEL).replace(saved_by(sklearn.__version__), saved_by(saved), 1))
    if opens:
        assert open_source(file, trust=lambda _: True).feature_count == 2
        return
    with pytest.raises(SourceRefused, match=rf"saved by scikit-learn {re.escape(saved)}, and this is .*pip install"):
        open_source(file, trust=lambda _: True)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.bin", b"x", "unknown kind of model; expected a file ending in .onnx, "),
        ("model", b"x", "unknown kind of model"),
        ("model.pkl", None, "is not there"),
        ("model.pkl", b"", "is empty"),
        ("model.pkl", cut(pickle.dumps(MODEL)), "cannot be opened, it may be cut short or damaged"),
        ("model.joblib", cut(pickle.dumps(MODEL)), "cannot be opened, it may be cut short or damaged"),
        ("model.skops", b"no archive", "cannot be opened, it may be cut short or damaged (BadZipFile"),
        ("model.pkl", b"cno_such_package\nThing\n.", "needs the package 'no_such_package'"),
        ("model.pkl", pickle.dumps({"a": 1}), "holds a builtins.dict, no estimator"),
        ("model.pkl", pickle.dumps(LinearRegression), "holds a abc.ABCMeta, no estimator"),
        ("model.pkl", pickle.dumps(LinearRegression()), "the LinearRegression is not fitted; save it after fit()"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_line(
    name: str, content: bytes | None, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceRefused) as refusal:
        open_source(tmp_path / name, trust=lambda _: True)
    assert said in refusal.value.message


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(SourceRefused, match="is no file"):
        open_source(tmp_path / "model.onnx", trust=lambda _: True)
    assert ".onnx" in SUFFIXES
