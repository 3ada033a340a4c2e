"""What fewer cold starts cost, against sums done by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import yaml

from infra.cold_starts import EXAMPLE, Month, markdown, table, ways
from serin.manifest import Serving
from serin.manifest_rules import contradictions
from tests.small_models.catalogue import FLOWER

GIGABYTE = Month(memory_mb=1024, architecture="x86_64", init_ms=500, billed_ms=10)
MONTH = 2_592_000


def usd(month: Month) -> list[float]:
    return [way.usd for way in ways(month)]


def test_each_way_costs_what_the_price_list_says() -> None:
    nothing, one_version, three_versions, ready, scheduled, pings = usd(GIGABYTE)
    assert nothing == pytest.approx(10_000 * 0.5 * 0.0000166667)
    assert one_version == pytest.approx(MONTH * 0.0000015046 + 10_000 * 0.0001397998)
    assert three_versions == pytest.approx(3 * MONTH * 0.0000015046 + 10_000 * 0.0001397998)
    cheaper = 1_000_000 * 0.010 * (0.0000166667 - 0.0000097222)
    assert ready == pytest.approx(MONTH * 0.0000041667 - cheaper)
    assert scheduled == pytest.approx((MONTH + 220 * 3600) * 0.0000041667 - cheaper)
    assert pings == pytest.approx(nothing + 8640 * (0.20e-6 + 0.010 * 0.0000166667))


def test_everything_grows_with_the_memory() -> None:
    double = usd(replace(GIGABYTE, memory_mb=2048))
    assert double[:5] == pytest.approx([2 * cost for cost in usd(GIGABYTE)[:5]])


def test_ready_instances_are_cheaper_on_arm_and_snapshots_are_not() -> None:
    x86, arm = usd(GIGABYTE), usd(replace(GIGABYTE, architecture="arm64"))
    assert arm[1:3] == x86[1:3]
    assert arm[3] == pytest.approx(MONTH * 0.0000033334 - 1_000_000 * 0.010 * (0.0000133334 - 0.0000077778))


def test_without_requests_only_what_stands_is_paid() -> None:
    quiet = replace(GIGABYTE, requests=0)
    assert usd(quiet)[:2] == pytest.approx([0, MONTH * 0.0000015046])
    assert table(quiet)[1] == ["nothing", "0.00", "0, 500 ms each"]


def test_the_page_shows_the_table_and_settings_that_can_be_made(repository: Path) -> None:
    page = (repository / "docs" / "cold-starts.md").read_text()
    assert markdown(EXAMPLE) in page
    shown = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown
    for section in shown:
        serving = msgspec.convert(yaml.safe_load(section)["serving"], Serving)
        assert list(contradictions(msgspec.structs.replace(FLOWER.manifest(), serving=serving))) == []
