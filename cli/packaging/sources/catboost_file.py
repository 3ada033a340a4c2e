"""CatBoost models: `.cbm` files that `save_model` wrote, and the library's estimators as a pickle holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import catboost

from cli.packaging.source import Source, SourceRefused
from cli.packaging.sources import catboost_trees
from cli.packaging.sources.boosted_source import BoostedSource
from cli.packaging.sources.boosted_trees import Link

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def from_file(file: Path) -> Source:
    """The model in ``file``.

    Raises:
        SourceRefused: it is none, it is damaged, or it has what cannot be converted.
    """
    model = catboost.CatBoost()
    try:
        model.load_model(str(file))
    except (catboost.CatBoostError, UnicodeDecodeError):
        message = f"{file}: is no CatBoost model, or is cut short or damaged"
        raise SourceRefused(f"{message}; write it with save_model") from None
    try:
        return _CatboostSource(model)
    except SourceRefused as refusal:
        raise SourceRefused(f"{file}: {refusal}") from None


def from_object(model: object) -> Source | None:
    """A fitted `CatBoost`, `CatBoostClassifier`, `CatBoostRegressor` or `CatBoostRanker`; None for others.

    Standing alone they are converted here and not as estimators of scikit-learn, which they follow only in part.

    Raises:
        SourceRefused: it is not fitted, or it has what cannot be converted.
    """
    if not isinstance(model, catboost.CatBoost):
        return None
    if not model.is_fitted():
        raise SourceRefused(f"the {type(model).__name__} is not fitted; save it after fit")
    return _CatboostSource(model)


class _CatboostSource(BoostedSource):
    def __init__(self, model: catboost.CatBoost) -> None:
        catboost_trees.refuse_unconvertible(model)
        content = catboost_trees.content_of(model)
        ensemble = catboost_trees.ensemble_of(content)
        self._model = model
        names = [str(name) for name in model.feature_names_]
        super().__init__(
            framework=f"CatBoost {catboost.__version__}",
            tools=("catboost",),
            names=None if names == [str(place) for place in range(len(names))] else names,
            ensemble=ensemble,
            labels=labels_of(model, ensemble.classes) or None,
        )

    def _answers(self, features: Array) -> tuple[Array, Array | None]:
        import numpy as np

        rows = catboost.Pool(features.astype(np.float32), feature_names=self._model.feature_names_)
        predict = catboost.CatBoost.predict.__get__(self._model)  # its subclasses each answer in another way
        if self._ensemble.classes:
            labels = predict(rows, prediction_type="Class").reshape(-1)
            return predict(rows, prediction_type="Probability"), np.array(
                [str(label) for label in labels], dtype=object
            )
        kind = "Exponent" if self._ensemble.link is Link.EXP else "RawFormulaVal"
        return predict(rows, prediction_type=kind), None


def labels_of(model: catboost.CatBoost, classes: int) -> list[str]:
    """Names of the classes, in the order of their probabilities."""
    known = [str(label) for label in model.classes_]
    return known if len(known) == classes else [str(place) for place in range(classes)]
