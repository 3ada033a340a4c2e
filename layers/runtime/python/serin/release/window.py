"""What one version of a model did in a stretch of time, as counts that can be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Window:
    """Counts of one executed version.

    ``requests``: whatever became of them. ``errors``: those answered with a status of 500 or more, or not at all.
    ``latencies``: answers by the upper bound of their latency in milliseconds, without those of cold starts.
    ``predictions``: rows by the baseline's bin.
    ``replayed_requests``, ``replayed_errors``, ``replayed_latencies``: the same for golden requests that the release
    sent itself, which say nothing of what clients ask.
    """

    requests: int = 0
    errors: int = 0
    latencies: Mapping[float, int] = field(default_factory=dict)
    predictions: Mapping[str, int] = field(default_factory=dict)
    replayed_requests: int = 0
    replayed_errors: int = 0
    replayed_latencies: Mapping[float, int] = field(default_factory=dict)

    def __add__(self, other: Window) -> Window:
        return Window(
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            latencies=Counter(self.latencies) + Counter(other.latencies),
            predictions=Counter(self.predictions) + Counter(other.predictions),
            replayed_requests=self.replayed_requests + other.replayed_requests,
            replayed_errors=self.replayed_errors + other.replayed_errors,
            replayed_latencies=Counter(self.replayed_latencies) + Counter(other.replayed_latencies),
        )
