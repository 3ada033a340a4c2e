"""XGBoost boosters: files that `save_model` wrote, of `Booster`, `XGBClassifier` and `XGBRegressor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xgboost

from cli.packaging.source import Source, SourceRefused
from cli.packaging.sources import ubjson, xgboost_trees
from cli.packaging.sources.boosted_source import BoostedSource, two_columns

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_DISTRIBUTIONS: Final = ("xgboost", "xgboost-cpu")
"""By which pip may have brought the library."""


def from_file(file: Path) -> Source:
    """The booster in ``file``.

    Raises:
        SourceRefused: it is none, it is damaged, or it has an objective or splits that cannot be converted.
    """
    refusal = SourceRefused(f"{file}: is no XGBoost model, or is cut short or damaged; write it with save_model")
    if not _is_whole(file.read_bytes()):
        raise refusal
    booster = xgboost.Booster()
    try:
        booster.load_model(file)
    except (xgboost.core.XGBoostError, ValueError, TypeError):
        raise refusal from None
    try:
        return _XgboostSource(booster)
    except SourceRefused as refusal:
        raise SourceRefused(f"{file}: {refusal}") from None


def _is_whole(content: bytes) -> bool:
    """Whether the library can be given it: it reads on behind the end of a file that is cut, and may die of it."""
    if ubjson.is_ubjson(content):
        return ubjson.is_whole(content)
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def from_object(model: object) -> Source | None:
    """A bare `Booster`; None for others. `XGBClassifier` and the like are scikit-learn's estimators, and go that way.

    Raises:
        SourceRefused: it has an objective or splits that cannot be converted.
    """
    return _XgboostSource(model) if isinstance(model, xgboost.Booster) else None


class _XgboostSource(BoostedSource):
    def __init__(self, booster: xgboost.Booster) -> None:
        content = xgboost_trees.content_of(booster)
        self._booster = booster
        self._iterations = _iterations(booster)
        ensemble = xgboost_trees.ensemble_of(content, self._iterations or None)
        super().__init__(
            framework=f"XGBoost {xgboost.__version__}",
            tools=(_distribution(),),
            names=booster.feature_names,
            ensemble=ensemble,
            labels=[str(place) for place in range(ensemble.classes)] or None,
        )
        self._softmax = xgboost_trees.objective_of(content) == "multi:softmax"

    def _answers(self, features: Array) -> tuple[Array, Array | None]:
        import numpy as np

        rows = xgboost.DMatrix(features.astype(np.float32), feature_names=self._booster.feature_names)
        taken = (0, self._iterations)
        if self._softmax:  # answers with the class alone; its probabilities are what XGBClassifier makes of the sums
            sums = self._booster.predict(rows, output_margin=True, iteration_range=taken)
            powers = np.exp(sums - sums.max(axis=1, keepdims=True))
            labels = self._booster.predict(rows, iteration_range=taken).astype(int).astype(str)
            return powers / powers.sum(axis=1, keepdims=True), labels
        values = self._booster.predict(rows, iteration_range=taken)
        if self._ensemble.classes == 2 and self._ensemble.targets == 1:
            return two_columns(values), None
        return values, None


def _iterations(booster: xgboost.Booster) -> int:
    """Rounds of boosting that the library's own answers are from; 0 for all.

    A booster answers with all of them, and a scikit-learn estimator with those up to the best one.
    """
    best = booster.attr("best_iteration")
    return 0 if booster.attr("scikit_learn") is None or best is None else int(best) + 1


def _distribution() -> str:
    from importlib.metadata import PackageNotFoundError, version

    for name in _DISTRIBUTIONS:
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise AssertionError("xgboost was imported, and no distribution of it is installed")
