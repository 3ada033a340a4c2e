"""Estimators of the boosting libraries inside scikit-learn's, converted by skl2onnx."""

from __future__ import annotations

import warnings
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from cli.packaging.onnx_session import OnnxSession
from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosting_converters import register
from tests.unit.cli.packaging.boosted import ROWS, Array, classes, numbers, target

FEATURES = numbers().astype(np.float32)
WHOLE = numbers(missing=0).astype(np.float32)
TARGET = target(FEATURES)
CLASSES = classes(FEATURES)
POSITIVE = np.exp(TARGET / 4)
WORDS = np.array(["x", "b", "a"])[CLASSES]

XGB: dict[str, Any] = {"n_estimators": 12, "n_jobs": 1}
LGBM: dict[str, Any] = {"n_estimators": 12, "n_jobs": 1, "verbose": -1}
CAT: dict[str, Any] = {"iterations": 12, "verbose": 0, "allow_writing_files": False, "thread_count": 1}

CLASSIFIERS: list[tuple[Any, Array]] = [
    (xgboost.XGBClassifier(**XGB), CLASSES),
    (xgboost.XGBClassifier(**XGB), TARGET > 0),
    (xgboost.XGBClassifier(**XGB, objective="binary:hinge"), TARGET > 0),
    (xgboost.XGBClassifier(**XGB, booster="dart", rate_drop=0.3), CLASSES),
    (xgboost.XGBRFClassifier(**XGB), CLASSES),
    (lightgbm.LGBMClassifier(**LGBM), WORDS),
    (lightgbm.LGBMClassifier(**LGBM, is_unbalance=True), TARGET > 2),
    (lightgbm.LGBMClassifier(**LGBM, boosting_type="rf", subsample=0.6, subsample_freq=1), CLASSES),
    (catboost.CatBoostClassifier(**CAT), WORDS),
    (catboost.CatBoostClassifier(**CAT), TARGET > 0),
]
REGRESSORS: list[tuple[Any, Array]] = [
    (xgboost.XGBRegressor(**XGB), TARGET),
    (xgboost.XGBRegressor(**XGB, objective="count:poisson", base_score=2.5), np.round(POSITIVE)),
    (xgboost.XGBRegressor(**XGB, missing=-1.0), TARGET),
    (xgboost.XGBRegressor(**XGB), np.column_stack([TARGET, -TARGET])),
    (xgboost.XGBRFRegressor(**XGB), TARGET),
    (lightgbm.LGBMRegressor(**LGBM), TARGET),
    (lightgbm.LGBMRegressor(**LGBM, objective="tweedie"), POSITIVE),
    (catboost.CatBoostRegressor(**CAT), TARGET),
    (catboost.CatBoostRegressor(**CAT, loss_function="Poisson"), np.round(POSITIVE)),
]


def run(model: Any, features: Array, double: bool = False) -> dict[str, Array]:
    """What the model answers once it is converted."""
    register()
    given = (DoubleTensorType if double else FloatTensorType)([None, features.shape[1]])
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        artifact = to_onnx(model, initial_types=[("features", given)], options=options).SerializeToString()
    return OnnxSession(artifact).run({"features": features.astype(float) if double else features})


