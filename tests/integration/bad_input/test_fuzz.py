"""Whatever comes in, an answer goes out: never an exception, never a 5xx, never a word of the inside."""

from __future__ import annotations

import gzip
import json
from typing import Any, Final, NoReturn

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.events import HttpRequest, proxy_event
from tests.integration.bad_input.cases import GOOD, check_recovery
from tests.integration.bad_input.shells import Answer, LambdaShell, RestShell
from tests.properties import tried
from tests.small_models.catalogue import ALL, LOOP

thoroughly: Final = settings(tried, max_examples=400)

NAMES: Final = [model.name for model in ALL if model is not LOOP]  # a 504 would be right there
PREDICTS: Final = {
    f"/models/{model.name}/predict": json.dumps({"instances": [instance for instance, _ in model.golden]}).encode()
    for model in ALL
    if model is not LOOP
}
MATRIX: Final[dict[str, Any]] = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2.5]}
SEEDS: Final = [*PREDICTS.items(), ("/v2/models/identity-fp32/infer", json.dumps({"inputs": [MATRIX]}).encode())]

NUMBERS: Final = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, -(2**63), 2**64, -1, 0])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KINDS: Final = st.sampled_from(
    ["application/json", "application/octet-stream", "application/json; charset=utf-8", "text/plain"]
)
HEADERS: Final = st.fixed_dictionaries(
    {"content-type": KINDS},
    optional={
        "inference-header-content-length": st.integers(-1, 200).map(str) | st.text(max_size=4),
        "content-encoding": st.sampled_from(["gzip", "identity", "br", "gzip, gzip"]),
        "traceparent": st.text(max_size=60),
        "accept": st.text(),
    },
)
SEGMENTS: Final = st.sampled_from([*NAMES, "models", "v2", "versions", "1.0.0", "infer", "predict", "..", "", "%00"])
PATHS: Final = st.lists(SEGMENTS | st.text(max_size=5), max_size=6).map(lambda parts: "/" + "/".join(parts))
METHODS: Final = st.sampled_from(["GET", "POST", "HEAD"]) | st.text(max_size=5)


def not_json(literal: str) -> NoReturn:
    raise AssertionError(literal)


def check_answer(answer: Answer) -> None:
    assert 200 <= answer.status < 500
    assert len(answer.lines) == 1
    if answer.headers["content-type"] == "application/json":
        document = json.loads(answer.body, parse_constant=not_json)
        assert answer.status == 200 or document.keys() == {"error", "code", "request_id"}
    assert "onnx" not in answer.text.replace("onnxruntime_onnx", "").lower()
    json.loads(answer.lines[0], parse_constant=not_json)


@thoroughly
@given(METHODS, PATHS, HEADERS, st.binary(max_size=200))
def test_any_request_gets_an_answer(
    rest_shell: RestShell, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    check_answer(rest_shell.send(HttpRequest(method, path, tuple(headers.items()), body)))


@thoroughly
@given(st.sampled_from(SEEDS), st.integers(0, 200), st.integers(0, 8), st.binary(max_size=8), st.booleans())
def test_a_good_body_with_a_few_bytes_changed_gets_an_answer(
    rest_shell: RestShell, seed: tuple[str, bytes], at: int, gone: int, put: bytes, packed: bool
) -> None:
    path, good = seed
    body = good[:at] + put + good[at + gone :]
    headers = (("content-type", "application/json"), *([("content-encoding", "gzip")] if packed else []))
    check_answer(rest_shell.send(HttpRequest("POST", path, headers, gzip.compress(body) if packed else body)))


@thoroughly
@given(st.sampled_from(sorted(PREDICTS)), st.data())
def test_rows_of_any_values_get_an_answer(rest_shell: RestShell, path: str, data: st.DataObject) -> None:
    (row, *_) = json.loads(PREDICTS[path])["instances"]
    changed = {name: data.draw(VALUES | st.just(value)) for name, value in row.items()}
    body = json.dumps({"instances": [changed] * data.draw(st.integers(1, 3))}).encode()
    check_answer(rest_shell.send(HttpRequest("POST", path, (("content-type", "application/json"),), body)))


@thoroughly
@given(
    st.sampled_from([name for name in NAMES if name.startswith("identity")]),
    st.dictionaries(st.sampled_from([*MATRIX, "parameters"]), VALUES, max_size=2),
    st.binary(max_size=20),
)
def test_inputs_of_any_values_get_an_answer(
    rest_shell: RestShell, name: str, changes: dict[str, Any], chunk: bytes
) -> None:
    given_input = MATRIX | {"datatype": name.removeprefix("identity-").upper()} | changes
    head = json.dumps({"inputs": [given_input]}).encode()
    headers = (("content-type", "application/json"), ("inference-header-content-length", str(len(head))))
    check_answer(rest_shell.send(HttpRequest("POST", f"/v2/models/{name}/infer", headers, head + chunk)))


@thoroughly
@given(st.sampled_from([model for model in ALL if model.name.startswith("identity")]), st.data())
def test_binary_elements_of_any_bits_get_an_answer(rest_shell: RestShell, model: Any, data: st.DataObject) -> None:
    datatype = model.inputs[0].datatype
    chunk = data.draw(st.binary(max_size=24))
    columns = len(chunk) // (datatype.itemsize or 8)
    described = {
        "name": "x",
        "datatype": datatype,
        "shape": [1, columns],
        "parameters": {"binary_data_size": len(chunk)},
    }
    output = {"parameters": {"binary_data_output": data.draw(st.booleans())}}
    head = json.dumps({"inputs": [described]} | output).encode()
    headers = (("content-type", "application/json"), ("inference-header-content-length", str(len(head))))
    check_answer(rest_shell.send(HttpRequest("POST", f"/v2/models/{model.name}/infer", headers, head + chunk)))


@thoroughly
@given(st.dictionaries(st.sampled_from(sorted(proxy_event(GOOD, ""))), VALUES, max_size=3), st.booleans())
def test_any_event_gets_an_answer(lambda_shell: LambdaShell, changes: dict[str, Any], as_text: bool) -> None:
    answer = lambda_shell.invoke(proxy_event(GOOD, "192.0.2.7", as_text=as_text) | changes)
    check_answer(answer)


def test_after_all_of_them_the_process_answers_as_before(rest_shell: RestShell, lambda_shell: LambdaShell) -> None:
    check_recovery(rest_shell)
    check_recovery(lambda_shell)
