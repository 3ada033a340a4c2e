"""Group B: JSON that is none, says something else, or says too much."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from serin.rest import MAX_BODY_BYTES
from tests.gateway.events import HttpRequest
from tests.integration.bad_input.cases import (
    FLOWER_PREDICT,
    GOOD,
    LARGEST_BYTES,
    MARKER,
    Case,
    check,
    infer,
    invalid,
    malformed,
    peak_of,
    post,
    predict,
    served,
    too_large,
)
from tests.integration.bad_input.shells import RestShell, Shell

SHOP_ROW: Final[dict[str, Any]] = {"city": "Oslo", "visits": 3, "member": True, "age": 20.5}


def petal(literal: str) -> HttpRequest:
    """A predict request in which a number is written as ``literal``."""
    return post(FLOWER_PREDICT, b'{"instances": [{"petal length": %s}]}' % literal.encode())


def visits(literal: str) -> HttpRequest:
    row = json.dumps(SHOP_ROW | {"visits": "<visits>"}).replace('"<visits>"', literal)
    return post("/models/shop/predict", b'{"instances": [%s]}' % row.encode())


def element(literal: str, datatype: str = "FP32") -> HttpRequest:
    """An infer request in which an element is written as ``literal``."""
    body = '{"inputs": [{"name": "x", "shape": [1, 1], "datatype": "%s", "data": [%s]}]}'
    return infer(f"identity-{datatype.lower()}", (body % (datatype, literal)).encode())


def inputs(text: str) -> HttpRequest:
    """An infer request with ``text`` in place of its only input's comma-separated members."""
    return infer("numbers", b'{"inputs": [{%s}]}' % text.encode())


def text_row(literal: bytes) -> HttpRequest:
    return post("/models/shop/predict", b'{"instances": [{"city": %s, "visits": 3, "member": true}]}' % literal)


NUMBERS: Final = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "NaN as text": '"NaN"',
    "1e999": "1e999",
    "-1e999": "-1e999",
    "400 digits and a half": "1" * 400 + ".5",
    "a number as text": '"1.5"',
    "true": "true",
    "a list": "[1]",
    "an object": '{"a": 1}',
    "5,000 digits": "7" * 5000,
    "a secret": f'"{MARKER}"',
}
INTEGERS: Final = {
    "2^63": str(2**63),
    "-2^63 - 1": str(-(2**63) - 1),
    "10^400": "1" + "0" * 400,
    "5,000 digits": "7" * 5000,
    "a half": "1.5",
    "true": "true",
    "null": "null",
    "text": '"3"',
    "NaN": "NaN",
}

GOOD_INPUT: Final = '"name": "x", "shape": [1], "datatype": "FP32", "data": [1]'

