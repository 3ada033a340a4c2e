"""Every sample model under the real emulator gives the training framework's answers, by every way in."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tests.functions.inference.conftest import Served
from tests.gateway.invocation import LAMBDA_INIT_SECONDS, timing
from tests.sample_models import NAMES

WARM_CALLS = 50


def test_the_four_sample_models_are_there_with_at_least_20_cases(served: Served) -> None:
    assert NAMES == ("breast-cancer", "diabetes", "digits", "doctor-visits")
    assert len(served.sample.cases) >= 20


def test_every_golden_case_alone_is_answered(served: Served) -> None:
    alone = [prediction for case in served.sample.cases for prediction in served.predict((case,))]
    assert served.sample.differences(alone, served.sample.cases) == []


def test_all_golden_cases_in_one_request_are_answered(served: Served) -> None:
    cases = served.sample.cases
    assert served.sample.differences(served.predict(cases), cases) == []


def test_the_protocols_json_tensors_give_the_golden_answers(served: Served) -> None:
    cases = served.sample.complete()
    assert served.sample.differences(served.infer(cases), cases) == []


def test_the_protocols_binary_tensors_give_the_golden_answers(served: Served) -> None:
    cases = served.sample.cases
    assert served.sample.differences(served.infer_binary(cases), cases) == []


def test_start_and_warm_calls_take_no_longer_than_lambda_allows(
    served: Served, record_property: Callable[[str, object], None]
) -> None:
    cases = itertools.cycle(served.sample.cases)
    measured = timing(served.process, lambda: served.predict((next(cases),)), WARM_CALLS)
    record_property("figure", f"{served.sample.name}: {measured}")
    assert measured.init_seconds < LAMBDA_INIT_SECONDS
    assert measured.warm_ms < served.sample.model.manifest.serving.latency_target_ms
