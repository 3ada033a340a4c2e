"""What can go wrong, in the words of the domain. Nothing here knows HTTP: ``rest`` maps class to status.

A message says what is wrong, where, and what to do. It never carries a value that a client sent.
"""

from __future__ import annotations

from typing import ClassVar, Final


class SerinError(Exception):
    """Base of every error that Serin raises on purpose. ``code`` is stable and safe to match on."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestError(SerinError):
    """The client sent something that cannot be answered. Base of all client faults."""

    code = "bad_request"


class MalformedRequest(RequestError):
    """The envelope cannot be read: encoding, JSON syntax, headers, framing."""

    code = "malformed_request"


class InvalidInput(RequestError):
    """The request reads well and breaks the model's contract: names, types, shapes, ranges."""

    code = "invalid_input"


class ModelRejectedInput(RequestError):
    """The model itself failed on this input, for instance on an index out of range."""

    code = "model_rejected_input"


class OutputNotFinite(RequestError):
    """The model answered NaN or an infinity, which JSON cannot carry."""

    code = "output_not_finite"


class PayloadTooLarge(RequestError):
    """The body, the batch or the answer is over its limit."""

    code = "payload_too_large"


class UnsupportedMediaType(RequestError):
    """The content type or content encoding is not one that is served."""

    code = "unsupported_media_type"


class NotFound(RequestError):
    """No such route."""

    code = "not_found"


class MethodNotAllowed(RequestError):
    """The route exists and does not take this method, but ``allowed`` (as in HTTP's ``Allow``)."""

    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this route takes {allowed}")
        self.allowed = allowed


class ModelNotFound(RequestError):
    """No such model, or not in this version."""

    code = "model_not_found"


NO_SUCH_MODEL: Final = "no such model; GET /v2/models lists those that are served"


class ModelNotReady(SerinError):
    """The model is known and cannot answer now."""

    code = "model_not_ready"


class DeadlineExceeded(SerinError):
    """The model did not finish in the time that the request had."""

    code = "deadline_exceeded"


class ModelFolderError(SerinError):
    """A model folder cannot be served: names the file, the field in it, and what to do, in one line.

    Rendered as ``models/iris/model.yaml: features[2].range: expected two numbers``.
    """

    code = "invalid_model_folder"

    def __init__(self, file: str, field: str | None, problem: str) -> None:
        # Keys, and what other tools say, may hold line breaks.
        super().__init__(" ".join(": ".join(part for part in (file, field, problem) if part).split()))
        self.file = file
        self.field = field
        self.problem = problem
