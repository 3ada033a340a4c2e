"""Train ``models/doctor-visits``: will a person see a doctor within the year, from insurance plan and health?

Data: RAND Health Insurance Experiment, 1974-1982, as it ships inside statsmodels. The preprocessing (imputation,
scaling, one-hot encoding) is part of the exported graph, so a request carries the values as people know them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from statsmodels.datasets import randhie

from examples import packaging
from examples.packaging import Floats, Instance, Prediction, Training
from serin.manifest import Manifest

LABELS: Final = ("no_visit", "visit")
PLAN: Final = ["lncoins", "idp", "lpi", "fmde"]
NUMERIC: Final = ["coinsurance_percent", "participation_incentive", "cost_sharing_limit", "disease_index"]
CATEGORIES: Final = {
    "individual_deductible": ["no", "yes"],
    "physical_limitation": ["no", "yes", "unknown"],
    "self_rated_health": ["excellent", "good", "fair", "poor"],
}
IMPUTED_DISEASE_INDEX: Final = (9.967326, 10.57626, 11.84267, 13.73189)
"""Group means that the study put where the answer was missing. Asked values are whole multiples of 100/29 or
100/23, rounded to one decimal."""
WEIGHT_DECIMALS: Final = 4


def load() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """20,190 person-years: seven features, whether there was a visit (0 or 1), and the group of each row.

    The file holds several years of each person and several persons of each family, one after the other. A group is
    a run of rows with the same plan: whole families, so that a hold-out knows nobody of the training rows.
    """
    data = randhie.load_pandas().data
    changes = (data[PLAN] != data[PLAN].shift()).any(axis="columns")
    return features_of(data), (data["mdvis"] > 0).astype(int), changes.cumsum()


def features_of(data: pd.DataFrame) -> pd.DataFrame:
    """The study's variables in units that people use, with its imputations taken back to missing values."""
    health = [data["hlthg"] == 1, data["hlthf"] == 1, data["hlthp"] == 1]
    return pd.DataFrame(
        {
            "coinsurance_percent": np.expm1(data["lncoins"]).round().astype(int),
            "individual_deductible": data["idp"].map({0: "no", 1: "yes"}),
            "participation_incentive": dollars(data["lpi"]),
            "cost_sharing_limit": dollars(data["fmde"]),
            "physical_limitation": data["physlm"].map({0.0: "no", 1.0: "yes"}).fillna("unknown"),
            "disease_index": data["disea"].where(~data["disea"].isin(IMPUTED_DISEASE_INDEX)),
            "self_rated_health": np.select(health, ["good", "fair", "poor"], "excellent"),
        }
    )


def dollars(logarithm: pd.Series) -> pd.Series:
    """Whole dollars from ``ln(max(1, dollars))``; its 0 stands for none."""
    return np.exp(logarithm).where(logarithm > 0, 0.0).round()


def train(manifest: Manifest) -> Training:
    """Train on three quarters, measure on the rest; the model that was measured is the one that is served."""
    features, visit, group = load()
    split = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    training, test = next(split.split(features, visit, group))
    train_x, test_x, test_y = features.iloc[training], features.iloc[test], visit.iloc[test]
    model = fit(train_x, visit.iloc[training])
    probability = model.predict_proba(test_x)[:, 1]
    golden = pd.concat([packaging.golden_rows(test_x, probability, manifest), missing_values(test_x)])
    return Training(
        model=export(model),
        data=features.assign(visit=visit),
        metrics=measure(test_y, probability, float(visit.iloc[training].mean())),
        golden=golden_cases(model, golden, manifest),
        baseline=packaging.baseline(train_x, manifest, packaging.numeric_bins(probability)),
        tools=("scikit-learn", "skl2onnx", "onnx"),
    )


def fit(features: pd.DataFrame, visit: pd.Series) -> Pipeline:
    """A logistic regression on imputed, scaled and one-hot encoded features, its weights rounded."""
    scaled = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    encoded = OneHotEncoder(categories=list(CATEGORIES.values()), handle_unknown="ignore")
    preprocess = ColumnTransformer([("numeric", scaled, NUMERIC), ("categorical", encoded, list(CATEGORIES))])
    preprocess.fit(features)
    scaler = preprocess.named_transformers_["numeric"]["scale"]
    packaging.round_learned(scaler, ["mean_", "scale_"], WEIGHT_DECIMALS)
    classifier = LogisticRegression(solver="newton-cholesky", tol=1e-10)
    classifier.fit(preprocess.transform(features), visit)
    packaging.round_learned(classifier, ["coef_", "intercept_"], WEIGHT_DECIMALS)
    return Pipeline([("preprocess", preprocess), ("classifier", classifier)])


def golden_cases(model: Pipeline, rows: pd.DataFrame, manifest: Manifest) -> list[tuple[Instance, Prediction]]:
    """A case a row, and the last one once more with its missing values left out in place of null."""
    cases = list(zip(packaging.instances(rows, manifest), predict(model, rows), strict=True))
    instance, prediction = cases[-1]
    return [*cases, ({name: value for name, value in instance.items() if value is not None}, prediction)]


def missing_values(features: pd.DataFrame) -> pd.DataFrame:
    """One row a kind of missing value: either feature that may be missing, and both."""
    rows = features.iloc[[0, 0, 0]].copy()
    rows["disease_index"] = [np.nan, 6.9, np.nan]
    rows["physical_limitation"] = ["no", None, None]
    return rows


def predict(model: Pipeline, rows: pd.DataFrame) -> list[Prediction]:
    """The pipeline's own predictions; a missing text is what the manifest fills in."""
    probabilities: Floats = model.predict_proba(rows.fillna({"physical_limitation": "unknown"}))
    return [packaging.class_prediction(LABELS, row, LABELS[int(row[1] >= 0.5)]) for row in probabilities]


def measure(visit: pd.Series, probability: Floats, base_rate: float) -> dict[str, float]:
    """Hold-out figures, and for comparison the loss of always answering the training rows' base rate."""
    return {
        "roc_auc": roc_auc_score(visit, probability),
        "log_loss": log_loss(visit, probability),
        "log_loss_of_the_base_rate": log_loss(visit, np.full(len(visit), base_rate)),
        "brier_score": brier_score_loss(visit, probability),
        "accuracy": accuracy_score(visit, probability >= 0.5),
    }


def export(model: Pipeline) -> onnx.ModelProto:
    """The whole pipeline, one input a feature; its output is the two probabilities."""
    exported = to_onnx(
        model,
        initial_types=[(name, column_type(name)) for name in model.feature_names_in_],
        options={id(model): {"zipmap": False}},
        target_opset=packaging.OPSETS,
    )
    return packaging.only_output(exported, "probabilities", "doctor-visits")


def column_type(name: str) -> FloatTensorType | StringTensorType:
    """A column of numbers or of text."""
    return StringTensorType([None, 1]) if name in CATEGORIES else FloatTensorType([None, 1])


if __name__ == "__main__":
    packaging.main(__file__, train)
