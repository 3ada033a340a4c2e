"""Where skl2onnx 1.20 has to be helped: its converters, called with what they do not get right put right."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common._registration import get_converter, get_shape_calculator
from skl2onnx.common.data_types import StringTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.svm import LinearSVC

_BOOLEANS_AS_NUMBERS: Final = {
    HistGradientBoostingClassifier: "SklearnHistGradientBoostingClassifier",
    HistGradientBoostingRegressor: "SklearnHistGradientBoostingRegressor",
}
"""Their converters write Python's booleans where ONNX wants integers, which onnx 1.23 refuses."""


def register() -> None:
    """Put the repaired converters in the place of skl2onnx's. Calling it again changes nothing."""
    _let_support_vectors_know_zipmap()
    _let_imputers_take_texts()
    for estimator, alias in _BOOLEANS_AS_NUMBERS.items():
        convert = get_converter(alias)
        if not isinstance(convert, _Repaired):
            options = convert.get_allowed_options()
            repaired = _Repaired(convert)
            update_registered_converter(
                estimator, alias, get_shape_calculator(alias), repaired, overwrite=True, options=options
            )


def _let_support_vectors_know_zipmap() -> None:
    """Every classifier at a pipeline's end is asked for this option, and refuses those that it does not list."""
    alias = "SklearnLinearSVC"
    convert = get_converter(alias)
    options = convert.get_allowed_options()
    if "zipmap" not in options:
        update_registered_converter(
            LinearSVC,
            alias,
            get_shape_calculator(alias),
            _Repaired(convert),
            overwrite=True,
            options={**options, "zipmap": [True, False, "columns"]},
        )


def _let_imputers_take_texts() -> None:
    """Filled texts are passed on: a tensor of texts holds no missing one, so there is nothing to fill in the graph."""
    alias = "SklearnSimpleImputer"
    convert = get_converter(alias)
    if not isinstance(convert, _TextsPassed):
        shapes = get_shape_calculator(alias)
        update_registered_converter(SimpleImputer, alias, shapes, _TextsPassed(convert), overwrite=True)


class _TextsPassed:
    """A converter of imputers that is asked for numbers alone, and for texts that stand for missing ones."""

    def __init__(self, convert: Any) -> None:
        self._convert = convert

    def __call__(self, scope: Any, operator: Any, container: Any) -> None:
        imputer = operator.raw_operator
        texts = isinstance(operator.inputs[0].type, StringTensorType)
        if not texts or isinstance(imputer.missing_values, str) or imputer.add_indicator:
            self._convert(scope, operator, container)
            return
        joined = concatenate_variables(scope, operator.inputs, container)
        container.add_node(
            "Identity", joined, operator.outputs[0].full_name, name=scope.get_unique_operator_name("Pass")
        )


class _Repaired:
    """A converter that is given a container which takes booleans for integers."""

    def __init__(self, convert: Any) -> None:
        self._convert = convert

    def __call__(self, scope: Any, operator: Any, container: Any) -> None:
        self._convert(scope, operator, _Container(container))


class _Container:
    """skl2onnx's container, but for the attributes of nodes."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, operator: str, inputs: Any, outputs: Any, *rest: Any, **attributes: Any) -> Any:
        return self._container.add_node(
            operator, inputs, outputs, *rest, **{name: _numbers(value) for name, value in attributes.items()}
        )


def _numbers(value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(item, bool | np.bool_) for item in value):
        return [int(item) for item in value]
    return value
