"""Golden cases, sent to a version that has no traffic, or too little."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from functions.release.calls import Answer, Calls
from functions.release.measures import Measures
from serin.comparison import differences
from serin.release.admission import Admission, Limits

_MEASURING_SECONDS: Final = 60
"""Rounds go on for so long at most, once each case has been answered."""

_SECONDS: Final = 300
"""For one round of all cases. With what comes before it is within the function's time-out."""

_REPLAY_SECONDS: Final = 10.0
"""At one look, as an alarm must stop a release within the minute."""

_MOST_TOLD: Final = 3


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """``|a - b| <= absolute + relative * |b|``."""

    absolute: float
    relative: float


class GoldenCases:
    """``file``: one case a line; a model may have none. ``clock``: seconds.

    ``tolerances``: by output; the one under the empty name holds for a prediction that is no tensors.
    """

    def __init__(
        self,
        calls: Calls,
        *,
        file: Path,
        tolerances: Mapping[str, tuple[float, float]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._tolerances = {
            output: Tolerance(absolute=absolute, relative=relative)
            for output, (absolute, relative) in tolerances.items()
        }
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._cases: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def admission(self, version: str, limits: Limits) -> Admission:
        """Whether ``version`` is ready, answers as is due, and does so within ``limits``. Changes nothing."""
        try:
            self._calls.wait_until_active(version)
        except WaiterError as error:  # its image is gone, for instance
            return Admission(problems=(self._calls.uncallable(version, error),))
        ready = self._calls.ready(version)
        if ready.status != 200:
            return Admission(problems=(self._calls.not_ready(version),))
        measures = Measures(ready)
        return measures.admission(_shortened(self._rounds(version, measures)), limits)

    def replay(self, versions: Sequence[str]) -> None:
        """Send the same cases to each of ``versions`` for some seconds; what comes of it stands in their log.

        However slow or refused they are: whoever waits for it looks at no alarm meanwhile. Where the time is not enough
        for all cases, others come at the next look.
        """
        begun, every = self._clock(), len(self._cases)
        first = int(begun) % max(every, 1)
        for case in (*self._cases[first:], *self._cases[:first]):
            if self._clock() - begun >= _REPLAY_SECONDS:
                return
            for version in versions:
                with suppress(BotoCoreError, ClientError):
                    self._calls.predict(version, case["instance"], tries=1)

    def _rounds(self, version: str, measures: Measures) -> list[str]:
        """Every case, again and again until there is enough to measure; returns what is wrong with the answers."""
        found: list[str] = []
        begun, every = self._clock(), len(self._cases)
        for sent, (number, case) in enumerate(itertools.cycle(enumerate(self._cases, start=1))):
            seconds = self._clock() - begun
            if sent >= every and (found or not measures.wants_more or seconds >= _MEASURING_SECONDS):
                break
            if seconds >= _SECONDS:
                return [_too_many(sent, every), *found]
            answer = self._calls.predict(version, case["instance"])
            measures.add(answer)
            found += [f"case {number}: {difference}" for difference in self._compare(answer, case)]
        return found

    def _compare(self, answer: Answer, case: Mapping[str, Any]) -> Iterator[str]:
        if answer.status != 200:
            yield f"answered with status {answer.status}"
            return
        prediction, due = json.loads(answer.body)["predictions"][0], case["prediction"]
        if "" in self._tolerances or prediction.keys() != due.keys():
            yield from differences(prediction, due, self._tolerances.get("", Tolerance(absolute=0, relative=0)))
            return
        for output, value in due.items():
            yield from differences(prediction[output], value, self._tolerances[output], f"prediction.{output}")


def _too_many(answered: int, every: int) -> str:
    what = f"{answered} of {every} golden cases were answered in {_SECONDS} s"
    return f"{what}: keep fewer in golden.jsonl, or raise serving.memory_mb"


def _shortened(found: Sequence[str]) -> tuple[str, ...]:
    """The first few, and how many there are."""
    if len(found) <= _MOST_TOLD:
        return tuple(found)
    return (*found[:_MOST_TOLD], f"and {len(found) - _MOST_TOLD} differences more")
