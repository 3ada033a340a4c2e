"""``baseline.json``: the distributions that the training data had, as bins. Counts and edges only, never rows.

Live traffic is counted into the same bins, so drift is measured from what is logged and no value is kept.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Annotated, Final, Literal, TypeGuard

import msgspec
from msgspec import Meta

BASELINE_SCHEMA: Final = "serin/baseline/v1"
MISSING: Final = "missing"
OTHER: Final = "other"

Histogram = dict[str, int]
"""Count by bin: an index in decimal, ``missing``, or for categories ``other``. Empty bins are left out."""


class NumericBins(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="numeric"
):
    """Bin ``i`` holds ``edges[i-1] <= x < edges[i]``; the first and the last are open: n edges, n + 1 bins."""

    edges: Annotated[tuple[float, ...], Meta(min_length=1, max_length=50)]
    counts: tuple[int, ...]
    missing: int = 0

    def count(self, values: Iterable[float | str | None]) -> Histogram:
        """Histogram of ``values``; None, NaN and texts are ``missing``."""
        everything = list(values)
        if len(everything) == 1:
            return {self.bin_of(everything[0]): 1}
        known = [value for value in everything if _is_number(value)]
        found = Counter(map(partial(bisect_right, self.edges), known))
        histogram = {str(bin_): count for bin_, count in found.items()}
        if len(known) < len(everything):
            histogram[MISSING] = len(everything) - len(known)
        return histogram

    def bin_of(self, value: float | str | None) -> str:
        """The bin that ``value`` is in."""
        return str(bisect_right(self.edges, value)) if _is_number(value) else MISSING


def _is_number(value: float | str | None) -> TypeGuard[float]:
    # A NaN is the one value that differs from itself.
    return value == value and isinstance(value, (float, int))


class CategoryBins(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="category"
):
    """Bin ``i`` holds ``categories[i]``; what is not listed is ``other``."""

    categories: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)]
    counts: tuple[int, ...]
    missing: int = 0

    def count(self, values: Iterable[float | str | None]) -> Histogram:
        """Histogram of ``values``; None is ``missing``."""
        index = {category: str(i) for i, category in enumerate(self.categories)}
        histogram: Histogram = {}
        for value, count in Counter(values).items():
            bin_ = MISSING if value is None else index.get(value, OTHER)  # type: ignore[arg-type]
            histogram[bin_] = histogram.get(bin_, 0) + count
        return histogram


Bins = NumericBins | CategoryBins


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bins of every feature and of the prediction."""

    schema: Literal["serin/baseline/v1"]
    features: dict[str, Bins] = {}
    prediction: Bins | None = None
