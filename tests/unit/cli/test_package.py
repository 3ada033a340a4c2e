from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from cli.main import run
from cli.outcome import ExitCode
from serin.manifest import MissingFill
from serin.model_folder import load_model_folder

FLOWERS = load_iris(as_frame=True)
FEATURES = FLOWERS.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
SPECIES = FLOWERS.target.map(dict(enumerate(map(str, FLOWERS.target_names)))).rename("species")
LINEAR = LogisticRegression(max_iter=1000).fit(FEATURES, SPECIES)
TABLE = FEATURES.join(SPECIES)


class Bench:
    """A folder with a model and its data, and the command run in it."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.models = place / "models"
        self._capsys = capsys
        self.save(LINEAR)
        TABLE.to_csv(place / "data.csv", index=False)

    def save(self, model: object, name: str = "model.joblib") -> None:
        joblib.dump(model, self.place / name)

    def data(self, table: pd.DataFrame, name: str = "data.csv") -> None:
        table.to_csv(self.place / name, index=False)

    def run(self, *options: str, source: str = "model.joblib", data: str = "data.csv", name: str = "iris") -> int:
        given = [str(self.place / source), "--name", name, "--data", str(self.place / data), *options]
        return run(["package", *given, "--models", str(self.models)])

    def package(self, *options: str, **places: str) -> str:
        """What the command prints when all is well."""
        code = self.run("--trust", *options, **places)
        told = self._capsys.readouterr()
        assert code == ExitCode.OK, told.err
        return told.out

    def refusal(self, *options: str, code: ExitCode = ExitCode.REFUSED, **places: str) -> str:
        """The last line on stderr of a command that refuses; the models folder is as it was."""
        before = content(self.models)
        assert self.run(*options, **places) == code
        told = self._capsys.readouterr()
        assert told.out == ""
        assert content(self.models) == before
        *rows, last = told.err.splitlines()
        assert all(row.startswith(("row ", "edge row ")) for row in rows)
        assert last.startswith("serin: ")
        return last.removeprefix("serin: ").replace(f"{self.place}/", "")


def content(folder: Path) -> dict[str, bytes] | None:
    if not folder.exists():
        return None
    return {str(file.relative_to(folder)): file.read_bytes() if file.is_file() else b"" for file in folder.rglob("*")}


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


# --- What is printed and written ------------------------------------------------------------------------------


def test_a_model_is_packaged_and_what_came_of_it_is_told(bench: Bench) -> None:
    told = bench.package("--target", "species")
    assert told.startswith(f"{bench.models}/iris: version 1.0.0, 4 features, classification\n")
    assert "labels: 100.0000% alike" in told
    assert {file.name for file in (bench.models / "iris").iterdir()} == {
        "model.onnx",
        "model.yaml",
        "model.lock.json",
        "golden.jsonl",
        "baseline.json",
    }
    assert load_model_folder(bench.models / "iris").lock.parity is not None


def test_the_same_command_again_changes_no_byte(bench: Bench) -> None:
    bench.package("--target", "species")
    before = content(bench.models)
    bench.package("--target", "species")
    assert content(bench.models) == before


def edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "model.yaml"
    document = yaml.safe_load(file.read_text())
    change(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    assert run(["lock", folder.name, "--models", str(folder.parent)]) == ExitCode.OK


def test_what_a_person_wrote_stays_and_another_graph_is_the_next_minor_version(bench: Bench) -> None:
    bench.package("--target", "species")
    folder = bench.models / "iris"

    def change(document: dict[str, Any]) -> None:
        document["title"] = "Kind of an iris"
        document["features"][0] |= {"unit": "cm", "description": "Length of a sepal", "range": [1, 20]}
        document["serving"] = {"memory_mb": 256}
        document["outputs"][0]["tolerance"] = {"absolute": 0.001, "relative": 0.0}

    edited(folder, change)
    (folder / "README.md").write_text("# Iris\n")
    bench.save(LogisticRegression(C=0.1, max_iter=1000).fit(FEATURES, SPECIES))
    bench.package("--target", "species")
    manifest = load_model_folder(folder).manifest
    assert (manifest.version, manifest.title, manifest.serving.memory_mb) == ("1.1.0", "Kind of an iris", 256)
    feature = manifest.features[0]
    assert (feature.unit, feature.description, feature.range) == ("cm", "Length of a sepal", (1, 20))
    assert manifest.outputs[0].tolerance.absolute == 0.001
    assert (folder / "README.md").read_text() == "# Iris\n"


def test_other_inputs_are_the_next_major_version_and_cannot_be_a_minor_one(bench: Bench) -> None:
    bench.package("--target", "species")
    fewer = FEATURES.drop(columns="petal_width")
    bench.save(LogisticRegression(max_iter=1000).fit(fewer, SPECIES))
    refusal = bench.refusal("--trust", "--target", "species", "--version", "1.1.0")
    assert "major version" in refusal
    bench.package("--target", "species")
    assert load_model_folder(bench.models / "iris").manifest.version == "2.0.0"


def test_a_persons_threshold_stays_and_golden_cases_obey_it(bench: Bench) -> None:
    cells = load_breast_cancer(as_frame=True)
    features = cells.data.iloc[:, :5].rename(columns=lambda name: name.replace(" ", "_"))
    bench.save(make_pipeline(StandardScaler(), LogisticRegression()).fit(features, cells.target))
    bench.data(features.assign(benign=cells.target))
    bench.package("--target", "benign")
    edited_threshold: Callable[[dict[str, Any]], None] = lambda d: d["prediction"].update(threshold=0.3)  # noqa: E731
    folder = bench.models / "iris"
    (folder / "golden.jsonl").unlink()
    edited(folder, edited_threshold)
    bench.package("--target", "benign")
    assert load_model_folder(folder).manifest.prediction.threshold == 0.3  # type: ignore[union-attr]
    for line in (folder / "golden.jsonl").read_text().splitlines():
        prediction = json.loads(line)["prediction"]
        assert prediction["label"] == ("1" if prediction["probabilities"]["1"] >= 0.3 else "0")


def test_rows_held_out_give_metrics_and_golden_cases(bench: Bench) -> None:
    bench.data(TABLE.iloc[::2], "train.csv")
    bench.data(TABLE.iloc[1::2], "test.csv")
    bench.package("--target", "species", "--holdout", str(bench.place / "test.csv"), data="train.csv")
    lock = load_model_folder(bench.models / "iris").lock
    assert lock.provenance is not None
    assert lock.provenance.holdout is not None
    assert (lock.provenance.data.file, lock.provenance.holdout.file) == ("train.csv", "test.csv")
    assert lock.parity is not None
    assert lock.parity.rows == 75
    lineage = load_model_folder(bench.models / "iris").manifest.lineage
    assert lineage is not None
    assert lineage.metrics["accuracy"] > 0.9


@pytest.mark.parametrize("name", ["probabilities", "label", "größe", "no", "1.0", "x: #y's"])
def test_any_printable_name_of_a_feature_will_do(name: str, bench: Bench) -> None:
    table = FEATURES.rename(columns={"petal_width": name})
    bench.save(LogisticRegression(max_iter=1000).fit(table, SPECIES))
    bench.data(table.assign(species=SPECIES))
    bench.package("--target", "species")
    assert load_model_folder(bench.models / "iris").manifest.features[3].name == name


@pytest.mark.parametrize("name", ["petal width", "probabilities", "1.0", "ending.probabilities"])
def test_a_pipeline_may_pick_columns_of_any_name(name: str, bench: Bench) -> None:
    table = FEATURES.rename(columns={"petal_width": name})
    picked = ColumnTransformer([("scaled", StandardScaler(), [name])], remainder="passthrough")
    bench.save(make_pipeline(picked, LogisticRegression(max_iter=1000)).fit(table, SPECIES))
    bench.data(table.assign(species=SPECIES))
    bench.package("--target", "species")
    assert [tensor.name for tensor in load_model_folder(bench.models / "iris").manifest.inputs] == list(table.columns)


def test_a_pipeline_may_pick_from_more_than_a_hundred_columns_and_impute_texts(bench: Bench) -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(120, 110)), columns=[f"n{i}" for i in range(110)])
    kinds = pd.Series(draw.choice(["no", "null ", "Å: #"], 120), dtype=object)
    table["kind"] = kinds.mask(kinds.index % 9 == 4)
    label = np.where(table["n0"] > 0, "yes", "no")
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    picked = ColumnTransformer([("texts", texts, ["kind"])], remainder="passthrough")
    bench.save(make_pipeline(picked, LogisticRegression(max_iter=1000)).fit(table, label))
    bench.data(table.assign(label=label))
    bench.package("--target", "label")
    manifest = load_model_folder(bench.models / "iris").manifest
    assert len(manifest.inputs) == 111
    assert isinstance(manifest.features[110].missing, MissingFill)


def test_metrics_are_those_of_a_persons_threshold(bench: Bench) -> None:
    cells = load_breast_cancer(as_frame=True)
    features = cells.data.iloc[:, :2].set_axis(["a", "b"], axis=1)
    bench.save(make_pipeline(StandardScaler(), LogisticRegression()).fit(features, cells.target))
    bench.data(features.assign(benign=cells.target))
    bench.package("--target", "benign", "--holdout", str(bench.place / "data.csv"))
    folder = bench.models / "iris"
    lineage = load_model_folder(folder).manifest.lineage
    (folder / "golden.jsonl").unlink()
    edited_threshold: Callable[[dict[str, Any]], None] = lambda d: d["prediction"].update(threshold=0.999)  # noqa: E731
    edited(folder, edited_threshold)
    bench.package("--target", "benign", "--holdout", str(bench.place / "data.csv"))
    after = load_model_folder(folder).manifest.lineage
    assert lineage is not None
    assert after is not None
    assert after.metrics["accuracy"] < lineage.metrics["accuracy"] - 0.1


# --- What is refused ------------------------------------------------------------------------------------------


def nothing(_: Bench) -> None:
    """The bench as it is."""


def cut(bench: Bench) -> None:
    file = bench.place / "model.joblib"
    file.write_bytes(file.read_bytes()[:200])


def emptied(bench: Bench) -> None:
    (bench.place / "model.joblib").write_bytes(b"")


def of_another_version(bench: Bench) -> None:
    state = pickle.dumps(LINEAR).replace(b"_sklearn_version\x94\x8c\x051.9.1", b"_sklearn_version\x94\x8c\x051.2.1")
    assert b"1.2.1" in state
    (bench.place / "model.joblib").write_bytes(state)


def nameless_features(bench: Bench) -> None:
    bench.save(LogisticRegression(max_iter=1000).fit(FEATURES.iloc[:, :3].to_numpy(), SPECIES))


def ties(bench: Bench) -> None:
    bench.save(KNeighborsClassifier(4).fit(FEATURES, SPECIES))


def target_among_features(bench: Bench) -> None:
    table = TABLE.assign(code=FLOWERS.target)
    bench.save(LinearRegression().fit(table.drop(columns="species"), FLOWERS.target))
    bench.data(table)


def copied_target(bench: Bench) -> None:
    table = FEATURES.assign(copy=FLOWERS.target)
    bench.save(LogisticRegression(max_iter=1000).fit(table, FLOWERS.target))
    bench.data(table.assign(species=FLOWERS.target))


def put(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("print()\n")


def renamed(bench: Bench, name: str) -> None:
    table = FEATURES.rename(columns={"petal_width": name})
    bench.save(LogisticRegression(max_iter=1000).fit(table, SPECIES))
    bench.data(table.assign(species=SPECIES))


def beyond_single_precision(bench: Bench) -> None:
    table = pd.DataFrame({"serial": 2**40 + np.arange(150)})
    bench.save(make_pipeline(StandardScaler(), LogisticRegression()).fit(table, SPECIES))
    bench.data(table.assign(species=SPECIES))


def with_values(column: str, values: object) -> Callable[[Bench], None]:
    return lambda bench: bench.data(TABLE.astype({"petal_width": object}).assign(**{column: values}))


REFUSED: Mapping[str, tuple[Callable[[Bench], object], tuple[str, ...], str]] = {
    "a file that is cut short": (cut, ("--trust",), r"model\.joblib: cannot be opened, it may be cut short or damaged"),
    "an empty file": (emptied, ("--trust",), r"model\.joblib: is empty$"),
    "a pickle that nobody trusts": (nothing, (), r"model\.joblib: is not opened; --trust opens it"),
    "another version's pickle": (
        of_another_version,
        ("--trust",),
        r"saved by scikit-learn 1\.2\.1, and this is 1\.9\.1.*pip install scikit-learn==1\.2\.1",
    ),
    "a model before it is fitted": (
        lambda bench: bench.save(LogisticRegression()),
        ("--trust",),
        "the LogisticRegression is not fitted; save it after fit",
    ),
    "what is no estimator": (
        lambda bench: bench.save({"weights": [1, 2]}),
        ("--trust",),
        r"holds a builtins\.dict, no estimator; save the fitted model or pipeline itself",
    ),
    "a step without a converter": (
        lambda bench: bench.save(
            make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(max_iter=1000)).fit(FEATURES, SPECIES)
        ),
        ("--trust",),
        r"skl2onnx cannot convert step 'functiontransformer' \(FunctionTransformer\): ",
    ),
    "a column that is not there": (
        lambda bench: bench.data(TABLE.rename(columns={"petal_width": "petal_breadth"})),
        ("--trust",),
        r"data\.csv: the model was trained on column 'petal_width', which is not there; did you mean ",
    ),
    "more columns than a model without names takes": (
        nameless_features,
        ("--trust", "--target", "species"),
        r"data\.csv: has 4 columns and the model takes 3 features, without names",
    ),
    "a target that is not there": (
        nothing,
        ("--trust", "--target", "specie"),
        r"no column 'specie'; did you mean 'spe",
    ),
    "a target without values": (
        with_values("species", [None, *SPECIES[1:]]),
        ("--trust", "--target", "species"),
        "target 'species' has no value in 1 rows",
    ),
    "a target among the features": (
        target_among_features,
        ("--trust", "--target", "code"),
        "trained on column 'code', which is its target",
    ),
    "a copy of the target": (
        copied_target,
        ("--trust", "--target", "species"),
        "column 'copy' is a copy of the target 'species'",
    ),
    "data without a row": (lambda bench: bench.data(TABLE.head(0)), ("--trust",), r"data\.csv: holds no row"),
    "infinities": (with_values("petal_width", np.inf), ("--trust",), "column 'petal_width' holds an infinity"),
    "dates": (
        with_values("petal_width", "2024-01-01"),
        ("--trust", "--target", "species"),
        "the model itself does not",
    ),
    "answers that differ": (
        ties,
        ("--trust", "--target", "species"),
        r"refused: \d+ of 161 rows are answered otherwise",
    ),
    "a folder that holds something else": (
        lambda bench: put(bench.models / "iris" / "train.py"),
        ("--trust", "--target", "species"),
        r"iris/train\.py: would be lost, for it is no part of a packaged model; move it elsewhere",
    ),
    "a name that no request can have": (
        lambda bench: renamed(bench, 'petal "width"'),
        ("--trust", "--target", "species"),
        r"""data\.csv: column 'petal "width"' has no name of 1 to 100 characters without double quotes""",
    ),
    "whole numbers beyond single precision": (
        beyond_single_precision,
        ("--trust", "--target", "species"),
        r"refused: \d+ of \d+ rows are answered otherwise",
    ),
    "held-out data of other types": (
        lambda bench: bench.data(TABLE.assign(petal_width="wide"), "test.csv"),
        ("--trust", "--target", "species", "--holdout", "{place}/test.csv"),
        "the held-out data: column 'petal_width' holds other values than numbers, as --data has there",
    ),
    "an output that is not there": (
        nothing,
        ("--trust", "--tolerance", "value=1"),
        "--tolerance: no output is named 'value'; outputs: probabilities",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_source_or_data_that_cannot_be_packaged_is_one_line(case: str, bench: Bench) -> None:
    prepare, options, expected = REFUSED[case]
    prepare(bench)
    given = [option.replace("{place}", str(bench.place)) for option in options]
    assert re.search(expected, bench.refusal(*given)), case


@pytest.mark.parametrize("case", ["answers that differ", "a file that is cut short"])
def test_refused_the_folder_that_is_there_stays_as_it_is(case: str, bench: Bench) -> None:
    bench.package("--target", "species")
    prepare, options, _ = REFUSED[case]
    prepare(bench)
    bench.refusal(*options)
    assert load_model_folder(bench.models / "iris").manifest.version == "1.0.0"


def test_a_wider_tolerance_lets_a_tie_pass_and_stands_in_the_manifest(bench: Bench) -> None:
    ties(bench)
    bench.package("--target", "species", "--tolerance", "probabilities=0.3")
    assert load_model_folder(bench.models / "iris").manifest.outputs[0].tolerance.absolute == 0.3


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--version", "1"), "--version: '1' cannot be used; expected a semantic version"),
        (("--tolerance", "probabilities"), "--tolerance: expected OUTPUT=ABSOLUTE"),
        (("--tolerance", "probabilities=-1"), "--tolerance: expected OUTPUT=ABSOLUTE"),
        (("--tolerance", "probabilities=nan"), "--tolerance: expected OUTPUT=ABSOLUTE"),
    ],
)
def test_options_are_judged_before_anything_is_opened(options: tuple[str, ...], expected: str, bench: Bench) -> None:
    assert expected in bench.refusal("--trust", *options, code=ExitCode.USAGE)


@pytest.mark.parametrize("name", ["Iris", "../iris", "iris_2", ""])
def test_what_cannot_be_a_name_is_refused(name: str, bench: Bench) -> None:
    assert "--name: " in bench.refusal("--trust", code=ExitCode.USAGE, name=name)


def test_an_interrupt_leaves_nothing_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.packaging.package.lock_apart", interrupt)
    assert bench.run("--trust", "--target", "species") != ExitCode.OK
    assert not bench.models.exists()
