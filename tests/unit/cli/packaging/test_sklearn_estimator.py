from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from cli.packaging.features import columns_of
from cli.packaging.graph import canonical
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.rows import DataFile, Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources.sklearn_estimator import Estimator, from_object
from cli.packaging.subject import HeldOut, Subject, held_out, subject_of
from serin.manifest import Classification, Prediction, Regression, Tensors
from serin.protocol import Datatype

DRAW = np.random.default_rng(0)
TABLE = pd.DataFrame(DRAW.normal(size=(60, 2)), columns=["a", "b"])
TRUTH = (TABLE["a"] > 0).to_numpy()
TREE = DecisionTreeClassifier(max_depth=2, random_state=0)


class Odd(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A step of one's own."""

    def fit(self, values: Any, _: Any = None) -> Odd:
        self.n_features_in_ = values.shape[1]
        return self

    def transform(self, values: Any) -> Any:
        return values


def looked_at(model: Any, table: pd.DataFrame) -> tuple[Subject, HeldOut]:
    source = from_object(model)
    assert isinstance(source, Estimator)
    subject = subject_of(source, DataFile(name="d", sha256="0" * 64, rows=Rows(table=table)), ())
    return subject, held_out(subject, subject.rows)


def apart(model: Any, table: pd.DataFrame) -> float:
    """The largest difference between an estimator's answers and its ONNX model's."""
    subject, heldout = looked_at(model, table)
    ((name, due),) = heldout.answers.outputs.items()
    session = OnnxSession(canonical(subject.source.convert(subject.layout), [name], "g"))
    assert [tensor.name for tensor in session.inputs] == [tensor.name for tensor in subject.layout.inputs]
    got = session.run(heldout.rows.tensors)[name]
    assert got.shape == due.shape
    return float(np.abs(got - due).max())


@pytest.mark.parametrize(
    ("model", "target", "due"),
    [
        (TREE, TRUTH, Classification(scores="probabilities", labels=("False", "True"))),
        (TREE, TRUTH * 2.0, Classification(scores="probabilities", labels=("0.0", "2.0"))),
        (TREE, np.where(TRUTH, "x" * 3000, "no"), Classification(scores="probabilities", labels=("no", "x" * 3000))),
        (RidgeClassifier(), TRUTH, Classification(scores="scores", labels=("False", "True"), activation="sigmoid")),
        (
            RidgeClassifier(),
            np.arange(60) % 3,
            Classification(scores="scores", labels=("0", "1", "2"), activation="softmax"),
        ),
        (
            VotingClassifier([("tree", TREE)]),
            np.where(TRUTH, "Å", "no"),
            Classification(scores="votes", labels=("no", "Å")),
        ),
        (LinearRegression(), np.full(60, 3.0), Regression(value="value")),
        (DecisionTreeRegressor(max_depth=2), TABLE, Tensors()),
        (StandardScaler(), None, Tensors()),
    ],
)
def test_what_an_estimator_is_says_what_its_answers_are(model: Any, target: Any, due: Prediction) -> None:
    _, heldout = looked_at(model.fit(TABLE, target), TABLE)
    assert heldout.prediction == due
    assert apart(model, TABLE) < 1e-5


def test_numbers_alone_go_into_one_input_and_picked_columns_into_one_each() -> None:
    one, _ = looked_at(LinearRegression().fit(TABLE, TRUTH), TABLE)
    assert [(tensor.name, tensor.shape) for tensor in one.layout.inputs] == [("features", (-1, 2))]
    picked = make_pipeline(ColumnTransformer([("a", StandardScaler(), ["a"])]), LinearRegression()).fit(TABLE, TRUTH)
    each, _ = looked_at(picked, TABLE)
    assert [(tensor.name, tensor.shape) for tensor in each.layout.inputs] == [("a", (-1, 1)), ("b", (-1, 1))]
    assert apart(picked, TABLE) < 1e-5


@pytest.mark.parametrize(
    "names",
    [
        ("probabilities", "model_probabilities"),
        ("with space", "1.0"),
        ("größe", "x: #y's"),
        ("variable", "ending.probabilities"),
        ("inner.variable", "inner."),
        ("output_probability", "label"),
    ],
)
def test_picked_columns_have_any_name(names: tuple[str, str]) -> None:
    table = TABLE.set_axis(list(names), axis=1)
    scaled = ColumnTransformer([("scaled", StandardScaler(), [names[0]])], remainder="passthrough")
    assert apart(make_pipeline(scaled, LogisticRegression()).fit(table, TRUTH), table) < 1e-5


def test_columns_picked_by_place_have_any_name_too() -> None:
    scaled = ColumnTransformer([("scaled", StandardScaler(), [0])], remainder="passthrough")
    model = make_pipeline(scaled, LogisticRegression()).fit(TABLE.to_numpy(), TRUTH)
    assert apart(model, TABLE.set_axis(["probabilities", "x y"], axis=1)) < 1e-5


@pytest.mark.parametrize("imputer", [SimpleImputer(strategy="most_frequent"), SimpleImputer(strategy="constant")])
def test_texts_that_a_pipeline_imputes_are_filled_before_the_model(imputer: SimpleImputer) -> None:
    if imputer.strategy == "constant":
        imputer.set_params(fill_value="missing")
    kinds = pd.Series(DRAW.choice(["x", "Å"], 60), dtype=object)
    table = TABLE.assign(kind=kinds.mask(kinds.index % 7 == 0))
    texts = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
    picked = ColumnTransformer([("texts", texts, ["kind"])], remainder="passthrough")
    model = make_pipeline(picked, LogisticRegression()).fit(table, TRUTH)
    _, heldout = looked_at(model, table)
    assert len(heldout.rows) == 60
    assert apart(model, table) < 1e-5


@pytest.mark.parametrize("pattern", [r"(?u)\b\w\w+\b", r"(?u)\b\w+\b"])
def test_words_are_found_as_scikit_learn_finds_them(pattern: str) -> None:
    texts = ["", "a crème, brûlée!", "A-b c3 北京", "good_day 7", "  "] * 4
    model = make_pipeline(TfidfVectorizer(token_pattern=pattern), LogisticRegression())
    model.fit(texts, np.arange(20) % 2)
    assert apart(model, pd.DataFrame({"text": texts})) < 1e-5


def test_a_missing_text_in_the_first_row_does_not_matter() -> None:
    texts = ["good day", "bad day"] * 10
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, np.arange(20) % 2)
    subject, heldout = looked_at(model, pd.DataFrame({"text": [None, *texts]}))
    assert subject.policies == {"text": "reject"}
    assert heldout.places[0] == 1


