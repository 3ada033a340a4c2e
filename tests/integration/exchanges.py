"""Requests that both shells must answer alike, good and bad, by a name that says what they are."""

from __future__ import annotations

from tests.integration.bodies import INFER, MODEL, PREDICT, body_exchanges
from tests.integration.shells import Exchange, binary, rows
from tests.protocol_messages import binary_request, json_request
from tests.sample_models import NAMES, Sample, load_sample


def every_exchange() -> dict[str, Exchange]:
    """The whole table. Every request of it is sent for real."""
    samples = {name: load_sample(name) for name in NAMES}
    table: dict[str, Exchange] = {}
    for name in NAMES:
        table |= {f"{name}: {what}": exchange for what, exchange in _served(samples[name]).items()}
    return table | _routes() | _paths(samples[MODEL]) | _control() | body_exchanges(samples[MODEL])


# --- every model ----------------------------------------------------------------------------------------------


def _served(sample: Sample) -> dict[str, Exchange]:
    base, version = f"/v2/models/{sample.name}", sample.model.version
    body = rows(*(case.instance for case in sample.cases))
    tensors = sample.model.rows.decode(rows(*(case.instance for case in sample.complete())))
    output = sample.model.outputs[0].name
    packed, length = binary_request(tensors, id="42", parameters={"binary_data_output": True})
    mixed, mixed_length = binary_request(tensors, outputs=[{"name": output, "parameters": {"binary_data": False}}])
    asked = json_request(tensors, id="a \u00e9 \u2603", outputs=[{"name": output}], parameters={"tenant": 7})
    packed_answer = json_request(tensors, parameters={"binary_data_output": True})
    return {
        "predict one row": Exchange(
            200, "POST", f"/models/{sample.name}/predict", rows(dict(sample.cases[0].instance))
        ),
        "predict all rows": Exchange(200, "POST", f"/models/{sample.name}/predict", body),
        "infer": Exchange(200, "POST", f"{base}/infer", json_request(tensors)),
        "infer this version": Exchange(200, "POST", f"{base}/versions/{version}/infer", json_request(tensors)),
        "infer, id and output": Exchange(200, "POST", f"{base}/infer", asked),
        "infer in binary": Exchange(200, "POST", f"{base}/infer", packed, binary(length)),
        "infer binary in, JSON out": Exchange(200, "POST", f"{base}/infer", mixed, binary(mixed_length)),
        "infer JSON in, binary out": Exchange(200, "POST", f"{base}/infer", packed_answer),
        "metadata": Exchange(200, "GET", base),
        "metadata of this version": Exchange(200, "GET", f"{base}/versions/{version}"),
        "ready": Exchange(200, "GET", f"{base}/ready"),
        "ready in this version": Exchange(200, "GET", f"{base}/versions/{version}/ready"),
    }


# --- routes ---------------------------------------------------------------------------------------------------


def _routes() -> dict[str, Exchange]:
    unknown = {
        "predict": Exchange(404, "POST", "/models/nobody/predict", b"{}"),
        "infer": Exchange(404, "POST", "/v2/models/nobody/infer", b"{}"),
        "metadata": Exchange(404, "GET", "/v2/models/nobody"),
        "ready": Exchange(404, "GET", "/v2/models/nobody/ready"),
        "version": Exchange(404, "GET", "/v2/models/nobody/versions/1.0.0"),
        "method": Exchange(405, "DELETE", "/models/nobody/predict"),
        "route": Exchange(404, "GET", "/models/nobody/explain"),
    }
    base = f"/v2/models/{MODEL}"
    known = {
        "a version that is not served": Exchange(404, "GET", f"{base}/versions/9.9.9"),
        "infer in a version that is not served": Exchange(404, "POST", f"{base}/versions/9.9.9/infer", b"{}"),
        "ready in a version that is not served": Exchange(404, "GET", f"{base}/versions/9.9.9/ready"),
        "a version without a name": Exchange(404, "GET", f"{base}/versions/"),
        "an unknown route of a model": Exchange(404, "POST", f"/models/{MODEL}/explain", b"{}"),
        "an unknown route of the protocol": Exchange(404, "GET", f"{base}/config"),
        "a model without a route": Exchange(404, "GET", f"/models/{MODEL}"),
        "a slash behind predict": Exchange(404, "POST", f"{PREDICT}/", b"{}"),
        "a slash behind a model": Exchange(404, "GET", f"{base}/"),
        "models, and no model": Exchange(404, "GET", "/models"),
        "models/, and no model": Exchange(404, "GET", "/models/"),
        "v2/models/, and no model": Exchange(404, "GET", "/v2/models/"),
    }
    methods = {
        f"{method} {target}": Exchange(405, method, target)
        for target, wrong in {
            PREDICT: ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"),
            INFER: ("GET", "DELETE"),
            base: ("POST", "HEAD", "OPTIONS"),
            f"{base}/ready": ("POST",),
        }.items()
        for method in wrong
    }
    return {f"unknown model: {what}": exchange for what, exchange in unknown.items()} | known | methods


