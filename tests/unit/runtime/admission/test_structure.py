from __future__ import annotations

import pytest
from onnx import helper

from serin.admission.expansion import MOST_LEVELS, TooDeep, expanded_nodes
from serin.admission.onnx_format import read_onnx
from serin.admission.structure import (
    MOST_NODES,
    absent_locales,
    draws_at_random,
    excessive_nodes,
    foreign_operators,
    unknown_versions,
)
from tests.integration.admission.hostile import endless_functions, model_of, nested_functions, node
from tests.small_models.catalogue import FLOWER, LOOP


@pytest.mark.parametrize(("levels", "calls"), [(1, 1), (3, 4), (16, 2), (40, 2), (100, 30)])
def test_functions_are_counted_as_what_they_become(levels: int, calls: int) -> None:
    assert expanded_nodes(read_onnx(nested_functions(levels, calls))) == calls**levels


def test_nodes_of_inner_graphs_count() -> None:
    assert expanded_nodes(read_onnx(LOOP.artifact)) == 3


def test_functions_in_a_circle_are_endless() -> None:
    with pytest.raises(TooDeep):
        expanded_nodes(read_onnx(endless_functions()))


def test_functions_within_functions_have_an_end() -> None:
    assert expanded_nodes(read_onnx(nested_functions(MOST_LEVELS, 1))) == 1
    assert not list(excessive_nodes(read_onnx(nested_functions(MOST_LEVELS, 1))))
    for levels in (MOST_LEVELS + 1, 5000):
        (problem,) = excessive_nodes(read_onnx(nested_functions(levels, 1)))
        assert problem == f"functions call one another more than {MOST_LEVELS} deep"


def test_as_many_nodes_as_are_allowed_pass_and_one_more_does_not() -> None:
    for count, is_refused in ((MOST_NODES // 1000, False), (MOST_NODES // 1000 + 1, True)):
        calls = [helper.make_node("f", ["x"], ["y"], domain="local") for _ in range(count)]
        body = [node("Identity", "a", "b") for _ in range(1000)]
        function = helper.make_function("local", "f", ["a"], ["b"], body, [helper.make_opsetid("", 21)])
        assert bool(list(excessive_nodes(read_onnx(model_of(calls, functions=[function]))))) == is_refused


def test_an_operator_that_the_manifest_names_is_allowed_and_no_other() -> None:
    nodes = [helper.make_node(kind, ["x"], ["y"], domain="com.microsoft") for kind in ("Inverse", "CDist")]
    model = read_onnx(model_of(nodes))
    assert list(foreign_operators(model, ("com.microsoft.Inverse",))) == [
        "operator 'com.microsoft.CDist' is not on the list"
    ]
    assert len(list(foreign_operators(model, ()))) == 2


def test_an_operator_that_stands_often_is_told_once() -> None:
    nodes = [helper.make_node("Run", ["x"], ["y"], domain="e") for _ in range(50)]
    assert len(list(foreign_operators(read_onnx(model_of(nodes)), ()))) == 1


def test_the_long_name_of_the_standards_domain_is_the_same_as_the_empty_one() -> None:
    assert not list(
        foreign_operators(read_onnx(model_of([helper.make_node("Relu", ["x"], ["y"], domain="ai.onnx")])), ())
    )


def test_a_domain_that_is_imported_and_not_used_does_not_matter() -> None:
    artifact = model_of([], change=lambda model: model.opset_import.append(helper.make_opsetid("org.example", 1)))
    model = read_onnx(artifact)
    assert not list(unknown_versions(model))
    assert not list(foreign_operators(model, ()))


def test_every_import_of_the_same_domain_counts() -> None:
    artifact = model_of([], change=lambda model: model.opset_import.append(helper.make_opsetid("", 99)))
    assert list(unknown_versions(read_onnx(artifact))) == ["opset 99 of ai.onnx is not between 1 and 26"]


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_locales_that_images_have_are_allowed(locale: str) -> None:
    normalizer = node("StringNormalizer", "x", "y", locale=locale)
    assert not list(absent_locales(read_onnx(model_of([normalizer]))))


def test_a_locale_out_of_a_functions_parameters_is_not_known() -> None:
    normalizer = node("StringNormalizer", "x", "y", locale="C")
    normalizer.attribute[0].ClearField("s")
    normalizer.attribute[0].ref_attr_name = "parameter"
    assert list(absent_locales(read_onnx(model_of([normalizer]))))


def test_random_operators_are_known_wherever_they_stand() -> None:
    assert not draws_at_random(read_onnx(FLOWER.artifact))
    function = helper.make_function(
        "local", "f", ["a"], ["b"], [node("RandomNormalLike", "a", "b")], [helper.make_opsetid("", 21)]
    )
    assert draws_at_random(read_onnx(model_of([], functions=[function])))
