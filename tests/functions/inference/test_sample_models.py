"""Every sample model under the real emulator gives the training framework's answers, by every way in."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable

from local.rie import RieProcess
from serin.golden import GoldenCase
from tests.functions.inference.conftest import Served
from tests.protocol_messages import binary_request, json_request, read_response
from tests.sample_models import NAMES

LAMBDA_INIT_SECONDS = 10
"""Lambda ends a longer start (AWS Lambda developer guide, "Init phase")."""

WARM_CALLS = 50
_DURATION = re.compile(r"^REPORT RequestId: .*\tDuration: ([0-9.]+) ms\t")


def predict_body(cases: tuple[GoldenCase, ...]) -> bytes:
    return json.dumps({"instances": [case.instance for case in cases]}).encode()


def predict(served: Served, cases: tuple[GoldenCase, ...]) -> list[object]:
    answer = served.send("POST", f"/models/{served.sample.name}/predict", predict_body(cases))
    assert answer.status == 200, answer.body
    predictions: list[object] = json.loads(answer.body)["predictions"]
    return predictions


def test_the_four_sample_models_are_there_with_at_least_20_cases(served: Served) -> None:
    assert NAMES == ("breast-cancer", "diabetes", "digits", "doctor-visits")
    assert len(served.sample.cases) >= 20


def test_every_golden_case_alone_is_answered(served: Served) -> None:
    alone = [prediction for case in served.sample.cases for prediction in predict(served, (case,))]
    assert served.sample.differences(alone, served.sample.cases) == []


def test_all_golden_cases_in_one_request_are_answered(served: Served) -> None:
    together = predict(served, served.sample.cases)
    assert served.sample.differences(together, served.sample.cases) == []


def test_the_protocols_json_tensors_give_the_golden_answers(served: Served) -> None:
    cases = served.sample.complete()
    tensors = served.sample.model.rows.decode(predict_body(cases))
    answer = served.send("POST", f"/v2/models/{served.sample.name}/infer", json_request(tensors))
    assert answer.status == 200, answer.body
    predictions = served.sample.predictions(read_response(answer.body))
    assert served.sample.differences(predictions, cases) == []


def test_the_protocols_binary_tensors_give_the_golden_answers(served: Served) -> None:
    tensors = served.sample.model.rows.decode(predict_body(served.sample.cases))
    body, length = binary_request(tensors, parameters={"binary_data_output": True})
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(length)}
    answer = served.send("POST", f"/v2/models/{served.sample.name}/infer", body, headers)
    assert answer.status == 200, answer.body
    json_length = int(dict(answer.headers)["inference-header-content-length"])
    predictions = served.sample.predictions(read_response(answer.body, json_length))
    assert served.sample.differences(predictions, served.sample.cases) == []


def test_start_and_warm_calls_take_no_longer_than_lambda_allows(
    served: Served, record_property: Callable[[str, object], None]
) -> None:
    predict(served, served.sample.cases[:1])
    before = len(durations(served.process))
    for case in (served.sample.cases * 3)[:WARM_CALLS]:
        predict(served, (case,))
    warm = durations(served.process)[before:]
    assert len(warm) == WARM_CALLS
    init, median = served.process.init_seconds, statistics.median(warm)
    assert init is not None
    record_property("figure", f"{served.sample.name}: init {init:.3f} s, warm {median:.2f} ms ({WARM_CALLS} calls)")
    assert init < LAMBDA_INIT_SECONDS
    assert median < served.sample.model.manifest.serving.latency_target_ms


def durations(process: RieProcess) -> list[float]:
    """Milliseconds of every call so far, by the emulator's own clock."""
    return [float(found[1]) for line in process.lines if (found := _DURATION.match(line))]
