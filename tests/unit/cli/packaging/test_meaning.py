from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cli.packaging.meaning import prediction_of
from serin.manifest import Classification, Prediction, Regression, Tensors

LOGITS = np.array([[2, -1, 0.5], [0, 3, 1], [-4, 0, 1]])
SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0, 0, 1]])
NUMBERS = np.array([0.5, -3, 12])
CHANCES = np.array([0.5, 0, 1])
WORDS = np.array(["red", "blue", "green"], dtype=object)
PAIR = np.array([True, False, True])


@pytest.mark.parametrize(
    ("output", "target", "due"),
    [
        (LOGITS, WORDS, Classification(scores="y", labels=("blue", "green", "red"), activation="softmax")),
        (SHARES, np.array([10, 9, 2]), Classification(scores="y", labels=("2", "9", "10"))),
        (SHARES * 1.001, WORDS, Classification(scores="y", labels=("blue", "green", "red"), activation="softmax")),
        (LOGITS[:, :2], PAIR, Classification(scores="y", labels=("False", "True"), activation="softmax")),
        (NUMBERS, PAIR, Classification(scores="y", labels=("False", "True"), activation="sigmoid")),
        (CHANCES[:, None], PAIR, Classification(scores="y", labels=("False", "True"))),
        (NUMBERS[:, None], np.array([1.5, 2, 3]), Regression(value="y")),
        (NUMBERS, np.array([15, 20, 3]), Regression(value="y")),
        (CHANCES, np.array([0.0, 1, 1]), Regression(value="y")),
        (NUMBERS, WORDS, Tensors()),
        (LOGITS, PAIR, Tensors()),
        (LOGITS, np.array([1.5, 2, 3]), Tensors()),
        (LOGITS, np.ones((3, 3)), Tensors()),
        (LOGITS.astype(int), WORDS, Tensors()),
        (LOGITS, None, Tensors()),
        (SHARES[:, :1], np.array([1, 1, 1]), Regression(value="y")),
    ],
)
def test_an_output_means_what_its_shape_and_the_target_say(output: Any, target: Any, due: Prediction) -> None:
    assert prediction_of({"y": output}, target) == due


def test_of_several_outputs_the_only_one_that_fits_is_taken() -> None:
    outputs = {"hidden": np.zeros((3, 8)), "logits": LOGITS, "place": np.array([1, 2, 3])}
    due = Classification(scores="logits", labels=("blue", "green", "red"), activation="softmax")
    assert prediction_of(outputs, WORDS) == due
    assert prediction_of({**outputs, "others": LOGITS}, WORDS) == Tensors()
    assert prediction_of({"mean": NUMBERS, "spread": NUMBERS}, NUMBERS) == Tensors()
