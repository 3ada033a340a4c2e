"""Group A: what is around the JSON."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from serin.rest import MAX_BODY_BYTES
from tests.gateway.events import HttpRequest, proxy_event
from tests.integration.bad_input.cases import (
    FLOWER_PREDICT,
    GOOD,
    JSON,
    LARGEST_BYTES,
    MARKER,
    Case,
    check,
    check_recovery,
    check_refusal,
    invalid,
    malformed,
    peak_of,
    post,
    served,
    too_large,
    unsupported,
)
from tests.integration.bad_input.shells import REQUEST_ID, LambdaShell, Shell

EVENTS: Final = Path(__file__).parent / "events"
INFER: Final = "/v2/models/flower/infer"
PACKED: Final = gzip.compress(GOOD.body, mtime=0)
BOMB: Final = gzip.compress(bytes(50_000_000), mtime=0)


def encoded(body: bytes, encoding: str = "gzip") -> HttpRequest:
    return post(FLOWER_PREDICT, body, (*JSON, ("Content-Encoding", encoding)))


def typed(kind: str, body: bytes = GOOD.body) -> HttpRequest:
    return post(FLOWER_PREDICT, body, (("Content-Type", kind),))


def with_header(name: str, value: str) -> HttpRequest:
    return post(FLOWER_PREDICT, GOOD.body, (*JSON, (name, value)))


CASES: Final[dict[str, Case]] = {
    "no body": malformed(post(FLOWER_PREDICT, b"")),
    "a body of spaces": malformed(post(FLOWER_PREDICT, b" \r\n\t ")),
    "null": invalid(post(FLOWER_PREDICT, b"null")),
    "a list": invalid(post(FLOWER_PREDICT, b"[]")),
    "no headers": unsupported(post(FLOWER_PREDICT, GOOD.body, ())),
    "two content types": malformed(post(FLOWER_PREDICT, GOOD.body, (*JSON, ("content-type", "text/plain")))),
    "two encodings": malformed(
        post(FLOWER_PREDICT, PACKED, (*JSON, ("Content-Encoding", "gzip"), ("content-encoding", "identity")))
    ),
    "two lengths": malformed(
        post(INFER, b"{}", (*JSON, *(("Inference-Header-Content-Length", value) for value in "12")))
    ),
    "gzip": served(encoded(PACKED)),
    "gzip, a bomb": too_large(encoded(BOMB)),
    "gzip, a bomb in a bomb": malformed(encoded(gzip.compress(BOMB))),
    "gzip, cut short": malformed(encoded(PACKED[:-1])),
    "gzip, a wrong checksum": malformed(encoded(PACKED[:-8] + bytes(8))),
    "gzip, bytes behind it": malformed(encoded(PACKED + MARKER.encode())),
    "gzip, said and not done": malformed(encoded(GOOD.body)),
    "gzip, done and not said": malformed(post(FLOWER_PREDICT, PACKED)),
    "gzip, named twice": malformed(encoded(PACKED, "gzip, gzip")),
    "brotli": unsupported(encoded(PACKED, "br")),
    "an encoding that is none": unsupported(encoded(PACKED, MARKER)),
    "UTF-16": malformed(post(FLOWER_PREDICT, GOOD.body.decode().encode("utf-16"))),
    "UTF-16 without a mark": malformed(post(FLOWER_PREDICT, GOOD.body.decode().encode("utf-16-le"))),
    "UTF-32": malformed(post(FLOWER_PREDICT, GOOD.body.decode().encode("utf-32"))),
    "a byte-order mark": malformed(post(FLOWER_PREDICT, b"\xef\xbb\xbf" + GOOD.body)),
    "charset UTF-7": unsupported(typed("application/json; charset=utf-7")),
    "charset UTF-16": unsupported(typed("application/json; charset=utf-16")),
    "a form": unsupported(typed("application/x-www-form-urlencoded", b"a=1")),
    "a content type that is none": unsupported(typed(MARKER)),
    "a content type with a line break": unsupported(typed(f"application/json\r\nx-{MARKER}: 1")),
    "a content type with a zero byte": unsupported(typed("application/json\0")),
    "a slash too many": Case(post(f"/{FLOWER_PREDICT}", GOOD.body), 404, "not_found"),
    "encoded dots": Case(post("/models/%2e%2e/predict", GOOD.body), 404, "model_not_found"),
    "dots": Case(post("/models/../predict", GOOD.body), 404, "model_not_found"),
    "a zero byte in the name": Case(post("/models/flower%00/predict", GOOD.body), 404, "model_not_found"),
    "a traversal in the name": Case(post("/models/..%2f..%2fetc%2fpasswd/predict", GOOD.body), 404, "model_not_found"),
    "a traversal in the version": Case(
        HttpRequest("GET", "/v2/models/flower/versions/..%2f1.0.0/ready", (), b""), 404, "model_not_found"
    ),
    "an absolute name": Case(post("/models/%2fetc%2fpasswd/predict", GOOD.body), 404, "model_not_found"),
    "a look-alike name": Case(post("/models/fl\u043ewer/predict", GOOD.body), 404, "model_not_found"),
    "a line break in the name": Case(post("/models/flower%0d%0a/predict", GOOD.body), 404, "model_not_found"),
    "a name of a megabyte": Case(post(f"/models/{'a' * 1_000_000}/predict", GOOD.body), 404, "model_not_found"),
    "a name that is a secret": Case(post(f"/models/{MARKER}/predict", GOOD.body), 404, "model_not_found"),
    "another method": Case(HttpRequest("PUT", FLOWER_PREDICT, JSON, GOOD.body), 405, "method_not_allowed"),
    "a method that is none": Case(HttpRequest(MARKER, FLOWER_PREDICT, JSON, GOOD.body), 405, "method_not_allowed"),
    "HEAD": Case(HttpRequest("HEAD", FLOWER_PREDICT, JSON, b""), 405, "method_not_allowed"),
    "one byte below the limit": served(post(FLOWER_PREDICT, GOOD.body.ljust(MAX_BODY_BYTES - 1))),
    "at the limit": served(post(FLOWER_PREDICT, GOOD.body.ljust(MAX_BODY_BYTES))),
    "one byte over the limit": too_large(post(FLOWER_PREDICT, GOOD.body.ljust(MAX_BODY_BYTES + 1))),
    "one byte over the limit, unpacked": too_large(encoded(gzip.compress(GOOD.body.ljust(MAX_BODY_BYTES + 1)))),
}


@pytest.mark.parametrize("what", CASES)
def test_an_envelope_is_read_or_refused(what: str, shell: Shell) -> None:
    check(shell, CASES[what])


@pytest.mark.parametrize("what", ["gzip, a bomb", "gzip, a bomb in a bomb", "one byte over the limit, unpacked"])
def test_a_bomb_takes_little_memory(what: str, rest_shell: Shell) -> None:
    assert peak_of(lambda: rest_shell.send(CASES[what].request)) < LARGEST_BYTES


# --- Headers --------------------------------------------------------------------------------------------------

FORGED: Final = {
    "x-request-id": MARKER,
    "x-model-name": MARKER,
    "x-model-version": "9.9.9",
    "x-prediction-id": MARKER,
    "x-serin-version": "9.9.9",
    "x-serin-arm": MARKER,
    "x-amzn-trace-id": MARKER,
    "x-amzn-requestid": MARKER,
    "x-forwarded-for": MARKER,
    "x-http-method-override": "DELETE",
    "x-original-url": f"/models/{MARKER}/predict",
    "authorization": MARKER,
}


def test_headers_that_a_client_forges_are_ignored(shell: Shell) -> None:
    answer = check(shell, served(post(FLOWER_PREDICT, GOOD.body, (*JSON, *FORGED.items()))))
    assert answer.headers["x-request-id"] == REQUEST_ID
    assert (answer.headers["x-model-name"], answer.headers["x-model-version"]) == ("flower", "1.0.0")
    assert MARKER not in answer.text
    assert "9.9.9" not in answer.text


@pytest.mark.parametrize("name", ["traceparent", "user-agent", "x-api-key", "accept", MARKER])
@pytest.mark.parametrize(
    "value", [f"a\r\n{MARKER}: 1", f"a\n{MARKER}", f"\0{MARKER}", f"\x1b[31m{MARKER}", "é\u2028" + MARKER]
)
def test_control_characters_in_a_header_forge_no_line_and_no_header(name: str, value: str, shell: Shell) -> None:
    answer = check(shell, served(with_header(name, value)))
    assert len(answer.lines) == 1
    assert MARKER not in answer.text
    assert "traceparent" not in answer.headers


# --- Files ----------------------------------------------------------------------------------------------------

_opened: list[str] = []
_watching = [False]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watching[0]:
        _opened.append(str(arguments[0]))


sys.addaudithook(_hook)  # stays for the life of the process, and watches where it is asked to


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """Whatever is opened inside the block."""
    _opened.clear()
    _watching[0] = True
    try:
        yield _opened
    finally:
        _watching[0] = False


def test_files_that_are_opened_are_seen(tmp_path: Path) -> None:
    with opened_files() as seen:
        (tmp_path / "a").write_text("")
    assert seen == [str(tmp_path / "a")]


@pytest.mark.parametrize("what", [what for what, case in CASES.items() if case.status == 404])
def test_no_name_opens_a_file(what: str, shell: Shell) -> None:
    shell.send(CASES[what].request)  # so that everything is imported
    with opened_files() as seen:
        shell.send(CASES[what].request)
    assert seen == []


# --- Events ---------------------------------------------------------------------------------------------------


def event(**changes: Any) -> dict[str, Any]:
    made = proxy_event(GOOD, "192.0.2.7", as_text=True)
    made["requestContext"]["requestId"] = REQUEST_ID
    return {key: value for key, value in (made | changes).items() if value is not ...}


GOOD_IN_BASE64: Final = base64.b64encode(GOOD.body).decode()

EVENT_CASES: Final[dict[str, tuple[dict[str, Any], int, str]]] = {
    "as API Gateway sends it": (event(), 200, ""),
    "in base64": (event(body=GOOD_IN_BASE64, isBase64Encoded=True), 200, ""),
    "base64 said of plain text": (event(isBase64Encoded=True), 400, "malformed_request"),
    "base64 with bad padding": (event(body=GOOD_IN_BASE64 + "=", isBase64Encoded=True), 400, "malformed_request"),
    "base64 cut short": (event(body=GOOD_IN_BASE64[:-2], isBase64Encoded=True), 400, "malformed_request"),
    "base64 not said": (event(body=GOOD_IN_BASE64), 400, "malformed_request"),
    "no flag": (event(isBase64Encoded=...), 200, ""),
    "a flag that is null": (event(isBase64Encoded=None), 200, ""),
    "a flag that is text": (event(isBase64Encoded="false"), 400, "malformed_request"),
    "a flag that is a number": (event(isBase64Encoded=0), 400, "malformed_request"),
    "no body": (event(body=...), 400, "malformed_request"),
    "a body that is null": (event(body=None), 400, "malformed_request"),
    "a body that is an object": (event(body={"instances": []}), 400, "malformed_request"),
    "a body with half a surrogate pair": (event(body='{"instances": ["\ud800"]}'), 400, "malformed_request"),
    "headers that are null": (event(headers=None, multiValueHeaders=None), 415, "unsupported_media_type"),
    "no headers": (event(headers=..., multiValueHeaders=...), 415, "unsupported_media_type"),
    "headers that are a list": (event(headers=["a"], multiValueHeaders="b"), 415, "unsupported_media_type"),
    "headers in one form": (event(multiValueHeaders=None), 200, ""),
    "headers in the other form": (event(headers=None), 200, ""),
    "forms that differ": (event(multiValueHeaders={"content-type": ["text/plain"]}), 400, "malformed_request"),
    "a header that is a number": (
        event(headers={"content-type": 7}, multiValueHeaders=None),
        415,
        "unsupported_media_type",
    ),
    "a path that is null": (event(path=None), 400, "malformed_request"),
    "a path with half a surrogate pair": (event(path="/models/\ud800/predict"), 404, "model_not_found"),
    "a method that is null": (event(httpMethod=None), 400, "malformed_request"),
    "a query with half a surrogate pair": (event(queryStringParameters={"a": "\ud800"}), 200, ""),
    "a context that is null": (event(requestContext=None), 200, ""),
    "a context that is a list": (event(requestContext=[]), 200, ""),
    "an id with a line break": (event(requestContext={"requestId": f"a\r\n{MARKER}"}), 200, ""),
}


@pytest.mark.parametrize("what", EVENT_CASES)
def test_an_event_is_read_or_refused_and_never_raises(what: str, lambda_shell: LambdaShell) -> None:
    given, status, code = EVENT_CASES[what]
    answer = lambda_shell.invoke(given)
    if status == 200:
        assert answer.status == 200, answer.body
        assert MARKER not in answer.text
    else:
        check_refusal(answer, status, code)
    check_recovery(lambda_shell)


@pytest.mark.parametrize("name", sorted(file.name for file in EVENTS.iterdir()))
def test_an_event_of_another_service_is_a_typed_error(name: str, lambda_shell: LambdaShell) -> None:
    answer = lambda_shell.invoke(json.loads((EVENTS / name).read_text()))
    assert (answer.status, answer.document["code"]) == (400, "malformed_request")
    (line,) = map(json.loads, answer.lines)
    assert (line["status"], line["code"]) == (400, "malformed_request")
    check_recovery(lambda_shell)
