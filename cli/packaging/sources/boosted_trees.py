"""Boosted trees of any library as one ONNX graph: the sum over the trees' leaves, and a link function behind it.

Every library reads its trees into an ``Ensemble``, and the nodes are written here alone. A library's own exporters
each have another idea of base values, missing values and averaging; see docs/decisions/0050.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    import onnx

    Array = np.ndarray[Any, Any]

_ML: Final = "ai.onnx.ml"
ML_OPSET: Final = 3
"""The first whose tree ensembles hold thresholds and leaves in double precision."""
OPSET: Final = 17
AS_GOOD_AS_ZERO: Final = 1e-35
"""LightGBM's kZeroThreshold, once it is in single precision: numbers no further from 0 than this are 0."""


class Link(Enum):
    """What is made of the sums over the leaves, x."""

    IDENTITY = "x"
    EXP = "exp(x)"
    SIGMOID = "1 / (1 + exp(-x))"
    SOFTMAX = "exp(x) / sum over the targets of exp(x)"
    STEP = "1 where x > 0, else 0"
    SIGNED_SQUARE = "sign(x) x^2"
    LOG1P_EXP = "log(1 + exp(x))"


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A column made of another, which some splits look at instead.

    ``kind``: ``zero_is_missing``, NaN where the column is as good as 0; ``whole``, rounded towards 0.
    """

    feature: int
    kind: Literal["zero_is_missing", "whole"]


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One decision tree. Splits are numbered from the root, 0; a child below 0 is leaf ``-1 - child``.

    ``feature``, ``threshold``, ``yes``, ``no``: of each split, its column and where it leads to: [splits].
    ``missing_yes``: whether NaN goes the way of yes: [splits]. ``equal``: splits that ask for equality instead:
    [splits]; several may lead to one child. ``leaves``: what is added for the targets from ``target`` on:
    [leaves, targets of this tree].
    """

    feature: Array
    threshold: Array
    yes: Array
    no: Array
    missing_yes: Array
    leaves: Array
    equal: Array | None = None
    target: int = 0


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """A boosted model: ``link(base + sum of the trees)``.

    ``features``: columns it takes. ``compare``: what a split asks of its column; yes where the column is less than
    (``<``), at most (``<=``) or more than (``>``) the threshold. ``base``: [targets]. ``double``: whether thresholds
    and sums are in double precision. ``classes``: 0 for a regression. ``derived``: columns behind the features.
    ``missing``: a number that stands for a missing value, beside NaN. ``weights``: of a linear model, which takes a
    missing value for 0, instead of trees: [features, targets].
    """

    features: int
    trees: Sequence[Tree]
    compare: Literal["<", "<=", ">"]
    base: Array
    link: Link
    double: bool
    classes: int = 0
    derived: Sequence[Derived] = ()
    missing: float = math.nan
    weights: Array | None = None

    @property
    def targets(self) -> int:
        return len(self.base)


def output_name(ensemble: Ensemble) -> str:
    """What its one output is called."""
    if ensemble.classes:
        return "probabilities"
    return "value" if ensemble.targets == 1 else "values"


class Graph:
    """Nodes and constants as they are added; all names begin with ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node; the name of its one output."""
        from onnx import helper

        name = f"{self._prefix}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def constant(self, values: Array) -> str:
        """Add a constant; its name."""
        from onnx import numpy_helper

        name = f"{self._prefix}_c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def model_of(ensemble: Ensemble, name: str, datatype: int) -> onnx.ModelProto:
    """A whole model: input ``name`` [-1, features] of the ONNX type ``datatype``, output as ``output_name`` has it."""
    import onnx
    from onnx import helper

    graph = Graph("boosted")
    output = output_name(ensemble)
    graph.nodes.append(helper.make_node("Identity", [answer(graph, ensemble, name)], [output], name="answer"))
    written = helper.make_graph(
        graph.nodes,
        "boosted_trees",
        [helper.make_tensor_value_info(name, datatype, ["rows", ensemble.features])],
        [helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["rows", ensemble.classes or ensemble.targets])],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_ML, ML_OPSET)]
    return helper.make_model(written, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))


