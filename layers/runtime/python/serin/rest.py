"""The data plane's HTTP: a pure function of method, path, headers and body.

The Lambda handler and the ASGI application are thin shells around ``DataPlane``; what it answers, both answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from msgspec import UNSET

from serin import codecs, errors
from serin.http_body import read_body
from serin.observability import Observer, RequestRecord
from serin.process import FIGURES, REPLAY
from serin.protocol import HEADER_LENGTH, InferenceResponse

if TYPE_CHECKING:  # the control plane speaks this module's errors and has no engine
    from serin.predictions import Prediction
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

_TRACEPARENT: Final = r"(?!ff)[0-9a-f]{2}-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
"""W3C Trace Context, section 3.2. Compiled by its first use, as few requests have it."""

_PLAIN: Final = "/-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
"""What is the same decoded and encoded. Source: RFC 3986, section 2.3, unreserved characters."""

_PATHS: Final = 32
"""So many are remembered, as reading one takes its time; most clients ask for the same few again and again."""

_ENCODER: Final = msgspec.json.Encoder()


class Request(msgspec.Struct, frozen=True):
    """One HTTP request. Header names are lower-case; ``path`` is as ``canonical_path`` writes it.

    ``deadline``: ``time.monotonic()`` seconds by which the answer must be there.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    deadline: float


