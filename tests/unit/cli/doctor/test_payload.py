from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from cli.doctor.payload import LIMIT, PAYLOAD_CHECKS, Bytes, Payload, payload_of, request_of, rows_within
from local.rie import PAYLOAD_LIMIT
from serin.rest import MAX_BODY_BYTES
from tests.small_models.catalogue import FLOWER, PAIR, SCALAR, SHOP
from tests.small_models.folder import SmallModel
from tests.unit.cli.doctor.models import problems, served, wide, written

SMALL = Bytes(100, 50)


def payload(rows: int = 1000, request: Bytes = SMALL, answer: Bytes = SMALL) -> Payload:
    return Payload(rows=rows, row={}, request=request, answer=answer)


def test_what_goes_through_in_base64_is_within_lambdas_limit() -> None:
    assert LIMIT <= MAX_BODY_BYTES
    assert (LIMIT + 2) // 3 * 4 < PAYLOAD_LIMIT


def test_a_batch_cap_of_20_megabytes_is_found_with_the_rows_that_fit(tmp_path: Path) -> None:
    folder = written(wide(1800), tmp_path)
    measured = payload_of(folder)
    assert len(request_of(measured, 1000)) == pytest.approx(20_000_000, rel=0.02)
    found = problems(PAYLOAD_CHECKS, measured)
    assert found.keys() == {"request-size", "answer-size"}
    fitting = rows_within(measured.request.json)
    assert f"set `serving.max_batch_rows: {fitting}`; as binary tensors 582 rows" in found["request-size"].fix
    assert len(request_of(measured, fitting)) <= LIMIT < len(request_of(measured, fitting + 2))


def test_a_cap_that_fits_is_fine(tmp_path: Path) -> None:
    assert problems(PAYLOAD_CHECKS, payload_of(written(wide(1800), tmp_path, max_batch_rows=200))) == {}


@pytest.mark.parametrize(
    ("model", "request_bytes", "answer_bytes"), [(PAIR, 16, 16), (FLOWER, 8, 8), (SCALAR, 4, 4), (SHOP, 4 + 4 + 17, 8)]
)
def test_binary_tensors_are_counted_by_their_elements(
    model: SmallModel, request_bytes: int, answer_bytes: int, tmp_path: Path
) -> None:
    found = payload_of(written(model, tmp_path))
    assert (found.request.binary, found.answer.binary) == (request_bytes, answer_bytes)


def test_a_model_without_a_batch_axis_takes_one_row(tmp_path: Path) -> None:
    assert payload_of(written(SCALAR, tmp_path)).rows == 1
    assert payload_of(served(tmp_path)).rows == 1000


def test_a_model_without_golden_cases_is_measured_by_its_example(tmp_path: Path) -> None:
    folder = served(tmp_path)
    without = replace(folder, lock=msgspec.structs.replace(folder.lock, golden=None))
    assert payload_of(without).row == {"petal length": 0.0, "sepal length": 4.0}


def test_a_row_that_never_goes_through_is_an_error_of_its_own() -> None:
    huge = Bytes(12_000_000, 5_000_000)
    found = problems(PAYLOAD_CHECKS, payload(request=huge))
    assert found.keys() == {"request-row"}
    assert problems(PAYLOAD_CHECKS, payload(answer=huge)).keys() == {"answer-row"}
    assert payload(answer=huge).rows_that_fit == 0


def test_a_row_that_goes_as_binary_tensors_only_is_told_so() -> None:
    found = problems(PAYLOAD_CHECKS, payload(request=Bytes(5_500_000, 2_000_000)))
    assert found["request-size"].fix == (
        "send binary tensors (/v2/models/.../infer), as not even one row goes through as JSON; "
        "and set `serving.max_batch_rows: 2`"
    )


def test_a_batch_that_fits_as_binary_tensors_need_not_be_smaller() -> None:
    found = problems(PAYLOAD_CHECKS, payload(request=Bytes(10_000, 4_000)))
    assert found["request-size"].fix == (
        "send batches of that size as binary tensors (/v2/models/.../infer), or set `serving.max_batch_rows: 419`"
    )


def test_a_longer_answer_than_the_golden_one_counts() -> None:
    assert problems(PAYLOAD_CHECKS, payload().answered_with(10_000)).keys() == {"answer-size"}
    assert payload().answered_with(1) == payload()
