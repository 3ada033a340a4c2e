"""A variant's answers to the model's golden cases, which stay as they are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cli.optimize.making import Variant
from serin.comparison import largest_difference
from serin.engine import EngineOptions, Session
from serin.golden import GoldenCase, answer_differences
from serin.manifest import Classification, Manifest, Regression, Tolerance
from serin.service import Model


@dataclass(frozen=True, kw_only=True)
class GoldenAnswers:
    """Answers of the stored and of the served model, and how far their numbers are off, by output."""

    answers: tuple[list[dict[str, Any]], ...]
    differences: Mapping[str, float]


def golden_answers(variant: Variant, manifest: Manifest, cases: Sequence[GoldenCase]) -> GoldenAnswers:
    """Ask both forms of a variant: a lock opens the one, the build of an image the other.

    Raises:
        SerinError: it cannot be opened, or does not answer.
    """
    files = {variant.stored: variant.artifact.format, variant.served: variant.served_format}
    answers = []
    differences: dict[str, float] = {}
    for file, form in files.items():
        model = Model(manifest, None, Session.load(file.read_bytes(), EngineOptions(), form))
        answers.append([_answer(model, case) for case in cases])
        for answer, case in zip(answers[-1], cases, strict=True):
            for output, (got, due) in _by_output(manifest, answer, case.prediction).items():
                differences[output] = max(differences.get(output, 0.0), _difference(got, due))
    return GoldenAnswers(answers=tuple(answers), differences=differences)


def golden_problems(
    golden: GoldenAnswers, tolerances: Mapping[str, Tolerance], manifest: Manifest, cases: Sequence[GoldenCase]
) -> list[str]:
    """The first case that does not hold, with ``tolerances`` in the place of the manifest's; empty where all do."""
    widened = with_tolerances(manifest, tolerances)
    for answers in golden.answers:
        for number, (answer, case) in enumerate(zip(answers, cases, strict=True), start=1):
            for problem in answer_differences(widened, answer, case.prediction):
                return [f"golden case {number}: {problem}"]
    return []


def with_tolerances(manifest: Manifest, tolerances: Mapping[str, Tolerance]) -> Manifest:
    """``manifest`` with these tolerances of outputs."""
    outputs = tuple(
        msgspec.structs.replace(tensor, tolerance=tolerances.get(tensor.name, tensor.tolerance))
        for tensor in manifest.outputs
    )
    return msgspec.structs.replace(manifest, outputs=outputs)


def _answer(model: Model, case: GoldenCase) -> dict[str, Any]:
    inputs = model.rows.decode(msgspec.json.encode({"instances": [case.instance]}))
    deadline = time.monotonic() + model.manifest.serving.timeout_seconds
    return model.predict(model.infer(inputs, model.predictor.outputs, deadline))[0]


def _by_output(manifest: Manifest, answer: Any, due: Any) -> dict[str, tuple[Any, Any]]:
    if isinstance(manifest.prediction, Classification):
        return {manifest.prediction.scores: (answer, due)}
    if isinstance(manifest.prediction, Regression):
        return {manifest.prediction.value: (answer, due)}
    return {output: (answer.get(output), value) for output, value in due.items()}


def _difference(got: Any, due: Any) -> float:
    """Of all numbers; where the label is another, the probability beside it is of something else, and left out."""
    if isinstance(due, dict) and got.get("label") != due.get("label"):
        return largest_difference(got["probabilities"], due["probabilities"])
    return largest_difference(got, due)
