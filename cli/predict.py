"""`serin predict`: one request, to a model in this process or to an endpoint."""

from __future__ import annotations

import io
import json
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from cli.models import folder_of, load_models
from cli.outcome import CommandError, ExitCode, one_line
from cli.progress import waiting
from cli.rows import read_input, request_body

if TYPE_CHECKING:
    from cli.endpoint import Endpoint


class _Answer(msgspec.Struct, frozen=True):
    """What is read of an answer; it says more."""

    predictions: list[dict[str, Any]]


def predict(name: str, source: str, *, models: Path, endpoint: Endpoint | None, as_json: bool) -> None:
    """Print what the model ``name`` says of the rows in ``source``.

    Raises:
        CommandError: the input cannot be read, the endpoint does not answer, or the request was refused.
        ModelFolderError: the model's folder cannot be served.
    """
    body = request_body(read_input(source), source)
    if endpoint is None:
        answer = _ask_here(name, body, models)
    else:
        with waiting(f"Waiting for {endpoint.url}"):
            answer = endpoint.post(f"/models/{quote(name, safe='')}/predict", body)
    if as_json:
        sys.stdout.write(answer.decode() + "\n")
        return
    for line in answered(answer):
        print(line)


def _ask_here(name: str, body: bytes, models: Path) -> bytes:
    """The endpoint's own code, without the network between."""
    loaded = load_models([folder_of(models, name)])
    from cli.endpoint import refusal
    from serin.observability import Observer, ObserverSettings
    from serin.rest import DataPlane, Request
    from serin.service import Service

    answer = DataPlane(Service(loaded.values()), Observer(ObserverSettings(stream=io.StringIO())))
    deadline = time.monotonic() + max(model.manifest.serving.timeout_seconds for model in loaded.values())
    headers = {"content-type": "application/json"}
    response = answer(Request("POST", f"/models/{name}/predict", headers, body, secrets.token_hex(8), deadline))
    if response.status != 200:
        raise CommandError(ExitCode.REFUSED, refusal(response.status, response.body, name))
    return response.body


def answered(answer: bytes) -> list[str]:
    """One line for people for each prediction in ``answer``.

    Raises:
        CommandError: there are none in it.
    """
    return [describe(prediction) for prediction in _predictions(answer)]


def describe(prediction: dict[str, Any]) -> str:
    """One line for people."""
    match prediction:
        case {"label": label, "probability": float() | int() as probability}:
            return f"{one_line(str(label))}  {probability:.4f}"
        case {"value": value}:
            return json.dumps(value)
        case tensors:
            return json.dumps(tensors, ensure_ascii=False)


def _predictions(answer: bytes) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(answer, type=_Answer).predictions
    except msgspec.DecodeError:
        raise CommandError(ExitCode.UNREACHABLE, "the answer holds no predictions; is it a Serin endpoint?") from None
