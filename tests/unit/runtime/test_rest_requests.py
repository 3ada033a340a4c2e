"""Which requests the data plane takes."""

from __future__ import annotations

import gzip
import json
from typing import Final

import pytest

from serin.rest import MAX_BODY_BYTES, canonical_path, is_data_plane
from tests.unit.runtime.planes import GOOD, JSON, Plane, error_of

MARKER: Final = "kiwi7319"
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# --- Routes ---------------------------------------------------------------------------------------------------

UNKNOWN: Final = [
    "/",
    "",
    "/models",
    "/models/",
    "/models/flower",
    "/models/flower/predict/",
    "/models//predict",
    "//models/flower/predict",
    "/models/flower//predict",
    "/models/flower/predict/x",
    "/models/flower/../flower/predict",
    "/Models/flower/predict",
    "/models/flower/PREDICT",
    "/v2/models/pair/versions/1.0.0/versions/1.0.0",
    "/v2/models/pair/versions//ready",
    "/v2/models/pair/load",
    "/v3/models/pair",
    "/models/flower%2Fpredict",
    "/models/flower/predict\n",
]
NO_MODEL: Final = [
    "/models/%2E%2E/predict",
    "/models/../predict",
    "/models/flower%00/predict",
    "/models/Flower/predict",
    "/models/flower%20/predict",
    "/models/%2Fetc%2Fpasswd/predict",
    f"/models/{MARKER}/predict",
    "/models/flower%2F..%2Fpair/predict",
    "/models/.../predict",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_path_that_is_no_route_is_not_found(plane: Plane, path: str) -> None:
    assert error_of(plane.send("POST", path, GOOD)) == (404, "not_found")


@pytest.mark.parametrize("path", NO_MODEL)
def test_a_name_that_is_no_model_is_not_found_and_not_told(plane: Plane, path: str) -> None:
    response = plane.send("POST", path, GOOD)
    assert error_of(response) == (404, "model_not_found")
    assert MARKER not in response.body.decode() + plane.text + str(response.headers)


@pytest.mark.parametrize("version", ["2.0.0", "1", "1.0", "latest", "%2E%2E", "1.0.0%00", MARKER])
def test_another_version_is_not_found_and_not_told(plane: Plane, version: str) -> None:
    response = plane.send("GET", f"/v2/models/pair/versions/{version}/ready")
    assert error_of(response) == (404, "model_not_found")
    assert MARKER not in response.body.decode() + plane.text


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "POST ", "", MARKER]
)
def test_another_method_is_not_allowed_and_told_which_is(plane: Plane, method: str) -> None:
    response = plane.send(method, "/models/flower/predict", GOOD)
    assert error_of(response) == (405, "method_not_allowed")
    assert response.headers["allow"] == "POST"
    assert MARKER not in response.body.decode() + plane.text
    assert plane.send("POST", "/v2/models/pair").headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("path", "due"),
    [
        ("/models/flower/predict", True),
        ("/models/", True),
        ("/v2/models/pair", True),
        ("/v2/models/pair/versions/1.0.0/infer", True),
        ("/v2/models", False),
        ("/models", False),
        ("/v2/health/live", False),
        ("/v2", False),
        ("/", False),
        ("/docs", False),
        ("//models/flower", False),
        ("/modelsx/flower", False),
    ],
)
def test_the_data_plane_is_the_models_paths_and_no_others(path: str, due: bool) -> None:
    assert is_data_plane(path) is due


@pytest.mark.parametrize("path", ["/models/%66lower/predict", "/models/flower/%70redict", "/models/flower/predict"])
def test_every_spelling_of_a_path_is_one_path(path: str) -> None:
    assert canonical_path(path) == "/models/flower/predict"
    assert canonical_path(canonical_path(path)) == canonical_path(path)


