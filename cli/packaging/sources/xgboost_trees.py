"""What is in an XGBoost model, read from the JSON that the library writes of itself.

The format: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosted_trees import Ensemble, Link, Tree

if TYPE_CHECKING:
    import numpy as np
    import xgboost

    Array = np.ndarray[Any, Any]


def _same(score: float) -> float:
    return score


def _logit(score: float) -> float:
    return math.log(score / (1 - score))


_OBJECTIVES: Final[Mapping[str, tuple[Link, Callable[[float], float]]]] = {
    "reg:squarederror": (Link.IDENTITY, _same),
    "reg:squaredlogerror": (Link.IDENTITY, _same),
    "reg:pseudohubererror": (Link.IDENTITY, _same),
    "reg:absoluteerror": (Link.IDENTITY, _same),
    "reg:quantileerror": (Link.IDENTITY, _same),
    "reg:logistic": (Link.SIGMOID, _logit),
    "reg:gamma": (Link.EXP, math.log),
    "reg:tweedie": (Link.EXP, math.log),
    "count:poisson": (Link.EXP, math.log),
    "survival:cox": (Link.EXP, math.log),
    "survival:aft": (Link.EXP, math.log),
    "rank:ndcg": (Link.IDENTITY, _same),
    "rank:map": (Link.IDENTITY, _same),
    "rank:pairwise": (Link.IDENTITY, _same),
    "binary:logistic": (Link.SIGMOID, _logit),
    "binary:logitraw": (Link.IDENTITY, _same),
    "binary:hinge": (Link.STEP, _same),
    "multi:softprob": (Link.SOFTMAX, _same),
    "multi:softmax": (Link.SOFTMAX, _same),
}
"""Objective -> link function, and what turns `base_score`, which is of the answers' kind, into a sum over leaves."""

_BINARY: Final = ("binary:logistic", "binary:hinge")
"""Of one number a row, which is a probability; `binary:logitraw` answers with the sum itself."""


def objective_of(content: Mapping[str, Any]) -> str:
    """The objective's name, of what ``content_of`` gives."""
    return str(content["learner"]["objective"]["name"])


def content_of(booster: xgboost.Booster) -> Mapping[str, Any]:
    """The model as the library writes it."""
    content: Mapping[str, Any] = json.loads(booster.save_raw("json"))
    return content


def ensemble_of(content: Mapping[str, Any], iterations: int | None = None, missing: float = math.nan) -> Ensemble:
    """The model as trees.

    Args:
        content: What ``content_of`` gives.
        iterations: How many rounds of boosting count; None for all.
        missing: A number that stands for a missing value, beside NaN.

    Raises:
        SourceRefused: it has an objective that is not known, or splits that look at categories.
    """
    import numpy as np

    learner = content["learner"]
    objective, size = objective_of(content), learner["learner_model_param"]
    if objective not in _OBJECTIVES:
        message = f"its objective {objective!r} cannot be converted"
        raise SourceRefused(f"{message}; docs/packaging-xgboost.md names those that can")
    _refuse_categories(learner)
    link, to_margin = _OBJECTIVES[objective]
    classes, targets, features = (int(size[name]) for name in ("num_class", "num_target", "num_feature"))
    scores = np.array(json.loads(size["base_score"]), np.float32).reshape(-1)
    base = np.array([to_margin(float(score)) for score in scores], np.float32)
    base = np.broadcast_to(base, max(classes, targets, 1)).copy()
    booster, weights = learner["gradient_booster"], None
    trees: Sequence[Tree] = ()
    if booster["name"] == "gblinear":
        table = np.array(booster["model"]["weights"], np.float32).reshape(features + 1, len(base))
        # Linear boosters begin all targets with the base of the first, whatever the others have.
        weights, base = table[:-1], base[0] + table[-1]
    else:
        trees, base = _from_base(_trees(booster, iterations), base)
    return Ensemble(
        features=features,
        trees=trees,
        compare="<",
        base=base,
        link=link,
        double=False,
        classes=classes or (2 if objective in _BINARY and targets == 1 else 0),
        missing=missing,
        weights=weights,
    )


def _refuse_categories(learner: Mapping[str, Any]) -> None:
    names, types = learner.get("feature_names") or [], learner.get("feature_types") or []
    found = [place for place, kind in enumerate(types) if kind == "c"]
    if found:
        named = ", ".join(names[place] if names else f"number {place}" for place in found)
        message = f"its splits look at categories (features {named}), which cannot be converted"
        raise SourceRefused(f"{message}; train on one column a category, or on codes as plain numbers")


# --- Trees ----------------------------------------------------------------------------------------------------


def _trees(booster: Mapping[str, Any], iterations: int | None) -> Sequence[Tree]:
    """The trees of the first ``iterations`` rounds."""
    dart = booster["name"] == "dart"
    model = booster["gbtree"]["model"] if dart else booster["model"]
    trees, ends = model["trees"], model["iteration_indptr"]
    count = len(trees) if iterations is None else ends[min(iterations, len(ends) - 1)]
    weights = booster["weight_drop"] if dart else [1.0] * len(trees)
    targets = model["tree_info"]
    return [_tree(trees[place], targets[place], weights[place]) for place in range(count)]


def _from_base(trees: Sequence[Tree], base: Array) -> tuple[Sequence[Tree], Array]:
    """The base in the leaves of each target's first tree, and what of it is left.

    The library begins with the base and adds a tree after the other in single precision. Where the base is large and
    the answer is not, adding it last is another rounding, and shows.
    """
    started, left = list(trees), base.copy()
    for place, tree in enumerate(started):
        own = slice(tree.target, tree.target + tree.leaves.shape[1])
        if left[own].any():
            started[place] = replace(tree, leaves=left[own] + tree.leaves)
            left[own] = 0
    return started, left


def _tree(written: Mapping[str, Any], target: int, weight: float) -> Tree:
    """One tree. ``weight``: what its leaves are multiplied by, in single precision as the library does it."""
    import numpy as np

    left, right = np.array(written["left_children"]), np.array(written["right_children"])
    width = max(int(written["tree_param"]["size_leaf_vector"]), 1)
    order = _reached(left, right)
    splits, leaves = order[left[order] >= 0], order[left[order] < 0]
    place = np.zeros(len(left), np.int64)
    place[splits], place[leaves] = np.arange(len(splits)), -1 - np.arange(len(leaves))
    if width == 1:
        values = np.array(written["split_conditions"])[leaves].reshape(-1, 1)
    else:  # the leaf's number stands where an inner node has its right child
        values = np.array(written["leaf_weights"]).reshape(-1, width)[right[leaves]]
    return Tree(
        feature=np.array(written["split_indices"])[splits],
        threshold=np.array(written["split_conditions"])[splits],
        yes=place[left[splits]],
        no=place[right[splits]],
        missing_yes=np.array(written["default_left"], bool)[splits],
        leaves=values.astype(np.float32) * np.float32(weight),
        target=target,
    )


def _reached(left: Array, right: Array) -> Array:
    """Nodes below the root, level by level; what pruning has cut off stays in the lists."""
    import numpy as np

    levels, level = [], np.zeros(1, np.int64)
    while level.size:
        levels.append(level)
        inner = level[left[level] >= 0]
        level = np.concatenate([left[inner], right[inner]])
    return np.concatenate(levels)
