"""Tree ensembles that ONNX Runtime must not be given: its loader follows a tree node by node, on the stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from serin.admission.graph import ML, Attribute, Model, Node

DEEPEST_TREE: Final = 1_000
"""Nodes from the root to a leaf. Loading has died at about 15,000; libraries grow trees of some dozens."""
MOST_TREE_NODES: Final = 2_000_000
"""In all of a model: what is followed in reasonable time."""

CLASSIFIER: Final = f"{ML}.TreeEnsembleClassifier"
_ENSEMBLES: Final = (CLASSIFIER, f"{ML}.TreeEnsembleRegressor")
_NEWER_ENSEMBLE: Final = f"{ML}.TreeEnsemble"


def faulty_trees(model: Model) -> Iterator[str]:
    """What is wrong with the trees of each ensemble."""
    ensembles = [node for node in model.nodes() if node.operator in (*_ENSEMBLES, _NEWER_ENSEMBLE)]
    if sum(map(_size, ensembles)) > MOST_TREE_NODES:
        yield f"its tree ensembles have more than {MOST_TREE_NODES} nodes"
        return
    for node in ensembles:
        if any(attribute.reference for attribute in node.attributes.values()):
            yield "a tree ensemble takes its trees from a function's parameters"
        elif problem := _problem(node):
            yield problem


def unset_probabilities(model: Model) -> Iterator[str]:
    """Classifiers that leave some of their probabilities as the memory was before."""
    for node in model.nodes():
        if node.operator != CLASSIFIER:
            continue
        attributes = node.attributes
        base_values = _base_values(attributes)
        classes = set(attributes["class_ids"].numbers()) if "class_ids" in attributes else set()
        transform = attributes["post_transform"].text if "post_transform" in attributes else None
        if base_values == 1 and len(classes) > 1:
            yield "a TreeEnsembleClassifier has one base value for leaves of several classes"
        if transform == b"PROBIT" and base_values < 2:
            yield "a TreeEnsembleClassifier has PROBIT with fewer than two base values"


def _base_values(attributes: dict[str, Attribute]) -> int:
    floats = attributes["base_values"].float_count if "base_values" in attributes else 0
    tensors = attributes["base_values_as_tensor"].tensors if "base_values_as_tensor" in attributes else ()
    return floats + sum(_elements(tensor.dims) for tensor in tensors)


def _elements(dims: Sequence[int]) -> int:
    count = 1
    for axis in dims:
        count *= axis
    return count


def _size(node: Node) -> int:
    """Elements of its longest list."""
    return max((attribute.number_count() for attribute in node.attributes.values()), default=0)


def _problem(node: Node) -> str | None:
    of_old = node.operator in _ENSEMBLES
    names = ("nodes_treeids", "nodes_nodeids") if of_old else ("nodes_trueleafs", "nodes_falseleafs")
    children = ("nodes_truenodeids", "nodes_falsenodeids")
    if any(name not in node.attributes for name in (*names, *children)):
        return None  # ONNX Runtime refuses it
    first, second, true, false = (node.attributes[name].numbers() for name in (*names, *children))
    if not len(first) == len(second) == len(true) == len(false):
        return "a tree ensemble's lists of nodes differ in length"
    tree = _older(node, first, second, true, false) if of_old else _newer(first, second, true, false)
    return None if tree is None else _depth_problem(*tree)


Children = Sequence[int]
"""By node, the position of a child; -1 for none."""


def _older(
    node: Node, trees: Sequence[int], ids: Sequence[int], true: Sequence[int], false: Sequence[int]
) -> tuple[Children, Children] | None:
    """Children by position: a node is known by its tree and its id."""
    place = {key: i for i, key in enumerate(zip(trees, ids, strict=True))}
    modes = node.attributes.get("nodes_modes")
    leaves = [mode == b"LEAF" for mode in modes.strings()] if modes is not None else []
    if len(leaves) != len(trees):
        return None
    found = []
    for children in (true, false):
        keys = zip(trees, children, strict=True)
        found.append([-1 if leaf else place.get(key, -1) for key, leaf in zip(keys, leaves, strict=True)])
    return found[0], found[1]


def _newer(
    true_leaves: Sequence[int], false_leaves: Sequence[int], true: Sequence[int], false: Sequence[int]
) -> tuple[Children, Children]:
    """Children by position, as they are given."""
    sides = ((true, true_leaves), (false, false_leaves))
    first, second = (
        [child if not leaf and 0 <= child < len(true) else -1 for child, leaf in zip(children, leaves, strict=True)]
        for children, leaves in sides
    )
    return first, second


def _depth_problem(true: Children, false: Children) -> str | None:
    depths = _depths_downwards(true, false) or _depths_upwards(true, false)
    if depths is None:
        return "a tree leads back to a node of its own"
    deepest = max(depths, default=0)
    return f"a tree is {deepest} nodes deep" if deepest > DEEPEST_TREE else None


def _depths_downwards(true: Children, false: Children) -> list[int] | None:
    """By node, how far it is from a root, where children stand behind their parents, as converters write them."""
    depths = [0] * len(true)
    for node, children in enumerate(zip(true, false, strict=True)):
        below = depths[node] + 1
        for child in children:
            if child >= 0:
                if child <= node:
                    return None
                if depths[child] < below:
                    depths[child] = below
    return depths


def _depths_upwards(true: Children, false: Children) -> list[int] | None:
    """By node, how far it is from a leaf, settled when both its children are; None where some never are."""
    depths, unsettled = [0] * len(true), [0] * len(true)
    parents: dict[int, list[int]] = {}
    for node, children in enumerate(zip(true, false, strict=True)):
        for child in set(children) - {-1}:
            parents.setdefault(child, []).append(node)
            unsettled[node] += 1
    settled = [node for node, waits in enumerate(unsettled) if waits == 0]
    for node in settled:  # grows while it is read
        for parent in parents.get(node, ()):
            depths[parent] = max(depths[parent], depths[node] + 1)
            unsettled[parent] -= 1
            if unsettled[parent] == 0:
                settled.append(parent)
    return depths if len(settled) == len(true) else None
