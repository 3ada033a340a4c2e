"""Group C: tensors that do not fit, values that may not enter, and models that fail inside."""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Final

import pytest

from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack
from tests.gateway.events import HttpRequest
from tests.integration.bad_input.cases import (
    JSON,
    LARGEST_BYTES,
    MARKER,
    Case,
    check,
    infer,
    invalid,
    malformed,
    peak_of,
    predict,
    served,
    too_large,
)
from tests.integration.bad_input.shells import RestShell, Shell
from tests.protocol_messages import binary_request, json_request, read_response

SECRET: Final = 731973731
"""A number that must not come back."""

MATRIX: Final[dict[str, Any]] = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2.5]}


def matrix(model: str = "identity-fp32", **changes: Any) -> HttpRequest:
    """An infer request with one matrix, changed; ``...`` takes a key out."""
    changed = {key: value for key, value in (MATRIX | changes).items() if value is not ...}
    return infer(model, {"inputs": [changed]})


def in_binary(chunk: bytes, model: str = "identity-fp32", length: str | None = None, **changes: Any) -> HttpRequest:
    """The same with the elements in binary; ``length``: what is said of the JSON part."""
    fields = {**MATRIX, "parameters": {"binary_data_size": len(chunk)}, **changes}
    head = json.dumps({"inputs": [{key: value for key, value in fields.items() if key != "data"}]}).encode()
    headers = (*JSON, ("Inference-Header-Content-Length", str(len(head)) if length is None else length))
    return infer(model, head + chunk, headers)


def rejected(request: HttpRequest) -> Case:
    return Case(request, 422, "model_rejected_input")


def not_finite(request: HttpRequest) -> Case:
    return Case(request, 422, "output_not_finite")


