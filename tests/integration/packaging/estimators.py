"""Trained models of many kinds, small and real, each with the rows that it was trained on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier


@dataclass(frozen=True)
class Trained:
    """A fitted model, its table of features, and the target's columns beside it."""

    model: Any
    features: pd.DataFrame
    target: pd.DataFrame | None = None

    @property
    def data(self) -> pd.DataFrame:
        return self.features if self.target is None else pd.concat([self.features, self.target], axis=1)

    @property
    def targets(self) -> tuple[str, ...]:
        return () if self.target is None else tuple(self.target.columns)


def _on(model: Any, features: pd.DataFrame, target: pd.Series | pd.DataFrame | None = None) -> Trained:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # how good it is does not matter here
        model.fit(features, target)
    frame = target.to_frame() if isinstance(target, pd.Series) else target
    return Trained(model, features, frame)


def _named(data: Any, name: str) -> tuple[pd.DataFrame, pd.Series]:
    features = data.data.rename(columns=lambda column: column.replace(" (cm)", "").replace(" ", "_").replace("/", "_"))
    return features, data.target.rename(name)


def flowers() -> tuple[pd.DataFrame, pd.Series]:
    """150 rows, four numbers, three classes by name."""
    data = load_iris(as_frame=True)
    features, target = _named(data, "species")
    return features, target.map(dict(enumerate(map(str, data.target_names))))


def cells() -> tuple[pd.DataFrame, pd.Series]:
    """569 rows, 30 numbers, two classes by number."""
    return _named(load_breast_cancer(as_frame=True), "benign")


def wines() -> tuple[pd.DataFrame, pd.Series]:
    """178 rows, 13 numbers, three classes by number."""
    return _named(load_wine(as_frame=True), "cultivar")


def patients() -> tuple[pd.DataFrame, pd.Series]:
    """442 rows, ten numbers, a number to learn."""
    return _named(load_diabetes(as_frame=True, scaled=False), "progression")


def travellers() -> tuple[pd.DataFrame, pd.Series]:
    """600 rows of numbers, texts, whole numbers and truths, some numbers missing; two classes. Made, not collected."""
    draw = np.random.default_rng(7)
    count = 600
    table = pd.DataFrame(
        {
            "age": draw.integers(1, 90, count),
            "fare": np.where(draw.random(count) < 0.1, np.nan, draw.gamma(2, 20, count).round(2)),
            "deck": draw.choice(["lower", "main", "upper"], count),
            "port": draw.choice(["Århus", "Brest", "Cádiz", "Dover"], count),
            "returning": draw.random(count) < 0.3,
        }
    )
    pull = 0.04 * table["age"] - 0.02 * table["fare"].fillna(40) + (table["deck"] == "upper") * 1.5
    chance = 1 / (1 + np.exp(pull - 0.8 + draw.normal(0, 0.5, count)))
    return table, pd.Series(np.where(draw.random(count) < chance, "stays", "leaves"), name="choice")


def reviews() -> tuple[pd.DataFrame, pd.Series]:
    """400 texts of a few words, and what they are about. Made of word lists."""
    draw = np.random.default_rng(3)
    words = {
        "food": ["soup", "bread", "Crème", "tasty", "salt", "oven", "cheese", "spoon", "hungry", "sweet"],
        "music": ["violin", "tempo", "Opera", "loud", "chord", "drums", "singer", "rhythm", "quiet", "stage"],
        "sport": ["goal", "referee", "sprint", "team", "MATCH", "ball", "coach", "score", "jump", "race"],
    }
    plain = ["the", "a", "very", "was", "not", "and", "really", "it", "my", "3", "so"]
    labels = draw.choice(sorted(words), 400)
    texts = [" ".join([*draw.choice(words[label], 4), *draw.choice(plain, 5)]) for label in labels]
    return pd.DataFrame({"review": texts}), pd.Series(labels, name="subject")


