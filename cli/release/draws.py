"""Random counts, exactly distributed at any size, by the standard library: a draw a look, not a draw a request."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random
from typing import Final

_FEW: Final = 12.0


def poisson(random: Random, mean: float) -> int:
    """Events in a stretch of time in which ``mean`` (0 or more) are expected.

    Large means by way of the gamma distribution of an arrival (Ahrens and Dieter 1974, "Computer methods for sampling
    from gamma, beta, Poisson and binomial distributions").
    """
    before = 0
    while mean > _FEW:
        arrivals = int(mean * 7 / 8)
        moment = random.gammavariate(arrivals, 1.0)
        if moment > mean:
            return before + binomial(random, arrivals - 1, mean / moment)
        before, mean = before + arrivals, mean - moment
    return before + _count_by_inversion(random, math.exp(-mean), lambda k: mean / (k + 1))


def binomial(random: Random, trials: int, share: float) -> int:
    """Hits of ``trials`` at a probability of ``share`` each.

    Large ones are halved at an order statistic, which is beta distributed (Relles 1972, "A simple algorithm for
    generating binomial random variables when N is large").
    """
    hits = 0
    while trials and 0 < share < 1 and trials * min(share, 1 - share) > _FEW:
        middle = 1 + trials // 2
        cut = random.betavariate(middle, trials + 1 - middle)
        if cut <= share:
            hits, trials, share = hits + middle, trials - middle, (share - cut) / (1 - cut)
        else:
            trials, share = middle - 1, share / cut
    if share > 0.5:
        return hits + trials - _few_hits(random, trials, 1 - share)
    return hits + _few_hits(random, trials, share)


def multinomial(random: Random, trials: int, shares: Sequence[float]) -> list[int]:
    """``trials`` over cells whose probabilities are ``shares``; they add up to 1."""
    if trials < len(shares):
        edges = list(accumulate(shares))
        last = len(shares) - 1
        found = Counter(min(last, bisect_right(edges, random.random())) for _ in range(trials))
        return [found[cell] for cell in range(len(shares))]
    counts, left = [], 1.0
    for share in shares[:-1]:
        count = binomial(random, trials, min(1.0, share / left) if left > 0 else 0.0)
        counts.append(count)
        trials, left = trials - count, left - share
    return [*counts, trials]


def _few_hits(random: Random, trials: int, share: float) -> int:
    if not trials or share <= 0:
        return 0
    odds = share / (1 - share)
    none = math.exp(trials * math.log1p(-share))
    return _count_by_inversion(random, none, lambda k: (trials - k) / (k + 1) * odds)


def _count_by_inversion(random: Random, none: float, ratio: Callable[[int], float]) -> int:
    """Walks up the probabilities, from ``none`` of 0; ``ratio`` is that of k + 1 over that of k."""
    level, probability, k = random.random(), none, 0
    while level > probability and probability > 0:
        level -= probability
        probability *= ratio(k)
        k += 1
    return k