def answer(graph: Graph, ensemble: Ensemble, features: str) -> str:
    """Write the nodes behind ``features``; the name of the answer: FLOAT [-1, classes] or [-1, targets]."""
    import numpy as np

    columns = _prepared(graph, ensemble, features)
    linked = _LINKS[ensemble.link](graph, _sums(graph, ensemble, columns))
    if ensemble.classes != 2 or ensemble.targets != 1:
        return linked
    other = graph.node("Sub", graph.constant(np.ones(1, np.float32)), linked)
    return graph.node("Concat", other, linked, axis=1)


def _prepared(graph: Graph, ensemble: Ensemble, features: str) -> str:
    """The features in the trees' precision, missing values as NaN, the derived columns behind them."""
    import numpy as np
    import onnx

    dtype = np.float64 if ensemble.double else np.float32
    columns = graph.node("Cast", features, to=onnx.TensorProto.DOUBLE if ensemble.double else onnx.TensorProto.FLOAT)
    if not math.isnan(ensemble.missing):
        stand_in = graph.node("Equal", columns, graph.constant(np.array(ensemble.missing, dtype)))
        columns = graph.node("Where", stand_in, graph.constant(np.array(np.nan, dtype)), columns)
    if not ensemble.derived:
        return columns
    parts = [columns]
    for kind, derive in _DERIVE.items():
        places = [column.feature for column in ensemble.derived if column.kind == kind]
        if places:
            parts.append(derive(graph, graph.node("Gather", columns, graph.constant(np.array(places)), axis=1)))
    return graph.node("Concat", *parts, axis=1)


def _zero_is_missing(graph: Graph, columns: str) -> str:
    import numpy as np

    tiny = graph.constant(np.array(np.float32(AS_GOOD_AS_ZERO), np.float64))
    zero = graph.node("Not", graph.node("Greater", graph.node("Abs", columns), tiny))
    return graph.node("Where", zero, graph.constant(np.array(np.nan, np.float64)), columns)


def _whole(graph: Graph, columns: str) -> str:
    return graph.node("Mul", graph.node("Sign", columns), graph.node("Floor", graph.node("Abs", columns)))


_DERIVE: Final[dict[str, Callable[[Graph, str], str]]] = {"zero_is_missing": _zero_is_missing, "whole": _whole}


def derived_place(features: int, derived: Sequence[Derived], column: Derived) -> int:
    """Where the graph puts a derived column: those of one kind stand together."""
    ordered = [known for kind in _DERIVE for known in derived if known.kind == kind]
    return features + ordered.index(column)


# --- Trees ----------------------------------------------------------------------------------------------------


def _sums(graph: Graph, ensemble: Ensemble, columns: str) -> str:
    import numpy as np

    if ensemble.weights is None:
        return graph.node("TreeEnsembleRegressor", columns, domain=_ML, **dict(_attributes(ensemble)))
    zero = graph.constant(np.zeros((), np.float32))
    known = graph.node("Where", graph.node("IsNaN", columns), zero, columns)
    weights, base = (graph.constant(values.astype(np.float32)) for values in (ensemble.weights, ensemble.base))
    return graph.node("Gemm", known, weights, base)


_MODES: Final = {"<": "BRANCH_LT", "<=": "BRANCH_LEQ", ">": "BRANCH_GT"}


def _attributes(ensemble: Ensemble) -> Iterator[tuple[str, Any]]:
    """Of the operator. Within a tree the splits are nodes 0, 1, ... and the leaves follow."""
    import numpy as np

    trees = ensemble.trees or [_nothing()]
    splits, leaves = [len(tree.feature) for tree in trees], [len(tree.leaves) for tree in trees]
    sizes = np.add(splits, leaves)
    yield "n_targets", ensemble.targets
    yield "nodes_treeids", np.repeat(np.arange(len(trees)), sizes).tolist()
    yield "nodes_nodeids", np.concatenate([np.arange(size) for size in sizes]).tolist()
    yield "nodes_featureids", _padded(trees, [tree.feature for tree in trees], np.int64).tolist()
    yield "nodes_truenodeids", _padded(trees, [_ids(tree, tree.yes) for tree in trees], np.int64).tolist()
    yield "nodes_falsenodeids", _padded(trees, [_ids(tree, tree.no) for tree in trees], np.int64).tolist()
    yield "nodes_missing_value_tracks_true", _padded(trees, [tree.missing_yes for tree in trees], np.int64).tolist()
    yield "nodes_modes", _modes(trees, _MODES[ensemble.compare])
    yield from _numbers("nodes_values", _padded(trees, [tree.threshold for tree in trees], np.float64), ensemble)
    yield from _numbers("base_values", ensemble.base, ensemble)
    yield from _leaf_attributes(trees, splits, ensemble)


