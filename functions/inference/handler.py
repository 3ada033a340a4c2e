"""The data plane on Lambda: API Gateway proxy events in and out of ``serin.rest``.

Everything is built at init, so the first request finds an open session.
"""

from __future__ import annotations

import gc

# Before the other imports: what a start makes is there to stay, and looking through it for garbage takes its time.
gc.disable()

import serin.engine  # noqa: F401 - first, as ONNX Runtime then begins while the rest is imported

import os
import time
from typing import Any, Final

from functions.inference.priming import prime, starts_ahead
from functions.inference.settings import Settings
from serin.apigateway import Handler, LambdaContext, proxy_response, read_event, request_id_of
from serin.compiled import find_compiled, load_compiled
from serin.cross_origin import readable_by
from serin.engine import EngineOptions
from serin.errors import MalformedRequest, ModelFolderError
from serin.observability import Observer, ObserverSettings
from serin.process import boot_seconds
from serin.rest import DataPlane
from serin.service import Service

ANSWER_SECONDS: Final = 0.25
"""Kept back from the time that is left: ending a run, encoding and logging must fit before the kill."""


def build_handler(data_plane: DataPlane) -> Handler:
    """The callable that Lambda invokes. It never raises for what an event holds."""

    def handle(event: object, context: LambdaContext) -> dict[str, Any]:
        request_id = request_id_of(event, context.aws_request_id)
        deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
        try:
            request = read_event(event, request_id, deadline)
        except MalformedRequest as error:
            return proxy_response(data_plane.refuse(error, request_id))
        return proxy_response(data_plane(request))

    return handle


def _load_service(settings: Settings) -> Service:
    """The compiled models of an image; where there is none, the model folders, with all their checks.

    Raises:
        ModelFolderError: a model cannot be served, or was not compiled for the signer that the settings demand.
    """
    options = EngineOptions(threads=settings.threads)
    compiled = find_compiled(settings.models)
    if compiled:
        return Service(load_compiled(folder, options, settings.signer) for folder in compiled)
    if settings.signer is not None:  # what a signature is checked with is not in an image
        problem = "holds no compiled model, and SERIN_SIGNER demands a signature, which the build of an image checks"
        raise ModelFolderError(settings.models, None, problem)

    from pathlib import Path

    from serin.model_folder import find_model_folders
    from serin.service import load_service

    return load_service(find_model_folders(Path(settings.models)), options)


def _compose(settings: Settings) -> Handler:
    service = _load_service(settings)
    manifests = (model.manifest for model in service.models.values())
    prime(os.environ, manifests, lambda observer: build_handler(DataPlane(service, observer)))
    # What started ahead, perhaps as a snapshot that another process now goes on from, made no request wait.
    ready_at = None if starts_ahead(os.environ) else boot_seconds()
    observer = Observer(
        ObserverSettings(service="inference", function_version=settings.function_version, ready_at=ready_at)
    )
    return readable_by(settings.cors_origin, build_handler(DataPlane(service, observer)))


lambda_handler = _compose(Settings.from_environment(os.environ))
gc.freeze()  # from here on, only what requests leave behind is looked through
gc.enable()
