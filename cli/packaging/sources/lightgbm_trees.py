"""What is in a LightGBM model, read from the text that the library writes of itself.

The format has no specification but its reader: https://github.com/microsoft/LightGBM, src/io/tree.cpp and
include/LightGBM/tree.h, which say what a split does with missing values and categories.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosted_trees import AS_GOOD_AS_ZERO, Derived, Ensemble, Link, Tree, derived_place

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_LINKS: Final[Mapping[str, Link]] = {
    "regression": Link.IDENTITY,
    "regression_l1": Link.IDENTITY,
    "huber": Link.IDENTITY,
    "fair": Link.IDENTITY,
    "quantile": Link.IDENTITY,
    "mape": Link.IDENTITY,
    "poisson": Link.EXP,
    "gamma": Link.EXP,
    "tweedie": Link.EXP,
    "cross_entropy": Link.SIGMOID,
    "cross_entropy_lambda": Link.LOG1P_EXP,
    "lambdarank": Link.IDENTITY,
    "rank_xendcg": Link.IDENTITY,
    "binary": Link.SIGMOID,
    "multiclass": Link.SOFTMAX,
    "multiclassova": Link.SIGMOID,
    "custom": Link.IDENTITY,
}
"""By objective. One of the user's own makes the answers the sums themselves."""

_CLASSIFIERS: Final = ("binary", "multiclass", "multiclassova")

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_ZERO_IS_MISSING, _NAN_IS_MISSING = 1, 2
"""Of ``decision_type``: bits, and what stands in those above them."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A model's text, taken apart. ``header`` and each of ``trees``: values by name."""

    header: Mapping[str, str]
    trees: Sequence[Mapping[str, str]]
    pandas_categories: Sequence[object]

    @property
    def objective(self) -> str:
        return (self.header.get("objective") or "custom").split()[0]

    @property
    def parameters(self) -> Mapping[str, str]:
        """Of the objective, as ``sigmoid`` and ``sqrt``."""
        return {word.partition(":")[0]: word.partition(":")[2] for word in self.header.get("objective", "").split()[1:]}

    @property
    def names(self) -> list[str]:
        return self.header["feature_names"].split()


def content_of(text: str) -> Content:
    """A model's text, as `Booster.model_to_string` gives it, taken apart."""
    header, *trees = text.partition("\nend of trees")[0].split("\nTree=")
    categories = text.rpartition("\npandas_categorical:")[2].strip()
    return Content(
        header=_fields(header),
        trees=[_fields(tree) for tree in trees],
        pandas_categories=(json.loads(categories) if categories.startswith("[") else None) or [],
    )


def is_whole(content: Content) -> bool:
    """Whether each tree has what the library needs of it."""
    return all(map(_is_whole, content.trees))


def _is_whole(tree: Mapping[str, str]) -> bool:
    leaves = int(tree.get("num_leaves", 0))
    due = dict.fromkeys(("split_feature", "threshold", "decision_type", "left_child", "right_child"), leaves - 1)
    lengths = {name: len(tree.get(name, "").split()) for name in (*due, "leaf_value")}
    return leaves > 0 and lengths == {**due, "leaf_value": leaves}


def _fields(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines())
    return {name: value if separator else "" for name, separator, value in lines}


