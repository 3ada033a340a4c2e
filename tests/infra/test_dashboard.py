"""What the dashboards show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.prices import lambda_cost_expression
from tests.infra.synthesis import StackTemplate, Synthesis

DASHBOARD = "AWS::CloudWatch::Dashboard"


def _widgets(stack: StackTemplate) -> list[dict[str, Any]]:
    """The widgets, with every reference replaced by a word."""
    parts = stack.properties(DASHBOARD)["DashboardBody"]["Fn::Join"][1]
    body = "".join(part if isinstance(part, str) else "REFERENCE" for part in parts)
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


@pytest.mark.parametrize("metric", ["Requests", "Errors", "ClientErrors", "LatencyMs", "InferenceMs", "ColdStart"])
def test_a_models_figures_are_searched_by_version_so_that_the_next_one_is_found(dev: Synthesis, metric: str) -> None:
    term = f'{{Serin,model,version}} MetricName=\\"{metric}\\" model=\\"plain\\"'
    assert term in json.dumps(_widgets(dev["Model-plain"]))


def test_the_share_of_answers_that_were_given_again_is_shown_where_answers_are_kept(dev: Synthesis) -> None:
    term = '{Serin,model,version} MetricName=\\"CacheHits\\" model=\\"warm\\"\', \'Average\''
    assert term in json.dumps(_widgets(dev["Model-warm"]))
    assert "CacheHits" not in json.dumps(_widgets(dev["Model-plain"]))


@pytest.mark.parametrize("percentile", ["p50", "p95", "p99"])
def test_latency_is_shown_in_percentiles_against_its_target(dev: Synthesis, percentile: str) -> None:
    (latency,) = (w for w in _widgets(dev["Model-plain"]) if w["properties"].get("title", "").startswith("Latency"))
    assert f"'{percentile}'" in json.dumps(latency["properties"]["metrics"])
    assert latency["properties"]["annotations"]["horizontal"] == [
        {"value": 1000, "label": "p99 target", "yAxis": "left"}
    ]


def test_memory_is_read_from_the_functions_own_log(dev: Synthesis) -> None:
    (memory,) = (w for w in _widgets(dev["Model-plain"]) if w["type"] == "log")
    assert memory["properties"]["query"].startswith("SOURCE 'REFERENCE' | filter @type")


def test_cost_is_priced_by_memory_architecture_and_requests() -> None:
    # A million invocations of 100 ms at 1 GB on x86_64: 100,000 GB-seconds and a million requests.
    expression = lambda_cost_expression(1024, "x86_64", invocations="1e6", duration_ms="1e8")
    terms = [float(a) * float(b) for a, b in (term.split(" * ") for term in expression.split(" + "))]
    assert sum(terms) == pytest.approx(1.66667 + 0.20, rel=1e-5)


def test_the_cost_of_a_model_uses_its_memory_and_architecture(dev: Synthesis) -> None:
    expected = lambda_cost_expression(2048, "arm64", invocations="invocations", duration_ms="duration")
    assert expected in json.dumps(_widgets(dev["Model-snap"]))


def test_the_overview_names_no_model_and_so_never_changes(dev: Synthesis) -> None:
    text = json.dumps(_widgets(dev["Api"]))
    assert "{Serin,model,version}" in text
    assert not [name for name in ("plain", "snap", "warm") if name in text]


@pytest.mark.parametrize("stack", ["Model-plain", "Api"])
def test_the_address_of_a_dashboard_is_an_output(dev: Synthesis, stack: str) -> None:
    value = json.dumps(dev[stack].body["Outputs"]["DashboardUrl"]["Value"])
    assert "console.aws.amazon.com/cloudwatch/home" in value
    (dashboard,) = dev[stack].of_type(DASHBOARD)
    assert dashboard in value
