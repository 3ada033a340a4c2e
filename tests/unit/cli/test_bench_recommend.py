from __future__ import annotations

import pytest

from cli.bench.measure import Measured, Result, Unfit
from cli.bench.percentiles import percentile
from cli.bench.recommend import billed_ms, cheapest, usd_per_million


def measured(memory_mb: int, *warm_ms: float) -> Measured:
    return Measured(memory_mb=memory_mb, init_ms=400, first_ms=410, warm_ms=warm_ms, peak_mb=64)


def test_a_percentile_is_a_figure_that_was_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0, 0.5, 0.95, 0.99, 1)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0


def test_each_request_is_billed_in_whole_milliseconds() -> None:
    assert billed_ms(measured(1024, 0.2, 1.0, 1.01)) == (1 + 1 + 2) / 3


def test_a_million_predictions_cost_what_the_price_list_says() -> None:
    price = usd_per_million(measured(512, *[10.0] * 4))
    # A million times 10 ms of half a GB are 5,000 GB-seconds; the requests themselves are 0.20.
    assert price["x86_64"] == pytest.approx(5000 * 0.0000166667 + 0.20)
    assert price["arm64"] == pytest.approx(5000 * 0.0000133334 + 0.20)


SLOW, MIDDLE, FAST = measured(256, 2, 40), measured(512, 4, 19), measured(1024, 2, 9)


@pytest.mark.parametrize(
    ("results", "target_ms", "chosen"),
    [
        ([SLOW, MIDDLE, FAST], 40, SLOW),
        ([SLOW, MIDDLE, FAST], 39.9, FAST),
        ([SLOW, MIDDLE], 39.9, MIDDLE),
        ([SLOW, MIDDLE, FAST], 8.9, None),
        ([Unfit(128, "killed for want of memory"), FAST], 1000, FAST),
        ([Unfit(128, "killed for want of memory")], 1000, None),
        ([measured(512, 1), measured(256, 2)], 1000, measured(256, 2)),  # the same price
    ],
)
def test_the_cheapest_of_those_that_are_fast_enough_is_chosen(
    results: list[Result], target_ms: float, chosen: Measured | None
) -> None:
    assert cheapest(results, target_ms, "x86_64") == chosen
