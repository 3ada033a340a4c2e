"""What the answers to golden requests tell of the processes that gave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from functions.release.calls import Answer
from serin.release.admission import Admission, Limits, beyond, nearest_rank

_ENOUGH: Final = 100
"""Warm answers: the fewest whose 99th percentile is not their slowest."""


@dataclass
class Measures:
    """``ready``: the answer to what was asked first. Which process answers, Lambda chooses: the worst one counts."""

    ready: Answer
    _predictions: list[Answer] = field(default_factory=list)

    def add(self, prediction: Answer) -> None:
        self._predictions.append(prediction)

    @property
    def wants_more(self) -> bool:
        """Whether more answers would tell more; not so where a version is too old to tell anything."""
        return bool(self.ready.figures) and len(self._warm_ms()) < _ENOUGH

    def admission(self, differences: tuple[str, ...], limits: Limits) -> Admission:
        """The verdict, with whatever else is wrong."""
        warm = self._warm_ms()
        every = [self.ready, *self._predictions]
        found = Admission(
            requests=len(warm),
            p99_ms=_rounded(nearest_rank(warm, 0.99)),
            memory_mb=_rounded(_largest("memory_mb", every)),
            init_ms=_rounded(_largest("init_ms", every)),
            first_answer_ms=_rounded(self._first_answer_ms()),
        )
        return replace(found, problems=(*differences, *beyond(found, limits)))

    def _warm_ms(self) -> list[float]:
        """Without the first prediction: what is slow only once is a part of the start."""
        return [
            answer.figures["total_ms"]
            for answer in self._predictions[1:]
            if answer.status == 200 and answer.figures.get("cold_start") is False
        ]

    def _first_answer_ms(self) -> float | None:
        """None where the process had answered before, or its start made nobody wait."""
        init_ms: float | None = self.ready.figures.get("init_ms")
        if init_ms is None or not self.ready.figures["cold_start"]:
            return None
        first = (self._predictions or [self.ready])[0]
        return init_ms + float(first.figures.get("total_ms", 0))


def _largest(name: str, answers: Iterable[Answer]) -> Any:
    return max((answer.figures[name] for answer in answers if name in answer.figures), default=None)


def _rounded(value: float | None) -> float | None:
    """For the record."""
    return None if value is None else round(value, 3)
