from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from cli.packaging.features import columns_of
from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources import ubjson
from cli.packaging.sources.xgboost_file import from_file, from_object
from cli.packaging.sources.xgboost_trees import ensemble_of
from serin.manifest import Classification, Regression, Tensors
from tests.unit.cli.packaging.boosted import ROWS, Array, classes, compared, numbers, target

FEATURES = numbers()
TARGET = target(FEATURES)
CLASSES = classes(FEATURES)
POSITIVE = np.exp(TARGET / 4)


def trained(objective: str, due: Array, rounds: int = 12, **options: Any) -> xgboost.Booster:
    rows = xgboost.DMatrix(FEATURES, due, feature_names=list("abcd"))
    if objective.startswith("rank:"):
        rows.set_group([100] * (ROWS // 100))
    options = {"objective": objective, "nthread": 1, "verbosity": 0, "max_depth": 4, **options}
    return xgboost.train(options, rows, rounds)


def refusal(make: Callable[[], object]) -> str:
    with pytest.raises(SourceRefused) as raised:
        make()
    assert "\n" not in str(raised.value)
    return str(raised.value)


# --- Objectives -----------------------------------------------------------------------------------------------

REGRESSIONS: list[tuple[str, Array, dict[str, Any]]] = [
    ("reg:squarederror", TARGET, {}),
    ("reg:squarederror", TARGET, {"base_score": 1000.0}),
    ("reg:squarederror", TARGET * 1e5 + 1e7, {}),
    ("reg:squaredlogerror", TARGET + 20, {}),
    ("reg:pseudohubererror", TARGET, {"base_score": -3.0}),
    ("reg:absoluteerror", TARGET, {}),
    ("reg:quantileerror", TARGET, {"quantile_alpha": 0.8}),
    ("reg:logistic", 1 / (1 + np.exp(-TARGET)), {}),
    ("reg:logistic", 1 / (1 + np.exp(-TARGET)), {"base_score": 0.9}),
    ("reg:gamma", POSITIVE, {}),
    ("reg:gamma", POSITIVE, {"base_score": 7.0}),
    ("reg:tweedie", POSITIVE, {"tweedie_variance_power": 1.3}),
    ("count:poisson", np.round(POSITIVE), {}),
    ("count:poisson", np.round(POSITIVE), {"base_score": 2.5}),
    ("survival:cox", POSITIVE, {}),
    ("rank:ndcg", CLASSES, {}),
    ("rank:pairwise", CLASSES, {}),
    ("rank:map", CLASSES > 1, {}),
    ("binary:logitraw", TARGET > 0, {}),
    ("binary:logitraw", TARGET > 0, {"base_score": 0.2}),
]


@pytest.mark.parametrize(("objective", "due", "options"), REGRESSIONS)
def test_a_regression_answers_as_the_booster_does(objective: str, due: Array, options: dict[str, Any]) -> None:
    source = from_object(trained(objective, due, **options))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Regression(value="value")


@pytest.mark.parametrize(
    ("objective", "due", "labels", "options"),
    [
        ("binary:logistic", TARGET > 0, ("0", "1"), {}),
        ("binary:logistic", TARGET > 3, ("0", "1"), {"base_score": 0.1, "scale_pos_weight": 9}),
        ("binary:hinge", TARGET > 0, ("0", "1"), {}),
        ("multi:softprob", CLASSES, ("0", "1", "2"), {"num_class": 3}),
        ("multi:softprob", CLASSES, ("0", "1", "2"), {"num_class": 3, "base_score": 0.3}),
        ("multi:softprob", CLASSES, ("0", "1", "2"), {"num_class": 3, "base_score": [0.1, 0.2, 0.7]}),
        ("multi:softmax", CLASSES, ("0", "1", "2"), {"num_class": 3}),
    ],
)
def test_a_classifier_answers_with_the_boosters_probabilities(
    objective: str, due: Array, labels: tuple[str, ...], options: dict[str, Any]
) -> None:
    source = from_object(trained(objective, due, **options))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert comparison.parity.label_agreement == 1
    assert source.prediction(Rows()) == Classification(scores="probabilities", labels=labels)


@pytest.mark.parametrize(
    ("objective", "due", "options"),
    [
        ("reg:squarederror", np.column_stack([TARGET, -TARGET]), {}),
        ("reg:squarederror", np.column_stack([TARGET, -TARGET]), {"multi_strategy": "multi_output_tree"}),
        ("binary:logistic", np.column_stack([TARGET > 0, TARGET < 2]), {}),
        ("reg:quantileerror", TARGET, {"quantile_alpha": [0.1, 0.5, 0.9]}),
    ],
)
def test_several_targets_are_values_side_by_side(objective: str, due: Array, options: dict[str, Any]) -> None:
    source = from_object(trained(objective, due, **options))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Tensors()
    assert list(comparison.parity.outputs) == ["values"]


def test_an_objective_of_the_users_own_is_refused_by_name() -> None:
    booster = trained("reg:squarederror", TARGET)
    content = json.loads(booster.save_raw("json"))
    content["learner"]["objective"]["name"] = "reg:mine"
    assert "its objective 'reg:mine' cannot be converted" in refusal(lambda: ensemble_of(content))


# --- Kinds of boosters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "due", "options"),
    [
        ("reg:squarederror", TARGET, {"booster": "dart", "rate_drop": 0.3}),
        ("multi:softprob", CLASSES, {"booster": "dart", "rate_drop": 0.3, "num_class": 3}),
        ("reg:squarederror", TARGET, {"tree_method": "exact", "gamma": 5}),  # pruned nodes stay in the lists
        ("reg:squarederror", TARGET, {"num_parallel_tree": 20, "subsample": 0.5}),
        ("reg:squarederror", TARGET, {"max_depth": 0, "max_leaves": 300, "grow_policy": "lossguide"}),
    ],
)
def test_other_kinds_of_trees_answer_as_the_booster_does(objective: str, due: Array, options: dict[str, Any]) -> None:
    comparison = compared(from_object(trained(objective, due, **options)), FEATURES)
    assert comparison.holds, comparison.worst


@pytest.mark.parametrize(
    ("objective", "due", "options"),
    [
        ("reg:squarederror", TARGET, {}),
        ("binary:logistic", TARGET > 0, {}),
        ("multi:softprob", CLASSES, {"num_class": 3}),  # whose base scores differ from class to class
        ("reg:squarederror", np.column_stack([TARGET, 50 - TARGET]), {}),
    ],
)
def test_a_linear_booster_takes_a_missing_value_for_zero(objective: str, due: Array, options: dict[str, Any]) -> None:
    rows = xgboost.DMatrix(FEATURES[:, :3], due)
    options = {"objective": objective, "booster": "gblinear", "updater": "coord_descent", "nthread": 1, **options}
    source = from_object(xgboost.train(options, rows, 5))
    comparison = compared(source, FEATURES[:, :3], "abc", extremes=[0.0, 1e6, -1e6, np.nan])
    assert comparison.holds, comparison.worst


def test_trees_are_summed_to_the_same_bits_from_the_same_base() -> None:
    comparison = compared(from_object(trained("reg:squarederror", TARGET, 60, base_score=1000.0)), FEATURES)
    assert comparison.parity.outputs["value"].absolute_max == 0


def test_a_booster_without_trees_answers_with_its_base() -> None:
    comparison = compared(from_object(trained("reg:squarederror", TARGET, 0)), FEATURES)
    assert comparison.holds, comparison.worst


def test_a_model_without_a_missing_value_in_training_takes_one_as_the_booster_does() -> None:
    whole = numbers(missing=0)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(whole, target(whole)), 12)
    comparison = compared(from_object(booster), FEATURES)
    assert comparison.holds, comparison.worst