def test_missing_truths_go_in_as_missing_numbers_do() -> None:
    table = TABLE.assign(member=pd.array([None, *TRUTH[1:].tolist()], dtype="boolean"))
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(table, TRUTH)
    subject, heldout = looked_at(model, table)
    assert subject.policies["member"] == "allow"
    assert len(heldout.rows) == 60
    assert apart(model, table) < 1e-5


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (make_pipeline(Odd(), TREE), "no converter for step 'odd' (Odd); replace it"),
        (
            Pipeline([("prep", ColumnTransformer([("own", Odd(), ["a"])], remainder="passthrough")), ("tree", TREE)]),
            "no converter for step 'prep.own' (Odd)",
        ),
        (DummyClassifier(), "no converter for DummyClassifier"),
        (BaggingClassifier(make_pipeline(Odd(), TREE), 2), "no converter for Odd"),
        (
            make_pipeline(FunctionTransformer(np.abs), TREE),
            "cannot convert step 'functiontransformer' (FunctionTransformer): ",
        ),
    ],
)
def test_a_step_that_cannot_be_converted_is_named(model: Any, said: str) -> None:
    subject, _ = looked_at(model.fit(TABLE, TRUTH), TABLE)
    with pytest.raises(SourceRefused) as refusal:
        subject.source.convert(subject.layout)
    assert refusal.value.message.startswith("skl2onnx ")
    assert said in refusal.value.message


def test_a_classifier_of_one_class_is_refused() -> None:
    with pytest.raises(SourceRefused, match="knows one class only, 'yes'; train it on two or more"):
        looked_at(TREE.fit(TABLE, ["yes"] * 60), TABLE)


def test_rows_that_the_model_cannot_answer_are_refused_with_a_hint() -> None:
    with pytest.raises(SourceRefused, match=r"does not answer these rows: could not convert .*\.parquet keeps them"):
        looked_at(TREE.fit(TABLE, TRUTH), TABLE.assign(a="x"))


def test_a_vectorizer_takes_one_column_of_texts_and_no_estimator_takes_tensors() -> None:
    vectorizer = from_object(TfidfVectorizer().fit(["a text"]))
    tree = from_object(TREE.fit(TABLE, TRUTH))
    assert vectorizer is not None
    assert tree is not None
    with pytest.raises(SourceRefused, match="its data is one column of text"):
        vectorizer.layout(columns_of(TABLE[["a"]], None, None, "d"), Rows(table=TABLE[["a"]]))
    with pytest.raises(SourceRefused, match=r"models take a table: --data must be \.csv or \.parquet"):
        tree.answer(Rows(tensors={"x": np.zeros((1, 2))}))
    assert tree.tensor_names is None


def test_what_is_no_estimator_is_none_and_one_that_is_not_fitted_is_refused() -> None:
    assert from_object({"a": 1}) is None
    assert from_object(LinearRegression) is None
    with pytest.raises(SourceRefused, match="the Pipeline is not fitted"):
        from_object(make_pipeline(StandardScaler(), LinearRegression()))


def test_huge_whole_numbers_are_beyond_single_precision_and_that_shows() -> None:
    table = pd.DataFrame({"serial": 2**40 + np.arange(60)})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, np.arange(60) > 30)
    subject, _ = looked_at(model, table)
    assert subject.layout.inputs[0].datatype is Datatype.FP32
    assert apart(model, table) > 0.1