def quietly(call: Any, *arguments: Any, **named: Any) -> Any:
    """Without LightGBM's warning that a pipeline has taken the columns' names from it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*arguments, **named)


@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
@pytest.mark.parametrize(("estimator", "due"), CLASSIFIERS)
def test_a_classifier_in_a_pipeline_answers_as_it_does(estimator: Any, due: Array, double: bool) -> None:
    model = quietly(make_pipeline(FunctionTransformer(), estimator).fit, FEATURES, due)
    got = run(model, FEATURES, double)
    assert np.allclose(got["probabilities"], quietly(model.predict_proba, FEATURES), rtol=1e-5, atol=1e-6)
    called = np.asarray(quietly(model.predict, FEATURES)).ravel().astype(str)
    names = {"True": "1", "False": "0"}  # skl2onnx has numbers for labels that are booleans
    assert got["label"].astype(str).tolist() == [names.get(label, label) for label in called]


@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
@pytest.mark.parametrize(("estimator", "due"), REGRESSORS)
def test_a_regressor_in_a_pipeline_answers_as_it_does(estimator: Any, due: Array, double: bool) -> None:
    features = np.where(np.arange(ROWS)[:, None] % 10 == 0, np.float32(-1), FEATURES)
    model = quietly(make_pipeline(FunctionTransformer(), estimator).fit, features, due)
    expected = np.asarray(quietly(model.predict, features)).reshape(ROWS, -1)
    assert np.allclose(run(model, features, double)["variable"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "due"),
    [
        (
            VotingClassifier(
                [("x", xgboost.XGBClassifier(**XGB)), ("l", lightgbm.LGBMClassifier(**LGBM))],
                voting="soft",
                flatten_transform=False,
            ),
            CLASSES,
        ),
        (CalibratedClassifierCV(xgboost.XGBClassifier(**XGB), cv=2), TARGET > 0),
        (GridSearchCV(xgboost.XGBClassifier(n_jobs=1), {"n_estimators": [3, 5]}, cv=2), CLASSES),
        (make_pipeline(SimpleImputer(), MinMaxScaler(), catboost.CatBoostClassifier(**CAT)), WORDS),
        (StackingRegressor([("x", xgboost.XGBRegressor(**XGB)), ("l", lightgbm.LGBMRegressor(**LGBM))], cv=2), TARGET),
        (MultiOutputRegressor(lightgbm.LGBMRegressor(**LGBM)), np.column_stack([TARGET, -TARGET])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_estimators_of_estimators_hold_them(model: Any, due: Array) -> None:
    quietly(model.fit, WHOLE, due)
    expected = quietly(model.predict_proba if hasattr(model, "predict_proba") else model.predict, WHOLE)
    got = list(run(model, WHOLE).values())[-1]
    # What a scaler hands over differs in its last bits, so some rows may fall on a threshold's other side.
    near = np.isclose(got, np.asarray(expected).reshape(got.shape), rtol=1e-5, atol=1e-5).all(axis=1)
    assert near.mean() > 0.999


def test_training_that_stopped_early_answers_up_to_its_best_round() -> None:
    held = np.where(np.random.default_rng(4).random(ROWS) < 0.5, np.random.default_rng(5).permutation(CLASSES), CLASSES)
    options = {"eval_set": [(FEATURES, held)]}
    first = xgboost.XGBClassifier(n_estimators=200, n_jobs=1, early_stopping_rounds=5)
    first.fit(FEATURES, CLASSES, verbose=False, **options)
    assert 0 < first.best_iteration < 190
    second = lightgbm.LGBMClassifier(n_estimators=200, n_jobs=1, verbose=-1)
    quietly(second.fit, FEATURES, CLASSES, callbacks=[lightgbm.early_stopping(5, verbose=False)], **options)
    assert 0 < second.best_iteration_ < 190
    for model in (first, second):
        got = run(model, FEATURES)["probabilities"]
        assert np.allclose(got, quietly(model.predict_proba, FEATURES), rtol=1e-5, atol=1e-6)


def test_a_ranker_answers_with_its_score() -> None:
    groups = [100] * (ROWS // 100)
    for model in (xgboost.XGBRanker(**XGB), lightgbm.LGBMRanker(**LGBM)):
        quietly(model.fit, FEATURES, CLASSES, group=groups)
        expected = quietly(model.predict, FEATURES).reshape(-1, 1)
        assert np.allclose(run(model, FEATURES)["variable"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("estimator", "due", "said"),
    [
        (xgboost.XGBClassifier(**XGB, objective="binary:logitraw"), TARGET > 0, "no probability of each class"),
        (lightgbm.LGBMRegressor(**LGBM, linear_tree=True), TARGET, "linear_tree"),
        (catboost.CatBoostRegressor(**CAT, loss_function="RMSEWithUncertainty"), TARGET, "'RMSEWithUncertainty'"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_the_estimators_name(estimator: Any, due: Array, said: str) -> None:
    model = quietly(make_pipeline(FunctionTransformer(), estimator).fit, FEATURES, due)
    with pytest.raises(SourceRefused, match=said) as raised:
        run(model, FEATURES)
    assert str(raised.value).startswith(f"{type(estimator).__name__}: ")


def test_registering_again_does_no_harm() -> None:
    register()
    register()
