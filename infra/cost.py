"""What a stage costs in a month, by the public price formula: what stands, and what is called.

Left out: the free tier, storage of logs, requests to the key, mail from alarms, warm instances and SnapStart's cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra import prices

METRICS_OF_A_MODEL: Final = 7
"""That the runtime writes, by model and version; a model that keeps answers has one more."""

_GB: Final = 10**9
_MONTH_SECONDS: Final = 30 * 24 * 3600
# X-Ray's default rule: the first request of every second, and a share of the others.
_TRACED_SHARE: Final = 0.05

Bill = Mapping[str, float]
"""USD a month by item."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is paid for whether or not anyone calls."""

    keys: int
    alarms: int
    dashboards: int
    firewalls: int
    firewall_rules: int
    image_gb: float


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A month's requests, spread evenly over it and over ``models``. Bytes and milliseconds are of one request."""

    requests: int
    models: int
    memory_mb: int
    billed_ms: float
    architecture: str = "x86_64"
    log_bytes: int = 2_000
    answer_bytes: int = 1_000


def standing(templates: Iterable[Mapping[str, Any]], *, image_gb: float) -> Standing:
    """Counted in the stacks' templates; ``image_gb`` is what the images take in the registry, compressed."""
    resources = [resource for template in templates for resource in template["Resources"].values()]

    def of(kind: str) -> list[Mapping[str, Any]]:
        return [resource for resource in resources if resource["Type"] == kind]

    firewalls = of("AWS::WAFv2::WebACL")
    return Standing(
        keys=len(of("AWS::KMS::Key")),
        alarms=len(of("AWS::CloudWatch::Alarm")),
        dashboards=len(of("AWS::CloudWatch::Dashboard")),
        firewalls=len(firewalls),
        firewall_rules=sum(len(firewall["Properties"]["Rules"]) for firewall in firewalls),
        image_gb=image_gb,
    )


def idle_month(stands: Standing) -> Bill:
    """A month without a request."""
    return {
        "dashboards": stands.dashboards * prices.DASHBOARD_MONTH,
        "alarms": stands.alarms * prices.ALARM_MONTH,
        "encryption key": stands.keys * prices.KEY_MONTH,
        "firewall": stands.firewalls * prices.FIREWALL_MONTH + stands.firewall_rules * prices.FIREWALL_RULE_MONTH,
        "images": stands.image_gb * prices.IMAGE_GB_MONTH,
    }


def busy_month(stands: Standing, traffic: Traffic) -> Bill:
    """A month with ``traffic``, on top of what stands."""
    n = traffic.requests
    first_of_a_second = min(n, _MONTH_SECONDS)
    traces = first_of_a_second + _TRACED_SHARE * (n - first_of_a_second)
    idle = idle_month(stands)
    return {
        **idle,
        "firewall": idle["firewall"] + stands.firewalls * n * prices.FIREWALL_REQUEST,
        "API Gateway": n * prices.API_REQUEST,
        "Lambda": prices.lambda_usd(n, traffic.memory_mb, traffic.billed_ms, traffic.architecture),
        "traces": traces * prices.TRACE,
        "logs": n * traffic.log_bytes / _GB * prices.LOG_GB,
        "metrics": traffic.models * METRICS_OF_A_MODEL * prices.METRIC_MONTH,
        "data out": n * traffic.answer_bytes / _GB * prices.API_DATA_OUT_GB,
    }


def table(months: Mapping[str, Bill]) -> str:
    """Markdown: an item a row, a month a column, in USD."""
    items = dict.fromkeys(item for bill in months.values() for item in bill)
    rows = [["USD a month", *months], ["---", *("---:" for _ in months)]]
    rows += [[item, *(f"{bill.get(item, 0):.2f}" for bill in months.values())] for item in items]
    rows.append(["**all**", *(f"**{sum(bill.values()):.2f}**" for bill in months.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