def test_categories_are_refused_and_named() -> None:
    table = pd.DataFrame({"size": FEATURES[:, 0], "colour": pd.Categorical(np.tile(["red", "blue"], ROWS // 2))})
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(table, TARGET, enable_categorical=True), 3)
    assert "features colour" in refusal(lambda: from_object(booster))


# --- Files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_a_file_is_read_with_its_columns(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"model.{suffix}"
    trained("reg:squarederror", TARGET).save_model(file)
    source = from_file(file)
    assert source.feature_names == ("a", "b", "c", "d")
    assert source.framework == f"XGBoost {xgboost.__version__}"
    assert compared(source, FEATURES).holds


def test_a_scikit_learn_estimators_file_answers_up_to_its_best_round(tmp_path: Path) -> None:
    wrong = np.random.default_rng(2).permutation(CLASSES)
    model = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=3, n_jobs=1, learning_rate=0.02)
    model.fit(
        FEATURES, CLASSES, eval_set=[(FEATURES[:300], np.where(np.arange(300) < 100, wrong[:300], CLASSES[:300]))]
    )
    model.set_params(n_estimators=60).get_booster().set_attr(best_iteration="7")  # whatever the rounds were
    file = tmp_path / "model.ubj"
    model.save_model(file)
    source = from_file(file)
    rows = Rows(table=pd.DataFrame(FEATURES, columns=list("abcd")))
    opened = xgboost.XGBClassifier()
    opened.load_model(file)
    assert np.array_equal(source.answer(rows).outputs["probabilities"], opened.predict_proba(FEATURES))
    assert compared(source, FEATURES).holds


def test_a_bare_booster_answers_with_all_its_rounds() -> None:
    booster = trained("reg:squarederror", TARGET)
    booster.set_attr(best_iteration="3")
    source = from_object(booster)
    assert source is not None
    answer = source.answer(Rows(table=pd.DataFrame(FEATURES, columns=list("abcd")))).outputs["value"]
    rows = xgboost.DMatrix(FEATURES, feature_names=list("abcd"))
    assert np.array_equal(answer.ravel(), booster.predict(rows))
    assert compared(source, FEATURES).holds


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_a_file_that_is_cut_anywhere_is_refused(suffix: str, tmp_path: Path) -> None:
    whole = tmp_path / f"model.{suffix}"
    trained("reg:squarederror", TARGET, 2).save_model(whole)
    content = whole.read_bytes()
    file = tmp_path / f"cut.{suffix}"
    for end in [1, 2, 5, 100, len(content) // 2, len(content) - 30, len(content) - 1]:
        file.write_bytes(content[:end])
        assert refusal(lambda: from_file(file)) == (
            f"{file}: is no XGBoost model, or is cut short or damaged; write it with save_model"
        )


@pytest.mark.parametrize("content", [b'{"a": 1}', b"[1, 2]", b"text", b"{}", b"[" * 100_000, b"{L" + b"\xff" * 60])
@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_what_is_no_model_is_refused(content: bytes, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"other.{suffix}"
    file.write_bytes(content)
    assert "is no XGBoost model" in refusal(lambda: from_file(file))


@pytest.mark.parametrize("options", [{}, {"booster": "dart"}, {"booster": "gblinear"}], ids=str)
def test_ubjson_is_whole_at_its_end_and_nowhere_before(options: dict[str, str]) -> None:
    content = bytes(trained("reg:squarederror", TARGET, 1, **options).save_raw("ubj"))
    assert ubjson.is_ubjson(content)
    assert [end for end in range(len(content) + 1) if ubjson.is_whole(content[:end])] == [len(content)]


def test_the_file_is_named_where_its_model_is_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"colour": pd.Categorical(np.tile(["red", "blue"], ROWS // 2))})
    file = tmp_path / "model.json"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(table, TARGET, enable_categorical=True), 1).save_model(file)
    assert refusal(lambda: from_file(file)).startswith(f"{file}: its splits look at categories (features colour)")


# --- Objects and rows -----------------------------------------------------------------------------------------


def test_scikit_learn_estimators_and_others_go_another_way() -> None:
    assert from_object(xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(FEATURES, TARGET)) is None
    assert from_object(object()) is None


def test_a_text_column_is_refused_by_name() -> None:
    source = from_object(trained("reg:squarederror", TARGET))
    assert source is not None
    table = pd.DataFrame(dict.fromkeys("abc", FEATURES[:, 0]) | {"d": np.tile(["red", "blue"], ROWS // 2)})
    columns = columns_of(table, source.feature_names, source.feature_count, "rows.csv")
    assert "column 'd' holds text" in refusal(lambda: source.layout(columns, Rows(table=table)))


def test_rows_that_the_library_fails_on_are_one_line() -> None:
    source = from_object(trained("reg:squarederror", TARGET))
    assert source is not None
    table = pd.DataFrame(np.full((2, 4), np.inf), columns=list("abcd"))
    assert "fails on these rows" in refusal(lambda: source.answer(Rows(table=table)))
