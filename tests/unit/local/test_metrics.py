"""Metrics out of a function's log and its call."""

from __future__ import annotations

import json

from local.launcher.metrics import Datum, dimension_sets, duration_ms, embedded

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def line(**values: object) -> str:
    directive = {
        "Namespace": "Serin",
        "Dimensions": [["model"], ["model", "version"]],
        "Metrics": [{"Name": "rows", "Unit": "Count"}],
    }
    return json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "model": "iris", "version": "1.0.0", **values})


def test_an_embedded_metric_is_recorded_once_for_each_set_of_dimensions() -> None:
    assert list(embedded(line(rows=3))) == [
        Datum("Serin", "rows", 3.0, "Count", {"model": "iris"}),
        Datum("Serin", "rows", 3.0, "Count", {"model": "iris", "version": "1.0.0"}),
    ]


def test_each_value_of_a_list_is_a_value_of_the_metric() -> None:
    assert [datum.value for datum in embedded(line(rows=[1, 2]))] == [1.0, 2.0, 1.0, 2.0]


def test_other_lines_carry_no_metric() -> None:
    log = "\n".join(["START RequestId: 1", '{"message": "plain"}', '{"_aws": cut short', line()])
    assert list(embedded(log)) == []


def test_an_alias_has_the_version_that_ran_as_a_dimension() -> None:
    config = {"FunctionName": "f", "FunctionArn": f"{ARN}:live", "Version": "4"}
    function = {"FunctionName": "f"}
    resource = {**function, "Resource": "f:live"}
    assert dimension_sets(config, None) == [function, resource, {**resource, "ExecutedVersion": "4"}]


def test_the_alias_of_a_direct_invocation_stands_before_the_version_it_became() -> None:
    config = {"FunctionName": "f", "FunctionArn": f"{ARN}:4", "Version": "4"}
    assert dimension_sets(config, "live")[1] == {"FunctionName": "f", "Resource": "f:live"}
    assert dimension_sets(config, None) == [{"FunctionName": "f"}, {"FunctionName": "f", "Resource": "f:4"}]


def test_the_duration_leaves_the_start_of_the_process_out() -> None:
    report = "REPORT RequestId: 1\tInit Duration: 0.04 ms\tDuration: 48.01 ms\tBilled Duration: 49 ms"
    assert duration_ms(f"(rapid) INIT REPORT(durationMs: 47.01)\n{report}", 99.0) == 1.0
    assert duration_ms("no report", 99.0) == 99.0
