"""Estimators and pipelines with scikit-learn's interface, converted by skl2onnx."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import skl2onnx
import sklearn
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from cli.packaging.features import Column
from cli.packaging.graph import OPSETS, Ending, name_inputs
from cli.packaging.rows import Rows
from cli.packaging.source import Answers, Layout, SourceRefused
from cli.packaging.sources import skl2onnx_repairs
from cli.packaging.sources.sklearn_steps import last_step, named_steps, read_as_text, reads_text, steps_of
from serin.manifest import Classification, Prediction, Regression, TensorInput, Tensors
from serin.protocol import Datatype

if TYPE_CHECKING:
    import onnx

    Array = np.ndarray[Any, Any]

Kind = Literal["probabilities", "scores", "votes", "value", "values", "labels", "transformed"]
"""What the only output is. ``votes``: a classifier that gives labels alone, as 1 for the label and 0 for the rest."""

SINGLE_INPUT: Final = "features"
_WORDS: Final = {
    r"(?u)\b\w\w+\b": r"[\p{L}\p{N}_]{2,}",
    r"(?u)\b\w+\b": r"[\p{L}\p{N}_]+",
}
"""scikit-learn's own pattern for words, and the usual one for words of one letter too, in RE2's words."""


def from_object(model: object) -> Estimator | None:
    """The source of an estimator; None for what is none.

    Raises:
        SourceRefused: it is not fitted.
    """
    if not isinstance(model, BaseEstimator) or not any(hasattr(model, name) for name in ("predict", "transform")):
        return None
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise SourceRefused(f"the {type(model).__name__} is not fitted; save it after fit()") from None
    return Estimator(getattr(model, "best_estimator_", model))


class Estimator:
    """A fitted estimator or pipeline."""

    tensor_names: tuple[str, ...] | None = None
    operators: tuple[str, ...] = ("com.microsoft.Tokenizer",)

    def __init__(self, model: Any) -> None:
        self._model = model
        self.framework = f"scikit-learn {sklearn.__version__}"
        self.tools = ("scikit-learn", "skl2onnx", *_libraries(model))
        names = getattr(model, "feature_names_in_", None)
        self.feature_names = None if names is None else tuple(map(str, names))
        count = getattr(model, "n_features_in_", None)
        self._reads_text = reads_text(model)
        self.feature_count = 1 if self._reads_text else None if count is None else int(count)
        self._kind: Kind = _kind(model)
        self._width = 1
        self._inputs: frozenset[str] = frozenset(self.feature_names or ())
        self._number = Datatype.FP64 if _compares_in_double(model) else Datatype.FP32

    @property
    def _output(self) -> str:
        name: str = self._kind
        while name in self._inputs:
            name = f"model_{name}"
        return name

    # --- What goes in ---------------------------------------------------------------------------------------

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        """One tensor for numbers alone; one a column where the pipeline picks columns by name, or some are texts."""
        texts = [column.name for column in columns if column.type == "string"]
        names = tuple(column.name for column in columns)
        if self._reads_text and texts != list(names):
            raise SourceRefused("the pipeline begins with a vectorizer, so its data is one column of text")
        self._inputs = frozenset(names)
        self._look_at_an_answer(rows)
        if not texts and not any(isinstance(step, ColumnTransformer) for step in steps_of(self._model)):
            return Layout(
                inputs=(TensorInput(name=SINGLE_INPUT, datatype=self._number, shape=(-1, len(names))),),
                columns={SINGLE_INPUT: names},
            )
        inputs = tuple(
            TensorInput(
                name=column.name,
                datatype=Datatype.BYTES if column.type == "string" else self._number,
                shape=(-1, 1),
            )
            for column in columns
        )
        read = texts if self._reads_text else list(read_as_text(self._model))
        return Layout(inputs=inputs, columns={name: (name,) for name in names}, free_texts=tuple(read))

    def _look_at_an_answer(self, rows: Rows) -> None:
        """How many columns it has, which no attribute tells for every estimator."""
        whole = np.zeros(1, dtype=int) if rows.table is None else np.flatnonzero(rows.table.notna().all(axis=1))
        (answer,) = self.answer(rows.take(whole[:1] if len(whole) else [0])).outputs.values()
        self._width = answer.shape[1]
        if self._kind == "value" and self._width > 1:
            self._kind = "values"

    # --- What comes out -------------------------------------------------------------------------------------

    def prediction(self, rows: Rows) -> Prediction:  # noqa: ARG002 - for models that do not say it themselves
        """By what the estimator is; labels are its ``classes_`` as text."""
        if self._kind in {"probabilities", "scores", "votes"}:
            labels = tuple(str(label) for label in self._model.classes_)
            if len(labels) < 2:
                raise SourceRefused(f"the classifier knows one class only, {labels[0]!r}; train it on two or more")
            raw: Literal["softmax", "sigmoid"] = "sigmoid" if len(labels) == 2 else "softmax"
            return Classification(
                scores=self._output, labels=labels, activation=raw if self._kind == "scores" else "none"
            )
        return Regression(value=self._output) if self._kind == "value" else Tensors()

    def answer(self, rows: Rows) -> Answers:
        """By predict_proba, decision_function, predict or transform, whichever the estimator has first."""
        given = self._given(rows)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._answers(given)
        except Exception as error:  # noqa: BLE001 - estimators raise whatever their parts raise
            reason = str(error).strip().split("\n")[0]
            hint = "are the columns of the types that it was trained on? .parquet keeps them"
            raise SourceRefused(f"the model itself does not answer these rows: {reason}; {hint}") from None

    def _answers(self, given: Any) -> Answers:
        model, rows = self._model, len(given)
        if self._kind == "transformed":
            transformed = model.transform(given)
            dense = transformed.toarray() if hasattr(transformed, "toarray") else np.asarray(transformed)
            return Answers(outputs={self._output: dense})
        predicted = np.asarray(model.predict(given))
        if self._kind in {"value", "values", "labels"}:
            return Answers(outputs={self._output: predicted.reshape(rows, -1)})
        if self._kind == "votes":
            votes = (predicted[:, None] == np.asarray(model.classes_)[None, :]).astype(np.float64)
            return Answers(outputs={self._output: votes}, labels=predicted.astype(str))
        scores = np.asarray(
            model.predict_proba(given) if self._kind == "probabilities" else model.decision_function(given)
        )
        return Answers(outputs={self._output: scores.reshape(rows, -1)}, labels=predicted.astype(str))

    def _given(self, rows: Rows) -> Any:
        """The table as the estimator was trained on it: by names, as an array, or one text a row."""
        table = rows.table
        if table is None:
            raise SourceRefused(f"{self.framework} models take a table: --data must be .csv or .parquet")
        if self._reads_text:
            return table.iloc[:, 0].astype(object).tolist()
        if self.feature_names is not None:
            return table[list(self.feature_names)]
        return table.to_numpy()

    # --- The graph ------------------------------------------------------------------------------------------

    def convert(self, layout: Layout) -> onnx.ModelProto:
        """By skl2onnx, and the one output in the shape that ``answer`` gives it."""
        _register_boosting()
        skl2onnx_repairs.register()
        model = _convertible(self._model)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exported = skl2onnx.to_onnx(
                    model,
                    initial_types=[(tensor.name, _type_of(tensor)) for tensor in layout.inputs],
                    options=self._options(model),
                    target_opset=OPSETS,
                )
        except SourceRefused:
            raise
        except Exception as error:  # noqa: BLE001 - converters raise whatever their parts raise
            raise SourceRefused(_unconvertible(model, error)) from None
        self._end(exported)
        name_inputs(exported, [tensor.name for tensor in layout.inputs])  # skl2onnx makes identifiers of them
        return cast("onnx.ModelProto", exported)

    def _options(self, model: Any) -> dict[Any, dict[str, Any]]:
        """By the parts' identities; those of a pipeline go on to its last step."""
        options: dict[Any, dict[str, Any]] = {}
        for step in steps_of(model):
            if isinstance(step, CountVectorizer) and step.analyzer == "word" and step.token_pattern in _WORDS:
                options[id(step)] = {"tokenexp": _WORDS[step.token_pattern]}
        if is_classifier(model):
            allowed = _allowed_options(last_step(model))
            wanted = {"zipmap": False, "raw_scores": self._kind == "scores"}
            options[id(model)] = {name: value for name, value in wanted.items() if name in allowed}
        return options

    def _end(self, exported: onnx.ModelProto) -> None:
        """Give the output that is served its name and shape."""
        ending = Ending(exported, self._output)
        made = [output.name for output in exported.graph.output]
        classes = getattr(self._model, "classes_", ())
        if self._kind == "probabilities":
            self._promise(ending, ending.reshaped(made[1], "ending.probabilities", [-1, len(classes)]), len(classes))
        elif self._kind == "scores":
            self._end_scores(ending, made[1], len(classes))
        elif self._kind == "votes":
            self._end_votes(ending, made[0])
        else:
            datatype = _datatype_of_output(exported, made[0])
            ending.cast(ending.reshaped(made[0], "ending.values", [-1, self._width]), self._output, datatype)
            ending.promise(self._output, datatype, (-1, self._width))

    def _promise(self, ending: Ending, source: str, width: int) -> None:
        ending.cast(source, self._output, Datatype.FP32)
        ending.promise(self._output, Datatype.FP32, (-1, width))

    def _end_scores(self, ending: Ending, scores: str, classes: int) -> None:
        """Of two classes skl2onnx gives [n, 1] or [n, 2], the last column of which is the decision function."""
        if classes > 2:
            self._promise(ending, ending.reshaped(scores, "ending.scores", [-1, classes]), classes)
            return
        ones = [
            ending.constant(name, [value], Datatype.INT64, [1])
            for name, value in (("ending.last", -1), ("ending.end", 2**31 - 1), ("ending.columns", 1))
        ]
        self._promise(ending, ending.node("Slice", [scores, *ones], "ending.last_score"), 1)

    def _end_votes(self, ending: Ending, label: str) -> None:
        classes = list(self._model.classes_)
        texts = isinstance(classes[0], str)
        datatype = Datatype.BYTES if texts else Datatype.INT64
        values = [str(c).encode() for c in classes] if texts else [int(c) for c in classes]
        every = ending.constant("ending.every_label", values, datatype, [1, len(classes)])
        equal = ending.node("Equal", [ending.reshaped(label, "ending.each_label", [-1, 1]), every], "ending.is_label")
        self._promise(ending, ending.cast(equal, "ending.label_votes", Datatype.FP32), len(classes))