# --- Media types and encodings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON", 200),
        (" application/json ; charset=UTF-8", 200),
        ('application/json;charset="utf-8"', 200),
        ("application/json;", 200),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=utf-7", 415),
        ("application/json; charset=latin-1", 415),
        ("application/json, text/plain", 415),
        ("application/jsonx", 415),
        ("application/octet-stream", 415),
        ("text/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_a_body_is_json_in_utf_8_or_nothing(plane: Plane, kind: str, status: int) -> None:
    assert plane.send("POST", "/models/flower/predict", GOOD, {"content-type": kind}).status == status
    assert plane.send("POST", "/models/flower/predict", GOOD, {}).status == 415


def test_binary_bodies_need_the_length_of_their_json(plane: Plane) -> None:
    octets = {"content-type": "application/octet-stream"}
    assert error_of(plane.send("POST", "/v2/models/pair/infer", b"{}", octets)) == (415, "unsupported_media_type")


def test_a_packed_body_is_served(plane: Plane) -> None:
    response = plane.send("POST", "/models/flower/predict", gzip.compress(GOOD), JSON | {"content-encoding": "gzip"})
    assert response.status == 200


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_BODY_BYTES - 1, 200), (MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)]
)
def test_a_body_up_to_the_limit_is_served(plane: Plane, size: int, status: int) -> None:
    assert plane.send("POST", "/models/flower/predict", GOOD.ljust(size)).status == status


def test_an_answer_over_the_limit_is_refused_in_words(plane: Plane) -> None:
    count = 300_000  # 0.1 comes back from FP32 as 0.10000000149011612
    tensor = f'"name": "x", "datatype": "FP32", "shape": [1, {count}], "data": [{",".join(["0.1"] * count)}]'
    response = plane.send("POST", "/v2/models/identity-fp32/infer", b'{"inputs": [{%s}]}' % tensor.encode())
    assert error_of(response) == (413, "payload_too_large")
    assert "x-prediction-id" not in response.headers
    assert "prediction_id" not in plane.line


# --- Values


def test_a_marker_in_every_place_of_a_request_is_in_no_line_and_no_error(plane: Plane) -> None:
    row = {"city": MARKER, "visits": 1, "member": True, "age": 1}
    bodies = [
        {"instances": [row]},
        {"instances": [row | {"city": "Rome", MARKER: 1}]},
        {"instances": [row | {"city": "Rome", "visits": MARKER}]},
        {MARKER: []},
        MARKER,
        {"inputs": [{"name": MARKER, "datatype": "BYTES", "shape": [1], "data": [MARKER]}]},
        {"inputs": [{"name": "x", "datatype": MARKER, "shape": [1], "data": [MARKER]}]},
        {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [MARKER], "data": [MARKER]}]},
        {
            "inputs": [
                {"name": "x", "datatype": "BYTES", "shape": [2], "data": [MARKER], "parameters": {MARKER: MARKER}}
            ]
        },
        {"inputs": [], "outputs": [{"name": MARKER}], "id": MARKER, "parameters": {MARKER: [MARKER]}},
        {"inputs": [], "outputs": [{"name": MARKER}], "id": MARKER},
    ]
    headers = JSON | dict.fromkeys(("traceparent", "x-api-key", "user-agent", "x-model-version", "accept"), MARKER)
    for body in bodies:
        for path in ("/models/shop/predict", "/v2/models/texts/infer", f"/v2/models/texts/versions/{MARKER}/infer"):
            response = plane.send("POST", path, json.dumps(body).encode(), headers)
            assert 400 <= response.status < 500
            assert MARKER not in response.body.decode() + str(response.headers)
    for name in ("content-type", "content-encoding", "inference-header-content-length"):
        response = plane.send("POST", "/v2/models/texts/infer", b"{}", JSON | {name: MARKER})
        assert 400 <= response.status < 500
        assert MARKER not in response.body.decode() + str(response.headers)
    good = {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1], "data": [MARKER]}], "id": MARKER}
    assert plane.send("POST", "/v2/models/texts/infer", json.dumps(good).encode(), headers).status == 200
    assert MARKER not in plane.text
