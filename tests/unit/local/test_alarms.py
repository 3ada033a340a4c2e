"""The state of an alarm from the values of its last periods."""

from __future__ import annotations

import pytest

from local.launcher.alarms import state_of

ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5.0,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "StateValue": "INSUFFICIENT_DATA",
}


@pytest.mark.parametrize(
    ("values", "state"),
    [((6.0, 6.0, 1.0), "ALARM"), ((6.0, 1.0, 1.0), "OK"), ((6.0, 5.0, 5.0), "OK"), ((None, 6.0, 6.0), "ALARM")],
)
def test_enough_breaching_periods_raise_the_alarm(values: tuple[float | None, ...], state: str) -> None:
    assert state_of(values, ALARM) == state


@pytest.mark.parametrize(
    ("treatment", "state"),
    [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM"), ("ignore", "ALARM")],
)
def test_no_data_at_all_is_treated_as_the_alarm_says(treatment: str, state: str) -> None:
    alarm = {**ALARM, "TreatMissingData": treatment, "StateValue": "ALARM"}
    assert state_of((None, None, None), alarm) == state


def test_missing_periods_breach_beside_present_ones_where_the_alarm_says_so() -> None:
    assert state_of((None, None, 1.0), {**ALARM, "TreatMissingData": "breaching"}) == "ALARM"
    assert state_of((None, None, 1.0), {**ALARM, "TreatMissingData": "notBreaching"}) == "OK"


@pytest.mark.parametrize(
    ("operator", "at_threshold"),
    [
        ("GreaterThanThreshold", "OK"),
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_a_value_at_the_threshold_breaches_only_where_the_operator_includes_it(
    operator: str, at_threshold: str
) -> None:
    alarm = {**ALARM, "ComparisonOperator": operator, "DatapointsToAlarm": None, "EvaluationPeriods": 1}
    assert state_of((5.0,), alarm) == at_threshold
