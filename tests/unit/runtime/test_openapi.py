"""The OpenAPI document, against the specification, against its own examples and against the decoder that serves."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from serin.codecs import read_envelope, read_tensors
from serin.errors import RequestError
from serin.manifest import Manifest
from serin.openapi import example_inference_request, example_request, openapi_document
from serin.policy import build_policies
from serin.protocol import TensorMetadata
from serin.rest import STATUS
from serin.rows import RowDecoder
from serin.tensor import Tensor
from tests.functions.catalog.sample_manifests import IMAGE, IRIS, LOAN, MANIFESTS, ODD, PRICE

DOCUMENT = openapi_document(MANIFESTS, server_url=None)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]
every_model = pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.name)


def schema_errors(name: str, value: object) -> list[str]:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def admit(manifest: Manifest, tensors: dict[str, Tensor]) -> dict[str, tuple[object, ...]]:
    """What the model would see of ``tensors``, once the manifest's policies have let them in."""
    policies = build_policies(manifest)
    admitted = {name: policies[name].apply(tensor) for name, tensor in tensors.items()}
    return {name: (tensor.datatype, tensor.shape, list(tensor.data)) for name, tensor in admitted.items()}


def admit_rows(manifest: Manifest, request: dict[str, Any]) -> dict[str, tuple[object, ...]]:
    return admit(manifest, RowDecoder(manifest).decode(json.dumps(request).encode()))


def instance_properties(manifest: Manifest) -> Any:
    return DOCUMENT["components"]["schemas"][f"{manifest.name}.Instance"]["properties"]


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(dict(DOCUMENT.items()))


def test_the_document_is_json_without_loss() -> None:
    assert json.loads(json.dumps(DOCUMENT, allow_nan=False)) == DOCUMENT


def test_no_models_make_a_valid_document_too() -> None:
    validate(dict(openapi_document((), server_url="https://example.org/dev").items()))


def test_the_server_is_the_one_that_is_asked_for() -> None:
    assert "servers" not in DOCUMENT
    assert openapi_document((), server_url="/dev")["servers"] == [{"url": "/dev"}]


@every_model
def test_every_model_has_its_own_routes_under_its_own_heading(manifest: Manifest) -> None:
    base = f"/v2/models/{manifest.name}"
    routes = [route for route, operation in OPERATIONS if operation["tags"] == [manifest.name]]
    assert routes == [
        f"POST /models/{manifest.name}/predict",
        f"POST {base}/infer",
        f"GET {base}",
        f"GET {base}/ready",
        f"POST {base}/versions/{{version}}/infer",
        f"GET {base}/versions/{{version}}",
        f"GET {base}/versions/{{version}}/ready",
    ]


def test_an_operation_id_stands_once() -> None:
    odd_names = [msgspec.structs.replace(IRIS, name=name) for name in ("x", "x-version", "version-x", "infer-x")]
    paths = openapi_document(odd_names, server_url=None)["paths"]
    ids = [item[method]["operationId"] for item in paths.values() for method in item if method != "parameters"]
    assert len(ids) == 7 * len(odd_names)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("route", "operation"), OPERATIONS, ids=[route for route, _ in OPERATIONS])
def test_every_operation_says_what_may_go_wrong(route: str, operation: dict[str, Any]) -> None:
    errors = {int(status) for status in operation["responses"]} - {200}
    if route.startswith("POST"):
        assert errors == {400, 404, 405, 413, 415, 422, 503, 504}
    else:
        assert errors in ({404, 405}, {404, 405, 503})


@every_model
def test_an_example_request_obeys_its_own_schema(manifest: Manifest) -> None:
    assert schema_errors(f"{manifest.name}.PredictRequest", example_request(manifest)) == []


@every_model
def test_an_example_inference_request_obeys_its_own_schema(manifest: Manifest) -> None:
    assert schema_errors(f"{manifest.name}.InferenceRequest", example_inference_request(manifest)) == []


@every_model
def test_both_examples_are_the_same_row_to_the_runtime(manifest: Manifest) -> None:
    expected = [
        TensorMetadata(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape) for tensor in manifest.inputs
    ]
    envelope = read_envelope(json.dumps(example_inference_request(manifest)).encode(), None)
    inferred = admit(manifest, read_tensors(envelope, expected, max_rows=1))
    assert inferred == admit_rows(manifest, example_request(manifest))


