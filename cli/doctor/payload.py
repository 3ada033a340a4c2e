"""Bytes of a request of as many rows as the manifest allows, and of its answer, against what goes through.

A body passes three limits: API Gateway's, Lambda's, for which it is in base64 and so a third longer, and Serin's own,
which keeps within both. Counted are the largest of the golden rows, or of the manifest's example, each so many times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from cli.doctor.finding import Check, Examiner, Problem, Severity
from local.rie import PAYLOAD_LIMIT
from serin.elements import to_binary
from serin.golden import GoldenCase, read_golden
from serin.manifest import Manifest, TensorOutput
from serin.model_folder import ModelFolder
from serin.openapi.examples import example_answer, example_request
from serin.rest import MAX_BODY_BYTES
from serin.rows import RowDecoder

GATEWAY_BYTES: Final = 10 * 2**20
"""Source: Amazon API Gateway developer guide, "Quotas for configuring and running a REST API"."""
_ENVELOPE: Final = 8_192
"""Headers and context around a body in Lambda's event, and around one in its answer."""
LIMIT: Final = min(MAX_BODY_BYTES, (PAYLOAD_LIMIT - _ENVELOPE) * 3 // 4, GATEWAY_BYTES)
"""The longest body that goes through, either way."""

_AROUND: Final = 200
"""Bytes of a request or an answer that are there once."""
_MOST_CASES: Final = 100


@dataclass(frozen=True, slots=True)
class Bytes:
    """Of one row: as JSON, and as binary tensors."""

    json: int
    binary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """``rows``: the most in one request. ``row``: the largest one known. ``request``, ``answer``: of one row each."""

    rows: int
    row: dict[str, Any]
    request: Bytes
    answer: Bytes

    def answered_with(self, prediction_bytes: int) -> Payload:
        """The same with a prediction as long as one that was seen: a golden one may hold fewer digits."""
        golden = self.answer.json
        return replace(
            self, answer=replace(self.answer, json=max(golden, prediction_bytes + _around_prediction(self.rows)))
        )

    @property
    def rows_that_fit(self) -> int:
        """Rows of a JSON request that goes through and whose answer does: 0 where not even one does."""
        return min(self.rows, rows_within(self.request.json), rows_within(self.answer.json))


def payload_of(folder: ModelFolder) -> Payload:
    """What the rows of a model come to.

    Raises:
        ModelFolderError: the golden cases cannot be read.
        RequestError: the model's own example is not a row for it.
    """
    manifest = folder.manifest
    cases = _cases(folder)
    rows = [(case.instance, RowDecoder(manifest).decode(_body(case.instance))) for case in cases]
    binary = max(sum(len(to_binary(tensor)) for tensor in tensors.values()) for _, tensors in rows)
    largest = max((row for row, _ in rows), key=lambda row: len(msgspec.json.encode(row)))
    batched = any(tensor.shape[:1] == (-1,) for tensor in manifest.inputs)
    count = manifest.serving.max_batch_rows if batched else 1
    return Payload(
        rows=count,
        row=largest,
        request=Bytes(len(msgspec.json.encode(largest)) + 1, binary),
        answer=Bytes(
            max(len(msgspec.json.encode(case.prediction)) for case in cases) + _around_prediction(count),
            max(_binary_answer(manifest, case.prediction) for case in cases),
        ),
    )


def rows_within(each: int) -> int:
    """How many rows of ``each`` bytes go through together."""
    return (LIMIT - _AROUND) // max(each, 1)


def request_of(payload: Payload, rows: int) -> bytes:
    """A predict request of so many rows, all the same."""
    return _body(*[payload.row] * rows)


def _around_prediction(rows: int) -> int:
    """Bytes of a comma, and of the prediction's id."""
    return 1 + len(f'"{"0" * 24}-{rows}",')


def _body(*rows: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"instances": rows})


def _cases(folder: ModelFolder) -> list[GoldenCase]:
    golden = folder.lock.golden
    cases = read_golden(folder.path / golden.file.file)[:_MOST_CASES] if golden else []
    if cases:
        return cases
    [row] = example_request(folder.manifest)["instances"]
    [prediction] = example_answer(folder.manifest)["predictions"]
    return [GoldenCase(instance=row, prediction=prediction)]