def _mixed_columns() -> ColumnTransformer:
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    return ColumnTransformer(
        [
            ("numbers", numbers, ["age", "fare"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["deck", "port"]),
            ("rest", "passthrough", ["returning"]),
        ]
    )


def _text_pipeline() -> Trained:
    table, subject = reviews()
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    model.fit(table["review"].tolist(), subject)
    return Trained(model, table, subject.to_frame())


def _text_beside_numbers() -> Trained:
    table, subject = reviews()
    table = table.assign(length=table["review"].str.len().astype(float))
    columns = ColumnTransformer([("words", TfidfVectorizer(), "review"), ("length", StandardScaler(), ["length"])])
    return _on(
        Pipeline([("columns", columns), ("linear", SGDClassifier(loss="log_loss", random_state=0))]), table, subject
    )


def _two_targets() -> tuple[pd.DataFrame, pd.DataFrame]:
    features, progression = patients()
    return features, pd.DataFrame({"progression": progression, "double": progression * 2 + features["bmi"]})


def _two_labels() -> tuple[pd.DataFrame, pd.DataFrame]:
    features, species = flowers()
    return features, pd.DataFrame({"species": species, "is_large": np.where(features["petal_length"] > 4, "yes", "no")})


KINDS: Final[Mapping[str, Callable[[], Trained]]] = {
    "linear-regression": lambda: _on(LinearRegression(), *patients()),
    "elastic-net": lambda: _on(ElasticNet(alpha=0.1), *patients()),
    "poisson-regression": lambda: _on(make_pipeline(StandardScaler(), PoissonRegressor()), *patients()),
    "random-forest-regression": lambda: _on(RandomForestRegressor(20, random_state=0), *patients()),
    "extra-trees-regression": lambda: _on(ExtraTreesRegressor(20, random_state=0), *patients()),
    "gradient-boosting-regression": lambda: _on(
        GradientBoostingRegressor(n_estimators=30, random_state=0), *patients()
    ),
    "histogram-boosting-regression": lambda: _on(
        HistGradientBoostingRegressor(max_iter=30, random_state=0), *patients()
    ),
    "nearest-neighbours-regression": lambda: _on(make_pipeline(StandardScaler(), KNeighborsRegressor()), *patients()),
    "support-vector-regression": lambda: _on(make_pipeline(StandardScaler(), SVR(C=50)), *patients()),
    "network-regression": lambda: _on(
        make_pipeline(
            StandardScaler(), MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", max_iter=300, random_state=0)
        ),
        *patients(),
    ),
    "polynomial-regression": lambda: _on(
        make_pipeline(
            StandardScaler(), PolynomialFeatures(2, include_bias=False), SelectKBest(k=20), LinearRegression()
        ),
        *patients(),
    ),
    "voting-regression": lambda: _on(
        VotingRegressor([("line", LinearRegression()), ("trees", RandomForestRegressor(10, random_state=0))]),
        *patients(),
    ),
    "stacking-regression": lambda: _on(
        StackingRegressor([("line", LinearRegression()), ("trees", RandomForestRegressor(10, random_state=0))]),
        *patients(),
    ),
    "several-targets": lambda: _on(RandomForestRegressor(10, random_state=0), *_two_targets()),
    "logistic-regression": lambda: _on(make_pipeline(StandardScaler(), LogisticRegression()), *cells()),
    "logistic-regression-of-three": lambda: _on(LogisticRegression(max_iter=1000), *flowers()),
    "ridge-classification": lambda: _on(make_pipeline(StandardScaler(), RidgeClassifier()), *cells()),
    "linear-support-vectors": lambda: _on(make_pipeline(StandardScaler(), LinearSVC(random_state=0)), *cells()),
    "linear-support-vectors-of-three": lambda: _on(LinearSVC(random_state=0), *flowers()),
    "support-vectors": lambda: _on(make_pipeline(StandardScaler(), SVC()), *wines()),
    "decision-tree": lambda: _on(DecisionTreeClassifier(max_depth=4, random_state=0), *flowers()),
    "random-forest": lambda: _on(RandomForestClassifier(20, random_state=0), *cells()),
    "bagging": lambda: _on(BaggingClassifier(DecisionTreeClassifier(max_depth=3), 10, random_state=0), *flowers()),
    "ada-boost": lambda: _on(AdaBoostClassifier(n_estimators=10, random_state=0), *cells()),
    "gradient-boosting": lambda: _on(GradientBoostingClassifier(n_estimators=20, random_state=0), *wines()),
    "histogram-boosting": lambda: _on(HistGradientBoostingClassifier(max_iter=20, random_state=0), *cells()),
    "nearest-neighbours": lambda: _on(make_pipeline(StandardScaler(), KNeighborsClassifier(4)), *wines()),
    "naive-bayes": lambda: _on(GaussianNB(), *flowers()),
    "discriminant-analysis": lambda: _on(LinearDiscriminantAnalysis(), *wines()),
    "network": lambda: _on(
        make_pipeline(StandardScaler(), MLPClassifier((8,), solver="lbfgs", max_iter=300, random_state=0)), *wines()
    ),
    "calibrated": lambda: _on(
        make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(random_state=0))), *cells()
    ),
    "voting-soft": lambda: _on(
        VotingClassifier([("line", LogisticRegression(max_iter=1000)), ("bayes", GaussianNB())], voting="soft"),
        *flowers(),
    ),
    "voting-hard": lambda: _on(
        VotingClassifier(
            [
                ("line", LogisticRegression(max_iter=1000)),
                ("bayes", GaussianNB()),
                ("tree", DecisionTreeClassifier(max_depth=2)),
            ]
        ),
        *flowers(),
    ),
    "stacking": lambda: _on(
        StackingClassifier([("line", LogisticRegression(max_iter=1000)), ("bayes", GaussianNB())]), *flowers()
    ),
    "grid-search": lambda: _on(
        GridSearchCV(RandomForestClassifier(10, random_state=0), {"max_depth": [2, 4]}, cv=3), *flowers()
    ),
    "several-labels": lambda: _on(MultiOutputClassifier(LogisticRegression(max_iter=1000)), *_two_labels()),
    "columns-of-all-kinds": lambda: _on(
        Pipeline([("columns", _mixed_columns()), ("linear", LogisticRegression(max_iter=1000))]), *travellers()
    ),
    "columns-into-trees": lambda: _on(
        Pipeline(
            [
                (
                    "columns",
                    ColumnTransformer([("texts", OrdinalEncoder(), ["deck", "port"])], remainder="passthrough"),
                ),
                ("trees", HistGradientBoostingClassifier(max_iter=20, random_state=0)),
            ]
        ),
        *travellers(),
    ),
    "xgboost": lambda: _on(xgboost.XGBClassifier(n_estimators=20), *wines()),
    "xgboost-regression": lambda: _on(xgboost.XGBRegressor(n_estimators=20), *patients()),
    "xgboost-behind-a-scaler": lambda: _on(
        make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=20)), *cells()
    ),
    "lightgbm": lambda: _on(lightgbm.LGBMClassifier(n_estimators=20, verbose=-1), *wines()),
    "lightgbm-behind-a-scaler": lambda: _on(
        make_pipeline(StandardScaler(), lightgbm.LGBMRegressor(n_estimators=20, verbose=-1)), *patients()
    ),
    "catboost-behind-columns": lambda: _on(
        Pipeline(
            [
                ("columns", _mixed_columns()),
                ("trees", catboost.CatBoostClassifier(iterations=20, verbose=0, allow_writing_files=False)),
            ]
        ),
        *travellers(),
    ),
    "words": _text_pipeline,
    "words-beside-numbers": _text_beside_numbers,
    "clusters": lambda: _on(KMeans(3, random_state=0, n_init=1), flowers()[0]),
    "outliers": lambda: _on(IsolationForest(n_estimators=20, random_state=0), flowers()[0]),
    "gaussian-process": lambda: _on(
        make_pipeline(
            StandardScaler(), GaussianProcessRegressor(RBF(3.0) + WhiteKernel(1.0), normalize_y=True, random_state=0)
        ),
        patients()[0].head(100),
        patients()[1].head(100),
    ),
}