@every_model
def test_the_documented_examples_are_the_example_requests(manifest: Manifest) -> None:
    def example(path: str) -> object:
        return DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]

    assert example(f"/models/{manifest.name}/predict") == example_request(manifest)
    assert example(f"/v2/models/{manifest.name}/infer") == example_inference_request(manifest)


BAD_ROWS = [
    (IRIS, {"petal length": 0.4, "sepal length": 3.0}, "below the range"),
    (IRIS, {"petal length": 10.1, "sepal length": 3.0}, "above the range"),
    (IRIS, {"petal length": None, "sepal length": 3.0}, "null where a value is due"),
    (IRIS, {"sepal length": 3.0}, "a required key is absent"),
    (IRIS, {"petal length": 1.0, "petal width": 1.0}, "an unknown key"),
    (IRIS, {"petal length": "1.5"}, "text for a number"),
    (LOAN, {"employer": "a", "months": 7.5, "dependants": 0}, "a fraction for an integer"),
    (LOAN, {"employer": "a", "months": 6, "dependants": 0}, "below a fractional bound"),
    (LOAN, {"employer": "a", "months": 7, "dependants": 0, "purpose": "boat"}, "not a category"),
    (LOAN, {"employer": "a", "months": 7, "dependants": -1}, "below the datatype"),
    (LOAN, {"employer": "a", "months": 7, "dependants": 0, "owns home": 1}, "a number for a boolean"),
    (IMAGE, {"pixels": [[[0, 16], [7.5]]]}, "ragged"),
    (IMAGE, {"pixels": [[0, 16], [7.5, 1]]}, "an axis too few"),
    (IMAGE, {"pixels": [[[0, 17], [7.5, 1]]]}, "an element above the range"),
    (ODD, {"words": [], "mask": [True, False], "bytes": [1, 2, 255], "offset": -128, "count": [0, 1]}, "an empty axis"),
]


@pytest.mark.parametrize(("manifest", "row"), [case[:2] for case in BAD_ROWS], ids=[case[2] for case in BAD_ROWS])
def test_what_the_schema_refuses_the_runtime_refuses(manifest: Manifest, row: dict[str, Any]) -> None:
    request = {"instances": [row]}
    assert schema_errors(f"{manifest.name}.PredictRequest", request)
    with pytest.raises(RequestError):
        admit_rows(manifest, request)


GOOD_ROWS = [
    (IRIS, {"petal length": 0.5}, "at the bound, a value that may be missing left out"),
    (IRIS, {"petal length": 10, "sepal length": None}, "an integer for a float, null where it is allowed"),
    (LOAN, {"employer": "", "months": 120, "dependants": 0, "purpose": None, "owns home": None}, "filled values"),
    (ODD, {"words": [""], "mask": [True, False], "bytes": [1, 2, 255], "offset": -128, "count": [0, 1]}, "odd tensors"),
]


@pytest.mark.parametrize(("manifest", "row"), [case[:2] for case in GOOD_ROWS], ids=[case[2] for case in GOOD_ROWS])
def test_what_the_schema_takes_the_runtime_takes(manifest: Manifest, row: dict[str, Any]) -> None:
    request = {"instances": [row]}
    assert schema_errors(f"{manifest.name}.PredictRequest", request) == []
    assert set(admit_rows(manifest, request)) == {tensor.name for tensor in manifest.inputs}


def test_units_and_policies_are_told_in_words() -> None:
    iris = instance_properties(IRIS)
    assert iris["petal length"]["description"] == "Length of a petal. Unit: cm."
    assert iris["petal length"]["x-unit"] == "cm"
    assert iris["sepal length"]["description"] == "Unit: cm. When missing: passed on as missing."
    assert instance_properties(LOAN)["purpose"]["description"] == "When missing: `car` takes its place."
    assert instance_properties(IMAGE)["pixels"]["description"] == (
        "A grey image. FP32, nested as [1, 2, 2]. Unit: grey level."
    )
    value = DOCUMENT["components"]["schemas"]["price.Prediction"]["properties"]["value"]
    assert value == {"type": "number", "minimum": 0, "description": "Expected price. Unit: EUR.", "x-unit": "EUR"}


def operation_text(manifest: Manifest) -> str:
    text: str = DOCUMENT["paths"][f"/models/{manifest.name}/predict"]["post"]["description"]
    return text