CASES: Final[dict[str, Case]] = {
    **{f"a float that is {what}": invalid(petal(text)) for what, text in NUMBERS.items()},
    **{f"an element that is {what}": invalid(element(text)) for what, text in NUMBERS.items() if what != "a list"},
    **{f"an integer that is {what}": invalid(visits(text)) for what, text in INTEGERS.items()},
    **{f"an INT64 that is {what}": invalid(element(text, "INT64")) for what, text in INTEGERS.items()},
    "a float that is null": invalid(petal("null")),
    "an element that is null": invalid(element("null")),
    "null where it may be missing": served(predict("shop", SHOP_ROW | {"age": None, "city": None})),
    "nothing where it may be missing": served(predict("shop", {"visits": 3, "member": True})),
    "null where it may not": invalid(predict("shop", SHOP_ROW | {"member": None})),
    "nothing where it may not": invalid(predict("shop", {"city": "Oslo"})),
    "a number of a finite 309 digits": invalid(petal("1" + "0" * 308)),
    "a leading zero": malformed(petal("01")),
    "a plus": malformed(petal("+1")),
    "hexadecimal": malformed(petal("0x10")),
    "a point without digits": malformed(petal("1.")),
    "an element with a leading zero": malformed(element("01")),
    # Keys
    "a key twice": malformed(post(FLOWER_PREDICT, b'{"instances": [{"petal length": 1, "petal length": 2}]}')),
    "a key twice, once with an escape": malformed(
        post(FLOWER_PREDICT, b'{"instances": [{"petal length": 1, "\\u0070etal length": 2}]}')
    ),
    "a key twice, at the top": malformed(post(FLOWER_PREDICT, GOOD.body[:-1] + b', "instances": []}')),
    "a key twice, at the top, both the same": malformed(post(FLOWER_PREDICT, GOOD.body[:-1] + b"," + GOOD.body[1:])),
    "an input's key twice": malformed(inputs(GOOD_INPUT + ', "name": "x"')),
    "data twice, the first no UTF-8": malformed(
        infer(
            "texts", b'{"inputs": [{"name": "x", "shape": [1], "datatype": "BYTES", "data": ["\xff:"], "data": ["a"]}]}'
        )
    ),
    "data twice, the first too deep": malformed(
        inputs(GOOD_INPUT.replace('"data"', '"data": ' + "[" * 800 + "]" * 800 + ', "data"'))
    ),
    "a parameter twice": malformed(inputs(GOOD_INPUT + ', "parameters": {"a": 1, "\\u0061": 2}')),
    "an unknown key": invalid(predict("flower", {"petal length": 1, MARKER: 1})),
    "an unknown key at the top": invalid(post(FLOWER_PREDICT, GOOD.body[:-1] + b', "%s": 1}' % MARKER.encode())),
    "an unknown key that looks like a path": invalid(post(FLOWER_PREDICT, b'{"x` - at `$.%s": 1}' % MARKER.encode())),
    "an unknown key in an input": invalid(inputs(GOOD_INPUT + f', "{MARKER}": 1')),
    "a key of four megabytes": invalid(post(FLOWER_PREDICT, b'{"%s": 1}' % (b"k" * 4_000_000))),
    # Depth
    "a depth of 101": malformed(post(FLOWER_PREDICT, b"[" * 101 + b"]" * 101)),
    "a depth of 101 in a row": malformed(petal("[" * 98 + "]" * 98)),
    "a depth of 101 in a tensor": malformed(inputs(GOOD_INPUT[:-3] + "[" * 98 + "]" * 98)),
    "a depth of 10^5": malformed(post(FLOWER_PREDICT, b"[" * 100_000 + b"]" * 100_000)),
    "a depth of 10^5 in a tensor": malformed(inputs('"name": "x", "data": ' + "[" * 100_000)),
    "a depth of 3 * 10^6": malformed(post(FLOWER_PREDICT, b"[" * 3_000_000)),
    "a depth of 10^6 objects": too_large(post(FLOWER_PREDICT, b'{"a":' * 800_000)),
    # Strings
    "half a surrogate pair": invalid(text_row(b'"\\ud800"')),
    "half a surrogate pair in a key": invalid(post(FLOWER_PREDICT, b'{"\\udc00": 1}')),
    "half a surrogate pair in a tensor": invalid(element('"\\ud800"', "BYTES")),
    "a surrogate in UTF-8": malformed(text_row(b'"\xed\xa0\x80"')),
    "no UTF-8": malformed(text_row(b'"\xff"')),
    "too long a UTF-8": malformed(text_row(b'"\xc0\x80"')),
    "a zero byte in a category": invalid(predict("shop", SHOP_ROW | {"city": "Oslo\0"})),
    "a raw control character": malformed(text_row(b'"Os\nlo"')),
    "a text without end": malformed(text_row(b'"' + b'\\"' * 1_000_000)),
    # Documents
    "trailing garbage": malformed(post(FLOWER_PREDICT, GOOD.body + MARKER.encode())),
    "two documents": malformed(post(FLOWER_PREDICT, GOOD.body * 2)),
    "two lines": malformed(post(FLOWER_PREDICT, GOOD.body + b"\n" + GOOD.body)),
    "cut short": malformed(post(FLOWER_PREDICT, GOOD.body[:-1])),
    "a comment": malformed(post(FLOWER_PREDICT, GOOD.body + b"// x")),
    "single quotes": malformed(post(FLOWER_PREDICT, GOOD.body.replace(b'"', b"'"))),
    "a comma too many": malformed(post(FLOWER_PREDICT, GOOD.body.replace(b"]", b",]"))),
    "a body of one secret": malformed(post(FLOWER_PREDICT, MARKER.encode())),
    # Size
    "no rows": invalid(predict("flower")),
    "one row too many": too_large(predict("flower", *[{"petal length": 1}] * 1001)),
    "as many rows as may be": served(predict("flower", *[{"petal length": 1}] * 1000)),
    "1.4 million rows of nothing": too_large(post(FLOWER_PREDICT, b'{"instances":[' + b"{}," * 1_390_000 + b"{}]}")),
    "two million numbers for rows": invalid(post(FLOWER_PREDICT, b'{"instances":[' + b"1," * 2_000_000 + b"1]}")),
    "1.4 million lists for rows": invalid(post(FLOWER_PREDICT, b'{"instances":[' + b"[]," * 1_390_000 + b"[]]}")),
    "a million texts of braces": invalid(post(FLOWER_PREDICT, b'{"instances":[' + b'"{",' * 1_000_000 + b'""]}')),
    "95,000 inputs": too_large(infer("numbers", b'{"inputs":[' + b'{"name":"x"},' * 95_000 + b"{}]}")),
    "400,000 parameters": too_large(
        infer("numbers", b'{"parameters":{' + b",".join(b'"%x":1' % i for i in range(400_000)) + b"}}")
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_a_document_is_read_or_refused(what: str, shell: Shell) -> None:
    assert len(CASES[what].request.body) <= MAX_BODY_BYTES
    check(shell, CASES[what])


BOUNDED: Final = [
    "1.4 million rows of nothing",
    "two million numbers for rows",
    "1.4 million lists for rows",
    "a million texts of braces",
    "95,000 inputs",
    "400,000 parameters",
    "a depth of 3 * 10^6",
    "a depth of 10^6 objects",
    "a text without end",
]


@pytest.mark.parametrize("what", BOUNDED)
def test_a_large_refusal_takes_little_memory(what: str, rest_shell: RestShell) -> None:
    assert peak_of(lambda: rest_shell.send(CASES[what].request)) < LARGEST_BYTES


def test_a_depth_of_100_is_served(shell: Shell) -> None:
    data: Any = [1.5]
    for _ in range(96):
        data = [data]
    tensor = {"name": "x", "datatype": "FP32", "shape": [1] * 97, "data": data}
    answer = check(shell, served(infer("deep", {"inputs": [tensor]})))
    assert answer.document["outputs"][0]["data"] == [1.5]


def test_a_zero_byte_in_a_text_is_kept_whole(shell: Shell) -> None:
    answer = check(shell, served(predict("texts", {"x": "a\0b"}, {"x": ""}, {"x": "\0"})))
    assert answer.document["predictions"] == [{"y": "a\0b"}, {"y": ""}, {"y": "\0"}]


def test_numbers_at_the_edge_of_their_datatype_are_served(shell: Shell) -> None:
    row = [2**63 - 1, -(2**63)]
    assert check(shell, served(predict("identity-int64", {"x": row}))).document["predictions"] == [{"y": row}]
    tiny = [5e-324, -0.0, 1.7976931348623157e308]
    answer = check(shell, served(predict("identity-fp64", {"x": tiny})))
    assert b'{"y":[5e-324,-0.0,1.7976931348623157e308]}' in answer.body
