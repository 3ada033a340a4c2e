"""Golden cases: reading them, and telling how far an answer is from one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serin.comparison import differences, largest_difference
from serin.errors import ModelFolderError
from serin.golden import GoldenCase, read_golden, tolerance_of
from serin.manifest import Manifest, Tolerance
from tests.small_models.catalogue import FLOWER, PAIR, SHOP

TOLERANCE = Tolerance(absolute=0.01, relative=0.1)


def test_the_cases_of_a_folder_come_back(tmp_path: Path) -> None:
    cases = read_golden(SHOP.write(tmp_path) / "golden.jsonl")
    assert [(case.instance, case.prediction) for case in cases] == list(SHOP.golden)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"\xff", b'{"instance": {}}', b'{"instance": {}, "prediction": {}, "x": 1}', b"[" * 10_000],
)
def test_a_line_that_is_no_case_is_named(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_bytes(b'{"instance": {}, "prediction": {}}\n' + line + b"\n")
    with pytest.raises(ModelFolderError) as caught:
        read_golden(file)
    assert str(caught.value).startswith(f"{file}: line 2: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("actual", "expected", "due"),
    [
        ({"value": 10.99}, {"value": 10}, []),
        ({"value": 11.02}, {"value": 10}, ["prediction.value: 11.02 is not within 1.01 of 10"]),
        ({"value": math.nan}, {"value": 10}, ["prediction.value: nan is not within 1.01 of 10"]),
        ({"y": [1, [2.0]]}, {"y": [1, [2]]}, []),
        ({"y": [1, [3]]}, {"y": [1, [2]]}, ["prediction.y[1][0]: 3 is not within 0.21 of 2"]),
        ({"y": [1]}, {"y": [1, 2]}, ["prediction.y: [1] is not [1, 2]"]),
        ({"label": "a"}, {"label": "b"}, ["prediction.label: 'a' is not 'b'"]),
        ({"flag": 0}, {"flag": False}, []),
        ({"flag": 1}, {"flag": False}, ["prediction.flag: 1 is not False"]),
        ({"a": 1}, {"a": 1, "b": 2}, ["prediction: {'a': 1} is not {'a': 1, 'b': 2}"]),
        ({"a": None}, {"a": 1}, ["prediction.a: None is not 1"]),
    ],
)
def test_a_difference_is_told_by_its_place(actual: Any, expected: Any, due: list[str]) -> None:
    assert list(differences(actual, expected, TOLERANCE)) == due


def test_the_largest_difference_is_over_all_numbers() -> None:
    expected = {"a": [1.0, 2.0], "b": {"c": 10}, "d": "text", "e": True}
    assert largest_difference({"a": [1.5, 2], "b": {"c": 7}, "d": "other", "e": False}, expected) == 3
    assert largest_difference(expected, expected) == 0


def test_the_tolerance_is_that_of_the_output_a_prediction_reads() -> None:
    for model, output in ((FLOWER, None), (SHOP, None), (PAIR, "difference")):
        document = model.document()
        document["outputs"][-1]["tolerance"] = {"absolute": 0.5}
        assert tolerance_of(msgspec.convert(document, Manifest), output) == Tolerance(absolute=0.5)
    assert tolerance_of(PAIR.manifest(), "sum") == Tolerance()


def test_a_case_holds_an_instance_and_a_prediction() -> None:
    assert GoldenCase({"x": 1}, {"y": 2}).prediction == {"y": 2}