def ensemble_of(content: Content) -> Ensemble:
    """The model as trees.

    Raises:
        SourceRefused: it has an objective that is not known, linear models in its leaves, or was trained on texts.
    """
    import numpy as np

    if content.objective not in _LINKS:
        message = f"its objective {content.objective!r} cannot be converted"
        raise SourceRefused(f"{message}; docs/packaging-lightgbm.md names those that can")
    _refuse(content)
    features, classes = int(content.header["max_feature_idx"]) + 1, int(content.header["num_class"])
    width = int(content.header["num_tree_per_iteration"])
    factor = float(content.parameters.get("sigmoid") or 1)
    if "average_output" in content.header:  # random forests
        factor /= max(len(content.trees) // width, 1)
    derived = list(dict.fromkeys(column for tree in content.trees for column in _derived(tree)))
    places = {column: derived_place(features, derived, column) for column in derived}
    trees = [_tree(tree, places, factor, place % width) for place, tree in enumerate(content.trees)]
    link = Link.SIGNED_SQUARE if "sqrt" in content.parameters else _LINKS[content.objective]
    return Ensemble(
        features=features,
        trees=trees,
        compare="<=",
        base=np.zeros(width),
        link=link,
        double=True,
        classes=max(classes, 2) if content.objective in _CLASSIFIERS else 0,
        derived=derived,
    )


def _refuse(content: Content) -> None:
    if any(tree.get("is_linear") == "1" for tree in content.trees):
        raise SourceRefused("its leaves hold linear models (linear_tree), which cannot be converted; train without")
    if content.pandas_categories:
        infos = zip(content.names, content.header["feature_infos"].split(), strict=True)
        named = ", ".join(name for name, info in infos if not info.startswith(("[", "none")))
        message = f"it was trained on pandas' categories (features {named}), whose codes no request knows"
        raise SourceRefused(f"{message}; train on numbers, or encode them in a scikit-learn pipeline")


# --- Trees ----------------------------------------------------------------------------------------------------


def _numbers(tree: Mapping[str, str], name: str, dtype: Any) -> Array:
    import numpy as np

    return np.array(tree.get(name, "").split(), np.float64 if dtype is float else dtype)


def _derived(tree: Mapping[str, str]) -> Iterator[Derived]:
    """The columns that this tree's splits look at instead of features."""
    kinds = _numbers(tree, "decision_type", int)
    for feature, kind in zip(_numbers(tree, "split_feature", int), kinds, strict=True):
        column = _column(int(feature), int(kind))
        if column is not None:
            yield column


def _column(feature: int, kind: int) -> Derived | None:
    if kind & _CATEGORICAL:
        return Derived(feature=feature, kind="whole")
    return Derived(feature=feature, kind="zero_is_missing") if kind >> 2 == _ZERO_IS_MISSING else None


def _tree(written: Mapping[str, str], places: Mapping[Derived, int], factor: float, target: int) -> Tree:
    """One tree. ``factor``: what its leaves are multiplied by."""
    import numpy as np

    kinds, threshold = _numbers(written, "decision_type", int), _numbers(written, "threshold", float)
    features = _numbers(written, "split_feature", int)
    columns = (_column(int(feature), int(kind)) for feature, kind in zip(features, kinds, strict=True))
    looked_at = [
        int(feature) if column is None else places[column] for feature, column in zip(features, columns, strict=True)
    ]
    # Where training saw no missing value, the library takes one for 0.
    known = (kinds >> 2 == _ZERO_IS_MISSING) | (kinds >> 2 == _NAN_IS_MISSING)
    tree = Tree(
        feature=np.array(looked_at, np.int64),
        threshold=np.where((kinds & _CATEGORICAL) != 0, threshold, _beside_zero(threshold)),
        yes=_numbers(written, "left_child", int),
        no=_numbers(written, "right_child", int),
        missing_yes=np.where(known, (kinds & _DEFAULT_LEFT) != 0, threshold >= 0),
        leaves=_numbers(written, "leaf_value", float).reshape(-1, 1) * factor,
        target=target,
    )
    return _with_categories(tree, written, kinds) if (kinds & _CATEGORICAL).any() else tree


def _beside_zero(threshold: Array) -> Array:
    """Thresholds that decide as the library does, which takes what is as good as 0 for 0 before it compares."""
    import numpy as np

    tiny = np.float64(np.float32(AS_GOOD_AS_ZERO))
    moved = np.where(threshold >= 0, tiny, np.nextafter(-tiny, -np.inf))
    return np.where(np.abs(threshold) <= tiny, moved, threshold)


def _with_categories(tree: Tree, written: Mapping[str, str], kinds: Array) -> Tree:
    """Splits that ask for one of several categories become as many that ask for one, one behind the other."""
    import numpy as np

    equal = (kinds & _CATEGORICAL) != 0
    columns = {"feature": tree.feature, "threshold": tree.threshold, "yes": tree.yes, "no": tree.no}
    lists = {name: values.tolist() for name, values in columns.items()}
    ends, words = _numbers(written, "cat_boundaries", int), _numbers(written, "cat_threshold", np.uint32)
    for split in np.flatnonzero(equal):
        which = int(tree.threshold[split])
        categories = _categories(words[ends[which] : ends[which + 1]])
        place, otherwise = int(split), lists["no"][split]
        for last, category in zip([False] * (len(categories) - 1) + [True], categories, strict=True):
            following = otherwise if last else len(lists["no"])
            lists["threshold"][place], lists["no"][place] = category, following
            if not last:
                for name in lists:
                    lists[name].append(lists[name][split])
                place = following
    grown = len(lists["feature"]) - len(equal)
    feature, threshold, yes, no = (np.array(values) for values in lists.values())
    return replace(
        tree,
        feature=feature,
        threshold=threshold,
        yes=yes,
        no=no,
        missing_yes=np.concatenate([tree.missing_yes & ~equal, np.zeros(grown, bool)]),
        equal=np.concatenate([equal, np.ones(grown, bool)]),
    )


def _categories(words: Array) -> list[int]:
    """The numbers of the bits that are set."""
    import numpy as np

    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).tolist()
