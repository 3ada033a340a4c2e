"""The boosting libraries' scikit-learn estimators, made known to skl2onnx, so that pipelines of them convert.

The graph is the one that ``boosted_trees`` writes for a model that stands alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosted_trees import ML_OPSET, Ensemble, Graph, answer

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class _Library(NamedTuple):
    """Its classes by what they are, and what reads one of them."""

    classifiers: tuple[str, ...]
    regressors: tuple[str, ...]
    read: Callable[[Any], Ensemble]


def register() -> None:
    """Make skl2onnx know the estimators of those boosting libraries that are imported. Again does no harm."""
    from skl2onnx import update_registered_converter

    for name, library in _LIBRARIES.items():
        module = sys.modules.get(name)
        if module is None:  # what was not imported made no part of the model
            continue
        for kind in library.classifiers:
            update_registered_converter(
                getattr(module, kind),
                f"Boosted{kind}",
                _classifier_shapes,
                _convert_classifier,
                parser=_parse_classifier,
                options={"zipmap": [True, False, "columns"], "nocl": [True, False]},
            )
        for kind in library.regressors:
            update_registered_converter(getattr(module, kind), f"Boosted{kind}", _regressor_shapes, _convert_regressor)


# --- Reading --------------------------------------------------------------------------------------------------


def _ensemble(estimator: Any) -> Ensemble:
    """What is in a fitted estimator.

    Raises:
        SourceRefused: it has what cannot be converted; names the estimator.
    """
    library = type(estimator).__module__.partition(".")[0]
    try:
        return _LIBRARIES[library].read(estimator)
    except SourceRefused as refusal:
        raise SourceRefused(f"{type(estimator).__name__}: {refusal}") from None


def _xgboost(estimator: Any) -> Ensemble:
    from cli.packaging.sources import xgboost_trees

    booster = estimator.get_booster()
    best = booster.attr("best_iteration")
    content = xgboost_trees.content_of(booster)
    missing = float("nan") if estimator.missing is None else float(estimator.missing)
    return xgboost_trees.ensemble_of(content, None if best is None else int(best) + 1, missing)


def _lightgbm(estimator: Any) -> Ensemble:
    from cli.packaging.sources import lightgbm_trees

    return lightgbm_trees.ensemble_of(lightgbm_trees.content_of(estimator.booster_.model_to_string()))


def _catboost(estimator: Any) -> Ensemble:
    from cli.packaging.sources import catboost_trees

    catboost_trees.refuse_unconvertible(estimator)
    return catboost_trees.ensemble_of(catboost_trees.content_of(estimator))


_LIBRARIES: Final = {
    "xgboost": _Library(
        ("XGBClassifier", "XGBRFClassifier"), ("XGBRegressor", "XGBRFRegressor", "XGBRanker"), _xgboost
    ),
    "lightgbm": _Library(("LGBMClassifier",), ("LGBMRegressor", "LGBMRanker"), _lightgbm),
    "catboost": _Library(("CatBoostClassifier",), ("CatBoostRegressor", "CatBoostRanker"), _catboost),
}


# --- What skl2onnx asks for -----------------------------------------------------------------------------------


def _parse_classifier(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:  # noqa: ARG001
    """Two outputs, whatever the class derives from; skl2onnx knows classifiers by scikit-learn's mixin."""
    from skl2onnx._parse import _apply_zipmap
    from skl2onnx.common.data_types import Int64TensorType, guess_tensor_type

    operator = scope.declare_local_operator(f"Boosted{type(model).__name__}", model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("probabilities", guess_tensor_type(inputs[0].type)))
    zipmap = scope.get_options(model, {"zipmap": True})["zipmap"]
    return _apply_zipmap(zipmap, scope, model, inputs[0].type, operator.outputs) if zipmap else operator.outputs


def _classifier_shapes(operator: Any) -> None:
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    rows, classes = operator.inputs[0].get_first_dimension(), _classes(operator)
    label_type = StringTensorType if classes.dtype.kind == "U" else Int64TensorType
    operator.outputs[0].set_type(label_type([rows]))
    operator.outputs[1].type.shape = [rows, len(classes)]


def _regressor_shapes(operator: Any) -> None:
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type.shape = [rows, _ensemble(operator.raw_operator).targets]


def _classes(operator: Any) -> Array:
    """The labels, as numbers or as texts."""
    import numpy as np
    from skl2onnx.common.utils_classifier import get_label_classes

    classes = np.asarray(get_label_classes(operator.scope_inst, operator.raw_operator)).ravel()
    return classes.astype(np.int64) if classes.dtype.kind in "biuf" else classes.astype(str)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    ensemble, classes = _ensemble(operator.raw_operator), _classes(operator)
    if ensemble.classes != len(classes):
        name = type(operator.raw_operator).__name__
        raise SourceRefused(f"{name}: gives no probability of each class (its objective is none of a classifier)")
    graph = Graph(scope.get_unique_variable_name("boosted"))
    probabilities = answer(graph, ensemble, operator.inputs[0].full_name)
    known = graph.constant(classes.astype(object) if classes.dtype.kind == "U" else classes)
    best = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    _write(graph, container, [(known, best), (probabilities,)], operator.outputs)


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope.get_unique_variable_name("boosted"))
    value = answer(graph, _ensemble(operator.raw_operator), operator.inputs[0].full_name)
    _write(graph, container, [(value,)], operator.outputs)


def _write(graph: Graph, container: Any, results: list[tuple[str, ...]], outputs: Any) -> None:
    """Nodes and constants into skl2onnx's own graph. A result of two names is picked from the first by the second."""
    from onnx import helper

    for constant in graph.constants:
        container.initializers.append(constant)
    for node in graph.nodes:
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        container.add_node(
            node.op_type,
            list(node.input),
            list(node.output),
            name=node.name,
            op_domain=node.domain,
            op_version=ML_OPSET if node.domain else None,
            **attributes,
        )
    for names, output in zip(results, outputs, strict=True):
        if len(names) == 2:
            container.add_node("Gather", list(names), [output.full_name], op_version=13)
        else:
            element = output.type.to_onnx_type().tensor_type.elem_type
            container.add_node("Cast", list(names), [output.full_name], to=element, op_version=13)
