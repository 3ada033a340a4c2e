"""Long requests in JSON, whose numbers are read piece by piece: what they give is what reading with care gives."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from serin import codecs, elements
from serin.codecs import read_envelope, read_tensors
from serin.errors import SerinError
from serin.protocol import Datatype, InferenceRequest
from serin.tensor import Buffer, pack, unpack
from tests.small_models.graphs import tensor as metadata

COUNT: Final = 40_000
NUMBERS: Final = [float(i % 977) + 0.5 for i in range(COUNT)]
MIDDLE: Final = b"," + json.dumps(NUMBERS[COUNT // 2 - 1 : COUNT // 2 + 2], separators=(",", ":"))[1:-1].encode() + b","


def body(data: object = NUMBERS, *, datatype: str = "FP32", spaces: bool = False, **fields: Any) -> bytes:
    item = {"name": "x", "datatype": datatype, "shape": [1, COUNT], "data": data}
    return json.dumps({"inputs": [item], **fields}, separators=None if spaces else (",", ":")).encode()


def answer(request: bytes, datatype: Datatype = Datatype.FP32) -> tuple[object, ...]:
    """The request without its data and its elements, or what is wrong with it."""
    try:
        opened = read_envelope(request, None)
        tensor = read_tensors(opened, [metadata("x", datatype, -1, -1)], 10)["x"]
    except SerinError as error:
        return type(error), error.message
    found: InferenceRequest = opened.request
    return found.id, found.outputs, found.parameters, tensor.shape, unpack(tensor)


def answer_with_care(request: bytes, patch: pytest.MonkeyPatch, datatype: Datatype = Datatype.FP32) -> tuple[Any, ...]:
    with patch.context() as careful:
        careful.setattr(codecs, "LONG_BYTES", len(request))
        careful.setattr(elements, "PIECE_BYTES", len(request))
        return answer(request, datatype)


def in_place_of_the_middle(text: bytes) -> bytes:
    before, found, after = body().partition(MIDDLE)
    assert found
    return before + text + after


NUMBER_TYPES: Final = [d for d in Datatype if d not in {Datatype.BYTES, Datatype.BOOL}]


@pytest.mark.parametrize("spaces", [False, True])
@pytest.mark.parametrize("datatype", NUMBER_TYPES)
def test_a_long_list_of_numbers_is_read_whole_and_in_its_order(
    datatype: Datatype, spaces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [i % 100 for i in range(COUNT)]
    request = body(numbers, datatype=datatype, spaces=spaces, id="mine", outputs=[{"name": "y"}])
    given = answer(request, datatype)
    assert (given[0], given[-1]) == ("mine", numbers)
    assert given == answer_with_care(request, monkeypatch, datatype)


def test_a_long_list_of_numbers_is_decoded_once_and_never_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def packed(datatype: Datatype, values: list[Any]) -> Buffer | list[bytes]:
        lengths.append(len(values))
        return pack(datatype, values)

    monkeypatch.setattr(elements, "pack", packed)
    assert answer(body())[-1] == NUMBERS
    assert (sum(lengths), max(lengths) < COUNT // 3) == (COUNT, True)


ROWS: Final = [NUMBERS]
ODD: Final[dict[str, bytes]] = {
    "nested as its shape says": body(ROWS),
    "nested, with spaces": body(ROWS, spaces=True),
    "nested deeper": body([ROWS]),
    "ragged": body([NUMBERS[:-1], NUMBERS[-1:]]),
    "a list in the middle": in_place_of_the_middle(b",[1,2,3],"),
    "no number between commas": in_place_of_the_middle(b",1,,2,"),
    "only a space between commas": in_place_of_the_middle(b",1, ,2,"),
    "a comma before the first": body().replace(b'"data":[', b'"data":[,'),
    "a comma after the last": body().replace(b"]", b",]"),
    "a comma after the last, in place of a number": body(NUMBERS[:-1]).replace(b"]", b",]"),
    "a number too few": body(NUMBERS[1:]),
    "a number too many": body([*NUMBERS, 1.5]),
    "three times as many": body(NUMBERS * 3),
    "no list's end": body().replace(b"]", b""),
    "cut": body()[: len(body()) // 2],
    "a null": in_place_of_the_middle(b",null,1.5,2.5,"),
    "a truth": in_place_of_the_middle(b",true,1.5,2.5,"),
    "a text": in_place_of_the_middle(b',"1",1.5,2.5,'),
    "a text that closes the list": in_place_of_the_middle(b',"]",1.5,2.5,'),
    "a text that closes the list and opens another": in_place_of_the_middle(b',"],\\"data\\":[",1.5,2.5,'),
    "an object": in_place_of_the_middle(b',{"a":1},1.5,2.5,'),
    "an object with a key twice": in_place_of_the_middle(b',{"a":1,"a":2},1.5,2.5,'),
    "not a number": in_place_of_the_middle(b",NaN,1.5,2.5,"),
    "an infinity": in_place_of_the_middle(b",1e999,1.5,2.5,"),
    "no JSON number": in_place_of_the_middle(b",01,1.5,2.5,"),
    "no UTF-8": in_place_of_the_middle(b",\xff,1.5,2.5,"),
    "text after its end": body() + b"x",
    "another document after its end": body() + body(),
    "data twice": body().replace(b'"data":', b'"data":[],"data":'),
    "data twice, the second empty": body().replace(b"]}]", b'],"data":[]}]'),
    "data after data": body().replace(b"]}]", b'],"data":[1,2]}]'),
    "a name twice": body().replace(b'"name":', b'"name":"x","name":'),
    "a field that nobody knows": body().replace(b'"name":', b'"nome":"x","name":'),
    "data in the id": b'{"id":"\\"data\\":[",' + body()[1:],
    "data as the id": b'{"id":"data:",' + body()[1:],
    "data as an unknown field": b'{"data":[1],' + body()[1:],
    "data as a parameter": body(parameters={"data": [1]}),
    "data as a parameter before": b'{"parameters":{"data":[' + b"1," * COUNT + b"1]}," + body()[1:],
    "an escape before": b'{"id":"a\\u0020b",' + body()[1:],
    "a long id after it": body(id="i" * 10_000),
    "a long id before it": b'{"id":"' + b"i" * 10_000 + b'",' + body()[1:],
    "two inputs": body().replace(b"]}]", b']},{"name":"z","datatype":"FP32","shape":[0],"data":[]}]'),
    "a space within the key": body().replace(b'"data":', b'"data" :'),
    "no data": body(None),
    "an empty list": body([]),
    "an object for a list": body({"a": NUMBERS}),
    "another datatype": body(datatype="INT32"),
    "texts": body(["a]"] * COUNT, datatype="BYTES"),
    "size of binary data, too": body().replace(b'"data":', b'"parameters":{"binary_data_size":4},"data":'),
    "more keys than may be": in_place_of_the_middle(b"," + b'{"a":1},' * 20_000),
    "so deep": in_place_of_the_middle(b"," + b"[" * 200 + b"]" * 200 + b","),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_is_told_as_if_all_had_been_read_with_care(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(ODD[odd]) == answer_with_care(ODD[odd], monkeypatch)


INTEGERS: Final[dict[str, bytes]] = {
    "spelled as a fraction": b"3.0",
    "a fraction": b"3.5",
    "too large": b"9223372036854775808",
    "too small": b"-9223372036854775809",
    "of very many digits": b"9" * 5000,
}


@pytest.mark.parametrize("integer", INTEGERS)
def test_an_odd_integer_among_many_is_told_as_one_among_few(integer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request = body([7] * (COUNT - 1), datatype="INT64").replace(b"]}]", b"," + INTEGERS[integer] + b"]}]")
    assert answer(request, Datatype.INT64) == answer_with_care(request, monkeypatch, Datatype.INT64)
