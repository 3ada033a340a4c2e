"""Alarms: on their own dimensions, by period, with missing data treated as they ask, not only after a write."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.launcher.patching import existing, service, wrap

_TICK_SECONDS: Final = 0.5

_BREACHES: Final = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def teach() -> None:
    """Replace the evaluation, accept metric maths, and evaluate twice a second."""
    alarms = service("cloudwatch")
    for name in ("_metrics", "_dims_key", "_calc_stats", "_stat_value", "_record_history", "_dispatch_alarm_actions"):
        existing(alarms, name)
    existing(alarms, "_evaluate_parent_alarms")
    evaluate_all = existing(alarms, "_evaluate_all_alarms")
    wrap(alarms, "_evaluate_alarm", lambda _original: lambda alarm: _evaluate(alarms, alarm, time.time()))
    wrap(service("cloudformation.provisioners"), "_cw_metric_alarm_record", _with_maths)
    threading.Thread(target=_tick, args=(evaluate_all,), daemon=True, name="alarms").start()


def _tick(evaluate_all: Any) -> None:
    while True:
        time.sleep(_TICK_SECONDS)
        evaluate_all()


def _evaluate(alarms: Any, alarm: dict[str, Any], now: float) -> None:
    """Move the alarm to the state of its last periods. One of metric maths has no metric of its own and stays."""
    if not alarm.get("MetricName"):
        return
    values = _last_periods(alarms, alarm, now)
    state = state_of(values, alarm)
    before = alarm["StateValue"]
    if state == before:
        return
    reason = f"Threshold Crossed: {values} {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(now))
    alarms._record_history(alarm["AlarmName"], before, state, reason)
    alarms._dispatch_alarm_actions(alarm, before, state, reason)
    alarms._evaluate_parent_alarms(alarm)


def _last_periods(alarms: Any, alarm: Mapping[str, Any], now: float) -> list[float | None]:
    """The statistic of each evaluated period, oldest first; None where the period has no data."""
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], alarms._dims_key(dimensions))
    points = list(alarms._metrics.get(key) or [])
    period, count = int(alarm["Period"]), int(alarm["EvaluationPeriods"])
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    values: list[float | None] = []
    for index in range(count, 0, -1):
        start = now - index * period
        inside = [point for point in points if start < point["Timestamp"] <= start + period]
        stats = alarms._calc_stats(inside)
        values.append(alarms._stat_value(stats, statistic, inside) if stats else None)
    return values


def state_of(values: Sequence[float | None], alarm: Mapping[str, Any]) -> str:
    """CloudWatch's rule: ALARM when enough of the periods breach; missing ones count as the alarm says."""
    treatment = alarm.get("TreatMissingData") or "missing"
    present = [value for value in values if value is not None]
    if not present and treatment == "ignore":
        return str(alarm["StateValue"])
    if not present and treatment == "missing":
        return "INSUFFICIENT_DATA"
    breaches = sum(_BREACHES[alarm["ComparisonOperator"]](value, alarm["Threshold"]) for value in present)
    if treatment == "breaching":
        breaches += len(values) - len(present)
    needed = int(alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"])
    return "ALARM" if breaches >= needed else "OK"


def _with_maths(original: Any) -> Any:
    """An alarm on an expression is recorded as it was asked for. It is never evaluated here."""

    def record(name: str, properties: dict[str, Any]) -> Any:
        if not properties.get("Metrics"):
            return original(name, properties)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = original(name, {**plain, "MetricName": "Metrics", "Namespace": "Metrics"})
        unused = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")
        return {key: value for key, value in alarm.items() if key not in unused} | {"Metrics": properties["Metrics"]}

    return record