def texts(*items: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


SHAPES: Final = {
    "2^4 * (2^60 + 2)": [2**4, 2**60 + 2],
    "2^32 * 2^32": [2**32, 2**32],
    "2^62 * 4": [2**62, 4],
    "2^64 columns": [1, 2**64],
    "2^40 columns": [1, 2**40],
    "negative": [-1, 2],
    "negative twice": [-1, -2],
    "no row": [0, 2],
    "no column": [1, 0],
    "nothing either way": [0, 0],
    "no axis": [],
    "one axis": [2],
    "three axes": [1, 1, 2],
    "64 axes": [1] * 64,
    "65 axes": [1] * 65,
    "1,000 axes": [1] * 1000,
    "100,000 axes": [1] * 100_000,
    "one element too many": [1, 3],
    "one element too few": [1, 1],
    "turned": [2, 2],
    "a secret": [1, SECRET],
    "fractions": [1.0, 2.0],
    "text": ["1", "2"],
    "flags": [True, True],
    "null": None,
}

DIVIDE: Final = {"a": 7, "b": 0}

CASES: Final[dict[str, Case]] = {
    **{f"a shape of {what}": invalid(matrix(shape=shape)) for what, shape in SHAPES.items()},
    **{f"a binary shape of {what}": invalid(in_binary(bytes(8), shape=shape)) for what, shape in SHAPES.items()},
    "a vector of 2^40": invalid(matrix("numbers", shape=[2**40], data=[1])),
    "a shape that holds the row": invalid(predict("pair", {"a": [1, 2, 3], "b": [1, 2]})),
    "a row without an element": invalid(predict("identity-fp32", {"x": []})),
    "another datatype": invalid(matrix(datatype="FP64")),
    "no datatype of the protocol": invalid(matrix(datatype=MARKER)),
    "a half for an integer": invalid(matrix("identity-int64", datatype="INT64")),
    "300 for UINT8": invalid(matrix("identity-uint8", datatype="UINT8", data=[1, 300])),
    "-1 for UINT64": invalid(matrix("identity-uint64", datatype="UINT64", data=[1, -1])),
    "1 for a flag": invalid(matrix("identity-bool", datatype="BOOL", data=[True, 1])),
    "a number for text": invalid(matrix("identity-bytes", datatype="BYTES", data=["a", 1])),
    "1e5 for FP16": invalid(matrix("identity-fp16", datatype="FP16", data=[1, 1e5])),
    "1e39 for FP32": invalid(matrix(data=[1, 1e39])),
    "ragged rows": invalid(matrix(shape=[2, 2], data=[[1], [2, 3, 4]])),
    "ragged rows to predict": invalid(predict("deep", {"x": [[1], [2, 3]]})),
    "rows that differ": invalid(predict("identity-fp32", {"x": [1]}, {"x": [1, 2]})),
    "data that is an object": invalid(matrix(data={MARKER: 1})),
    "data that is text": invalid(matrix(data=MARKER)),
    "data that is null": invalid(matrix(data=None)),
    "no data": invalid(matrix(data=...)),
    "no input": invalid(infer("pair", {"inputs": []})),
    "an input too few": invalid(infer("pair", {"inputs": [MATRIX | {"name": "a"}]})),
    "an input too many": invalid(infer("pair", {"inputs": [MATRIX | {"name": name} for name in ("a", "b", MARKER)]})),
    "an input twice": invalid(infer("pair", {"inputs": [MATRIX | {"name": name} for name in ("a", "b", "a")]})),
    "an output that is none": invalid(infer("identity-fp32", {"inputs": [MATRIX], "outputs": [{"name": MARKER}]})),
    "an output twice": invalid(infer("identity-fp32", {"inputs": [MATRIX], "outputs": [{"name": "y"}] * 2})),
    "an input's name that is a number": invalid(matrix(name=SECRET)),
    # Binary
    "a length of -1": malformed(in_binary(bytes(8), length="-1")),
    "a length that is text": malformed(in_binary(bytes(8), length=MARKER)),
    "a length beyond the body": malformed(in_binary(bytes(8), length="99999999999")),
    "a length of 5,000 digits": malformed(in_binary(bytes(8), length="9" * 5000)),
    "a length in other digits": malformed(in_binary(bytes(8), length="\u0661\u0662")),
    "a length of nothing": malformed(in_binary(bytes(8), length="")),
    "a length of 0": malformed(in_binary(bytes(8), length="0")),
    "a byte too few": invalid(in_binary(bytes(7))),
    "a byte too many": invalid(in_binary(bytes(9))),
    "bytes that belong to nobody": malformed(in_binary(bytes(9), parameters={"binary_data_size": 8})),
    "bytes that are not there": malformed(in_binary(bytes(8), parameters={"binary_data_size": SECRET})),
    "a negative number of bytes": malformed(in_binary(bytes(8), parameters={"binary_data_size": -8})),
    "a number of bytes that is text": malformed(in_binary(bytes(8), parameters={"binary_data_size": "8"})),
    "a flag of 2": invalid(in_binary(b"\0\2", "identity-bool", datatype="BOOL")),
    "no UTF-8": invalid(in_binary(texts(b"a", b"\xff\xfe"), "identity-bytes", datatype="BYTES")),
    "half a surrogate pair": invalid(in_binary(texts(b"a", b"\xed\xa0\x80"), "identity-bytes", datatype="BYTES")),
    "a text of four gigabytes": invalid(
        in_binary(texts(b"a") + struct.pack("<I", 2**32 - 1), "identity-bytes", datatype="BYTES")
    ),
    "a text too few": invalid(in_binary(texts(b"a"), "identity-bytes", datatype="BYTES")),
    # Values
    "NaN where none may be": invalid(in_binary(struct.pack("<2f", math.nan, 1))),
    "an infinity where none may be": invalid(in_binary(struct.pack("<2f", 1, -math.inf))),
    "a negative NaN where none may be": invalid(in_binary(struct.pack("<2I", 0xFFC00001, 0))),
    "a signalling NaN where none may be": invalid(in_binary(struct.pack("<2I", 0x7F800001, 0))),
    "a number out of range": invalid(predict("flower", {"petal length": 10.001})),
    "a negative number out of range": invalid(predict("flower", {"petal length": -5e-324 * 2**1000})),
    "a text that is no category": invalid(
        predict("shop", {"city": MARKER, "visits": 1, "member": True})
    ),
    "an integer out of range": invalid(predict("shop", {"city": "Oslo", "visits": SECRET, "member": True})),
    # Models that fail inside
    "a division by zero": rejected(predict("div-int64", DIVIDE)),
    "a remainder of zero": rejected(predict("mod-int32", DIVIDE)),
    "an index out of range": rejected(predict("gather", {"index": 3})),
    "an index far out of range": rejected(predict("gather", {"index": -(2**63)})),
    "the logarithm of -1": not_finite(predict("log", {"x": [-1]})),
    "the logarithm of 0": not_finite(predict("log", {"x": [0]})),
    "the logarithm of -1, one row of two": not_finite(predict("log", {"x": [1]}, {"x": [-1]})),
    **{
        f"the lowest {bits}-bit integer {operator} -1": invalid(
            predict(f"{operator}-int{bits}", {"a": -(2 ** (bits - 1)), "b": -1})
        )
        for operator in ("div", "mod")
        for bits in (32, 64)
    },
    # Rows
    "one row too many": too_large(matrix("flower", name="X", shape=[1001, 2], data=[1] * 2002)),
    "as many rows as may be": served(matrix("flower", name="X", shape=[1000, 2], data=[1] * 2000)),
    "two rows for a model without rows": invalid(predict("scalar", {"x": 1}, {"x": 2})),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_a_tensor_is_read_or_refused(what: str, shell: Shell) -> None:
    check(shell, CASES[what])


@pytest.mark.parametrize("what", ["a vector of 2^40", "a binary shape of 2^40 columns", "a shape of 2^32 * 2^32"])
def test_a_shape_takes_the_memory_of_its_data_and_not_its_own(what: str, rest_shell: RestShell) -> None:
    assert peak_of(lambda: rest_shell.send(CASES[what].request)) < LARGEST_BYTES


@pytest.mark.parametrize("method", ["predict", "infer"])
def test_no_row_is_refused_on_every_way_in(method: str, shell: Shell) -> None:
    nothing = {"name": "X", "datatype": "FP32", "shape": [0, 2], "data": []}
    check(shell, invalid(predict("flower") if method == "predict" else infer("flower", {"inputs": [nothing]})))


# --- The manifest's policy, row by row ------------------------------------------------------------------------


def infer_vector(shell: Shell, model: str, values: list[float], *, binary: bool) -> list[float]:
    tensor = {"x": Tensor(Datatype.FP32, (len(values),), pack(Datatype.FP32, values))}
    body, length = (
        binary_request(tensor, parameters={"binary_data_output": True}) if binary else (json_request(tensor), 0)
    )
    headers = (*JSON, ("Inference-Header-Content-Length", str(length))) if binary else JSON
    answer = check(shell, served(infer(model, body, headers)))
    size = answer.headers.get("inference-header-content-length")
    return unpack(read_response(answer.body, None if size is None else int(size))["y"])


@pytest.mark.parametrize("binary", [False, True])
def test_minus_zero_and_denormal_numbers_go_through_unchanged(binary: bool, shell: Shell) -> None:
    values = [-0.0, 2.0**-149, -(2.0**-149), 3.4028234663852886e38]
    found = infer_vector(shell, "numbers", values, binary=binary)
    assert struct.pack("<4f", *found) == struct.pack("<4f", *values)


def test_what_is_not_finite_goes_through_where_the_manifest_says_so(shell: Shell) -> None:
    values = [math.nan, math.inf, -math.inf, -0.0]
    found = infer_vector(shell, "open-numbers", values, binary=True)
    assert struct.pack("<4f", *found) == struct.pack("<4f", *values)


def test_a_missing_value_is_the_policys_for_its_row_and_other_rows_are_as_they_were(shell: Shell) -> None:
    alone = check(shell, served(predict("flower", {"petal length": 2.0, "sepal length": 4.0})))
    filled = {"petal length": 2.0, "sepal length": None}
    both = check(
        shell, served(predict("flower", filled, {"petal length": 2.0, "sepal length": 4.0}, {"petal length": 0}))
    )
    first, second, _ = both.document["predictions"]
    assert first == second == alone.document["predictions"][0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_one_bad_row_refuses_the_request_and_names_the_row(value: float, shell: Shell) -> None:
    rows = struct.pack("<6f", 1, 1, value, 1, 2, 2)
    answer = check(shell, invalid(in_binary(rows, "flower", name="X", shape=[3, 2])))
    assert answer.document["error"].startswith("row 1, feature `petal length`: ")


# --- Time -----------------------------------------------------------------------------------------------------


def test_a_run_without_end_is_a_504_before_the_deadline(shell: Shell) -> None:
    answer = check(shell, Case(predict("loop", {"trips": 2**62}), 504, "deadline_exceeded"), seconds=0.5)
    assert answer.document["error"] == "the model did not finish in time"
    assert check(shell, served(predict("loop", {"trips": 3}))).document["predictions"] == [{"total": 3}]


def test_a_request_without_time_is_a_504_at_once(shell: Shell) -> None:
    check(shell, Case(predict("loop", {"trips": 3}), 504, "deadline_exceeded"), seconds=0)
