from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest

from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosted_source import BoostedSource
from cli.packaging.sources.lightgbm_file import from_file, from_object
from serin.manifest import Classification, Regression, Tensors
from serin.protocol import Datatype
from tests.unit.cli.packaging.boosted import ROWS, Array, classes, compared, numbers, target

FEATURES = numbers()
TARGET = target(FEATURES)
CLASSES = classes(FEATURES)
POSITIVE = np.exp(TARGET / 4)
SHARE = 1 / (1 + np.exp(-TARGET))
FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}


def trained(
    objective: object, due: Array, features: Array = FEATURES, categories: Any = "auto", **options: Any
) -> lightgbm.Booster:
    group = [100] * (ROWS // 100) if objective in {"lambdarank", "rank_xendcg"} else None
    rows = lightgbm.Dataset(features, due, group=group, feature_name=list("abcd"), categorical_feature=categories)
    return lightgbm.train({"objective": objective, "verbose": -1, "num_threads": 1, **options}, rows, 20)


def refusal(make: Callable[[], object]) -> str:
    with pytest.raises(SourceRefused) as raised:
        make()
    assert "\n" not in str(raised.value)
    return str(raised.value)


# --- Objectives -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "due", "options"),
    [
        ("regression", TARGET, {}),
        ("regression", TARGET * 1e5 + 1e7, {}),
        ("regression", TARGET * 1e4, {"reg_sqrt": True}),
        ("regression", TARGET, {"boosting": "dart"}),
        ("regression", TARGET, FOREST),
        ("regression", TARGET, {"extra_trees": True, "max_bin": 5}),
        ("regression", np.full(ROWS, 3.0), {}),  # trees of one leaf
        ("regression_l1", TARGET, {}),
        ("huber", TARGET, {}),
        ("fair", TARGET, {}),
        ("quantile", TARGET, {"alpha": 0.8}),
        ("mape", TARGET + 30, {}),
        ("poisson", POSITIVE, {}),
        ("gamma", POSITIVE, {}),
        ("tweedie", POSITIVE, {}),
        ("cross_entropy", SHARE, {}),
        ("cross_entropy_lambda", SHARE, {}),
        ("lambdarank", CLASSES, {}),
        ("rank_xendcg", CLASSES, {}),
    ],
)
def test_a_regression_answers_as_the_booster_does(objective: str, due: Array, options: dict[str, Any]) -> None:
    source = from_object(trained(objective, due, **options))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Regression(value="value")


@pytest.mark.parametrize(
    ("objective", "due", "labels", "options"),
    [
        ("binary", TARGET > 0, ("0", "1"), {}),
        ("binary", TARGET > 2, ("0", "1"), {"is_unbalance": True}),
        ("binary", TARGET > 2, ("0", "1"), {"scale_pos_weight": 5, "sigmoid": 2.5}),
        ("binary", TARGET > 0, ("0", "1"), FOREST),
        ("multiclass", CLASSES, ("0", "1", "2"), {"num_class": 3}),
        ("multiclass", CLASSES, ("0", "1", "2"), {"num_class": 3, **FOREST}),
        ("multiclassova", CLASSES, ("0", "1", "2"), {"num_class": 3, "sigmoid": 1.7}),
    ],
)
def test_a_classifier_answers_with_the_boosters_probabilities(
    objective: str, due: Array, labels: tuple[str, ...], options: dict[str, Any]
) -> None:
    source = from_object(trained(objective, due, **options))
    assert source is not None
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst
    assert source.prediction(Rows()) == Classification(scores="probabilities", labels=labels)


def test_an_objective_of_the_users_own_answers_with_the_sums() -> None:
    def squares(predicted: Array, rows: lightgbm.Dataset) -> tuple[Array, Array]:
        return predicted - np.asarray(rows.get_label()), np.ones(len(predicted))

    comparison = compared(from_object(trained(squares, TARGET)), FEATURES)
    assert comparison.holds, comparison.worst


def test_several_targets_of_an_own_objective_are_values_side_by_side() -> None:
    def two(predicted: Array, rows: lightgbm.Dataset) -> tuple[Array, Array]:
        due = np.asarray(rows.get_label())
        return predicted - np.column_stack([due, -due]), np.ones_like(predicted)

    source = from_object(trained(two, TARGET, num_class=2))
    assert source is not None
    assert source.prediction(Rows()) == Tensors()
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst


# --- Missing values, zeros and categories ---------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"use_missing": False}, {"zero_as_missing": True}], ids=str)
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("categories", ["auto", [3]], ids=str)
def test_what_is_missing_goes_where_the_library_sends_it(
    categories: Any, missing: float, options: dict[str, Any]
) -> None:
    features = numbers(missing)
    source = from_object(trained("regression", target(features), features, categories, **options))
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst


