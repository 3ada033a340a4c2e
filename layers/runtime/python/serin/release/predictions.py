"""How far apart two distributions of predictions are, and the bounds of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from serin.release.sequences import radius

_UNNUMBERED: Final = 2


@dataclass(frozen=True, slots=True)
class Shift:
    """Total variation distance: the largest difference of probability of any set of bins. Bounds from 0 to 1."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by bin, and how many independent observations they count for at most: the requests they came with."""

    bins: Mapping[str, int]
    requests: int

    @property
    def total(self) -> int:
        """Rows."""
        return sum(self.bins.values())

    @property
    def independent(self) -> int:
        """A request of a thousand rows says no more of what clients ask than a request of one."""
        return min(self.total, self.requests)


def shift(new: Rows, stable: Rows, *, low_risk: float, high_risk: float) -> Shift:
    """Distance of the distributions of ``new`` and ``stable``, each of one row or more.

    The distance is at least the difference at any set of bins; the set with the largest observed one is chosen after
    looking, so the risk is divided among all sets beforehand (a mixture over sets). That the distance is at most ``d``
    is shown when it is for *every* set; then the one that decides is among them, whichever it is, and nothing has to
    be divided. Both by normal mixtures, see ``sequences.radius``. For counts of few bins this rules out more than the
    mixture of Lindon and Malek (2022), "Anytime-valid inference for multinomial count data", NeurIPS 35, whose price is
    half a logarithm of the count for each bin, where a set costs ln 2 for each bin, however much is seen.
    """
    bins = {bin_ for rows in (new, stable) for bin_, count in rows.bins.items() if count}
    totals = new.total, stable.total
    observed = sum(max(0.0, new.bins.get(b, 0) / totals[0] - stable.bins.get(b, 0) / totals[1]) for b in bins)
    counts = new.independent, stable.independent
    below = radius(*counts, log_risk=math.log(low_risk) - _log_sets(bins))
    above = radius(*counts, log_risk=math.log(high_risk))
    return Shift(observed, max(0.0, observed - below), min(1.0, observed + above))


def _log_sets(bins: Collection[str]) -> float:
    """Logarithm of how many sets the risk is divided among.

    Nothing here knows how many bins the baseline has, and those seen so far are chance. So the risk is first divided
    among all numbers of bins, m having 1 / (m (m + 1)) of it, and each part among all sets of so many numbered bins,
    ``missing`` and ``other``.
    """
    numbered: int = 1 + max((int(bin_) for bin_ in bins if bin_.isdecimal()), default=0)
    named = max(_UNNUMBERED, sum(not bin_.isdecimal() for bin_ in bins))
    return math.log(numbered * (numbered + 1)) + (numbered + named) * math.log(2)