def _paths(sample: Sample) -> dict[str, Exchange]:
    body = rows(sample.cases[0].instance)
    return {
        "a query is ignored": Exchange(200, "POST", f"{PREDICT}?a=1&a=2&b=%20", body),
        "an encoded letter is that letter": Exchange(200, "POST", "/models/%64iabetes/predict", body),
        "an encoded slash is no slash": Exchange(404, "POST", f"/models%2F{MODEL}/predict", body),
        "an encoded slash in a model": Exchange(404, "POST", "/models/diabetes%2Fpredict/predict", body),
        "twice encoded": Exchange(404, "POST", "/models/%2564iabetes/predict", body),
        "a traversal": Exchange(404, "POST", "/models/../models/diabetes/predict", body),
        "an encoded traversal": Exchange(404, "POST", "/models/%2e%2e%2fdiabetes/predict", body),
        "two slashes": Exchange(404, "POST", f"/{PREDICT}", body),
        "two slashes, control": Exchange(404, "GET", "//v2"),
        "a NUL in a model": Exchange(404, "POST", "/models/diabetes%00/predict", body),
        "no UTF-8 in a model": Exchange(404, "POST", "/models/%ff%fe/predict", body),
        "another script in a model": Exchange(404, "POST", "/models/%D0%B4iabetes/predict", body),
        "upper case": Exchange(404, "POST", "/models/DIABETES/predict", body),
        "a bare percent sign": Exchange(404, "POST", "/models/50%/predict", body),
        "control: an encoded path": Exchange(404, "GET", "/%76%32/models%2f"),
        "control: an encoded slash": Exchange(404, "GET", "/v2%2Fmodels"),
    }


def _control() -> dict[str, Exchange]:
    paths = {
        "/docs": 200,
        "/docs-assets/docs.js": 200,
        "/docs-assets/swagger-ui.css": 200,
        "/docs-assets/swagger-ui-bundle.js": 200,
        "/docs-assets/other.js": 404,
        "/v2": 200,
        "/v2/": 404,
        "/v2/health/live": 200,
        "/v2/health/ready": 200,
        "/v2/health": 404,
        "/nowhere": 404,
        "/favicon.ico": 404,
        "/redoc": 404,
        "/v1/models": 404,
    }
    table = {f"GET {path}": Exchange(status, "GET", path, headers=()) for path, status in paths.items()}
    for method, path in (("POST", "/v2"), ("PUT", "/v2/models"), ("DELETE", "/v2/health/ready"), ("POST", "/docs")):
        table[f"{method} {path}"] = Exchange(405, method, path)
    for method in ("HEAD", "OPTIONS"):
        table[f"{method} /v2/models"] = Exchange(405, method, "/v2/models")
    table["the index as JSON"] = Exchange(200, "GET", "/", headers=(("Accept", "application/json"),))
    table["a control route with a query"] = Exchange(200, "GET", "/v2?limit=1", headers=())
    return table