# --- What an estimator is -------------------------------------------------------------------------------------


def _kind(model: Any) -> Kind:
    if is_classifier(model):
        if isinstance(getattr(model, "classes_", None), list):
            return "labels"  # several targets
        if hasattr(model, "predict_proba"):
            return "probabilities"
        return "scores" if hasattr(model, "decision_function") and not _squashes(model) else "votes"
    if is_regressor(model):
        return "value"
    return "labels" if hasattr(model, "predict") else "transformed"


def _compares_in_double(model: Any) -> bool:
    """Whether trees compare numbers of double precision: LightGBM's, and those behind steps that compute in it.

    Boosted trees' thresholds are numbers of the training data, so that a rounding before them turns many a row the
    other way; scikit-learn's own lie between two such numbers.
    """
    libraries = _libraries(model)
    return "lightgbm" in libraries or (isinstance(model, Pipeline) and bool(libraries))


def _squashes(model: Any) -> bool:
    """Whether skl2onnx has no way to give the decision function itself."""
    return type(last_step(model)).__name__ in {"OneVsRestClassifier", "OneVsOneClassifier", "OutputCodeClassifier"}


def _libraries(model: Any) -> tuple[str, ...]:
    """Other distributions that parts of it come from."""
    packages = {type(step).__module__.partition(".")[0] for step in steps_of(model)} - {"sklearn"}
    known = {"xgboost": ("xgboost", "xgboost-cpu"), "lightgbm": ("lightgbm",), "catboost": ("catboost",)}
    found = [name for package in sorted(packages & known.keys()) for name in known[package] if _is_installed(name)]
    return tuple(found)


