from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from scipy import stats

from cli.release.draws import binomial, multinomial, poisson

DRAWS = 4_000
# Of a Kolmogorov-Smirnov distance, which is conservative for counts, exceeded with a probability of 0.1 %.
FURTHEST = 1.95 / DRAWS**0.5


def distance(values: list[int], distribution: stats.rv_frozen) -> float:
    seen, below, furthest = Counter(values), 0, 0.0
    for value in sorted(seen):
        below += seen[value]
        furthest = max(furthest, abs(below / len(values) - distribution.cdf(value)))
    return furthest


@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 11.9, 12.1, 40.0, 3_000.0])
def test_poisson_counts_are_distributed_as_they_must_be(mean: float) -> None:
    random = Random(1)  # noqa: S311 - no secret
    assert distance([poisson(random, mean) for _ in range(DRAWS)], stats.poisson(mean)) <= FURTHEST


@pytest.mark.parametrize(
    ("trials", "share"), [(0, 0.5), (7, 0.0), (7, 1.0), (5, 0.3), (300, 0.001), (300, 0.5), (20_000, 0.97)]
)
def test_binomial_counts_are_distributed_as_they_must_be(trials: int, share: float) -> None:
    random = Random(2)  # noqa: S311 - no secret
    values = [binomial(random, trials, share) for _ in range(DRAWS)]
    assert all(0 <= value <= trials for value in values)
    assert distance(values, stats.binom(trials, share)) <= FURTHEST


@pytest.mark.parametrize("trials", [0, 2, 3, 500])
def test_multinomial_counts_add_up_and_each_is_binomial(trials: int) -> None:
    random = Random(3)  # noqa: S311 - no secret
    shares = (0.2, 0.5, 0.0, 0.3)
    drawn = [multinomial(random, trials, shares) for _ in range(DRAWS)]
    assert all(sum(counts) == trials for counts in drawn)
    for cell, share in enumerate(shares):
        assert distance([counts[cell] for counts in drawn], stats.binom(trials, share)) <= FURTHEST
