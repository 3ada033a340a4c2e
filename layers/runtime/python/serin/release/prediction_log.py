"""Windows out of the runtime's log: one JSON line a request, which names the function version that answered."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from serin.process import REPLAY
from serin.release.window import Window

_ROUTES: Final = frozenset({"predict", "infer"})
_RATIO: Final = 1.05
"""Of neighbouring bounds: a latency is known to 5 %, well below the margins that it is held to."""


def windows(lines: Iterable[str]) -> Mapping[str, Window]:
    """What each function version answered; lines of another kind are passed over."""
    tallies: dict[str, _Tally] = {}
    for line in lines:
        found = _request(line)
        if found is not None:
            tallies.setdefault(found["function_version"], _Tally()).add(found)
    return {version: tally.window() for version, tally in tallies.items()}


def bound_of(milliseconds: float) -> float:
    """The upper bound of the latencies that ``milliseconds`` is counted among."""
    exponent = math.ceil(math.log(max(milliseconds, 0.1), _RATIO))
    return round(_RATIO**exponent, 3)


def _request(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("route") not in _ROUTES:
        return None
    is_whole = isinstance(found.get("function_version"), str) and isinstance(found.get("status"), int)
    return found if is_whole and isinstance(found.get("total_ms"), int | float) else None


class _Tally:
    """Counts of one version."""

    def __init__(self) -> None:
        self._requests: Counter[bool] = Counter()
        self._errors: Counter[bool] = Counter()
        self._latencies: dict[bool, Counter[float]] = {True: Counter(), False: Counter()}
        self._predictions: Counter[str] = Counter()

    def add(self, line: Mapping[str, Any]) -> None:
        is_replay = str(line.get("request_id", "")).startswith(REPLAY)
        self._requests[is_replay] += 1
        self._errors[is_replay] += line["status"] >= 500
        if not line.get("cold_start"):  # the first answer of a process is slow, and a new version has more of them
            self._latencies[is_replay][bound_of(line["total_ms"])] += 1
        if not is_replay:
            self._predictions.update(line.get("prediction_bins") or {})

    def window(self) -> Window:
        return Window(
            requests=self._requests[False],
            errors=self._errors[False],
            latencies=self._latencies[False],
            predictions=self._predictions,
            replayed_requests=self._requests[True],
            replayed_errors=self._errors[True],
            replayed_latencies=self._latencies[True],
        )