def _nothing() -> Tree:
    """What stands for no tree at all: a leaf that adds 0."""
    import numpy as np

    none, neither = np.zeros(0, np.int64), np.zeros(0, bool)
    return Tree(feature=none, threshold=none, yes=none, no=none, missing_yes=neither, leaves=np.zeros((1, 1)))


def _padded(trees: Sequence[Tree], of_splits: Sequence[Array], dtype: Any) -> Array:
    """What is known of the splits, and 0 for each tree's leaves behind its splits."""
    import numpy as np

    parts = [np.concatenate([given, np.zeros(len(t.leaves))]) for t, given in zip(trees, of_splits, strict=True)]
    return np.concatenate(parts).astype(dtype)


def _ids(tree: Tree, children: Array) -> Array:
    import numpy as np

    return np.where(children >= 0, children, len(tree.feature) - 1 - children)


def _modes(trees: Sequence[Tree], mode: str) -> list[str]:
    modes: list[str] = []
    for tree in trees:
        equal = [False] * len(tree.feature) if tree.equal is None else tree.equal
        modes += ["BRANCH_EQ" if same else mode for same in equal] + ["LEAF"] * len(tree.leaves)
    return modes


def _leaf_attributes(trees: Sequence[Tree], splits: Sequence[int], ensemble: Ensemble) -> Iterator[tuple[str, Any]]:
    import numpy as np

    tree_ids, node_ids, targets = [], [], []
    for place, (tree, before) in enumerate(zip(trees, splits, strict=True)):
        leaves, width = tree.leaves.shape
        tree_ids.append(np.full(leaves * width, place))
        node_ids.append(np.repeat(np.arange(before, before + leaves), width))
        targets.append(np.tile(np.arange(tree.target, tree.target + width), leaves))
    yield "target_treeids", np.concatenate(tree_ids).tolist()
    yield "target_nodeids", np.concatenate(node_ids).tolist()
    yield "target_ids", np.concatenate(targets).tolist()
    yield from _numbers("target_weights", np.concatenate([tree.leaves.ravel() for tree in trees]), ensemble)


def _numbers(name: str, values: Array, ensemble: Ensemble) -> Iterator[tuple[str, Any]]:
    """An attribute of numbers, as the operator wants them in this precision."""
    import numpy as np
    from onnx import numpy_helper

    if ensemble.double:
        yield f"{name}_as_tensor", numpy_helper.from_array(values.astype(np.float64), name)
    else:
        yield name, values.astype(np.float32).tolist()


# --- Link functions -------------------------------------------------------------------------------------------


def _step(graph: Graph, x: str) -> str:
    import numpy as np
    import onnx

    above = graph.node("Greater", x, graph.constant(np.zeros(1, np.float32)))
    return graph.node("Cast", above, to=onnx.TensorProto.FLOAT)


_LINKS: Final[dict[Link, Callable[[Graph, str], str]]] = {
    Link.IDENTITY: lambda _, x: x,
    Link.EXP: lambda graph, x: graph.node("Exp", x),
    Link.SIGMOID: lambda graph, x: graph.node("Sigmoid", x),
    Link.SOFTMAX: lambda graph, x: graph.node("Softmax", x, axis=1),
    Link.STEP: _step,
    Link.SIGNED_SQUARE: lambda graph, x: graph.node("Mul", x, graph.node("Abs", x)),
    Link.LOG1P_EXP: lambda graph, x: graph.node("Softplus", x),
}
