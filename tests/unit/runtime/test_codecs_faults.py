"""Infer requests that are wrong in one place, each refused without its values."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import pytest

from serin.codecs import MAX_KEYS, read_envelope, read_tensors
from serin.errors import InvalidInput, MalformedRequest, PayloadTooLarge, RequestError
from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack
from tests.protocol_messages import binary_request
from tests.small_models.catalogue import PAIR, identity
from tests.small_models.graphs import tensor as metadata
from tests.unit.runtime.infer_requests import INPUT, MAX_ROWS, envelope, read, with_binary_input, with_input

# --- Faults of an input ---------------------------------------------------------------------------------------

INPUT_FAULTS: Final[dict[str, tuple[Mapping[str, Any], str]]] = {
    "another datatype": ({"datatype": "FP64"}, "input `x`: datatype must be FP32"),
    "no datatype of the protocol": ({"datatype": "FLOAT"}, "value is not one of those allowed at $.inputs[0].datatype"),
    "no datatype": ({"datatype": ...}, "object missing required field `datatype` at $.inputs[0]"),
    "no shape": ({"shape": ...}, "object missing required field `shape` at $.inputs[0]"),
    "no data": ({"data": ...}, "input `x`: has neither data nor binary_data_size"),
    "null data": ({"data": None}, "input `x`: data must hold as many elements as its shape says"),
    "a rank too few": ({"shape": [2]}, "input `x`: shape must be [-1, -1], -1 for any length"),
    "a rank too many": ({"shape": [1, 1, 2]}, "input `x`: shape must be [-1, -1], -1 for any length"),
    "no rank": ({"shape": []}, "input `x`: shape must be [-1, -1], -1 for any length"),
    "a thousand ranks": ({"shape": [1] * 1000}, "input `x`: shape must be [-1, -1], -1 for any length"),
    "no row": ({"shape": [0, 2], "data": []}, "input `x`: an axis of length 0 holds no element"),
    "no column": ({"shape": [1, 0], "data": []}, "input `x`: an axis of length 0 holds no element"),
    "a negative axis": ({"shape": [-1, 2]}, "expected `int` >= 0 at $.inputs[0].shape[0]"),
    "a fractional axis": ({"shape": [1.0, 2]}, "expected `int`, got `float` at $.inputs[0].shape[0]"),
    "2^32 * 2^32": ({"shape": [2**32, 2**32]}, "input `x`: shape holds more elements than any request"),
    "2^4 * (2^60 + 2)": ({"shape": [2**4, 2**60 + 2]}, "input `x`: shape holds more elements than any request"),
    "2^62 * 4": ({"shape": [2**62, 4]}, "input `x`: shape holds more elements than any request"),
    "2^40": ({"shape": [2**40, 1]}, "input `x`: shape holds more elements than any request"),
    "2^30 in one row": ({"shape": [1, 2**30]}, "input `x`: data must hold as many elements as its shape says"),
    "one element too few": ({"data": [1.5]}, "input `x`: data must hold as many elements as its shape says"),
    "one element too many": ({"data": [1, 2, 3]}, "input `x`: data must hold as many elements as its shape says"),
    "ragged rows": ({"data": [[1.5], [2.5, 3.5]]}, "input `x`: data must hold as many elements as its shape says"),
    "ragged rows of the right count": (
        {"shape": [2, 2], "data": [[1.5], [2.5, 3.5, 4.5]]},
        "input `x`: data: nested lists must be rectangular",
    ),
    "nested another way": ({"data": [[1.5], [2.5]]}, "input `x`: data is not nested as its shape says"),
    "nested too deep": ({"data": [[[1.5, 2.5]]]}, "input `x`: data must be a flat list, or nested as its shape says"),
    "a bare number": (
        {"shape": [1, 1], "data": 1.5},
        "input `x`: data must be a flat list, or nested as its shape says",
    ),
    "an object": (
        {"shape": [1, 1], "data": {"a": 1}},
        "input `x`: data must be a flat list, or nested as its shape says",
    ),
    "text for numbers": ({"data": ["1.5", 2.5]}, "input `x`: data: expected `float`, got `str` at $[0]"),
    "a flag for a number": ({"data": [True, 2.5]}, "input `x`: data: expected `float`, got `bool` at $[0]"),
    "null for a number": ({"data": [1.5, None]}, "input `x`: data: expected `float`, got `null` at $[1]"),
    "an unknown key": ({"dtype": "FP32"}, "unknown field at $.inputs[0]"),
    "a near miss": ({"dataype": "FP32"}, "unknown field at $.inputs[0]; did you mean `datatype`?"),
    "parameters that are none": ({"parameters": {"a": [1]}}, "expected `bool | int | float | str`, got `array` at"),
}


@pytest.mark.parametrize("what", INPUT_FAULTS)
def test_an_input_that_does_not_fit_is_refused_without_its_values(what: str) -> None:
    changes, message = INPUT_FAULTS[what]
    with pytest.raises(InvalidInput) as caught:
        read(identity(Datatype.FP32), with_input(**changes))
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("shape", [[11, 1], [11, 2], [2**31, 1]])
def test_more_rows_than_allowed_are_too_many_whatever_else_is_wrong(shape: list[int]) -> None:
    for body, length in ((with_input(shape=shape), None), with_binary_input(shape=shape)):
        with pytest.raises(PayloadTooLarge, match=r"^more than 10 rows in one request$"):
            read(identity(Datatype.FP32), body, length)


@pytest.mark.parametrize("shape", [[2**4, 2**60 + 2], [2**32, 2**32], [2**62, 4], [1, 2**40], [10, 2**20]])
def test_a_shape_that_binary_data_does_not_fill_is_refused(shape: list[int]) -> None:
    with pytest.raises(InvalidInput, match="shape"):
        read(identity(Datatype.FP32), *with_binary_input(shape=shape))


@pytest.mark.parametrize("datatype", [d for d in Datatype if d.limits and not d.is_float])
def test_an_integer_that_is_none_of_its_datatype_is_refused(datatype: Datatype) -> None:
    assert datatype.limits is not None
    lowest, highest = datatype.limits
    for value in (lowest - 1, highest + 1, 10**400):
        body = with_input(datatype=datatype, data=[0, value])
        with pytest.raises(InvalidInput, match=f"^input `x`: an element does not fit {datatype}$"):
            read(identity(datatype), body)
    with pytest.raises(InvalidInput, match="expected `int`, got `float`"):
        read(identity(datatype), with_input(datatype=datatype, data=[0, 1.5]))


@pytest.mark.parametrize("datatype", [d for d in Datatype if d.limits and not d.is_float])
def test_a_whole_number_may_be_spelled_as_a_fraction(datatype: Datatype) -> None:
    body = with_input(datatype=datatype, shape=[2, 2], data=[[0.0, 1], [2.0, 1e2]])
    assert unpack(read(identity(datatype), body)["x"]) == [0, 1, 2, 100]
    with pytest.raises(InvalidInput, match="got `float`"):
        read(identity(datatype), with_input(datatype=datatype, data=[0.0, 2.0**53 + 2]))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "input `a` is missing"),
        (["a"], "input `b` is missing"),
        (["a", "c"], "inputs[1].name: no such input; there are: a, b"),
        (["a", "b", "a"], "inputs[2].name: input `a` stands twice"),
    ],
)
def test_inputs_that_are_missing_unknown_or_there_twice_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(PAIR, json.dumps({"inputs": [INPUT | {"name": name} for name in names]}).encode())
    assert caught.value.message == message


def test_inputs_must_agree_on_their_rows() -> None:
    longer = {"name": "b", "shape": [2, 2], "data": [1, 2, 3, 4]}
    with pytest.raises(InvalidInput, match=r"^the inputs' batch axes differ in length$"):
        read(PAIR, json.dumps({"inputs": [INPUT | {"name": "a"}, INPUT | longer]}).encode())


# --- Faults of the framing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length", ["-1", "abc", "", " 5", "5 ", "+5", "1e1", "0x5", "\u0665", "99999999999", "9" * 5000]
)
def test_a_length_that_is_none_or_beyond_the_body_is_malformed(length: str) -> None:
    with pytest.raises(MalformedRequest, match="must be a number of bytes within the body"):
        read_envelope(with_input(), length)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_length_beside_the_end_of_the_json_is_malformed(shift: int) -> None:
    body, length = binary_request({"x": Tensor(Datatype.FP32, (1, 2), bytes(8))})
    with pytest.raises(MalformedRequest):
        read(identity(Datatype.FP32), body, length + shift)


def sized(size: object) -> dict[str, Any]:
    return {"parameters": {"binary_data_size": size}}


BINARY_FAULTS: Final[dict[str, tuple[tuple[bytes, int], type[RequestError]]]] = {
    "a byte too few": (with_binary_input(bytes(7)), InvalidInput),
    "a byte too many": (with_binary_input(bytes(9)), InvalidInput),
    "more than there is": (with_binary_input(**sized(9)), MalformedRequest),
    "less than there is": (with_binary_input(bytes(12), **sized(8)), MalformedRequest),
    "a negative size": (with_binary_input(**sized(-8)), MalformedRequest),
    "a size that is text": (with_binary_input(**sized("8")), MalformedRequest),
    "a size that is a flag": (with_binary_input(**sized(True)), MalformedRequest),
    "a fractional size": (with_binary_input(**sized(8.0)), MalformedRequest),
    "a size of 5,000 digits": (with_binary_input(**sized(int("9" * 4000))), MalformedRequest),
    "data in both ways": (with_binary_input(data=[1.5, 2.5]), InvalidInput),
}


@pytest.mark.parametrize("what", BINARY_FAULTS)
def test_binary_data_that_does_not_fit_is_refused(what: str) -> None:
    (body, length), kind = BINARY_FAULTS[what]
    with pytest.raises(kind) as caught:
        read(identity(Datatype.FP32), body, length)
    assert type(caught.value) is kind


def test_binary_data_comes_in_the_order_of_the_request() -> None:
    tensors = {name: Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [n, n])) for n, name in enumerate("ba")}
    read_back = read(PAIR, *binary_request(tensors))
    assert {name: unpack(tensor) for name, tensor in read_back.items()} == {"b": [0, 0], "a": [1, 1]}


def test_one_input_may_be_binary_and_another_not() -> None:
    inputs = [INPUT | {"name": "b"}, {**INPUT, "name": "a", **sized(8)}]
    del inputs[1]["data"]
    head = json.dumps({"inputs": inputs}).encode()
    read_back = read(PAIR, head + bytes(8), len(head))
    assert {name: unpack(tensor) for name, tensor in read_back.items()} == {"b": [1.5, 2.5], "a": [0, 0]}


def test_a_flag_is_a_byte_of_zero_or_one() -> None:
    good = with_binary_input(b"\0\1", datatype="BOOL")
    assert unpack(read(identity(Datatype.BOOL), *good)["x"]) == [False, True]
    with pytest.raises(InvalidInput, match="a BOOL is a byte of 0 or 1"):
        read(identity(Datatype.BOOL), *with_binary_input(b"\0\2", datatype="BOOL"))


def length_prefixed(*items: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


STRING_FAULTS: Final[dict[str, bytes]] = {
    "one too few": length_prefixed(b"a"),
    "one too many": length_prefixed(b"a", b"b", b"c"),
    "nothing": b"",
    "half a length": length_prefixed(b"a") + b"\1\0",
    "a length beyond the end": length_prefixed(b"a") + struct.pack("<I", 9) + b"b",
    "a length of four gigabytes": length_prefixed(b"a") + struct.pack("<I", 2**32 - 1) + b"b",
    "bytes behind the last": length_prefixed(b"a", b"b") + b"x",
    "no UTF-8": length_prefixed(b"a", b"\xff"),
    "half a surrogate pair": length_prefixed(b"a", b"\xed\xa0\x80"),
}


@pytest.mark.parametrize("what", STRING_FAULTS)
def test_texts_in_binary_that_do_not_fit_are_refused(what: str) -> None:
    with pytest.raises(InvalidInput):
        read(identity(Datatype.BYTES), *with_binary_input(STRING_FAULTS[what], datatype="BYTES"))


def test_texts_keep_zero_bytes_colons_and_brackets() -> None:
    texts = ["a\0b", '{"k": [1, 2]}']
    body = json.dumps({"inputs": [INPUT | {"datatype": "BYTES", "data": texts}]}).encode()
    assert unpack(read(identity(Datatype.BYTES), body)["x"]) == [text.encode() for text in texts]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'["\xff", ":"]', MalformedRequest),
        (b'["\xff", "b"]', MalformedRequest),
        (b'["\\ud800", "b"]', InvalidInput),
        (b'["\\ud800:", "b"]', InvalidInput),
    ],
)
def test_texts_that_are_none_are_refused(data: bytes, kind: type[RequestError]) -> None:
    body = b'{"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1, 2], "data": ' + data + b"}]}"
    with pytest.raises(kind):
        read(identity(Datatype.BYTES), body)


# --- Keys -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"inputs"', '"id": "a", "id": "b", "inputs"'),
        ('"name"', '"name": "y", "name"'),
        ('"name"', '"n\\u0061me": "y", "name"'),
        ('"data"', '"data": [9, 9], "data"'),
        ('"data"', '"data": [' + "9, " * 100 + '9], "data"'),
        ('"data"', '"parameters": {"k": 1, "k": 2}, "data"'),
        ('{"inputs"', '{"parameters": {}, "parameters": {}, "inputs"'),
        ('{"inputs"', '{"id": ":", "id": ":", "inputs"'),
        ('{"inputs"', '{"outputs": [{"name": "y", "name": "y"}], "inputs"'),
    ],
)
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(old: str, new: str) -> None:
    with pytest.raises(MalformedRequest, match="a key stands twice in one object"):
        read_envelope(with_input().decode().replace(old, new, 1).encode(), None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": ""},
        {"id": "a:b"},
        {"parameters": {}},
        {"parameters": {":": ":"}},
        {"outputs": []},
        {"outputs": [{"name": "y", "parameters": {}}]},
        {"outputs": [{"name": "y", "parameters": {"binary_data": False}}]},
    ],
)
def test_keys_that_stand_once_pass_whatever_their_values(fields: dict[str, Any]) -> None:
    body = json.dumps({"inputs": [INPUT | {"parameters": {"k": 0}}], **fields}).encode()
    assert unpack(read(identity(Datatype.FP32), body)["x"]) == [1.5, 2.5]


def test_a_text_that_looks_like_the_data_beside_it_is_left_alone() -> None:
    spaces = " " * 40
    looks = f'"a"{spaces},{spaces}"b":":"'
    body = b'{"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1, 1], "parameters": {"k": %s}, "data": ["%s"]}]}'
    text = f"{spaces},{spaces}"
    filled = body % (looks.encode(), text.encode())
    assert unpack(read(identity(Datatype.BYTES), filled)["x"]) == [text.encode()]


def test_more_keys_than_any_request_needs_are_too_many() -> None:
    def keys(count: int) -> bytes:
        return json.dumps({"parameters": {str(i): 1 for i in range(count)}, "inputs": []}).encode()

    assert len(envelope(keys(MAX_KEYS - 2)).request.parameters) == MAX_KEYS - 2
    with pytest.raises(PayloadTooLarge, match=f"^more than {MAX_KEYS} keys in one request$"):
        envelope(keys(MAX_KEYS - 1))


def test_colons_in_the_data_are_no_keys() -> None:
    shape = [metadata("x", Datatype.BYTES, -1)]
    body = json.dumps({"inputs": [INPUT | {"datatype": "BYTES", "shape": [9], "data": [":" * MAX_KEYS] * 9}]}).encode()
    assert read_tensors(envelope(body), shape, MAX_ROWS)["x"].shape == (9,)