@pytest.mark.parametrize("options", [{}, {"max_cat_to_onehot": 100}, {"cat_smooth": 1, "min_data_per_group": 5}])
def test_categories_by_number_are_asked_for_as_the_library_does(options: dict[str, Any]) -> None:
    booster = trained("multiclass", CLASSES, categories=[3], num_class=3, **options)
    source = from_object(booster)
    assert isinstance(source, BoostedSource)
    assert any(tree.equal is not None for tree in source._ensemble.trees)
    comparison = compared(source, FEATURES)
    assert comparison.holds, comparison.worst


def test_a_number_is_compared_in_double_precision() -> None:
    """Seconds since 1970, which single precision holds to two minutes."""
    features = numbers()
    features[:, 0] = np.random.default_rng(3).integers(1_700_000_000, 1_731_000_000, ROWS)
    source = from_object(trained("regression", np.sin(features[:, 0] / 1e6), features))
    assert isinstance(source, BoostedSource)
    assert source.datatype is Datatype.FP64
    comparison = compared(source, features)
    assert comparison.holds, comparison.worst


# --- What is refused ------------------------------------------------------------------------------------------


def test_linear_models_in_leaves_are_refused() -> None:
    assert "linear_tree" in refusal(lambda: from_object(trained("regression", TARGET, linear_tree=True)))


def test_categories_of_pandas_are_refused_and_named() -> None:
    table = pd.DataFrame({"size": FEATURES[:, 0], "colour": pd.Categorical(np.tile(["red", "blue"], ROWS // 2))})
    rows = lightgbm.Dataset(table, TARGET + np.tile([0.0, 5.0], ROWS // 2))
    booster = lightgbm.train({"verbose": -1, "num_threads": 1, "min_data_per_group": 1}, rows, 3)
    assert "features colour" in refusal(lambda: from_object(booster))


# --- Files and objects ----------------------------------------------------------------------------------------


def test_a_file_is_read_with_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "model.txt"
    trained("binary", TARGET > 0).save_model(file)
    source = from_file(file)
    assert source.feature_names == ("a", "b", "c", "d")
    assert source.framework == f"LightGBM {lightgbm.__version__}"
    assert compared(source, FEATURES).holds


def test_columns_without_names_stay_without(tmp_path: Path) -> None:
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(FEATURES, TARGET), 3)
    source = from_object(booster)
    assert source is not None
    assert (source.feature_names, source.feature_count) == (None, 4)


@pytest.mark.parametrize(
    ("objective", "due", "options"), [("regression", TARGET, {}), ("multiclass", CLASSES, {"num_class": 3})]
)
def test_training_that_stopped_early_answers_up_to_its_best_round(
    objective: str, due: Array, options: dict[str, Any], tmp_path: Path
) -> None:
    rows = lightgbm.Dataset(FEATURES, due)
    held = np.where(np.random.default_rng(4).random(ROWS) < 0.3, due[::-1], due)
    booster = lightgbm.train(
        {"objective": objective, "verbose": -1, "num_threads": 1, **options},
        rows,
        200,
        valid_sets=[lightgbm.Dataset(FEATURES, held, reference=rows)],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )
    assert 0 < booster.best_iteration < 200
    booster.best_iteration -= 2  # so that it has more rounds than it answers with
    source = from_object(booster)
    assert source is not None
    assert compared(source, FEATURES).holds
    booster.save_model(tmp_path / "model.txt")
    assert compared(from_file(tmp_path / "model.txt"), FEATURES).holds


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole, file = tmp_path / "model.txt", tmp_path / "cut.txt"
    trained("regression", TARGET).save_model(whole)
    content = whole.read_bytes()
    end = content.index(b"end of parameters")
    for place in [
        1,
        5,
        100,
        len(content) // 4,
        len(content) // 2,
        content.index(b"end of trees") + 13,
        end - 1,
        end + 5,
    ]:
        file.write_bytes(content[:place])
        assert refusal(lambda: from_file(file)).endswith("; write it with Booster.save_model")


@pytest.mark.parametrize(
    ("known", "other"),
    [
        ("left_child=", "left_chilt="),
        ("num_leaves=31", "num_leaves=39"),
        ("\nthreshold=", "\nthreshold=1 "),
        ("\nnum_class=", "\nnum_clazz="),
    ],
)
def test_a_file_that_was_altered_is_refused_before_the_library_dies_of_it(
    known: str, other: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.txt"
    trained("regression", TARGET).save_model(file)
    text = file.read_text()
    assert known in text
    file.write_text(text.replace(known, other, 1))
    assert "is a damaged LightGBM model" in refusal(lambda: from_file(file))


@pytest.mark.parametrize("content", [b"text", b"tree", b"\xff\xfe", b"a,b\n1,2\n"])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_bytes(content)
    assert refusal(lambda: from_file(file)) == f"{file}: is no LightGBM model; write it with Booster.save_model"


def test_scikit_learn_estimators_and_others_go_another_way() -> None:
    assert from_object(lightgbm.LGBMRegressor(n_estimators=2, n_jobs=1, verbose=-1).fit(FEATURES, TARGET)) is None
    assert from_object(object()) is None
