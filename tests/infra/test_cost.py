"""The bill of a month, and that the deploy guide shows what the formula gives."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.config import STAGES
from infra.cost import METRICS_OF_A_MODEL, Standing, Traffic, busy_month, idle_month, standing, table
from infra.prices import AS_OF, REGION
from serin.observability import Observer, ObserverSettings, RequestRecord
from tests.infra.synthesis import Synthesis, synthesise

NOTHING = Standing(keys=0, alarms=0, dashboards=0, firewalls=0, firewall_rules=0, image_gb=0)
IMAGES_GB = 0.5
BUSY = Traffic(requests=10_000_000, models=4, memory_mb=512, billed_ms=20)


@pytest.fixture(scope="module")
def months(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, float]]:
    """The bills of both stages with the sample models."""
    found: dict[str, Mapping[str, float]] = {}
    for name, stage in STAGES.items():
        stacks = synthesise(stage, repository, tmp_path_factory.mktemp(name))
        stands = standing((stack.body for stack in stacks.values()), image_gb=IMAGES_GB)
        found |= {f"{name}, idle": idle_month(stands), f"{name}, 10 million requests": busy_month(stands, BUSY)}
    return found


def test_what_stands_is_counted_in_the_templates(dev: Synthesis, prod: Synthesis) -> None:
    without, behind = (standing((stack.body for stack in stage.values()), image_gb=0) for stage in (dev, prod))
    assert (without.keys, without.dashboards, without.firewalls, without.firewall_rules) == (1, 4, 0, 0)
    assert (behind.firewalls, behind.firewall_rules) == (1, 5)
    # Four of each model, two of the API, one of the account; one for the reserved model, one for the warm.
    assert without.alarms == behind.alarms == 3 * 4 + 2 + 1 + 2


def test_nothing_costs_nothing() -> None:
    assert sum(idle_month(NOTHING).values()) == 0
    quiet = Traffic(requests=0, models=0, memory_mb=512, billed_ms=20)
    assert sum(busy_month(NOTHING, quiet).values()) == 0


def test_a_million_requests_cost_what_the_price_lists_say() -> None:
    bill = busy_month(NOTHING, Traffic(requests=1_000_000, models=1, memory_mb=1024, billed_ms=100))
    assert bill["API Gateway"] == pytest.approx(3.50)
    # 100,000 GB-seconds, and the requests themselves.
    assert bill["Lambda"] == pytest.approx(1.66667 + 0.20)
    assert bill["logs"] == pytest.approx(1.00)
    assert bill["traces"] == pytest.approx(5.00), "fewer than one a second: each is traced"
    assert bill["metrics"] == pytest.approx(2.10)
    assert bill["data out"] == pytest.approx(0.09)


def test_beyond_one_a_second_a_share_of_requests_is_traced() -> None:
    def traces(requests: int) -> float:
        return busy_month(NOTHING, Traffic(requests=requests, models=1, memory_mb=512, billed_ms=1))["traces"]

    assert traces(12_592_000) - traces(2_592_000) == pytest.approx(10_000_000 * 0.05 * 5e-6)


def test_a_firewall_costs_by_rule_and_by_request() -> None:
    behind = Standing(keys=0, alarms=0, dashboards=0, firewalls=1, firewall_rules=5, image_gb=0)
    assert idle_month(behind)["firewall"] == 10
    assert busy_month(behind, BUSY)["firewall"] == 16


def test_the_metrics_that_are_counted_are_those_that_the_runtime_writes() -> None:
    stream = io.StringIO()
    record = RequestRecord(request_id="r", route="predict", model="m", version="1.0.0", status=200, cold_start=True)
    Observer(ObserverSettings(stream=stream)).request(record)
    [written] = json.loads(stream.getvalue())["_aws"]["CloudWatchMetrics"]
    assert len(written["Metrics"]) == METRICS_OF_A_MODEL


def test_the_guide_shows_the_bill_of_the_sample_models(
    months: Mapping[str, Mapping[str, float]], repository: Path
) -> None:
    guide = (repository / "docs" / "deploy.md").read_text()
    assert table(months) in guide, table(months)
    assert f"{REGION}, {AS_OF}" in guide
