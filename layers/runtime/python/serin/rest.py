"""The data plane's HTTP: a pure function of method, path, headers and body.

The Lambda handler and the ASGI application are thin shells around ``DataPlane``; what it answers, both answer.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, unquote_to_bytes

import msgspec

from serin import codecs, errors
from serin.http_body import read_body
from serin.observability import Observer, RequestRecord
from serin.protocol import HEADER_LENGTH, InferenceResponse

if TYPE_CHECKING:  # the control plane speaks this module's errors and has no engine
    from serin.service import Inference, Model

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Largest body, either way. In base64 it stays within Lambda's 6,291,556 bytes with room for the envelope."""

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"

STATUS: Final[dict[type[errors.SerinError], int]] = {
    errors.MalformedRequest: 400,
    errors.NotFound: 404,
    errors.ModelNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.PayloadTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.InvalidInput: 422,
    errors.ModelRejectedInput: 422,
    errors.OutputNotFinite: 422,
    errors.ModelNotReady: 503,
    errors.DeadlineExceeded: 504,
}
"""The one table from error to status. What is not in it is our fault: 500."""

_ROUTE: Final = re.compile(
    r"/models/(?P<predict>[^/]+)/predict|/v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?"
    r"(?:/(?P<verb>infer|ready))?"
)
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)
"""W3C Trace Context, section 3.2."""

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are lower-case; ``path`` is as ``canonical_path`` writes it.

    ``deadline``: ``time.monotonic()`` seconds by which the answer must be there.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    deadline: float


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def canonical_path(path: str) -> str:
    """``path``, percent-encoded or not, in the one encoding that routes are matched on.

    Segment by segment, so that an encoded slash stays encoded and cannot pass for a separator.
    """
    segments = path.encode("utf-8", "surrogatepass").split(b"/")
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in segments)


def is_data_plane(path: str) -> bool:
    """Whether ``path`` is answered here: ``/models/...`` and ``/v2/models/{model}...``."""
    return path.startswith(("/models/", "/v2/models/"))


def error_response(error: Exception, request_id: str) -> Response:
    """The one error shape, for every error there is."""
    if isinstance(error, errors.SerinError) and type(error) in STATUS:
        status, code, text = STATUS[type(error)], error.code, error.message
    else:
        status, code, text = 500, errors.SerinError.code, "the server failed; the request id leads to its log line"
    body = _ENCODER.encode({"error": text, "code": code, "request_id": request_id})
    allow = {"allow": error.allowed} if isinstance(error, errors.MethodNotAllowed) else {}
    return Response(status, _headers(request_id) | allow, body)