def _binary_answer(manifest: Manifest, prediction: dict[str, Any]) -> int:
    return sum(_binary_output(output, prediction.get(output.name)) for output in manifest.outputs)


def _binary_output(output: TensorOutput, known: object) -> int:
    """Bytes of one row; an axis of any length has that of the known answer, where the answer is the tensor itself."""
    size = output.datatype.itemsize
    elements = _flat(known) if known is not None else [""] * math.prod(abs(axis) for axis in output.shape)
    return len(elements) * size if size else sum(4 + len(str(element).encode()) for element in elements)


def _flat(nested: object) -> list[object]:
    return [element for part in nested for element in _flat(part)] if isinstance(nested, list) else [nested]


def _over(rows: int, each: Bytes) -> bool:
    return rows > min(rows_within(each.json), rows_within(each.binary))


def _no_row(each: Bytes, what: str, fix: str) -> Iterator[Problem]:
    if not rows_within(each.json) and not rows_within(each.binary):
        sizes = f"{each.json:,} bytes as JSON and {each.binary:,} as binary tensors"
        yield Problem(f"{what} is {sizes}; {_goes_through()}", fix)


def _too_many(payload: Payload, each: Bytes, what: str) -> Iterator[Problem]:
    by_json, by_binary = rows_within(each.json), rows_within(each.binary)
    if not _over(payload.rows, each) or not max(by_json, by_binary):
        return
    sizes = f"{payload.rows * each.json:,} bytes as JSON and {payload.rows * each.binary:,} as binary tensors"
    rows = f"{payload.rows:,} rows, the most of serving.max_batch_rows"
    if not by_json:
        fix = "send binary tensors (/v2/models/.../infer), as not even one row goes through as JSON"
        fix += f"; and set `serving.max_batch_rows: {by_binary}`" if by_binary < payload.rows else ""
    elif payload.rows <= by_binary:
        fix = "send batches of that size as binary tensors (/v2/models/.../infer)"
        fix += f", or set `serving.max_batch_rows: {by_json}`"
    else:
        fix = f"set `serving.max_batch_rows: {by_json}`"
        fix += f"; as binary tensors {by_binary:,} rows go through" if by_binary > by_json else ""
    yield Problem(f"{what} {rows}, comes to {sizes}; {_goes_through()}", fix)


def _goes_through() -> str:
    return f"{LIMIT:,} go through ({math.ceil(LIMIT / 3) * 4:,} in base64, of Lambda's {PAYLOAD_LIMIT:,})"


PAYLOAD_CHECKS: Final[Sequence[Examiner[Payload]]] = (
    Examiner(
        Check(
            "request-row",
            Severity.ERROR,
            f"a row that alone is longer than {LIMIT:,} bytes, as JSON and as binary tensors",
            "API Gateway, Lambda or Serin refuses the request with 413, so such a row is never answered",
            "a smaller input: resize, crop or encode before the model",
        ),
        lambda payload: _no_row(
            payload.request, "a row", "make the model's input smaller: resize, crop or encode before it, and lock again"
        ),
    ),
    Examiner(
        Check(
            "request-size",
            Severity.WARNING,
            f"`serving.max_batch_rows` rows that together are longer than {LIMIT:,} bytes",
            "clients who believe max_batch_rows get 413",
            "a smaller `serving.max_batch_rows`, or binary tensors",
        ),
        lambda payload: _too_many(payload, payload.request, "a request of"),
    ),
    Examiner(
        Check(
            "answer-row",
            Severity.ERROR,
            f"an answer to one row that is longer than {LIMIT:,} bytes, as JSON and as binary tensors",
            "Lambda does not pass it on, so such a row is never answered",
            "a smaller output: only what clients need",
        ),
        lambda payload: _no_row(payload.answer, "the answer to a row", "export the model with smaller outputs"),
    ),
    Examiner(
        Check(
            "answer-size",
            Severity.WARNING,
            f"answers to `serving.max_batch_rows` rows that together are longer than {LIMIT:,} bytes",
            "the model has worked, and the client gets 413 for it",
            "a smaller `serving.max_batch_rows`, or binary tensors",
        ),
        lambda payload: _too_many(payload, payload.answer, "the answer to"),
    ),
)
