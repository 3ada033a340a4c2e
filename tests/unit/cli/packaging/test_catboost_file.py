from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import pandas as pd
import pytest

from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources.catboost_file import from_file, from_object
from serin.manifest import Classification, Regression, Tensors
from tests.unit.cli.packaging.boosted import ROWS, Array, classes, compared, numbers, target

FEATURES = numbers()
TARGET = target(FEATURES)
CLASSES = classes(FEATURES)
POSITIVE = np.exp(TARGET / 4)
TABLE = Rows(table=pd.DataFrame(FEATURES, columns=list("abcd")))


def trained(kind: type[Any], due: Array, **options: Any) -> Any:
    options = {"iterations": 20, "verbose": 0, "allow_writing_files": False, "thread_count": 1, **options}
    model = kind(options) if kind is catboost.CatBoost else kind(**options)
    groups = np.repeat(np.arange(ROWS // 100), 100) if kind is catboost.CatBoostRanker else None
    return model.fit(catboost.Pool(FEATURES, due, group_id=groups, feature_names=list("abcd")))


def refusal(make: Callable[[], object]) -> str:
    with pytest.raises(SourceRefused) as raised:
        make()
    assert "\n" not in str(raised.value)
    return str(raised.value)


# --- Loss functions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "options"),
    [
        (TARGET, {}),
        (TARGET * 1e5 + 1e7, {}),
        (TARGET, {"nan_mode": "Max"}),
        (TARGET, {"grow_policy": "Lossguide"}),
        (TARGET, {"grow_policy": "Depthwise", "nan_mode": "Max"}),
        (TARGET, {"loss_function": "MAE"}),
        (TARGET, {"loss_function": "Quantile:alpha=0.8"}),
        (TARGET + 30, {"loss_function": "MAPE"}),
        (TARGET, {"loss_function": "Huber:delta=1"}),
        (TARGET, {"loss_function": "Expectile:alpha=0.3"}),
        (TARGET, {"loss_function": "LogCosh"}),
        (TARGET, {"loss_function": "Lq:q=3"}),
        (np.round(POSITIVE), {"loss_function": "Poisson"}),
        (POSITIVE, {"loss_function": "Tweedie:variance_power=1.5"}),
        (POSITIVE, {"loss_function": "LogLinQuantile"}),
        (POSITIVE, {"loss_function": "Cox"}),
    ],
)
def test_a_regression_answers_as_the_estimator_does(due: Array, options: dict[str, Any]) -> None:
    model = trained(catboost.CatBoostRegressor, due, **options)
    source = from_object(model)
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert np.array_equal(source.answer(TABLE).outputs["value"].ravel(), model.predict(FEATURES))
    assert source.prediction(Rows()) == Regression(value="value")


@pytest.mark.parametrize(
    ("due", "labels", "options"),
    [
        (TARGET > 0, ("False", "True"), {}),
        (np.where(TARGET > 0, "yes", "no"), ("no", "yes"), {}),
        (np.where(TARGET > 0, 7, -1), ("-1", "7"), {"auto_class_weights": "Balanced"}),
        (1 / (1 + np.exp(-TARGET)), ("0", "1"), {"loss_function": "CrossEntropy"}),
        (CLASSES, ("0", "1", "2"), {}),
        (np.array(["x", "b", "a"])[CLASSES], ("a", "b", "x"), {"grow_policy": "Depthwise"}),
        (CLASSES, ("0", "1", "2"), {"loss_function": "MultiClassOneVsAll"}),
    ],
)
def test_a_classifier_answers_with_the_estimators_probabilities_and_labels(
    due: Array, labels: tuple[str, ...], options: dict[str, Any]
) -> None:
    model = trained(catboost.CatBoostClassifier, due, **options)
    source = from_object(model)
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert comparison.parity.label_agreement == 1
    answers = source.answer(TABLE)
    assert np.array_equal(answers.outputs["probabilities"], model.predict_proba(FEATURES))
    assert answers.labels is not None
    assert answers.labels.tolist() == [str(label) for label in model.predict(FEATURES).ravel()]
    assert source.prediction(Rows()) == Classification(scores="probabilities", labels=labels)


@pytest.mark.parametrize(
    ("due", "loss"),
    [
        (TARGET, "MultiQuantile:alpha=0.1,0.9"),
        (np.column_stack([TARGET, -TARGET]), "MultiRMSE"),
    ],
)
def test_several_targets_are_values_side_by_side(due: Array, loss: str) -> None:
    source = from_object(trained(catboost.CatBoostRegressor, due, loss_function=loss))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Tensors()


@pytest.mark.parametrize("loss", ["YetiRank", "QueryRMSE", "PairLogit", "LambdaMart"])
def test_a_ranker_answers_with_its_score(loss: str) -> None:
    source = from_object(trained(catboost.CatBoostRanker, CLASSES, loss_function=loss))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Regression(value="value")


@pytest.mark.parametrize(("loss", "due"), [("RMSE", TARGET), ("Logloss", TARGET > 0)])
def test_the_plain_class_goes_by_its_loss_function(loss: str, due: Array) -> None:
    comparison = compared(from_object(trained(catboost.CatBoost, due, loss_function=loss)), FEATURES)
    assert comparison.holds, comparison.worst


def test_training_that_stopped_early_answers_up_to_its_best_round() -> None:
    held = np.where(np.random.default_rng(4).random(ROWS) < 0.5, TARGET[::-1], TARGET)
    model = catboost.CatBoostRegressor(iterations=300, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(FEATURES, TARGET, eval_set=(FEATURES, held), early_stopping_rounds=3)
    assert 0 < model.tree_count_ < 300
    comparison = compared(from_object(model), FEATURES)
    assert comparison.holds, comparison.worst


# --- What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "due", "loss"),
    [
        (catboost.CatBoostRegressor, TARGET, "RMSEWithUncertainty"),
        (catboost.CatBoostClassifier, np.column_stack([TARGET > 0, TARGET < 2]), "MultiLogloss"),
        (catboost.CatBoostClassifier, TARGET > 0, "Focal:focal_alpha=0.4;focal_gamma=1"),
    ],
)
def test_another_loss_function_is_refused_by_name(kind: type[Any], due: Array, loss: str) -> None:
    model = trained(kind, due, loss_function=loss)
    assert f"its loss function {loss.partition(':')[0]!r} cannot be converted" in refusal(lambda: from_object(model))


def test_categories_are_refused_and_named() -> None:
    table = pd.DataFrame({"size": FEATURES[:, 0], "colour": np.tile(["red", "blue"], ROWS // 2)})
    model = catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False, cat_features=["colour"])
    assert "trained on categories (features colour)" in refusal(lambda: from_object(model.fit(table, TARGET)))


def test_a_threshold_of_its_own_is_refused() -> None:
    model = trained(catboost.CatBoostClassifier, TARGET > 0)
    model.set_probability_threshold(0.3)
    assert "a probability threshold of its own, 0.3" in refusal(lambda: from_object(model))
    model.set_probability_threshold(None)
    assert from_object(model) is not None


def test_an_estimator_that_is_not_fitted_is_refused() -> None:
    assert "is not fitted" in refusal(lambda: from_object(catboost.CatBoostClassifier()))


# --- Files and objects ----------------------------------------------------------------------------------------


def test_a_file_is_read_with_its_columns_and_labels(tmp_path: Path) -> None:
    file = tmp_path / "model.cbm"
    trained(catboost.CatBoostClassifier, np.where(TARGET > 0, "yes", "no")).save_model(str(file))
    source = from_file(file)
    assert source.feature_names == ("a", "b", "c", "d")
    assert source.framework == f"CatBoost {catboost.__version__}"
    assert source.prediction(Rows()) == Classification(scores="probabilities", labels=("no", "yes"))
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert comparison.parity.label_agreement == 1


def test_columns_without_names_stay_without() -> None:
    model = catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False).fit(FEATURES, TARGET)
    source = from_object(model)
    assert source is not None
    assert (source.feature_names, source.feature_count) == (None, 4)


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole, file = tmp_path / "model.cbm", tmp_path / "cut.cbm"
    trained(catboost.CatBoostRegressor, TARGET).save_model(str(whole))
    content = whole.read_bytes()
    for end in [1, 2, 5, 100, len(content) // 2, len(content) - 30, len(content) - 1]:
        file.write_bytes(content[:end])
        assert refusal(lambda: from_file(file)) == (
            f"{file}: is no CatBoost model, or is cut short or damaged; write it with save_model"
        )


@pytest.mark.parametrize("content", [b"text", b"{}", b"\xff" * 5000])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.cbm"
    file.write_bytes(content)
    assert "is no CatBoost model" in refusal(lambda: from_file(file))


def test_what_is_of_another_library_is_not_taken() -> None:
    assert from_object(object()) is None
