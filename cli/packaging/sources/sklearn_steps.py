"""The parts of a fitted estimator: pipelines and what else holds estimators, walked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import Pipeline


def first_step(model: Any) -> Any:
    """What sees the data first."""
    return first_step(model.steps[0][1]) if isinstance(model, Pipeline) else model


def reads_text(model: Any) -> bool:
    """Whether it takes one text a row, and no columns."""
    return isinstance(first_step(model), CountVectorizer | HashingVectorizer)


def read_as_text(model: Any) -> Iterator[str]:
    """Columns that a column transformer gives to something that reads words."""
    for step in steps_of(model):
        if isinstance(step, ColumnTransformer):
            yield from (
                column for _, part, column in step.transformers_ if isinstance(column, str) and reads_text(part)
            )


def last_step(model: Any) -> Any:
    """What answers."""
    return last_step(model.steps[-1][1]) if isinstance(model, Pipeline) else model


def steps_of(model: Any) -> Iterator[Any]:
    """The estimator and all that are in it, fitted ones."""
    yield model
    for step in _inner(model):
        yield from steps_of(step)


def _inner(model: Any) -> Iterator[Any]:
    if isinstance(model, Pipeline):
        yield from (step for _, step in model.steps if isinstance(step, BaseEstimator))
        return
    for calibrated in getattr(model, "calibrated_classifiers_", ()):
        yield calibrated.estimator
    for name in ("transformers_", "transformer_list", "estimators_"):
        for held in np.ravel(np.array(getattr(model, name, []), dtype=object)):
            yield from (part for part in _flat(held) if isinstance(part, BaseEstimator))
    for name in ("estimator_", "estimator", "regressor_", "transformer_", "final_estimator_"):
        held = getattr(model, name, None)
        if isinstance(held, BaseEstimator):
            yield held


def _flat(held: Any) -> Iterator[Any]:
    if isinstance(held, tuple | list):
        for part in held:
            yield from _flat(part)
    else:
        yield held


def named_steps(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each named step, with its place as ``pipeline.step``."""
    yield path, model
    named = getattr(model, "steps", None) or getattr(model, "transformers_", None) or []
    for name, part, *_ in named:
        if isinstance(part, BaseEstimator):
            yield from named_steps(part, f"{path}.{name}" if path else str(name))
