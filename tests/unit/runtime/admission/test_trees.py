from __future__ import annotations

import pytest
from onnx import NodeProto, TensorProto, helper

from serin.admission.onnx_format import read_onnx
from serin.admission.trees import DEEPEST_TREE, faulty_trees, unset_probabilities
from tests.integration.admission.hostile import chain, classifier, model_of


def trees(node: NodeProto) -> list[str]:
    return list(faulty_trees(read_onnx(model_of([node]))))


def probabilities(node: NodeProto) -> list[str]:
    return list(unset_probabilities(read_onnx(model_of([node]))))


def test_the_deepest_tree_is_allowed_and_one_deeper_is_not() -> None:
    assert trees(chain(DEEPEST_TREE)) == []
    assert trees(chain(DEEPEST_TREE + 1)) == [f"a tree is {DEEPEST_TREE + 1} nodes deep"]


def test_many_shallow_trees_are_not_one_deep_one() -> None:
    count = 3 * DEEPEST_TREE
    lists = {
        "nodes_treeids": [tree for tree in range(count) for _ in range(3)],
        "nodes_nodeids": [0, 1, 2] * count,
        "nodes_featureids": [0] * 3 * count,
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"] * count,
        "nodes_values": [0.5] * 3 * count,
        "nodes_truenodeids": [1, 0, 0] * count,
        "nodes_falsenodeids": [2, 0, 0] * count,
    }
    assert trees(chain(1, **lists)) == []


@pytest.mark.parametrize("deep", [False, True])
def test_the_newer_operator_is_judged_alike(deep: bool) -> None:
    depth = DEEPEST_TREE + deep
    node = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        tree_roots=[0],
        nodes_featureids=[0] * depth,
        nodes_modes=helper.make_tensor("modes", TensorProto.UINT8, [depth], [0] * depth),
        nodes_splits=helper.make_tensor("splits", TensorProto.FLOAT, [depth], [0.5] * depth),
        nodes_truenodeids=[*range(1, depth), 0],
        nodes_trueleafs=[0] * (depth - 1) + [1],
        nodes_falsenodeids=[0] * depth,
        nodes_falseleafs=[1] * depth,
        leaf_targetids=[0],
        leaf_weights=helper.make_tensor("weights", TensorProto.FLOAT, [1], [1.0]),
    )
    assert bool(trees(node)) == (depth - 1 > DEEPEST_TREE)


def test_trees_in_a_functions_parameters_are_refused() -> None:
    node = chain(2)
    node.attribute[0].ref_attr_name = "n"
    assert trees(node) == ["a tree ensemble takes its trees from a function's parameters"]


@pytest.mark.parametrize("base_values", [[], [0.5, 0.5]])
def test_a_classifier_with_a_base_value_for_each_class_or_none_is_allowed(base_values: list[float]) -> None:
    assert probabilities(classifier(base_values=base_values) if base_values else classifier()) == []


def test_a_binary_classifier_of_one_class_has_one_base_value() -> None:
    assert probabilities(classifier(base_values=[0.5], class_ids=[0, 0])) == []


def test_base_values_in_a_tensor_count_as_well() -> None:
    one, two = (helper.make_tensor("b", TensorProto.DOUBLE, [n], [0.5] * n) for n in (1, 2))
    assert probabilities(classifier(base_values_as_tensor=one)) != []
    assert probabilities(classifier(base_values_as_tensor=two)) == []


def test_probit_needs_two_base_values() -> None:
    assert probabilities(classifier(post_transform="PROBIT", base_values=[0.1, 0.2])) == []
    assert len(probabilities(classifier(post_transform="PROBIT", base_values=[0.1]))) == 2
