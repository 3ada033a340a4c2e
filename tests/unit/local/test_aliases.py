"""Which version a call to an alias runs."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from scipy.stats import binom

from local.launcher.aliases import chosen_version

WEIGHTED = {"FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}


@pytest.mark.parametrize(("draw", "version"), [(0.0, "4"), (0.0999, "4"), (0.1, "3"), (0.9999, "3")])
def test_the_weight_is_the_share_of_the_additional_version(draw: float, version: str) -> None:
    assert chosen_version(WEIGHTED, draw) == version


@pytest.mark.parametrize("routing", [{}, {"RoutingConfig": None}, {"RoutingConfig": {"AdditionalVersionWeights": {}}}])
def test_an_alias_without_weights_runs_its_own_version(routing: dict[str, object]) -> None:
    assert chosen_version({"FunctionVersion": "3", **routing}, 0.0) == "3"


@pytest.mark.parametrize("seed", range(5))
def test_a_tenth_of_ten_thousand_calls_is_a_tenth_within_chance(seed: int) -> None:
    draws = random.Random(seed)  # noqa: S311 - calls that can be repeated
    alias = {"FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}
    share = Counter(chosen_version(alias, draws.random()) for _ in range(10_000))
    low, high = binom.interval(0.999, 10_000, 0.1)
    assert low <= share["4"] <= high
    assert share["3"] == 10_000 - share["4"]