def _is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except ModuleNotFoundError:
        return False


# --- skl2onnx -------------------------------------------------------------------------------------------------


def _register_boosting() -> None:
    """Where a library of boosted trees has been imported, its estimators may be in the pipeline."""
    if {"xgboost", "lightgbm", "catboost"} & sys.modules.keys():
        from cli.packaging.sources.boosting_converters import register

        register()


def _type_of(tensor: TensorInput) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

    kinds = {Datatype.BYTES: StringTensorType, Datatype.FP64: DoubleTensorType}
    return kinds.get(tensor.datatype, FloatTensorType)([None, *tensor.shape[1:]])


def _convertible(model: Any) -> Any:
    """The same model, as skl2onnx takes it: a soft vote whose transform, which is not used, is not flat."""
    from copy import deepcopy

    if not any(isinstance(step, VotingClassifier) for step in steps_of(model)):
        return model
    copied = deepcopy(model)
    for step in steps_of(copied):
        if isinstance(step, VotingClassifier):
            step.flatten_transform = False
    return copied


def _allowed_options(step: Any) -> set[str]:
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common._registration import _converter_pool

    alias = sklearn_operator_name_map.get(type(step))
    converter = _converter_pool.get(alias)
    return set((converter.get_allowed_options() if converter is not None else None) or {})


def _datatype_of_output(model: onnx.ModelProto, name: str) -> Datatype:
    """Of an output that has this name in the graph."""
    types = {1: Datatype.FP32, 7: Datatype.INT64, 8: Datatype.BYTES, 11: Datatype.FP64, 9: Datatype.BOOL}
    output = next(output for output in model.graph.output if output.name == name)
    return types.get(output.type.tensor_type.elem_type, Datatype.FP32)


_CLASS: Final = re.compile(r"'([\w.]+\.)?(\w+)'>")


def _unconvertible(model: Any, error: Exception) -> str:
    """Which step the converter cannot do, and why, in one line."""
    reason = " ".join(str(error).split()).partition(" You may raise")[0][:200]
    places = {type(part).__name__: "" for part in steps_of(model)}
    places |= {type(part).__name__: path for path, part in named_steps(model)}
    found = _CLASS.search(str(error))
    if found is not None and found[2] in places:
        where = _where(found[2], places)
        return f"skl2onnx has no converter for {where}; replace it by one that it has, or package the model as .onnx"
    name = next((name for name in places if re.search(rf"\b{re.escape(name)}\b", reason)), None)
    return f"skl2onnx cannot convert {_where(name, places) if name else 'the model'}: {reason}"


def _where(name: str, places: Mapping[str, str]) -> str:
    return f"step {places[name]!r} ({name})" if places[name] else name