def test_a_table_shows_what_a_row_holds() -> None:
    assert operation_text(IRIS).splitlines() == [
        "Names the species of an iris from two lengths. Not for other flowers.",
        "",
        "| Feature | Type | Unit | Allowed | When missing | Meaning |",
        "| --- | --- | --- | --- | --- | --- |",
        "| `petal length` | float | cm | 0.5 to 10 | refused | Length of a petal. Example: `4.7`. |",
        "| `sepal length` | float | cm | from 2 | passed on as missing | Example: `2.0`. |",
    ]
    assert "| `owns home` | bool |  | `true` takes its place | Example: `true`. |" in operation_text(LOAN)
    assert "| `purpose` | string | `car`, `home` | `car` takes its place | Example: `car`. |" in operation_text(LOAN)
    assert "| `pixels` | FP32 | grey level | 0 to 16 | [1, 2, 2] | A grey image |" in operation_text(IMAGE)


def test_no_text_of_a_manifest_can_break_its_table() -> None:
    hostile = msgspec.structs.replace(IRIS.features[0], description="one | two\nthree")
    features = (hostile, *IRIS.features[1:])
    document = openapi_document((msgspec.structs.replace(IRIS, features=features),), server_url=None)
    text = document["paths"]["/models/iris/predict"]["post"]["description"]
    assert "| refused | one \\| two three. Example: `4.7`. |" in text


def test_a_model_is_introduced_with_its_version_task_and_lineage() -> None:
    text = next(tag["description"] for tag in DOCUMENT["tags"] if tag["name"] == IRIS.name)
    assert text == (
        "Which iris is it? Version 1.2.0. Classifies as `setosa`, `versicolor`, `virginica`. "
        "Trained with scikit-learn 1.9.1 on 150 rows of Fisher's iris data. Held-out metrics: accuracy 0.9667."
    )


ANSWERS = [
    (
        IRIS,
        {"label": "setosa", "probability": 0.8, "probabilities": {"setosa": 0.8, "versicolor": 0.2, "virginica": 0}},
    ),
    (PRICE, {"value": 1000.5}),
    (ODD, {"embedding": [0.5, 1, 2, 3], "found": 3}),
]


@pytest.mark.parametrize(("manifest", "prediction"), ANSWERS, ids=[manifest.name for manifest, _ in ANSWERS])
def test_a_prediction_fits_the_schema_of_its_task_and_no_other(manifest: Manifest, prediction: dict[str, Any]) -> None:
    def errors(value: object) -> list[str]:
        answer = {"predictions": [value], "model": manifest.name, "version": "1.2.0", "prediction_ids": ["a"]}
        return schema_errors(f"{manifest.name}.PredictResponse", answer)

    assert errors(prediction) == []
    for other in (other for _, other in ANSWERS if other is not prediction):
        assert errors(other)


def test_the_batch_limit_is_the_manifest_s() -> None:
    row = example_request(PRICE)["instances"][0]
    most = PRICE.serving.max_batch_rows
    assert schema_errors("price.PredictRequest", {"instances": [row] * most}) == []
    assert schema_errors("price.PredictRequest", {"instances": [row] * (most + 1)})
    assert schema_errors("price.PredictRequest", {"instances": []})


def test_every_error_answer_has_the_one_shape() -> None:
    for answer in DOCUMENT["components"]["responses"].values():
        content = answer["content"]["application/json"]
        schema = content["schema"] | {"components": DOCUMENT["components"]}
        assert list(Draft202012Validator(schema).iter_errors(content["example"])) == []
        assert list(Draft202012Validator(schema).iter_errors(content["example"] | {"code": "made up"}))


def test_the_documented_codes_are_those_that_each_status_is_answered_with() -> None:
    served: dict[str, set[str]] = {}
    for error, status in STATUS.items():
        served.setdefault(f"Error{status}", set()).add(error.code)
    documented = {
        name: set(answer["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"])
        for name, answer in DOCUMENT["components"]["responses"].items()
    }
    assert documented == served


def test_the_document_is_made_without_numpy_or_a_web_framework() -> None:
    program = "import sys, serin.openapi; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "serin" in loaded
    assert not loaded & {"numpy", "onnxruntime", "fastapi", "pydantic", "starlette", "boto3"}
