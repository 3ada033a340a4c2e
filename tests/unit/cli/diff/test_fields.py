from __future__ import annotations

from typing import Any

import pytest

from cli.diff.fields import Change, changes
from cli.plain import plain
from tests.small_models.catalogue import FLOWER, SHOP

A = {"name": "age", "range": [0, 1], "unit": None}
B = {"name": "sex", "range": None, "unit": None}


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ({"x": 1}, {"x": 1}, []),
        ({"x": 1, "gone": 2}, {"x": 2, "new": 3}, [("x", 1, 2), ("gone", 2, None), ("new", None, 3)]),
        ({"x": {"y": {"z": 1}}}, {"x": {"y": {"z": 2}}}, [("x.y.z", 1, 2)]),
        ({"x": None}, {"x": {"y": 1}}, [("x", None, {"y": 1})]),
        ({"f": [A, B]}, {"f": [A | {"range": [0, 2]}, B]}, [("f[age].range", [0, 1], [0, 2])]),
        ({"f": [A]}, {"f": [A, B]}, [("f[sex]", None, B)]),
        ({"f": [A, B]}, {"f": [B]}, [("f[age]", A, None)]),
        ({"f": [A, B]}, {"f": [B, A]}, [("f, order", ["age", "sex"], ["sex", "age"])]),
        ({"f": [A, A]}, {"f": [A]}, [("f", [A, A], [A])]),
        ({"s": [1, 2]}, {"s": [2, 1]}, [("s", [1, 2], [2, 1])]),
        ({"f": []}, {"f": [A]}, [("f[age]", None, A)]),
    ],
)
def test_a_change_has_a_field_and_both_values(a: Any, b: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert list(changes(a, b)) == [Change(*one) for one in found]


def test_plain_data_has_defaults_and_tags() -> None:
    document = plain(FLOWER.manifest())
    assert document["prediction"]["task"] == "classification"
    assert document["serving"]["memory_mb"] == 1024
    assert document["features"][1]["missing"] == {"fill": 4.0}
    assert document["inputs"][0]["datatype"] == "FP32"
    assert list(changes(document, plain(FLOWER.manifest()))) == []
    assert any(change.field == "features[city]" for change in changes(document, plain(SHOP.manifest())))
