"""What is in a CatBoost model, read from the JSON that the library writes of itself.

The format: https://github.com/catboost/catboost/blob/master/catboost/docs/en/concepts/json-model-sample.md
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import SourceRefused
from cli.packaging.sources.boosted_trees import Ensemble, Link, Tree

if TYPE_CHECKING:
    import catboost
    import numpy as np

    Array = np.ndarray[Any, Any]

_LINKS: Final[Mapping[str, Link]] = {
    **dict.fromkeys(
        ("RMSE", "MAE", "Quantile", "MultiQuantile", "Expectile", "MAPE", "Huber", "LogCosh", "Lq", "MultiRMSE"),
        Link.IDENTITY,
    ),
    **dict.fromkeys(("MultiRMSEWithMissingValues", "GroupQuantile", "LogLinQuantile"), Link.IDENTITY),
    **dict.fromkeys(("SurvivalAft", "Cox"), Link.IDENTITY),
    **dict.fromkeys(
        ("PairLogit", "PairLogitPairwise", "YetiRank", "YetiRankPairwise", "QueryRMSE", "QuerySoftMax", "LambdaMart"),
        Link.IDENTITY,
    ),
    **dict.fromkeys(("StochasticFilter", "StochasticRank", "QueryCrossEntropy"), Link.IDENTITY),
    **dict.fromkeys(("Poisson", "Tweedie"), Link.EXP),
    **dict.fromkeys(("Logloss", "CrossEntropy", "MultiClassOneVsAll"), Link.SIGMOID),
    "MultiClass": Link.SOFTMAX,
}
"""By loss function: what the library's own estimators answer with."""

_CLASSIFIERS: Final = ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll")
_NAN_IS_LARGE: Final = "AsTrue"
_THRESHOLD: Final = "binclass_probability_threshold"
"""In the model's metadata: where `set_probability_threshold` leaves it."""
_USUAL_THRESHOLD: Final = 0.5


def content_of(model: catboost.CatBoost) -> Mapping[str, Any]:
    """The model as the library writes it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        model.save_model(str(file), format="json")
        content: Mapping[str, Any] = json.loads(file.read_bytes())
    return content


def loss_of(content: Mapping[str, Any]) -> str:
    """The loss function's name, of what ``content_of`` gives."""
    return str(content["model_info"]["params"]["loss_function"]["type"])


def link_of(content: Mapping[str, Any]) -> Link:
    """What the library makes of the sums.

    Raises:
        SourceRefused: the loss function is not known.
    """
    loss = loss_of(content)
    if loss not in _LINKS:
        message = f"its loss function {loss!r} cannot be converted"
        raise SourceRefused(f"{message}; docs/packaging-catboost.md names those that can")
    return _LINKS[loss]


def refuse_unconvertible(model: catboost.CatBoost) -> None:
    """Refuse a model that looks at more than numbers, or that answers with labels by a threshold of its own.

    Raises:
        SourceRefused: names the features of categories, texts or embeddings, or the threshold.
    """
    kinds = {
        "categories": model.get_cat_feature_indices(),
        "texts": model.get_text_feature_indices(),
        "embeddings": model.get_embedding_feature_indices(),
    }
    for kind, places in kinds.items():
        if places:
            named = ", ".join(str(model.feature_names_[place]) for place in places)
            message = f"it was trained on {kind} (features {named}), which cannot be converted"
            raise SourceRefused(f"{message}; train on numbers, or encode them in a scikit-learn pipeline")
    threshold = model.get_metadata().get(_THRESHOLD)
    if threshold is not None and float(threshold) != _USUAL_THRESHOLD:
        message = f"it answers by a probability threshold of its own, {float(threshold):g}"
        raise SourceRefused(
            f"{message}; call set_probability_threshold(None), package it, and set `threshold` in model.yaml"
        )


def ensemble_of(content: Mapping[str, Any]) -> Ensemble:
    """The model as trees.

    Raises:
        SourceRefused: its loss function is not known.
    """
    import numpy as np

    link = link_of(content)
    floats = content["features_info"]["float_features"]
    columns = {feature["feature_index"]: feature["flat_feature_index"] for feature in floats}
    large = {feature["feature_index"]: feature["nan_value_treatment"] == _NAN_IS_LARGE for feature in floats}
    scale, bias = content["scale_and_bias"]
    width = len(bias)
    if "oblivious_trees" in content:
        trees = [_oblivious(tree, columns, large, scale) for tree in content["oblivious_trees"]]
    else:
        trees = [_uneven(tree, columns, large, scale) for tree in content["trees"]]
    targets = max([width, *(tree.leaves.shape[1] for tree in trees)])
    return Ensemble(
        features=len(floats),
        trees=trees,
        compare=">",
        base=np.broadcast_to(np.array(bias, float), targets),
        link=link,
        double=True,
        classes=max(targets, 2) if loss_of(content) in _CLASSIFIERS else 0,
    )


def _oblivious(written: Mapping[str, Any], columns: Mapping[int, int], large: Mapping[int, bool], scale: float) -> Tree:
    """A tree that asks the same on each level; the first question is the leaf's lowest bit.

    As a binary tree: level by level, with the last question at the root, so that leaves stand in their order.
    """
    import numpy as np

    splits = (written.get("splits") or [])[::-1]
    depth = len(splits)
    values = np.array(written["leaf_values"], float).reshape(2**depth, -1)
    nodes = np.arange(2**depth - 1)
    level = np.floor(np.log2(nodes + 1)).astype(int)
    first, second = 2 * nodes + 1, 2 * nodes + 2
    inner = 2**depth - 1
    no, yes = (np.where(child < inner, child, -1 - (child - inner)) for child in (first, second))
    features = [split["float_feature_index"] for split in splits]
    return Tree(
        feature=np.array([columns[feature] for feature in features], np.int64)[level],
        threshold=np.array([split["border"] for split in splits], float)[level],
        yes=yes,
        no=no,
        missing_yes=np.array([large[feature] for feature in features], bool)[level],
        leaves=values * scale,
    )


def _uneven(written: Mapping[str, Any], columns: Mapping[int, int], large: Mapping[int, bool], scale: float) -> Tree:
    """A tree whose branches each ask their own."""
    import numpy as np

    splits: list[tuple[int, float, bool]] = []
    children: list[list[int]] = []
    leaves: list[Array] = []
    waiting: list[tuple[Mapping[str, Any], int, int]] = [(written, -1, 0)]
    while waiting:
        node, parent, side = waiting.pop()
        if "split" in node:
            place, asked = len(splits), node["split"]
            feature = asked["float_feature_index"]
            splits.append((columns[feature], asked["border"], large[feature]))
            children.append([0, 0])
            waiting += [(node["right"], place, 1), (node["left"], place, 0)]
        else:
            leaves.append(np.array(node["value"], float).reshape(-1))
            place = -len(leaves)
        if parent >= 0:
            children[parent][side] = place
    ways = np.array(children, np.int64).reshape(-1, 2)
    return Tree(
        feature=np.array([column for column, _, _ in splits], np.int64),
        threshold=np.array([border for _, border, _ in splits], float),
        yes=ways[:, 1],
        no=ways[:, 0],
        missing_yes=np.array([way for _, _, way in splits], bool),
        leaves=np.array(leaves) * scale,
    )