class Response(msgspec.Struct, frozen=True):
    """One HTTP response. Header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Predictions(msgspec.Struct, frozen=True):
    """Answer of `POST /models/{model}/predict`."""

    predictions: list[Prediction]
    model: str
    version: str
    prediction_ids: list[str]


@lru_cache(maxsize=_PATHS)
def canonical_path(path: str) -> str:
    """``path``, percent-encoded or not, in the one encoding that routes are matched on.

    Segment by segment, so that an encoded slash stays encoded and cannot pass for a separator.
    """
    if not path.strip(_PLAIN):  # holds nothing else
        return path
    from urllib.parse import quote, unquote_to_bytes  # rarely needed, and slow to import

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


class Attempt(msgspec.Struct, frozen=True):
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
        begun = perf_counter()
        record = RequestRecord(request.request_id, cold_start=self._observer.is_cold_start())
        traceparent = _trace(request.headers, record)
        try:
            response = self._route(request, record)
        except errors.SerinError as error:
            response = error_response(error, request.request_id)
            record.code = error.code
        except Exception as error:  # noqa: BLE001 - the boundary: a bug answers 500 and leaves its trace
            self._observer.fault(request.request_id, error)
            response = error_response(error, request.request_id)
            record.code = errors.SerinError.code
        record.total_ms = (perf_counter() - begun) * 1000
        _add_context(response.headers, traceparent, record)
        if request.request_id.startswith(REPLAY):
            response.headers[FIGURES] = self._observer.figures(record)
        elif record.cold_start:
            self._observer.figures(record)
        return Attempt(response, record)

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
        name, version, verb = _find_route(request.path)
        answer, method = self._verbs[verb]
        if request.method != method:
            raise errors.MethodNotAllowed(method)
        record.route = verb
        model = self._models.model(name, version)
        record.model, record.version = model.name, model.version
        return answer(self, model, request, record)

    def _metadata(self, model: Model, request: Request, _record: RequestRecord) -> Response:
        return Response(200, _headers(request.request_id), _ENCODER.encode(model.metadata()))

    def _ready(self, model: Model, request: Request, _record: RequestRecord) -> Response:
        return Response(200, _headers(request.request_id), _ENCODER.encode({"name": model.name, "ready": True}))

    def _predict(self, model: Model, request: Request, record: RequestRecord) -> Response:
        begun = perf_counter()
        _require_media_type(request.headers, JSON)
        inputs = model.rows.decode(read_body(request.headers, request.body, MAX_BODY_BYTES))
        record.decode_ms = _ms_since(begun)
        inference = model.infer(inputs, model.predictor.outputs, request.deadline)
        begun = perf_counter()
        predictions = model.predict(inference)
        _describe(record, inference)
        record.prediction_bins = model.count_predictions(predictions) or UNSET
        prediction_id = _new_prediction_id()
        ids = [f"{prediction_id}-{row}" for row in range(len(predictions))]
        body = _ENCODER.encode(_Predictions(predictions, model.name, model.version, ids))
        record.encode_ms = _ms_since(begun)
        _check_size(body)
        record.prediction_id = prediction_id
        return Response(200, _headers(request.request_id), body)

    def _infer(self, model: Model, request: Request, record: RequestRecord) -> Response:
        begun = perf_counter()
        header_length = request.headers.get(HEADER_LENGTH)
        _require_media_type(request.headers, JSON, *([BINARY] if header_length is not None else []))
        envelope = codecs.read_envelope(read_body(request.headers, request.body, MAX_BODY_BYTES), header_length)
        requested = codecs.requested_outputs(envelope.request, model.outputs)
        inputs = codecs.read_tensors(envelope, model.inputs, model.manifest.serving.max_batch_rows)
        record.decode_ms = _ms_since(begun)
        inference = model.infer(inputs, [item.name for item in requested], request.deadline)
        begun = perf_counter()
        answer = InferenceResponse(
            model_name=model.name, model_version=model.version, id=envelope.request.id, outputs=()
        )
        body, json_length = codecs.encode_response(answer, inference.outputs, requested, envelope.request.parameters)
        _describe(record, inference)
        record.prediction_bins = model.count_outputs(inference.outputs) or UNSET
        record.encode_ms = _ms_since(begun)
        _check_size(body)
        record.prediction_id = _new_prediction_id()
        headers = _headers(request.request_id)
        if json_length is not None:
            headers["content-type"] = BINARY
            headers[HEADER_LENGTH] = str(json_length)
        return Response(200, headers, body)

    _verbs: Final[dict[str, tuple[Callable[..., Response], str]]] = {
        "predict": (_predict, "POST"),
        "infer": (_infer, "POST"),
        "ready": (_ready, "GET"),
        "metadata": (_metadata, "GET"),
    }


@lru_cache(maxsize=_PATHS)
def _find_route(path: str) -> tuple[str, str | None, str]:
    """Model, version where one is named, and verb.

    Raises:
        NotFound: there is no such route.
    """
    match path.split("/"):
        case ["", "models", name, "predict" as verb] if name:
            return name, None, verb
        case ["", "v2", "models", name] if name:
            return name, None, "metadata"
        case ["", "v2", "models", name, "infer" | "ready" as verb] if name:
            return name, None, verb
        case ["", "v2", "models", name, "versions", version] if name and version:
            return name, version, "metadata"
        case ["", "v2", "models", name, "versions", version, "infer" | "ready" as verb] if name and version:
            return name, version, verb
    raise errors.NotFound("no such route; /docs lists them all")


def _ms_since(begun: float) -> float:
    return (perf_counter() - begun) * 1000


def _require_media_type(headers: Mapping[str, str], *allowed: str) -> None:
    given = headers.get("content-type", "")
    if given in allowed:
        return
    media_type, _, parameters = given.partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() not in allowed or charset not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise errors.UnsupportedMediaType(f"content-type must be {' or '.join(allowed)}, in UTF-8")


def _describe(record: RequestRecord, inference: Inference) -> None:
    record.inference_ms = inference.seconds * 1000
    record.rows = inference.rows
    record.feature_bins = inference.feature_bins or UNSET
    if inference.cached is not None:
        record.cache_hit = inference.cached


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY_BYTES:
        raise errors.PayloadTooLarge("the answer would be too large; send fewer rows, or ask for fewer outputs")


def _new_prediction_id() -> str:
    # Drawn for each request: numbers drawn beforehand would be in a snapshot, and the same in all that start from it.
    return os.urandom(12).hex()


def _headers(request_id: str) -> dict[str, str]:
    return {
        "content-type": JSON,
        "x-request-id": request_id,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


def _trace(headers: Mapping[str, str], record: RequestRecord) -> str | None:
    """The client's ``traceparent`` where it is one; its trace goes into ``record``."""
    given = headers.get("traceparent")
    trace = re.fullmatch(_TRACEPARENT, given, re.ASCII) if given is not None else None
    if trace is None:
        return None
    record.trace_id = trace["trace_id"]
    return given


def _add_context(headers: dict[str, str], traceparent: str | None, record: RequestRecord) -> None:
    if record.model is not UNSET and record.version is not UNSET:
        headers["x-model-name"] = record.model
        headers["x-model-version"] = record.version
    if record.prediction_id is not UNSET:
        headers["x-prediction-id"] = record.prediction_id
    if record.cold_start:
        headers["x-cold-start"] = "1"
    if traceparent is not None:
        headers["traceparent"] = traceparent
