"""Golden cases by every way in: rows, and the protocol's tensors in JSON and in binary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from serin.golden import GoldenCase
from tests.gateway.events import HttpResponse
from tests.protocol_messages import binary_request, json_request, read_response
from tests.sample_models import Sample

JSON: Final = {"Content-Type": "application/json"}
BINARY: Final = "application/octet-stream"
_LENGTH: Final = "inference-header-content-length"

Cases = tuple[GoldenCase, ...]


class Send(Protocol):
    """A way to one or more models: an HTTP request in, what comes back out."""

    def __call__(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = JSON
    ) -> HttpResponse: ...


@dataclass(frozen=True)
class GoldenCalls:
    """One sample model and a way to it. Every call must be answered 200."""

    sample: Sample
    send: Send

    def predict(self, cases: Cases) -> list[Any]:
        """The predictions of one request."""
        answer = self._good("POST", f"/models/{self.sample.name}/predict", predict_body(cases), JSON)
        predictions: list[Any] = json.loads(answer.body)["predictions"]
        return predictions

    def infer(self, cases: Cases) -> list[Any]:
        """What the tensors of a JSON answer mean. ``cases`` are complete: JSON tensors carry no NaN."""
        body = json_request(self.sample.model.rows.decode(predict_body(cases)))
        answer = self._good("POST", f"/v2/models/{self.sample.name}/infer", body, JSON)
        return self.sample.predictions(read_response(answer.body))

    def infer_binary(self, cases: Cases) -> list[Any]:
        """What the tensors of a binary answer mean."""
        tensors = self.sample.model.rows.decode(predict_body(cases))
        body, length = binary_request(tensors, parameters={"binary_data_output": True})
        # As most clients say it. API Gateway reads it to know whether an answer may be binary.
        headers = {"Content-Type": BINARY, "Accept": "*/*", "Inference-Header-Content-Length": str(length)}
        answer = self._good("POST", f"/v2/models/{self.sample.name}/infer", body, headers)
        json_length = int({name.lower(): value for name, value in answer.headers}[_LENGTH])
        return self.sample.predictions(read_response(answer.body, json_length))

    def _good(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> HttpResponse:
        answer = self.send(method, path, body, headers)
        assert answer.status == 200, answer.body
        return answer


def predict_body(cases: Cases) -> bytes:
    """A predict request of these cases' rows."""
    return json.dumps({"instances": [case.instance for case in cases]}).encode()
