"""What speaks for an ONNX model: its answers beside those of its source, and the golden cases that are kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cli.packaging.golden import golden_places, golden_text, instances, predictions
from cli.packaging.onnx_session import OnnxSession, tensor_of
from cli.packaging.parity import Comparison, compare, labels_of, ranked_column, tied_rows, tolerances_of
from cli.packaging.rows import Rows
from cli.packaging.sample import MOST_COMPARED, joined, spread
from cli.packaging.source import Answers, SourceRefused
from cli.packaging.subject import HeldOut, Subject
from serin.errors import InvalidInput, SerinError
from serin.manifest import Classification, Manifest, Prediction
from serin.policy import InputPolicy, build_policies

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_MOST_EDGE_CASES: Final = 12


class NoParity(SourceRefused):
    """The ONNX model does not answer as its source does."""

    def __init__(self, comparison: Comparison, names: Sequence[str]) -> None:
        self.lines = [
            str(replace(each, row=0)).replace("row 0", name, 1)
            for each, name in zip(comparison.worst, names, strict=True)
        ]
        rows = comparison.parity.rows + comparison.parity.edge_rows
        outputs = ", ".join(comparison.parity.outputs)
        super().__init__(
            f"refused: {comparison.outside} of {rows} rows are answered otherwise than by the source model; "
            f"`--tolerance OUTPUT=ABSOLUTE,RELATIVE` allows more (outputs: {outputs})"
        )


def splits_at_half(answers: Answers, prediction: Prediction) -> bool:
    """Whether the source calls a row the second of two labels from a probability of one half on."""
    if not isinstance(prediction, Classification) or len(prediction.labels) != 2 or answers.labels is None:
        return False
    halved = msgspec.structs.replace(prediction, positive=prediction.labels[1], threshold=0.5)
    return bool((labels_of(halved, answers.outputs[prediction.scores]) == answers.labels.astype(str)).all())


def compare_rows(session: OnnxSession, heldout: HeldOut, manifest: Manifest) -> Comparison:
    """The source's answers beside the artifact's, on a sample of the held-out rows and on the edge rows.

    Raises:
        NoParity: they differ, with the worst rows.
    """
    order = ranked_column(heldout.answers.outputs, manifest.prediction)
    places = spread(order, heldout.answers.labels, len(heldout.rows), MOST_COMPARED)
    rows = joined(heldout.rows.take(places), heldout.edges)
    due = _both(_taken(heldout.answers, places), heldout.edge_answers)
    try:
        got = session.run(rows.tensors, list(due.outputs))
    except SerinError:
        message = "the ONNX model that the converter made fails on rows that the source model answers"
        raise SourceRefused(f"{message}; another version of the converter may do better") from None
    comparison = compare(due, got, manifest.prediction, tolerances_of(manifest), edges=len(heldout.edges))
    if not comparison.holds:
        numbers = heldout.places[places]
        names = [
            f"row {numbers[each.row] + 1}" if each.row < len(places) else f"edge row {each.row - len(places) + 1}"
            for each in comparison.worst
        ]
        raise NoParity(comparison, names)
    return comparison


def golden_cases(subject: Subject, heldout: HeldOut, manifest: Manifest) -> str:
    """``golden.jsonl``: rows of every class or decile, and at the edges, that the manifest lets in."""
    elements = sum(values[0].size for values in heldout.rows.tensors.values())
    some = _fit_for_cases(heldout.rows, heldout.answers, golden_places(heldout.answers, manifest, elements), manifest)
    edges = _fit_for_cases(heldout.edges, heldout.edge_answers, range(len(heldout.edges)), manifest)[:_MOST_EDGE_CASES]
    rows = joined(heldout.rows.take(some), heldout.edges.take(edges))
    answers = _both(_taken(heldout.answers, some), _taken(heldout.edge_answers, edges))
    return golden_text(zip(instances(rows, subject.columns), predictions(answers, manifest), strict=True))


def _fit_for_cases(rows: Rows, answers: Answers, places: Iterable[int], manifest: Manifest) -> list[int]:
    """Rows that the manifest lets in, and whose label does not turn on a rounding."""
    policies = build_policies(manifest)
    tied = tied_rows(answers, manifest.prediction, tolerances_of(manifest))
    return [row for row in places if not tied[row] and _is_let_in(rows, row, policies)]


def _is_let_in(rows: Rows, row: int, policies: Mapping[str, InputPolicy]) -> bool:
    try:
        for name, values in rows.tensors.items():
            policies[name].apply(tensor_of(values[[row]]))
    except InvalidInput:
        return False
    return True


def _taken(answers: Answers, places: Sequence[int] | Array) -> Answers:
    import numpy as np

    chosen = np.asarray(places, dtype=int)
    return Answers(
        outputs={name: values[chosen] for name, values in answers.outputs.items()},
        labels=None if answers.labels is None else answers.labels[chosen],
    )


def _both(first: Answers, second: Answers) -> Answers:
    import numpy as np

    labels = None
    if first.labels is not None and second.labels is not None:
        labels = np.concatenate([first.labels, second.labels])
    outputs = {name: np.concatenate([values, second.outputs[name]]) for name, values in first.outputs.items()}
    return Answers(outputs=outputs, labels=labels)
