"""Metrics of functions: by version as AWS/Lambda has them, and those that a function's log lines carry (EMF)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.launcher.aliases import invoked_alias
from local.launcher.patching import existing, service, wrap

_REPORT: Final = re.compile(r"^REPORT RequestId: .*?\tDuration: ([0-9.]+) ms", re.MULTILINE)
_INIT: Final = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


@dataclass(frozen=True)
class Datum:
    """One value of one metric."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: Mapping[str, str]


def teach() -> None:
    """Record both after every execution, whoever invoked it; the emulator's own, coarser count is silenced."""
    functions = service("lambda_svc")
    existing(functions, "_function_config_scope_mismatch")
    existing(functions, "executions_in_flight")
    existing(service("cloudwatch"), "record_metric")
    wrap(functions, "_emit_lambda_metrics", lambda _original: lambda *_args, **_words: None)
    wrap(functions, "_execute_function", lambda original: _recorded(functions, original))


def _recorded(functions: Any, original: Any) -> Any:
    def execute(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        if functions._function_config_scope_mismatch(config):
            return original(func, event)  # which comes back here in the function's own account and region
        in_flight = functions.executions_in_flight()[1]
        started = time.monotonic()
        result = original(func, event)
        if result.get("refused"):
            return result  # the function never saw it
        elapsed_ms = (time.monotonic() - started) * 1000.0
        concurrent = 1 + sum(n for key, n in in_flight.items() if key.endswith(f":{config.get('FunctionName')}"))
        for datum in (*_of_execution(config, result, elapsed_ms, concurrent), *embedded(str(result.get("log", "")))):
            _record(datum)
        return result

    return execute


def _record(datum: Datum) -> None:
    service("cloudwatch").record_metric(datum.namespace, datum.name, datum.value, datum.unit, dict(datum.dimensions))


def _of_execution(
    config: Mapping[str, Any], result: Mapping[str, Any], elapsed_ms: float, concurrent: int
) -> Iterator[Datum]:
    """AWS/Lambda for the function, for what was named in the call, and for the version that an alias chose."""
    throttled = bool(result.get("throttle"))
    values = [("Throttles", float(throttled), "Count")]
    if not throttled:
        failed = bool(result.get("error"))
        duration = duration_ms(str(result.get("log", "")), elapsed_ms)
        values += [("Invocations", 1.0, "Count"), ("Errors", float(failed), "Count")]
        values += [("Duration", duration, "Milliseconds"), ("ConcurrentExecutions", float(concurrent), "Count")]
    for dimensions in dimension_sets(config, invoked_alias.get()):
        for name, value, unit in values:
            yield Datum("AWS/Lambda", name, value, unit, dimensions)


def dimension_sets(config: Mapping[str, Any], alias: str | None) -> list[dict[str, str]]:
    """The sets that AWS writes: function; function and resource; and the version too where an alias was called."""
    name = str(config["FunctionName"])
    parts = str(config.get("FunctionArn", "")).split(":")
    qualifier = alias or (parts[7] if len(parts) > 7 else "")
    version = str(config.get("Version", "$LATEST"))
    function = {"FunctionName": name}
    resource = {**function, "Resource": f"{name}:{qualifier}" if qualifier else name}
    if qualifier in ("", version):
        return [function, resource]
    return [function, resource, {**resource, "ExecutedVersion": version}]


def duration_ms(log: str, otherwise: float) -> float:
    """The function's own time: what the report says, less the start of the process that the report counts in."""
    report = _REPORT.search(log)
    if report is None:
        return otherwise
    return max(float(report.group(1)) - sum(float(each) for each in _INIT.findall(log)), 0.0)


def embedded(log: str) -> Iterator[Datum]:
    """The metrics of every line of ``log`` that is an embedded metric format object."""
    for line in log.splitlines():
        if '"_aws"' not in line:
            continue
        try:
            record = json.loads(line[line.index("{") :])
        except ValueError:
            continue
        for directive in (record.get("_aws") or {}).get("CloudWatchMetrics", []):
            yield from _of_directive(directive, record)


def _of_directive(directive: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Datum]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: str(record[name]) for name in names}
        for metric in directive.get("Metrics", []):
            value = record.get(metric["Name"], [])
            for each in value if isinstance(value, list) else [value]:
                unit = metric.get("Unit", "None")
                yield Datum(directive["Namespace"], metric["Name"], float(each), unit, dimensions)