class Models(Protocol):
    """Where the data plane finds the models: a ``Service``, or a process that serves none itself."""

    def model(self, name: str, version: str | None = None) -> Model: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer, and what its line is to say."""

    response: Response
    record: RequestRecord


class DataPlane:
    """``Request -> Response`` over models. Never raises."""

    def __init__(self, models: Models, observer: Observer) -> None:
        self._models = models
        self._observer = observer

    def __call__(self, request: Request) -> Response:
        """Answer one request, and write its line."""
        return self.finish(self.attempt(request))

    def attempt(self, request: Request) -> Attempt:
        """An answer without its line. It may be thrown away and asked for again, with more time for example."""
        begun = time.perf_counter()
        trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        record = RequestRecord(
            request.request_id, trace_id=trace and trace["trace_id"], cold_start=self._observer.is_cold_start()
        )
        try:
            response = self._route(request, record)
        except errors.SerinError as error:
            response = error_response(error, request.request_id)
            record.code = error.code
        except Exception as error:  # noqa: BLE001 - the boundary: a bug answers 500 and leaves its trace
            self._observer.fault(request.request_id, error)
            response = error_response(error, request.request_id)
            record.code = errors.SerinError.code
        record.total_ms = (time.perf_counter() - begun) * 1000
        return Attempt(_with_context(response, trace and trace[0], record), record)

    def finish(self, attempt: Attempt) -> Response:
        """The answer of an attempt that stands, its line written."""
        self._write(attempt.record, attempt.response)
        return attempt.response

    def refuse(self, error: errors.SerinError, request_id: str) -> Response:
        """Answer a request that a shell could not read, and write its line."""
        response = error_response(error, request_id)
        self._write(RequestRecord(request_id, code=error.code, cold_start=self._observer.is_cold_start()), response)
        return response

    def _write(self, record: RequestRecord, response: Response) -> None:
        record.status = response.status
        self._observer.request(record)

    def _route(self, request: Request, record: RequestRecord) -> Response:
        match = _ROUTE.fullmatch(request.path)
        if match is None:
            raise errors.NotFound("no such route; /docs lists them all")
        verb = "predict" if match["predict"] else match["verb"] or "metadata"
        answer, method = self._verbs[verb]
        if request.method != method:
            raise errors.MethodNotAllowed(method)
        record.route = verb
        model = self._models.model(match["predict"] or match["model"], match["version"])
        record.model, record.version = model.name, model.version
        return answer(self, model, request, record)

    def _metadata(self, model: Model, request: Request, _record: RequestRecord) -> Response:
        return Response(200, _headers(request.request_id), _ENCODER.encode(model.metadata()))

    def _ready(self, model: Model, request: Request, _record: RequestRecord) -> Response:
        return Response(200, _headers(request.request_id), _ENCODER.encode({"name": model.name, "ready": True}))

    def _predict(self, model: Model, request: Request, record: RequestRecord) -> Response:
        clock = _Clock()
        _require_media_type(request.headers, JSON)
        inputs = model.rows.decode(read_body(request.headers, request.body, MAX_BODY_BYTES))
        record.decode_ms = clock.lap()
        inference = model.infer(inputs, model.predictor.outputs, request.deadline)
        clock.lap()
        predictions = model.predict(inference)
        _describe(record, inference)
        record.prediction_bins = model.count_predictions(predictions)
        prediction_id = _new_prediction_id()
        body = _ENCODER.encode(
            {
                "predictions": predictions,
                "model": model.name,
                "version": model.version,
                "prediction_ids": [f"{prediction_id}-{row}" for row in range(len(predictions))],
            }
        )
        record.encode_ms = clock.lap()
        _check_size(body)
        record.prediction_id = prediction_id
        return Response(200, _headers(request.request_id), body)

    def _infer(self, model: Model, request: Request, record: RequestRecord) -> Response:
        clock = _Clock()
        header_length = request.headers.get(HEADER_LENGTH)
        _require_media_type(request.headers, JSON, *([BINARY] if header_length is not None else []))
        envelope = codecs.read_envelope(read_body(request.headers, request.body, MAX_BODY_BYTES), header_length)
        requested = codecs.requested_outputs(envelope.request, model.outputs)
        inputs = codecs.read_tensors(envelope, model.inputs, model.manifest.serving.max_batch_rows)
        record.decode_ms = clock.lap()
        inference = model.infer(inputs, [item.name for item in requested], request.deadline)
        clock.lap()
        answer = InferenceResponse(
            model_name=model.name, model_version=model.version, id=envelope.request.id, outputs=()
        )
        body, json_length = codecs.encode_response(answer, inference.outputs, requested, envelope.request.parameters)
        _describe(record, inference)
        record.prediction_bins = model.count_outputs(inference.outputs)
        record.encode_ms = clock.lap()
        _check_size(body)
        record.prediction_id = _new_prediction_id()
        headers = _headers(request.request_id)
        if json_length is not None:
            headers |= {"content-type": BINARY, HEADER_LENGTH: str(json_length)}
        return Response(200, headers, body)

    _verbs: Final[dict[str, tuple[Callable[..., Response], str]]] = {
        "predict": (_predict, "POST"),
        "infer": (_infer, "POST"),
        "ready": (_ready, "GET"),
        "metadata": (_metadata, "GET"),
    }


class _Clock:
    """Milliseconds since the last lap."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        elapsed, self._last = (now - self._last) * 1000, now
        return elapsed


def _require_media_type(headers: Mapping[str, str], *allowed: str) -> None:
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() not in allowed or charset not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise errors.UnsupportedMediaType(f"content-type must be {' or '.join(allowed)}, in UTF-8")


def _describe(record: RequestRecord, inference: Inference) -> None:
    record.inference_ms = inference.seconds * 1000
    record.rows = inference.rows
    record.feature_bins = inference.feature_bins


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY_BYTES:
        raise errors.PayloadTooLarge("the answer would be too large; send fewer rows, or ask for fewer outputs")


def _new_prediction_id() -> str:
    return secrets.token_hex(12)


def _headers(request_id: str) -> dict[str, str]:
    return {
        "content-type": JSON,
        "x-request-id": request_id,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


def _with_context(response: Response, traceparent: str | None, record: RequestRecord) -> Response:
    headers: dict[str, str] = dict(response.headers)
    named: dict[str, Any] = {
        "x-model-name": record.model,
        "x-model-version": record.version,
        "x-prediction-id": record.prediction_id,
        "traceparent": traceparent,
    }
    headers |= {name: value for name, value in named.items() if value is not None}
    return Response(response.status, headers, response.body)
