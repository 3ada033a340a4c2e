"""What a benchmark gives: rows of figures, ours beside a reference's, and what the project promises of their ratio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Literal, Protocol, TypeVar

Better = Literal["lower", "higher"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles of what was measured ``count`` times."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value; one alone is its own quartiles."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, middle, high = quantiles(values, n=4, method="inclusive")
        return cls(middle, low, high, len(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ratio`` is ours to the reference's, pair by pair, in the order they were taken.

    ``target``: what the project promises of the ratio, in the direction that is ``better``; None promises nothing.
    ``most``: what it promises of our own figure, in ``unit``, where that is what counts.
    """

    key: str
    what: str
    against: str
    unit: str
    ours: Spread
    reference: Spread
    ratio: Spread
    better: Better = "lower"
    target: float | None = None
    most: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the medians keep the promise; None without one."""
        if self.most is not None:
            return self.ours.median <= self.most
        return None if self.target is None else is_within(self.ratio.median, self.target, self.better)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that this machine cannot measure, and why."""

    key: str
    why: str


Outcome = Row | LeftOut


class Part(Protocol):
    """One module of ``benchmarks.parts``."""

    name: str
    run: Callable[[bool], list[Outcome]]


def is_within(ratio: float, limit: float, better: Better) -> bool:
    """Whether ``ratio`` is ``limit`` or better."""
    return ratio <= limit if better == "lower" else ratio >= limit


def compare(
    key: str,
    what: str,
    against: str,
    unit: str,
    pairs: Sequence[tuple[float, float]],
    *,
    target: float | None,
    better: Better = "lower",
    most: float | None = None,
) -> Row:
    """A row of ``pairs``, each ours and the reference's, taken one right after the other."""
    ours, reference = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratio = Spread.of([mine / other for mine, other in pairs])
    return Row(key, what, against, unit, Spread.of(ours), Spread.of(reference), ratio, better, target, most)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interleave(subjects: Sequence[Callable[[], _T]], rounds: int) -> list[tuple[_T, ...]]:
    """Call all, again and again, so that a slow minute of the machine falls on all of them.

    Every other round goes the other way round: what follows whom makes no difference.
    """
    taken = []
    for number in range(rounds):
        order = list(range(len(subjects)))
        if number % 2:
            order.reverse()
        results = {i: subjects[i]() for i in order}
        taken.append(tuple(results[i] for i in range(len(subjects))))
    return taken
