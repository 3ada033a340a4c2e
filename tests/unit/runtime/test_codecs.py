"""Protocol messages in and out: every datatype, JSON and binary, through real sessions."""

from __future__ import annotations

import json
import math
import struct
import time
from typing import Any, Final

import pytest

from serin.codecs import encode_response, read_tensors, requested_outputs
from serin.errors import InvalidInput, MalformedRequest, OutputNotFinite
from serin.protocol import Datatype, InferenceResponse, RequestOutput
from serin.tensor import Tensor, pack, unpack
from tests.protocol_messages import binary_request, json_request, read_response
from tests.small_models import SmallModel
from tests.small_models.catalogue import DEEP, IDENTITIES, LOG, PAIR, SCALAR, identity
from tests.small_models.graphs import tensor as metadata
from tests.unit.runtime.infer_requests import MAX_ROWS, envelope, read

PAIRS: Final = {name: Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1.5, 2.5])) for name in ("a", "b")}


def answer(model: SmallModel, body: bytes, length: int | None = None) -> tuple[bytes, int | None]:
    """The whole way of an infer request, but for HTTP and the manifest's policy."""
    opened = envelope(body, length)
    requested = requested_outputs(opened.request, model.outputs)
    inputs = read_tensors(opened, model.inputs, MAX_ROWS)
    outputs = model.session().run(inputs, [item.name for item in requested], time.monotonic() + 5)
    response = InferenceResponse(model_name=model.name, id=opened.request.id, outputs=())
    return encode_response(response, outputs, requested, opened.request.parameters)


def golden_input(model: SmallModel) -> dict[str, Tensor]:
    values = model.golden[0][0]["x"]
    datatype = model.inputs[0].datatype
    return {"x": Tensor(datatype, (1, len(values)), pack(datatype, values))}


def joined(tensor: Tensor) -> bytes:
    """The tensor's bytes in binary, also for strings."""
    if isinstance(tensor.data, list):
        return b"".join(struct.pack("<I", len(item)) + item for item in tensor.data)
    return bytes(tensor.data)


# --- Every datatype, every way --------------------------------------------------------------------------------


@pytest.mark.parametrize("binary_out", [False, True])
@pytest.mark.parametrize("binary_in", [False, True])
@pytest.mark.parametrize("model", IDENTITIES, ids=lambda model: model.name)
def test_every_datatype_comes_back_bit_by_bit(model: SmallModel, binary_in: bool, binary_out: bool) -> None:
    given = golden_input(model)
    parameters = {"parameters": {"binary_data_output": binary_out}}
    body, length = binary_request(given, **parameters) if binary_in else (json_request(given, **parameters), None)
    (y,) = read_response(*answer(model, body, length)).values()
    assert (y.datatype, y.shape) == (given["x"].datatype, (1, 2))
    assert (y.data if binary_out else joined(y)) == joined(given["x"])


@pytest.mark.parametrize("model", IDENTITIES, ids=lambda model: model.name)
def test_data_may_be_nested_as_its_shape_says(model: SmallModel) -> None:
    given = golden_input(model)
    body = json.loads(json_request(given))
    body["inputs"][0]["data"] = [body["inputs"][0]["data"]]
    assert joined(read(model, json.dumps(body).encode())["x"]) == joined(given["x"])


def test_data_nests_as_deep_as_json_may() -> None:
    data: Any = [1.5, 2.5]
    for _ in range(96):
        data = [data]
    shape = [1] * 96 + [2]
    body = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": shape, "data": data}]}).encode()
    (y,) = read_response(*answer(DEEP, body)).values()
    assert (y.shape, unpack(y)) == (tuple(shape), [1.5, 2.5])


def test_data_that_nests_one_deeper_is_malformed() -> None:
    deeper = (metadata("x", Datatype.FP32, *([-1] * 98)),)
    data = b"[" * 98 + b"1" + b"]" * 98
    body = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": ' + str([1] * 98).encode() + b', "data": ' + data
    with pytest.raises(MalformedRequest, match="nests deeper than 100"):
        read_tensors(envelope(body + b"}]}"), deeper, MAX_ROWS)


def test_a_scalar_is_a_list_of_one() -> None:
    body = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [], "data": [2.5]}]}'
    (y,) = read_response(*answer(SCALAR, body)).values()
    assert (y.shape, unpack(y)) == ((), [-2.5])


def test_numbers_are_rounded_to_their_datatype() -> None:
    for datatype, due in ((Datatype.FP16, 0.0999755859375), (Datatype.BF16, 0.10009765625), (Datatype.FP64, 0.1)):
        body = json.dumps({"inputs": [{"name": "x", "datatype": datatype, "shape": [1, 1], "data": [0.1]}]}).encode()
        assert unpack(read(identity(datatype), body)["x"]) == [due]


# --- Outputs --------------------------------------------------------------------------------------------------


def outputs_of(body: bytes, length: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body[:length])["outputs"]
    return found


def test_all_outputs_are_answered_where_none_is_named() -> None:
    assert [output["name"] for output in outputs_of(*answer(PAIR, json_request(PAIRS)))] == ["sum", "difference"]


def test_named_outputs_are_answered_in_their_order() -> None:
    body = json_request(PAIRS, outputs=[{"name": "difference"}, {"name": "sum"}])
    assert [output["name"] for output in outputs_of(*answer(PAIR, body))] == ["difference", "sum"]


@pytest.mark.parametrize("default", [False, True, None])
def test_an_output_says_itself_whether_it_is_binary(default: bool | None) -> None:
    outputs = [
        {"name": "difference", "parameters": {"binary_data": True}},
        {"name": "sum", "parameters": {"binary_data": False}},
    ]
    parameters = {} if default is None else {"parameters": {"binary_data_output": default}}
    body, length = answer(PAIR, json_request(PAIRS, outputs=outputs, **parameters))
    difference, total = outputs_of(body, length)
    assert difference["parameters"] == {"binary_data_size": 8}
    assert "data" not in difference
    assert (total["data"], "parameters" in total) == ([3.0, 5.0], False)
    assert body[length:] == bytes(8)


def test_the_requests_id_is_echoed_and_nothing_is_invented() -> None:
    assert json.loads(answer(PAIR, json_request(PAIRS, id="my id"))[0])["id"] == "my id"
    assert "id" not in json.loads(answer(PAIR, json_request(PAIRS))[0])


def test_what_is_not_finite_is_answered_in_binary_only() -> None:
    body = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 1], "data": [0, -1]}]}'
    with pytest.raises(OutputNotFinite):
        answer(LOG, body)
    in_binary = body[:-1] + b', "parameters": {"binary_data_output": true}}'
    (y,) = read_response(*answer(LOG, in_binary)).values()
    minus_infinity, not_a_number = unpack(y)
    assert minus_infinity == -math.inf
    assert math.isnan(not_a_number)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([{"name": "z"}], "outputs[0].name: no such output; there are: sum, difference"),
        ([{"name": "sum"}, {"name": "sum"}], "outputs[1].name: output `sum` stands twice"),
    ],
)
def test_outputs_that_are_unknown_or_named_twice_are_refused(outputs: list[dict[str, str]], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        requested_outputs(envelope(json_request(PAIRS, outputs=outputs)).request, PAIR.outputs)
    assert caught.value.message == message


def test_no_output_at_all_means_all_of_them() -> None:
    request = envelope(json_request(PAIRS, outputs=[])).request
    assert requested_outputs(request, PAIR.outputs) == (RequestOutput(name="sum"), RequestOutput(name="difference"))
